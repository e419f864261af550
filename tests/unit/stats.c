/*
 * The lag's percentiles are right within 2 %, and a line of --stats is one
 * JSON object with the counts as they are.
 */
#include "../../src/bws-trades/stats.h"

#include <stdlib.h>

#include "tap.h"

#define CASES 200
#define LAGS 999

static uint64_t seed;

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
test_percentiles(void)
{
	static struct stats stats;
	int64_t lag[LAGS];
	int wrong = 0;

	for (int c = 1; c <= CASES; c++) {
		size_t n = (size_t)c % 3 ? LAGS : (size_t)c;

		seed = (uint64_t)c * 0x9e3779b97f4a7c15u;
		stats_init(&stats);
		for (size_t i = 0; i < n; i++) {
			lag[i] = (int64_t)(tap_random(&seed) >>
			    (32 + tap_random(&seed) % 32));
			if (lag[i] > STATS_LAG_MAX_US)
				lag[i] = STATS_LAG_MAX_US;
			stats_lag(&stats, lag[i]);
		}
		qsort(lag, n, sizeof *lag, by_size);
		for (unsigned p = 1; p <= 100; p++) {
			int64_t want = lag[(n * p + 99) / 100 - 1];
			int64_t got = stats_percentile_us(&stats, p);

			wrong += llabs(got - want) * 50 > want;
			wrong += got > lag[n - 1];
		}
		wrong += stats_percentile_us(&stats, 100) != lag[n - 1];
	}
	tap_int(wrong, 0, "percentiles that are more than 2 % wrong");
}

static void
test_exact(void)
{
	static struct stats stats;
	int wrong = 0;

	for (int64_t lag = 0; lag < 64; lag++) {
		stats_init(&stats);
		stats_lag(&stats, lag);
		stats_lag(&stats, 1000000);
		wrong += stats_percentile_us(&stats, 50) != lag;
	}
	tap_int(wrong, 0, "short lags are exact");
	stats_init(&stats);
	tap_int(stats_percentile_us(&stats, 50), -1, "none without a lag");
	stats_lag(&stats, -5);
	tap_int(stats_percentile_us(&stats, 99), 0, "below 0 is 0");
	stats_lag(&stats, INT64_MAX);
	tap_int(stats_percentile_us(&stats, 100), STATS_LAG_MAX_US,
	    "more than an hour is an hour");
}

static void
test_line(void)
{
	static struct stats stats;
	struct stats_counts counts = {
		.connections = 2, .attempts = 3, .frames = 40, .trades = 50,
		.healed = 6, .duplicates = 7, .gaps = 8, .missing = 9,
		.waiting = 10, .refused = 11,
	};
	static const char empty[] =
	    "\"lag_ms\":{\"p50\":null,\"p99\":null,\"max\":null}}\n";
	char line[STATS_LINE_MAX];
	size_t len;

	stats_init(&stats);
	stats_lag(&stats, 12);
	stats_lag(&stats, 1062);
	len = stats_line(line, &stats, &counts, INT64_C(1700000000123456));
	tap_text(line, len, "{\"time\":\"2023-11-14T22:13:20.123Z\","
	    "\"connections\":2,\"attempts\":3,\"frames\":40,\"trades\":50,"
	    "\"healed\":6,\"duplicates\":7,\"gaps\":8,\"missing\":9,"
	    "\"waiting\":10,\"refused\":11,"
	    "\"lag_ms\":{\"p50\":0.012,\"p99\":1.062,\"max\":1.062}}\n",
	    "a line");
	len = stats_line(line, &stats, &counts, 0);
	tap_text(line + len - strlen(empty), strlen(empty), empty,
	    "the next interval begins empty");
	memset(&counts, 0xff, sizeof counts);
	stats_lag(&stats, INT64_MAX);
	len = stats_line(line, &stats, &counts, INT64_C(253402300799999999));
	tap_ok(len < sizeof line && line[len - 1] == '\n',
	    "the longest line has room");
}

int
main(void)
{
	test_percentiles();
	test_exact();
	test_line();
	return tap_done();
}
