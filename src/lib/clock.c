#include "clock.h"

#include <limits.h>
#include <time.h>

static int64_t
now_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_monotonic_us(void)
{
	return now_us(CLOCK_MONOTONIC);
}

int64_t
clock_realtime_us(void)
{
	return now_us(CLOCK_REALTIME);
}

int
clock_poll_ms(int64_t deadline_us)
{
	int64_t left_ms;

	if (deadline_us == INT64_MAX)
		return -1;
	left_ms = (deadline_us - clock_monotonic_us() + 999) / 1000;
	if (left_ms < 0)
		return 0;
	return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}
