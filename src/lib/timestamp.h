#ifndef TICKPIPE_TIMESTAMP_H
#define TICKPIPE_TIMESTAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * RFC 3339 times as microseconds since 1970-01-01T00:00:00Z, years 0000 to
 * 9999 of the proleptic Gregorian calendar.
 */

/* The first moment of the year 0000, and the first after 9999. */
#define TIMESTAMP_BEGIN_US (-62167219200 * INT64_C(1000000))
#define TIMESTAMP_END_US (253402300800 * INT64_C(1000000))

#define TIMESTAMP_READ_MAX 35 /* 2024-07-18T23:57:02.956000000+00:00 */
#define TIMESTAMP_TEXT_MAX 27 /* 2024-07-18T23:57:02.956000Z */

/*
 * Reads date, 'T', time, 0 to 9 fraction digits (none after the point is an
 * error; digits finer than microseconds are cut off), and 'Z' or an offset.
 * A date that does not exist, a second of 60 (the epoch has no leap seconds),
 * a time that its offset moves out of the years 0000 to 9999 of UTC, and
 * anything left over are refused.
 */
bool timestamp_read(const char *text, size_t len, int64_t *out_us);

/*
 * The minute of a time that was read, as it is written: times near it in a
 * stream begin with the same text.  At first all zero.
 */
struct timestamp_minute {
	char text[17];     /* 2024-07-18T23:57: */
	int64_t start_us;  /* in UTC, whatever offset the time had */
};

/* As timestamp_read(), and learns the minute of a time that is good. */
bool timestamp_read_minute(const char *text, size_t len,
    struct timestamp_minute *minute, int64_t *out_us);

/*
 * Writes UTC with 'Z' and as many fraction digits as the value needs of
 * 0, 3 or 6, but at least min_digits (0, 3 or 6).  out has TIMESTAMP_TEXT_MAX
 * bytes; returns the length, no NUL, or 0 when the year is out of range.
 */
size_t timestamp_write(char *out, int64_t time_us, int min_digits);

#endif
