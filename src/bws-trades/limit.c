#include "limit.h"

#include <string.h>

void
limit_init(struct limit *limit, int64_t max, int64_t window_us)
{
	memset(limit, 0, sizeof *limit);
	limit->max = max;
	limit->window_us = window_us;
}

/* Forgets what no window that is still to end holds. */
static void
expire(struct limit *limit, int64_t now_us)
{
	while (limit->count > 0 && now_us - limit->event[limit->first].time_us
	    >= limit->window_us) {
		limit->used -= limit->event[limit->first].weight;
		limit->first = (limit->first + 1) % LIMIT_EVENTS;
		limit->count--;
	}
}

int64_t
limit_wait_us(struct limit *limit, int64_t now_us, int64_t weight)
{
	int64_t used, free_us = now_us;
	unsigned gone = 0;

	if (weight > limit->max)
		return INT64_MAX;
	expire(limit, now_us);
	used = limit->used;
	while (used + weight > limit->max ||
	    limit->count - gone == LIMIT_EVENTS) {
		unsigned i = (limit->first + gone++) % LIMIT_EVENTS;

		used -= limit->event[i].weight;
		free_us = limit->event[i].time_us + limit->window_us;
	}
	return free_us - now_us;
}

void
limit_count(struct limit *limit, int64_t now_us, int64_t weight)
{
	unsigned i;

	expire(limit, now_us);
	limit->used += weight;
	i = (limit->first + limit->count) % LIMIT_EVENTS;
	if (limit->count < LIMIT_EVENTS) {
		limit->count++;
		limit->event[i].weight = 0;
	} else {
		/* With the last one, which then counts for longer. */
		i = (i + LIMIT_EVENTS - 1) % LIMIT_EVENTS;
	}
	limit->event[i].time_us = now_us;
	limit->event[i].weight += weight;
}

int64_t
limit_used(struct limit *limit, int64_t now_us)
{
	expire(limit, now_us);
	return limit->used;
}
