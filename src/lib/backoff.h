#ifndef TICKPIPE_BACKOFF_H
#define TICKPIPE_BACKOFF_H

#include <stdint.h>

/*
 * Jittered exponential backoff for a peer that is down.  The n-th wait is
 * drawn evenly from 0 to min(cap, base * 2^n), "full jitter", so that many
 * clients that lost one server do not come back in step.  The first wait is
 * base at the most.
 */
struct backoff {
	int64_t base_us, cap_us;
	unsigned failures; /* in a row */
	uint64_t random;   /* state of the generator */
};

void backoff_init(struct backoff *backoff, int64_t base_us, int64_t cap_us);

/* Counts a failure and returns how long to wait before the next try. */
int64_t backoff_next_us(struct backoff *backoff);

/* The peer answered: the next failure starts from base again. */
void backoff_reset(struct backoff *backoff);

#endif
