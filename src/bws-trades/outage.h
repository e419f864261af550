#ifndef BWS_OUTAGE_H
#define BWS_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "net.h"
#include "url.h"

#define OUTAGE_DETAIL 256

/*
 * Reports a peer that fails: the first failure of an outage at once, further
 * ones now and then (all of them with -v), and the end of an outage whose
 * beginning was reported.  A report has the most telling failure since the
 * last one.  While the name has addresses that were not tried yet the report
 * waits for them, OUTAGE_HOLD_US at the most; a failure that tells more than
 * what was reported is reported at once.
 */
struct outage {
	char peer[URL_AUTHORITY_MAX];
	unsigned failures; /* since it was well */
	bool judged;       /* whether to report was decided in this outage */
	bool said;         /* and done */
	int64_t said_us;   /* the last time, monotonic; 0: never */
	enum net_telling said_telling;

	/* The most telling failure that was not reported. */
	int64_t since_us; /* the first of them; 0: none */
	enum net_telling telling;
	const char *what;
	char detail[OUTAGE_DETAIL];
};

#define OUTAGE_HOLD_US INT64_C(10000000)

/* A failure, now. */
struct outage_failure {
	const char *what;   /* begins the message; a constant */
	const char *detail; /* not to be trusted */
	enum net_telling telling;
	bool more;          /* the name has addresses to be tried next */
	int64_t now_us;     /* monotonic */
};

void outage_init(struct outage *outage, const struct url *peer);

void outage_say(struct outage *outage, const struct outage_failure *failure);
void outage_over(struct outage *outage, const char *what);

#endif
