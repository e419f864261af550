#ifndef BWS_REST_H
#define BWS_REST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net.h"
#include "url.h"

/*
 * GET requests to the exchange's REST interface, one at a time, a connection
 * each.
 */
struct rest;

struct rest_answer {
	int status;         /* of HTTP; 0: there was no whole answer */
	const char *why;    /* then the reason; not to be trusted */
	enum net_telling telling; /* how much that says */
	const char *body;   /* lent for the call, NULL when status is 0 */
	size_t len;
	int64_t retry_after_s; /* Retry-After, -1: none */
	int64_t weight;     /* X-MBX-USED-WEIGHT-1M, -1: none */
};

struct rest_options {
	const struct url *url;
	bool microseconds;  /* X-MBX-TIME-UNIT */
	size_t max_body;    /* bytes: a longer one is no answer */
	int64_t timeout_us; /* for the whole answer */
	void *arg;
	void (*on_answer)(void *arg, const struct rest_answer *answer);
};

/* What options point to is borrowed.  NULL: no memory. */
struct rest *rest_open(struct net *net, const struct rest_options *options);
void rest_close(struct rest *rest); /* before net_close() */

bool rest_busy(const struct rest *rest);

/*
 * Asks for the path and query (behind the URL's own path); on_answer() is
 * called once, from net_wait().  address is numeric, the name in the URL is
 * what is verified.  Not while it is busy.  -1: no memory.
 */
int rest_get(struct rest *rest, const char *address, const char *path);

#endif
