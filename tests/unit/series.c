/*
 * The series of a symbol are found again, whatever their names have in common;
 * its open windows are found by their start, and close in order.
 */
#include "../../src/ohlc-window/series.h"

#include <stdlib.h>

#include "tap.h"

#define SYMBOLS 20000
#define CASES 300
#define STEPS 600
#define STARTS 400

static uint64_t seed;

static int64_t
below(int64_t n)
{
	return (int64_t)(tap_random(&seed) % (uint64_t)n);
}

/* Names of 1 to 64 bytes that differ in one place, or in length alone. */
static size_t
name_of(unsigned i, char *out)
{
	size_t len = 1 + i % RECORD_SYMBOL_MAX;
	unsigned where = i / RECORD_SYMBOL_MAX;

	memset(out, 'A', len);
	out[where % len] = (char)(1 + where / RECORD_SYMBOL_MAX * 13 % 255);
	return len;
}

static void
test_table(void)
{
	static struct series *found[SYMBOLS];
	struct series_table table;
	struct partition other;
	int wrong = 0, shared = 0;

	series_partition_init(&other);
	series_table_init(&table);
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < SYMBOLS; i++) {
			/* A text that ends where its memory does. */
			char name[RECORD_SYMBOL_MAX];
			size_t len = name_of(i, name);
			char *exact = malloc(len);
			struct series *s;

			memcpy(exact, name, len);
			s = series_find(&table, i % 3 ? NULL : &other,
			    (struct record_text){ exact, len });
			free(exact);
			if (round == 0)
				found[i] = s;
			wrong += s != found[i] || s->key.len != len ||
			    memcmp(s->symbol, name, len) != 0;
			shared += s->partition == &other;
		}
	}
	tap_int(wrong, 0, "each symbol has its own series, and keeps it");
	tap_int(shared, 2 * (SYMBOLS + 2) / 3, "in its partition");
	tap_ok(series_find(&table, &other, (struct record_text){ "B", 1 }) !=
	    series_find(&table, NULL, (struct record_text){ "B", 1 }),
	    "one symbol in two partitions is two");
	series_table_free(&table);
}

/* Windows open in any order and close by start: against a table of them. */
static bool
windows_are_good(struct series *s)
{
	static bool open[STARTS];
	struct queue *queue = &s->partition->queue;
	int64_t from = 0, newest;
	bool good = true;

	memset(open, 0, sizeof open);
	for (int step = 0; step < STEPS && good && from < STARTS; step++) {
		int64_t at = from + below(below(3) ? 4 : STARTS - from);
		struct window *w;

		at = at < STARTS ? at : STARTS - 1;
		w = series_window(s, at);
		good = (w != NULL) == open[at];
		if (w == NULL)
			w = series_open(s, at, false, step);
		open[at] = true;
		good = good && w != NULL && w->start_us == at &&
		    series_window(s, at) == w && w->series == s;
		good = good && (at + 1 == STARTS ||
		    (series_window(s, at + 1) != NULL) == open[at + 1]);
		for (newest = STARTS; !open[--newest]; )
			;
		good = good && s->newest.start_us == newest &&
		    series_window(s, newest) == &s->newest;
		if (below(3) == 0) {
			while (!open[from])
				from++;
			w = queue_take(queue);
			good = good && w->start_us == from;
			open[from++] = false;
			series_close(w);
		}
	}
	series_partition_drop(s->partition);
	return good && s->newest.start_us == INT64_MAX;
}

int
main(void)
{
	struct series_table table;
	int wrong = 0;

	test_table();
	series_table_init(&table);
	for (uint64_t i = 1; i <= CASES; i++) {
		seed = i * 0x9e3779b97f4a7c15u;
		wrong += !windows_are_good(series_find(&table, NULL,
		    (struct record_text){ i % 2 ? "A" : "B", 1 }));
	}
	tap_int(wrong, 0, "random windows that differ");
	series_table_free(&table);
	return tap_done();
}
