#include "backoff.h"

#include <unistd.h>

#include "clock.h"

/* splitmix64 (Steele, Lea, Flood 2014): enough to spread clients out. */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void
backoff_init(struct backoff *backoff, int64_t base_us, int64_t cap_us)
{
	backoff->base_us = base_us;
	backoff->cap_us = cap_us;
	backoff->failures = 0;
	backoff->random = (uint64_t)clock_realtime_us() ^
	    (uint64_t)getpid() << 32;
}

int64_t
backoff_next_us(struct backoff *backoff)
{
	int64_t bound_us = backoff->base_us;

	for (unsigned i = 0; i < backoff->failures &&
	    bound_us < backoff->cap_us; i++)
		bound_us *= 2;
	if (bound_us > backoff->cap_us)
		bound_us = backoff->cap_us;
	backoff->failures++;
	return (int64_t)(next_random(&backoff->random) %
	    ((uint64_t)bound_us + 1));
}

void
backoff_reset(struct backoff *backoff)
{
	backoff->failures = 0;
}
