/*
 * What comes out of a partition is the same for every interleaving of the
 * partitions and for every repetition of stretches of the input: with
 * provenance by the partitions of Kafka, without it by symbols.
 */
#include "../../src/ohlc-window/partition.h"

#include <stdlib.h>

#include "tap.h"

#define CASES 20000
#define PARTITIONS 4
#define EVENTS 60 /* of one partition */
#define LINES 400
#define SECOND_US 1000000LL

struct event {
	char symbol;
	int64_t id, time;
	bool late;
};

/* What came out of one partition, or symbol. */
struct output {
	struct {
		char symbol;
		bool closed;
		int64_t start, trades, open, close, first, safe;
	} line[LINES];
	size_t n;
};

struct run {
	struct event log[PARTITIONS][EVENTS];
	size_t n[PARTITIONS];
	struct output out[PARTITIONS];
	bool provenance;
	int64_t lateness;
};

static uint64_t seed;

static int64_t
below(int64_t n)
{
	return (int64_t)(tap_random(&seed) % (uint64_t)n);
}

/*
 * A symbol or two in each partition; with provenance two partitions may have
 * the same ones, else each symbol is a partition.
 */
static void
make_logs(struct run *run)
{
	static const int64_t steps[] = { 0, 0, 1, 1, 2, 5, 20, 70 };
	static const int64_t backs[] = { 0, 0, 0, 0, 0, 0, 3, 8, 15, 80 };

	memset(run, 0, sizeof *run);
	run->provenance = below(2) == 0;
	run->lateness = 10 * below(3);
	for (int p = 0; p < PARTITIONS; p++) {
		int64_t time = 200, symbols = run->provenance ? 3 : 1;

		run->n[p] = 1 + (size_t)below(EVENTS);
		for (size_t i = 0; i < run->n[p]; i++) {
			time += steps[below(8)];
			run->log[p][i] = (struct event){
				.symbol = (char)('A' + below(symbols) +
				    (run->provenance ? p / 2 : p)),
				.id = (int64_t)i, .time = time -
				    backs[below(10)],
			};
		}
	}
}

static void
emit(const struct candle *c, void *arg)
{
	struct run *run = arg;
	struct output *out = &run->out[run->provenance ?
	    c->provenance.partition : *c->symbol.text - 'A'];
	size_t n = out->n++;

	out->line[n].symbol = *c->symbol.text;
	out->line[n].closed = c->closed;
	out->line[n].start = c->window_start_us;
	out->line[n].trades = c->trades;
	out->line[n].open = (int64_t)c->open.coef;
	out->line[n].close = (int64_t)c->close.coef;
	out->line[n].first = c->first_trade_id;
	out->line[n].safe = c->has_provenance ? c->provenance.offset : 0;
}

static enum trade_fate
put(struct partitions *ps, const struct run *run, int p, size_t i)
{
	const struct event *e = &run->log[p][i];
	struct provenance v = { "t", 1, p, (int64_t)i, 1 };
	struct trade trade = {
		.symbol = { &e->symbol, 1 },
		.price = { (decimal_coef)(e->id + 1), 0 },
		.event_time_us = e->time * SECOND_US,
		.processed_time_us = e->time * SECOND_US,
		.trade_id = e->id, .has_trade_id = true,
	};

	return partitions_trade(ps, &trade, run->provenance ? &v : NULL);
}

/*
 * Reads all logs: one after another, or by chance and with stretches that were
 * read before coming again.
 */
static void
read_logs(struct run *run, bool by_chance)
{
	struct partitions_settings settings = { .width_us = 60 * SECOND_US,
	    .lateness_us = run->lateness * SECOND_US };
	struct partitions *ps = partitions_new(&settings, emit, run);
	size_t at[PARTITIONS] = { 0 };
	int left = PARTITIONS, p = 0;

	for (int i = 0; i < PARTITIONS; i++)
		run->out[i].n = 0;
	while (left > 0) {
		if (by_chance)
			p = (int)below(PARTITIONS);
		else if (at[p] == run->n[p])
			p++;
		if (at[p] == run->n[p])
			continue;
		run->log[p][at[p]].late = put(ps, run, p, at[p]) ==
		    TRADE_LATE;
		left -= ++at[p] == run->n[p];
		for (size_t i = (size_t)below((int64_t)at[p]); by_chance &&
		    below(4) == 0 && i < at[p]; i++)
			put(ps, run, p, i);
	}
	partitions_emit_open(ps, true);
	partitions_free(ps);
}

static bool
same_lines(const struct output *a, const struct output *b)
{
	return a->n == b->n &&
	    memcmp(a->line, b->line, a->n * sizeof *a->line) == 0;
}

int
main(void)
{
	static struct run good, run;
	int wrong = 0;

	for (uint64_t i = 1; i <= CASES; i++) {
		bool same = true;

		seed = i * 0x9e3779b97f4a7c15u;
		make_logs(&good);
		read_logs(&good, false);
		run = good;
		read_logs(&run, true);
		for (int p = 0; p < PARTITIONS; p++)
			same = same && same_lines(&good.out[p], &run.out[p]);
		same = same && memcmp(good.log, run.log, sizeof run.log) == 0;
		if (!same && wrong++ < 3)
			printf("# case %d differs\n", (int)i);
	}
	tap_int(wrong, 0, "interleavings and repetitions that differ");
	return tap_done();
}
