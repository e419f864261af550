#ifndef BWS_HEAL_H
#define BWS_HEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limit.h"
#include "net.h"
#include "sequence.h"
#include "url.h"

/*
 * Asks REST for what the sequence wants, one request at a time, within the
 * exchange's limits, and hands the answers in.
 */
struct heal;

#define HEAL_REQUEST_WEIGHT 25 /* of GET /api/v3/historicalTrades */

enum heal_event {
	HEAL_ASKED,   /* detail: symbol and id */
	HEAL_PAGE,    /* a page came; detail: symbol, how many */
	HEAL_FAILED,  /* no answer, or none of use; detail: why */
	HEAL_LIMITED, /* the exchange asks to wait; detail: how long */
	HEAL_WELL,    /* the first good answer after such */
	HEAL_REFUSED, /* it does not know the symbol */
};

struct heal_options {
	struct net *net;
	const struct url *url;
	struct sequence *sequence;
	struct limit *weight;
	bool microseconds;
	int64_t timeout_us;   /* for an answer */
	int64_t retry_max_us; /* between attempts */
	void *arg;
	/*
	 * detail: not to be trusted; telling: of a failure, how much that
	 * says.
	 */
	void (*on_event)(void *arg, enum heal_event event,
	    const char *detail, enum net_telling telling);
	/*
	 * The body of a good answer, to be kept, and when it was read; lent.
	 * -1: that failed.
	 */
	int (*on_page)(void *arg, const char *symbol, size_t symbol_len,
	    const char *body, size_t len, int64_t read_us);
	/* A call of the sequence gave -1: see there. */
	void (*on_error)(void *arg);
};

/* NULL: no memory.  The URL is borrowed. */
struct heal *heal_open(const struct heal_options *options);
void heal_close(struct heal *heal); /* before net_close() */

/*
 * Asks for the next thing, if there is one and the limits allow it, and
 * returns when to be called again, a monotonic time (INT64_MAX: after
 * something has changed).  paused: there is no room for an answer.
 */
int64_t heal_tick(struct heal *heal, int64_t now_us, bool paused);

uint64_t heal_requests(const struct heal *heal); /* so far */

/* Whether it fails over to an address that was not tried yet. */
bool heal_has_more(const struct heal *heal);

#endif
