#ifndef BWS_FEED_H
#define BWS_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limit.h"
#include "link.h"
#include "net.h"
#include "resolve.h"
#include "streams.h"
#include "url.h"

/*
 * Which connections there are: up to STREAMS_MAX streams share one; each is
 * replaced before the exchange would end it, or when it is silent, by one that
 * delivers before the old one goes; one that breaks is made anew.  How often
 * is bounded by a limit that all of them share.
 */

enum feed_event {
	FEED_UP,       /* connected */
	FEED_DOWN,     /* a connection ended that was not asked to */
	FEED_FAILED,   /* an attempt came to nothing */
	FEED_CONNECTING,
	FEED_READY,    /* all of its streams are subscribed to */
	FEED_ROTATING, /* another one is to replace it; detail says why */
	FEED_CLOSED,   /* it was of no use any more; another may be there */
	FEED_LIMITED,  /* an attempt waits for the limit of connections */
	FEED_REFUSED,  /* the exchange refused streams of it: it is replaced */
};

struct feed_options {
	struct net *net;
	const struct url *url;
	struct resolve *resolve;
	struct limit *attempts;    /* of all connections */
	bool microseconds;
	size_t max_frame;
	int64_t rotate_us;         /* age at which one is replaced */
	int64_t overlap_us;        /* both deliver for so long */
	int64_t stale_us;          /* silence after which it is given up */
	int64_t connect_timeout_us;
	int64_t retry_max_us;      /* between attempts */
	void *arg;

	/* As link_options.on_frame(). */
	const char *(*on_frame)(void *arg, struct link *link,
	    const char *text, size_t len);
	/*
	 * number: of the connection, from 1.  detail: not to be trusted;
	 * telling: of a failure, how much that says.
	 */
	void (*on_event)(void *arg, enum feed_event event, unsigned number,
	    const char *detail, enum net_telling telling);
	/*
	 * After a loss and at the beginning, now that the symbol (in lower
	 * case) is subscribed to: there may be trades before that no
	 * connection will show.
	 */
	void (*on_missed)(void *arg, const char *symbol);
	/* The stream of this symbol is subscribed to, for the first time. */
	void (*on_subscribed)(void *arg, const char *symbol, int64_t now_us);
};

struct feed;

/* NULL: no memory. */
struct feed *feed_open(const struct feed_options *options);
void feed_close(struct feed *feed);

/* Subscribes to one more, or to one less; lower case.  -1: no memory. */
int feed_add(struct feed *feed, const char *symbol);
int feed_drop(struct feed *feed, const char *symbol);

/*
 * Does what is due and returns when to be called again, a monotonic time.
 * Also to be called after every net_wait().
 */
int64_t feed_tick(struct feed *feed, int64_t now_us);

/* From on_frame(): the answer to a request; an error when ok is false. */
void feed_answer(struct feed *feed, struct link *link, int64_t id, bool ok);
/* From on_frame(): the exchange announced that it ends the connection. */
void feed_shutdown(struct feed *feed, struct link *link);
/* From on_frame(): something that a stream has sent. */
void feed_delivered(struct feed *feed, struct link *link);

/* Whether net_wait() would find more input at once. */
bool feed_ready(const struct feed *feed);

/*
 * Stops reading, so that the exchange is held back, or goes on; meanwhile no
 * connection is made.
 */
void feed_pause(struct feed *feed, bool paused);

size_t feed_connections(const struct feed *feed); /* that are up */
uint64_t feed_attempts(const struct feed *feed);  /* so far */

#endif
