#ifndef EXCHANGE_WINDOW_H
#define EXCHANGE_WINDOW_H

#include <stddef.h>
#include <stdint.h>

/*
 * The sum of what happened within a sliding time, and the largest it ever
 * was.  Times are microseconds of any one clock and must not fall.
 */

struct window {
	int64_t span_us;
	int64_t sum, max;
	struct window_entry {
		int64_t time_us, amount;
	} *entries;
	size_t begin, len, cap; /* a ring */
};

void window_init(struct window *window, int64_t span_us);
void window_free(struct window *window);

/*
 * Adds what happened at time_us, which may lie a little before now_us when
 * the exact time is not known.  Returns the sum over the span before now_us.
 */
int64_t window_add(struct window *window, int64_t time_us, int64_t now_us,
    int64_t amount);

#endif
