#ifndef BWS_OUTAGE_H
#define BWS_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "url.h"

/*
 * What is said of a peer that fails: the first failure of an outage at once,
 * further ones now and then (all of them with -v), and its end where its
 * beginning was said.
 */
struct outage {
	char peer[URL_AUTHORITY_MAX];
	unsigned failures; /* since it was well */
	bool said;         /* one of them */
	int64_t said_us;   /* when, monotonic; 0: never */
};

void outage_init(struct outage *outage, const struct url *peer);

/* detail is not to be trusted. */
void outage_say(struct outage *outage, const char *what, const char *detail);
void outage_over(struct outage *outage, const char *what);

#endif
