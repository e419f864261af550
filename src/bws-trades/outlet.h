#ifndef BWS_OUTLET_H
#define BWS_OUTLET_H

#include <stdbool.h>
#include <stddef.h>

#include "filter.h"

/*
 * Standard output as a live feed needs it: never waited for, watched for a
 * reader that has gone, and full when a reader is slow for long.
 */
struct outlet {
	struct filter *filter;
	size_t hold;      /* bytes */
	int wake_fd;      /* epoll: stop, standard output, and another */
	bool watched;     /* standard output can be polled */
	bool want_write;  /* it is watched for room */
	bool full;
};

/*
 * Returns a descriptor that polls readable when standard output has room that
 * is wanted or has no reader any more, when asked to stop, and when other_fd
 * (-1: none) is readable; the caller's, to close.  -1 with errno.
 */
int outlet_open(struct outlet *outlet, struct filter *filter, size_t hold,
    int other_fd);

/*
 * Writes what standard output takes without blocking; with more to come at
 * once, only when enough is held.  FLOW_READY, FLOW_GONE, or FLOW_FAILED.
 */
enum flow_result outlet_settle(struct outlet *outlet, bool more);

/* More than hold is held; and until half of it is gone. */
static inline bool
outlet_full(const struct outlet *outlet)
{
	return outlet->full;
}

/* Nothing is held. */
static inline bool
outlet_idle(const struct outlet *outlet)
{
	return lineout_held(&outlet->filter->out) == 0;
}

#endif
