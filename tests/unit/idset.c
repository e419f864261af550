/*
 * Trade ids of a window: in whatever order they come, each is new once, and
 * the lowest and the highest are known; against a plain table of flags.
 */
#include "../../src/ohlc-window/idset.h"

#include <stdlib.h>

#include "tap.h"

#define CASES 3000
#define RANGE 3000

static uint64_t seed;

static int64_t
below(int64_t n)
{
	return (int64_t)(tap_random(&seed) % (uint64_t)n);
}

/* Some order in which ids come: rising, falling, with holes, by chance. */
static int64_t
next_id(int kind, int64_t i, int64_t range)
{
	switch (kind) {
	case 0:
		return below(range);
	case 1:
		return i * 2 % range + (i * 2 / range) % 2;
	case 2:
		return range - 1 - i * 2 % range;
	case 3:
		return (i * 7 + below(20)) % range;
	default:
		return i % 2 ? below(range) : i % range;
	}
}

static bool
case_is_good(void)
{
	static bool there[RANGE + 20];
	int kind = (int)below(5);
	int64_t range = 2 + 2 * below(below(4) ? 50 : RANGE / 2 - 1);
	int64_t base = below(4) ? 0 : INT64_MAX - range - 1;
	int64_t low = INT64_MAX, high = -1, adds = below(2 * range);
	struct idset ids;
	bool good = true;

	memset(there, 0, sizeof there);
	idset_init(&ids);
	for (int64_t i = 0; i < adds && good; i++) {
		int64_t id = next_id(kind, i, range);

		good = idset_add(&ids, base + id) ==
		    (there[id] ? IDSET_THERE : IDSET_NEW);
		there[id] = true;
		low = id < low ? id : low;
		high = id > high ? id : high;
		good = good && idset_first(&ids) == base + low &&
		    idset_last(&ids) == base + high;
	}
	idset_free(&ids);
	return good;
}

/* Ids with holes, falling or by chance, so many that a shift shows. */
static int64_t
many(bool falling)
{
	const int64_t count = 400000;
	int64_t twice = 0;
	struct idset ids;

	idset_init(&ids);
	for (int64_t i = 0; i < count; i++) {
		int64_t id = falling ? count - i : i * 179426549 % count;

		if (idset_add(&ids, 2 * id) != IDSET_NEW)
			twice++;
	}
	for (int64_t i = 0; i < count; i++) {
		if (idset_add(&ids, 2 * (falling ? i + 1 : i)) != IDSET_THERE)
			twice++;
	}
	idset_free(&ids);
	return twice;
}

int
main(void)
{
	int wrong = 0;

	for (uint64_t i = 1; i <= CASES; i++) {
		seed = i * 0x9e3779b97f4a7c15u;
		if (!case_is_good() && wrong++ < 3)
			printf("# case %d differs\n", (int)i);
	}
	tap_int(wrong, 0, "random orders that differ");
	tap_int(many(true), 0, "400,000 ids with holes, falling");
	tap_int(many(false), 0, "400,000 ids with holes, by chance");
	return tap_done();
}
