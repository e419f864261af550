#ifndef BWS_STATS_H
#define BWS_STATS_H

#include <stddef.h>
#include <stdint.h>

/*
 * What --stats writes: counts since the start, and the lag of the interval
 * since the last line.  No I/O, no clock.
 */

/*
 * Lags of 0 to an hour in microseconds, in buckets that are at most 1/32 of
 * their values wide: exact below 64, then 32 for each power of two.
 */
#define STATS_LAG_MAX_US INT64_C(3600000000)
#define STATS_BUCKETS 896

struct stats {
	uint64_t bucket[STATS_BUCKETS];
	uint64_t nlags;
	int64_t lag_max_us;
};

/* Counts since the start. */
struct stats_counts {
	uint64_t connections; /* that are up now */
	uint64_t attempts;    /* to connect */
	uint64_t frames, trades, healed, duplicates, gaps, missing;
	uint64_t waiting;     /* trades behind a hole now */
	uint64_t refused;     /* frames */
};

void stats_init(struct stats *stats);

/* A lag; below 0 counts as 0, more than an hour as an hour. */
void stats_lag(struct stats *stats, int64_t lag_us);

/*
 * The lag that so many percent (1 to 100) of the interval's lags do not
 * exceed, less than 2 % wrong; -1: there was none.  100 gives the highest one
 * exactly.
 */
int64_t stats_percentile_us(const struct stats *stats, unsigned percent);

/*
 * Writes one line, LF and no NUL at its end, and begins a new interval.
 * time_us: since the epoch.  out has STATS_LINE_MAX bytes; returns the length.
 */
#define STATS_LINE_MAX 640
size_t stats_line(char *out, struct stats *stats,
    const struct stats_counts *counts, int64_t time_us);

#endif
