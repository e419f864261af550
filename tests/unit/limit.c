/*
 * A limit is never exceeded in any window, wherever it is laid, and nothing
 * waits longer than it must.
 */
#include "../../src/bws-trades/limit.h"

#include "tap.h"

#define CASES 300
#define EVENTS 2000

static uint64_t seed;

static int64_t
below(int64_t n)
{
	return (int64_t)(tap_random(&seed) % (uint64_t)n);
}

static int64_t times[EVENTS], weights[EVENTS];

/* What the first n events weigh in the window that ends behind now. */
static int64_t
used(int n, int64_t now, int64_t window)
{
	int64_t sum = 0;

	while (n-- > 0 && now - times[n] < window)
		sum += weights[n];
	return sum;
}

static void
test_windows(void)
{
	static struct limit limit;
	int over = 0, late = 0, wrong = 0;

	for (int c = 1; c <= CASES; c++) {
		int64_t max, window, now = 0;

		seed = (uint64_t)c * 0x9e3779b97f4a7c15u;
		max = 1 + below(c % 2 ? 5 : 400);
		window = 1 + below(5000);
		limit_init(&limit, max, window);
		for (int n = 0; n < EVENTS; n++) {
			int64_t weight = 1 + below(max), wait;

			if (below(4) > 0)
				weight = 1;
			now += below(3) ? 0 : below(window);
			wrong += limit_used(&limit, now) !=
			    used(n, now, window);
			wait = limit_wait_us(&limit, now, weight);
			late += wait < 0 || (wait > 0 && weight +
			    used(n, now + wait - 1, window) <= max);
			now += wait;
			late += limit_wait_us(&limit, now, weight) != 0;
			limit_count(&limit, now, weight);
			times[n] = now;
			weights[n] = weight;
			over += used(n + 1, now, window) > max;
		}
	}
	tap_int(over, 0, "windows with more than the limit");
	tap_int(late, 0, "waits that are longer than they must be");
	tap_int(wrong, 0, "windows whose use is counted wrong");
}

static void
test_edges(void)
{
	static struct limit limit;

	limit_init(&limit, 6000, 1000);
	tap_ok(limit_wait_us(&limit, 0, 6001) == INT64_MAX,
	    "what weighs more than the limit never goes");
	for (int i = 0; i < LIMIT_EVENTS; i++)
		limit_count(&limit, i < 1000 ? 0 : 1, 1);
	tap_int(limit_wait_us(&limit, 1, 1), 999,
	    "no more events than are kept");
	limit_count(&limit, 500, 7000);
	tap_int(limit_used(&limit, 500), LIMIT_EVENTS + 7000,
	    "what is beyond the limit, or the room, counts");
	tap_int(limit_wait_us(&limit, 1000, 25), 500, "until it expires");
	tap_int(limit_used(&limit, 1500), 0, "and then no more");
}

int
main(void)
{
	test_windows();
	test_edges();
	return tap_done();
}
