/*
 * The log is the checkpoint, with updates at any moment: random logs, lives
 * that end anywhere and begin again behind the last safe offset; the table of
 * candles and the late trades are those of one undisturbed run.
 */
#include "../../src/ohlc-window/partition.h"

#include <stdlib.h>

#include "tap.h"

#define HISTORIES 20000
#define LOG_MAX 160
#define LINES_MAX 4000
#define ROWS_MAX 1000
#define SECOND_US 1000000LL

struct event {
	char symbol;
	int64_t id, time;
};

/* A candle as the table keeps it. */
struct row {
	char symbol;
	bool closed;
	int64_t start, trades, open, close;
};

/* Lines that have come out and are not in the table yet. */
struct output {
	struct row row[LINES_MAX];
	int64_t safe[LINES_MAX];
	size_t n;
};

struct table {
	struct row row[ROWS_MAX];
	size_t n;
};

static uint64_t seed;

static int64_t
below(int64_t n)
{
	return (int64_t)(tap_random(&seed) % (uint64_t)n);
}

static size_t
make_log(struct event *log)
{
	static const int64_t steps[] = { 0, 0, 1, 1, 2, 5, 20, 70 };
	static const int64_t backs[] = { 0, 0, 0, 0, 0, 0, 3, 8, 15, 80 };
	int64_t time = 0, symbols = 1 + below(5), ids[5] = { 0 };
	size_t n = 0, want = 5 + (size_t)below(100);

	while (n < want) {
		int64_t s = below(symbols), at;

		time += steps[below(8)];
		at = time - backs[below(10)];
		log[n++] = (struct event){ (char)('A' + s), ++ids[s],
		    at < 0 ? 0 : at };
		if (below(12) == 0) {
			log[n] = log[below((int64_t)n)];
			n++;
		}
	}
	return n;
}

static void
emit(const struct candle *c, void *arg)
{
	struct output *out = arg;
	struct row *row = &out->row[out->n];

	out->safe[out->n++] = c->provenance.offset;
	*row = (struct row){ .symbol = 0 };
	if (c->symbol.len == 0)
		return;
	*row = (struct row){ *c->symbol.text, c->closed, c->window_start_us,
	    c->trades, (int64_t)c->open.coef, (int64_t)c->close.coef };
}

static void
upsert(struct table *table, const struct row *row)
{
	size_t i = 0;

	if (row->symbol == 0)
		return;
	while (i < table->n && (table->row[i].symbol != row->symbol ||
	    table->row[i].start != row->start))
		i++;
	if (i == table->n)
		table->row[table->n++] = *row;
	else if (row->trades * 2 + row->closed >=
	    table->row[i].trades * 2 + table->row[i].closed)
		table->row[i] = *row;
}

/* The first n lines become safe; the last of them says up to where. */
static void
sink(struct output *out, size_t n, struct table *table, int64_t *commit)
{
	for (size_t i = 0; i < n; i++)
		upsert(table, &out->row[i]);
	if (n > 0 && below(5) > 0 && out->safe[n - 1] > *commit)
		*commit = out->safe[n - 1];
	out->n -= n;
	memmove(out->row, out->row + n, out->n * sizeof *out->row);
	memmove(out->safe, out->safe + n, out->n * sizeof *out->safe);
}

/* Reads the log from behind *commit to end; true keeps it undisturbed. */
static void
live(const struct event *log, size_t end, bool dies, int64_t lateness,
    int64_t *commit, struct table *table, bool *late, struct output *out)
{
	struct partitions_settings settings = { .width_us = 60 * SECOND_US,
	    .lateness_us = lateness * SECOND_US,
	    .max_ahead_us = 60 * SECOND_US };
	struct partitions *ps = partitions_new(&settings, emit, out);

	for (size_t i = (size_t)(*commit + 1); i < end; i++) {
		struct provenance v = { "t", 1, 0, (int64_t)i, 1 };
		struct trade trade = {
			.symbol = { &log[i].symbol, 1 },
			.price = { (decimal_coef)(log[i].id + 1), 0 },
			.event_time_us = log[i].time * SECOND_US,
			.processed_time_us = log[i].time * SECOND_US,
			.trade_id = log[i].id, .has_trade_id = true,
		};

		if (partitions_trade(ps, &trade, &v) == TRADE_LATE)
			late[i] = true;
		if (below(5) == 0)
			partitions_emit_open(ps, below(2) == 0);
		if (below(5) == 0)
			partitions_emit_safe(ps);
		if (below(3) == 0)
			sink(out, (size_t)below((int64_t)out->n + 1), table,
			    commit);
	}
	if (!dies) {
		partitions_emit_open(ps, true);
		partitions_emit_safe(ps);
		sink(out, out->n, table, commit);
	}
	partitions_free(ps);
}

static bool
same_tables(const struct table *a, const struct table *b)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct row *x = &a->row[i];
		size_t k = 0;

		while (k < b->n && (b->row[k].symbol != x->symbol ||
		    b->row[k].start != x->start))
			k++;
		if (k == b->n || b->row[k].trades != x->trades ||
		    b->row[k].closed != x->closed || b->row[k].open !=
		    x->open || b->row[k].close != x->close)
			return false;
	}
	return a->n == b->n;
}

static bool
history_is_good(void)
{
	static const int64_t latenesses[] = { 0, 10, 10, 10, 100 };
	static struct table good, table;
	static struct output out, stopped;
	struct event log[LOG_MAX * 2];
	bool good_late[LOG_MAX * 2] = { 0 }, late[LOG_MAX * 2] = { 0 };
	size_t n = make_log(log);
	int64_t lateness = latenesses[below(5)], commit = -1;
	int64_t lives = 1 + below(6);

	good.n = table.n = out.n = stopped.n = 0;
	live(log, n, false, lateness, &commit, &good, good_late, &out);
	commit = -1;
	while (lives-- > 0) {
		out.n = 0;
		live(log, (size_t)(commit + 1 + below((int64_t)n - commit)),
		    true, lateness, &commit, &table, late, &out);
		/* A writer that was stopped lands late. */
		if (below(2) == 0)
			stopped = out;
	}
	out.n = 0;
	live(log, n, false, lateness, &commit, &table, late, &out);
	for (size_t i = 0; i < stopped.n; i++)
		upsert(&table, &stopped.row[i]);
	return same_tables(&good, &table) &&
	    memcmp(good_late, late, sizeof late) == 0;
}

int
main(void)
{
	int wrong = 0;

	for (uint64_t i = 1; i <= HISTORIES; i++) {
		seed = i * 0x9e3779b97f4a7c15u;
		if (!history_is_good() && wrong++ < 3)
			printf("# history %d differs\n", (int)i);
	}
	tap_int(wrong, 0, "histories that differ");
	return tap_done();
}
