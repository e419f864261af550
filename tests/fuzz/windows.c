/*
 * Fuzz target: the input is a list of trades, each a few bytes, which are
 * written as lines, read, and put into windows.  What comes out must be what a
 * computation over the whole list gives: each candle once, in every member,
 * closed or open, and of each trade whether it counted.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/ohlc-window/partition.h"
#include "timestamp.h"
#include "trade.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TRADES_MAX 200
#define SYMBOLS 3
#define SECOND_US INT64_C(1000000)
#define BEGIN_US (INT64_C(1721347022) * SECOND_US)
#define LINE_BYTES 512

#define CHECK(condition) \
	((condition) ? (void)0 : fail(__LINE__, #condition))

/* A trade of the list, and what the list says of it. */
struct listed {
	unsigned symbol;
	int64_t time_us, start_us, id;
	struct decimal price, quantity;
	bool has_quantity, maker;
	enum trade_fate fate;
};

/* A candle that came out. */
struct emitted {
	struct candle candle;
	char symbol;
};

struct run {
	struct partitions_settings settings;
	struct listed list[TRADES_MAX];
	size_t n;
	int64_t newest_us[SYMBOLS];
	bool seen[SYMBOLS];
	struct emitted out[TRADES_MAX];
	size_t nout;
};

static _Noreturn void
fail(int line, const char *what)
{
	fprintf(stderr, "windows.c:%d: not so: %s\n", line, what);
	abort();
}

/* --- The list --- */

/* Four bytes say what the next trade is: a new one, or an earlier once more. */
static struct listed
decode(const struct run *run, const uint8_t *b)
{
	const struct listed *last = run->n > 0 ? &run->list[run->n - 1] : NULL;
	struct listed t = { .symbol = b[0] % SYMBOLS };
	int64_t step = b[1] & 0x3f;

	if (b[0] >= 0xe0 && run->n > 0)
		return run->list[b[1] % run->n];
	/* Forward by up to a minute, back by as much, or by milliseconds. */
	t.time_us = last != NULL ? last->time_us : BEGIN_US;
	t.time_us += b[1] & 0x80 ? -step * SECOND_US : b[1] & 0x40 ?
	    step * 1000 : step * SECOND_US;
	t.id = (int64_t)run->n + 1;
	if (b[0] & 0x10) /* ids in another order than lines */
		t.id = 1000 - t.id;
	t.price = (struct decimal){ 1 + (b[2] & 0x3f), b[2] >> 6 };
	t.quantity = (struct decimal){ b[3] & 0x3f, b[3] >> 6 };
	t.has_quantity = !(b[0] & 0x08);
	t.maker = b[0] & 0x20;
	return t;
}

static int64_t
floor_us(int64_t time_us, int64_t width_us)
{
	int64_t rest = time_us % width_us;

	return time_us - rest - (rest < 0 ? width_us : 0);
}

/* The rules of windows, told of one trade after another. */
static void
judge(struct run *run, struct listed *t)
{
	int64_t *newest_us = &run->newest_us[t->symbol];

	t->start_us = floor_us(t->time_us, run->settings.width_us);
	t->fate = TRADE_COUNTED;
	if (run->seen[t->symbol] && t->start_us + run->settings.width_us <=
	    *newest_us - run->settings.lateness_us) {
		t->fate = TRADE_LATE;
		return;
	}
	if (!run->seen[t->symbol] || t->time_us > *newest_us)
		*newest_us = t->time_us;
	run->seen[t->symbol] = true;
	for (size_t i = 0; i < run->n; i++) {
		if (run->list[i].symbol == t->symbol &&
		    run->list[i].id == t->id &&
		    run->list[i].fate == TRADE_COUNTED)
			t->fate = TRADE_DUPLICATE;
	}
}

/* --- The candles that it gives --- */

static bool
is_before(const struct listed *a, const struct listed *b)
{
	return a->time_us < b->time_us || (a->time_us == b->time_us &&
	    a->id < b->id);
}

static bool
same_sum(const struct decimal_sum *a, const struct decimal_sum *b)
{
	char x[DECIMAL_SUM_TEXT_MAX], y[DECIMAL_SUM_TEXT_MAX];
	size_t n = decimal_sum_write(x, a);

	return n == decimal_sum_write(y, b) && memcmp(x, y, n) == 0;
}

static void
check_sums(const struct candle *c, const struct listed **in, size_t n)
{
	struct decimal_sum volume = { { 0 }, 0 }, quote = { { 0 }, 0 };
	struct decimal_sum taker = { { 0 }, 0 };
	bool known = true;

	for (size_t i = 0; i < n; i++) {
		known = known && in[i]->has_quantity;
		decimal_sum_add(&volume, &in[i]->quantity);
		decimal_sum_add_product(&quote, &in[i]->quantity,
		    &in[i]->price);
		if (!in[i]->maker)
			decimal_sum_add(&taker, &in[i]->quantity);
	}
	CHECK(c->has_volume == known && c->has_taker_buy_volume == known);
	CHECK(!known || same_sum(&c->volume, &volume));
	CHECK(!known || same_sum(&c->quote_volume, &quote));
	CHECK(!known || same_sum(&c->taker_buy_volume, &taker));
}

/* The candle is that of these trades. */
static void
check_members(const struct candle *c, const struct listed **in, size_t n)
{
	const struct listed *first = in[0], *last = in[0];
	const struct listed *high = in[0], *low = in[0];
	int64_t least = in[0]->id, most = in[0]->id;

	for (size_t i = 1; i < n; i++) {
		first = is_before(in[i], first) ? in[i] : first;
		last = is_before(last, in[i]) ? in[i] : last;
		if (decimal_compare(&in[i]->price, &high->price) > 0)
			high = in[i];
		if (decimal_compare(&in[i]->price, &low->price) < 0)
			low = in[i];
		least = in[i]->id < least ? in[i]->id : least;
		most = in[i]->id > most ? in[i]->id : most;
	}
	CHECK(decimal_compare(&c->open, &first->price) == 0);
	CHECK(decimal_compare(&c->high, &high->price) == 0);
	CHECK(decimal_compare(&c->low, &low->price) == 0);
	CHECK(decimal_compare(&c->close, &last->price) == 0);
	CHECK(c->trades == (int64_t)n && c->has_trade_ids);
	CHECK(c->first_trade_id == least && c->last_trade_id == most);
	check_sums(c, in, n);
}

/* The trades of one candle leave the list. */
static void
check_candle(struct run *run, const struct emitted *e)
{
	const struct listed *in[TRADES_MAX];
	const struct candle *c = &e->candle;
	unsigned symbol = (unsigned)(e->symbol - 'A');
	size_t n = 0;

	CHECK(symbol < SYMBOLS);
	CHECK(c->window_end_us - c->window_start_us ==
	    run->settings.width_us);
	for (size_t i = 0; i < run->n; i++) {
		struct listed *t = &run->list[i];

		if (t->fate != TRADE_COUNTED || t->symbol != symbol ||
		    t->start_us != c->window_start_us)
			continue;
		t->fate = TRADE_DUPLICATE;
		in[n++] = t;
	}
	CHECK(n > 0);
	CHECK(c->closed == (c->window_end_us <= run->newest_us[symbol] -
	    run->settings.lateness_us));
	check_members(c, in, n);
}

/* --- The real thing --- */

static void
keep(const struct candle *candle, void *arg)
{
	struct run *run = arg;

	CHECK(run->nout < TRADES_MAX && candle->symbol.len == 1);
	run->out[run->nout].symbol = *candle->symbol.text;
	run->out[run->nout++].candle = *candle;
}

static size_t
write_line(char *out, const struct listed *t)
{
	char time[TIMESTAMP_TEXT_MAX], price[DECIMAL_TEXT_MAX];
	char quantity[64] = "";
	size_t time_len = timestamp_write(time, t->time_us, 3);
	size_t price_len = decimal_write(price, &t->price);

	if (t->has_quantity)
		snprintf(quantity, sizeof quantity, "\"quantity\":%ue-%u,",
		    (unsigned)t->quantity.coef, t->quantity.scale);
	return (size_t)snprintf(out, LINE_BYTES, "{\"symbol\":\"%c\","
	    "\"price\":%.*s,\"event_time\":\"%.*s\",\"processed_time\":"
	    "\"%.*s\",%s\"trade_id\":%" PRId64 ",\"buyer_maker\":%s}",
	    'A' + (int)t->symbol, (int)price_len, price, (int)time_len, time,
	    (int)time_len, time, quantity, t->id, t->maker ? "true" : "false");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t widths_s[] = { 60, 1, 7, 3600 };
	static const int64_t latenesses_s[] = { 10, 0, 1, 600 };
	static struct run run;
	struct partitions *partitions;
	struct record_reader reader;

	if (size < 1)
		return 0;
	memset(&run, 0, sizeof run);
	run.settings = (struct partitions_settings){
		.width_us = widths_s[data[0] & 3] * SECOND_US,
		.lateness_us = latenesses_s[data[0] >> 2 & 3] * SECOND_US,
		.max_ahead_us = 60 * SECOND_US };
	partitions = partitions_new(&run.settings, keep, &run);
	if (partitions == NULL)
		abort();
	record_reader_init(&reader);
	for (size_t at = 1; at + 4 <= size && run.n < TRADES_MAX; at += 4) {
		char line[LINE_BYTES];
		struct trade trade;
		struct listed t = decode(&run, data + at);

		judge(&run, &t);
		CHECK(trade_read(&reader, line, write_line(line, &t), &trade)
		    == RECORD_GOOD);
		CHECK(partitions_trade(partitions, &trade, NULL) == t.fate);
		run.list[run.n++] = t;
	}
	for (size_t i = 0; i < run.nout; i++)
		CHECK(run.out[i].candle.closed);
	CHECK(partitions_emit_open(partitions, true));
	for (size_t i = 0; i < run.nout; i++)
		check_candle(&run, &run.out[i]);
	for (size_t i = 0; i < run.n; i++)
		CHECK(run.list[i].fate != TRADE_COUNTED);
	partitions_free(partitions);
	record_reader_free(&reader);
	return 0;
}
