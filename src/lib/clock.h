#ifndef TICKPIPE_CLOCK_H
#define TICKPIPE_CLOCK_H

#include <stdint.h>

/* The monotonic clock in microseconds; for deadlines and intervals. */
int64_t clock_monotonic_us(void);

/* The time of day in microseconds since the epoch. */
int64_t clock_realtime_us(void);

/*
 * What is left until a monotonic deadline, as poll(2) wants it: milliseconds
 * rounded up, 0 when it has passed, -1 (for ever) when deadline_us is
 * INT64_MAX.
 */
int clock_poll_ms(int64_t deadline_us);

#endif
