#include "stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "timestamp.h"

#define EXACT 64 /* lags below have a bucket each */
#define EXACT_BITS 6
#define SPLIT (EXACT / 2) /* buckets of a power of two */

void
stats_init(struct stats *stats)
{
	memset(stats, 0, sizeof *stats);
}

static unsigned
bucket_of(uint64_t lag_us)
{
	unsigned shift;

	if (lag_us < EXACT)
		return (unsigned)lag_us;
	/* What is left of the lag is SPLIT to 2 * SPLIT - 1. */
	shift = 63 - (unsigned)__builtin_clzll(lag_us) - (EXACT_BITS - 1);
	return shift * SPLIT + (unsigned)(lag_us >> shift);
}

/* The middle of its lags. */
static int64_t
value_of(unsigned bucket)
{
	unsigned shift;

	if (bucket < EXACT)
		return bucket;
	shift = bucket / SPLIT - 1;
	return (int64_t)((uint64_t)(bucket - shift * SPLIT) << shift) +
	    ((INT64_C(1) << shift) - 1) / 2;
}

void
stats_lag(struct stats *stats, int64_t lag_us)
{
	if (lag_us < 0)
		lag_us = 0;
	if (lag_us > STATS_LAG_MAX_US)
		lag_us = STATS_LAG_MAX_US;
	if (lag_us > stats->lag_max_us)
		stats->lag_max_us = lag_us;
	stats->bucket[bucket_of((uint64_t)lag_us)]++;
	stats->nlags++;
}

int64_t
stats_percentile_us(const struct stats *stats, unsigned percent)
{
	uint64_t rank = stats->nlags / 100 * percent +
	    (stats->nlags % 100 * percent + 99) / 100, below = 0;
	unsigned i = 0;
	int64_t value;

	if (stats->nlags == 0)
		return -1;
	if (percent >= 100)
		return stats->lag_max_us;
	while ((below += stats->bucket[i]) < rank)
		i++;
	value = value_of(i);
	return value < stats->lag_max_us ? value : stats->lag_max_us;
}

/* Milliseconds: "12.345". */
static size_t
put_lags(char *out, size_t cap, const struct stats *stats)
{
	int64_t p50 = stats_percentile_us(stats, 50);
	int64_t p99 = stats_percentile_us(stats, 99);

	if (p50 < 0)
		return (size_t)snprintf(out, cap,
		    "{\"p50\":null,\"p99\":null,\"max\":null}");
	return (size_t)snprintf(out, cap, "{\"p50\":%" PRId64 ".%03d,"
	    "\"p99\":%" PRId64 ".%03d,\"max\":%" PRId64 ".%03d}",
	    p50 / 1000, (int)(p50 % 1000), p99 / 1000, (int)(p99 % 1000),
	    stats->lag_max_us / 1000, (int)(stats->lag_max_us % 1000));
}

size_t
stats_line(char *out, struct stats *stats, const struct stats_counts *counts,
    int64_t time_us)
{
	char time[TIMESTAMP_TEXT_MAX], lags[128];
	size_t len = timestamp_write(time, time_us - time_us % 1000, 3);
	size_t lags_len = put_lags(lags, sizeof lags, stats);

	len = (size_t)snprintf(out, STATS_LINE_MAX,
	    "{\"time\":\"%.*s\",\"connections\":%" PRIu64 ",\"attempts\":%"
	    PRIu64 ",\"frames\":%" PRIu64 ",\"trades\":%" PRIu64
	    ",\"healed\":%" PRIu64 ",\"duplicates\":%" PRIu64 ",\"gaps\":%"
	    PRIu64 ",\"missing\":%" PRIu64 ",\"waiting\":%" PRIu64
	    ",\"refused\":%" PRIu64 ",\"lag_ms\":%.*s}\n", (int)len, time,
	    counts->connections, counts->attempts, counts->frames,
	    counts->trades, counts->healed, counts->duplicates, counts->gaps,
	    counts->missing, counts->waiting, counts->refused, (int)lags_len,
	    lags);
	stats_init(stats);
	return len;
}
