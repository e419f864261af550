#ifndef BWS_LIMIT_H
#define BWS_LIMIT_H

#include <stdint.h>

/*
 * At most so much in any window of time, wherever the window is laid: for
 * limits that lead to a ban.  What happens at the end of a window is in the
 * next one.  The way to the peer takes now more, now less time: a caller
 * leaves a margin for that.  No clock: now_us is monotonic and never falls.
 */

#define LIMIT_EVENTS 1024

struct limit {
	int64_t max;       /* weight in a window */
	int64_t window_us;
	int64_t used;      /* weight of the events kept */
	unsigned first, count; /* of the ring */
	struct {
		int64_t time_us, weight;
	} event[LIMIT_EVENTS];
};

/*
 * max: 1 or more.  At most LIMIT_EVENTS events go into a window, whatever they
 * weigh.
 */
void limit_init(struct limit *limit, int64_t max, int64_t window_us);

/*
 * How long until an event of this weight may happen; 0: now.  One that is
 * heavier than max may never: INT64_MAX.
 */
int64_t limit_wait_us(struct limit *limit, int64_t now_us, int64_t weight);

/*
 * It happens now.  Counts also what the peer says was used by others, and then
 * more than max may be used up.
 */
void limit_count(struct limit *limit, int64_t now_us, int64_t weight);

/* What is used of the window that ends now. */
int64_t limit_used(struct limit *limit, int64_t now_us);

#endif
