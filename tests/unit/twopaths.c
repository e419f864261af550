/*
 * The short ways and the long way give one answer: reading line after line in
 * shapes that repeat is as reading each as the first line of a stream, and the
 * grammar pass by words is as the one by characters.
 *
 *     twopaths.t [CASES [SEED]]
 */
#include <stdlib.h>

#include "candle.h"
#include "json.h"
#include "record.h"
#include "tap.h"
#include "trade.h"

/* The grammar pass again, by single characters. */
#define WORD_USE false
#define jsonscan_init slow_init
#define jsonscan_value slow_value
#define jsonscan_text slow_text
#define jsonscan_chars slow_chars
#define jsonscan_number slow_number
#define json_utf8_len slow_utf8_len
size_t slow_utf8_len(const char *text, size_t len);
#include "../../src/lib/jsonscan.c"

#define LINE_MAX_BYTES 4096

static uint64_t seed;

static unsigned
draw(unsigned below)
{
	return (unsigned)(tap_random(&seed) >> 33) % below;
}

/* One of the texts of a NULL-ended list. */
static const char *
pick(const char *const *texts)
{
	unsigned n = 0;

	while (texts[n] != NULL)
		n++;
	return texts[draw(n)];
}

static const char *const numbers[] = { "0", "1", "28165.47000000", "0.1",
    "0.00000001", "1e-08", "1E+2", "15e-1", "123456789012345678",
    "1234567890123456789", "0.123456789012345678", "0.1234567890123456789",
    "123456789.123456789", "999999999999999999.999999999999999999", "-0",
    "-1", "00", "01.5", "1.", ".5", "1.e5", "0x1", "1.50", "100000000.0",
    "99999999", "12345678.12345678", "0.0", "1_0", "1.2.3", "", NULL };
static const char *const strings[] = { "\"BTCUSDT\"", "\"ETHUSDT\"", "\"X\"",
    "\"\"", "\"B\\u0054C\"", "\"1000SHIBUSDT_240927\"",
    "\"\xe5\xb8\x81\xe5\xae\x89USDT\"", "\"A\\\"B\"", "\"A\xff\"", "\"A\tB\"",
    "\"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKL\"",
    "\"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLM\"",
    "\"\\ud800\"", "\"\x7f\"", "\"12.5\"", "\"1e-08\"", "\"abc", NULL };
static const char *const times[] = { "\"2024-07-18T23:57:02.956Z\"",
    "\"2024-07-18T23:57:02.001Z\"", "\"2024-07-19T00:00:00.000Z\"",
    "\"2024-07-18T23:57:02Z\"", "\"2024-07-18T23:57:02.956123Z\"",
    "\"2024-07-18T24:00:00.000Z\"", "\"2024-07-18T23:60:00.000Z\"",
    "\"2024-07-18T23:59:60.000Z\"", "\"2024-07-18T23:57:02.95Z\"",
    "\"2024-02-30T23:57:02.956Z\"", "\"2024-02-29T23:57:02.956Z\"",
    "\"2024-07-18T23:57:02.956+05:30\"", "\"2024-07-18t23:57:02.956z\"",
    "\"2024-07-18T23:57:02.956Z \"", "\"2024-07-18T2a:57:02.956Z\"",
    "\"2024-07-18T23.57.02.956Z\"", "\"2024-07-18T23:57:0:.956Z\"",
    "\"1969-12-31T23:59:59.999Z\"", "\"9999-12-31T23:59:59.999Z\"",
    "\"2024-07-18T23:57:02,956Z\"", "1721347022956", NULL };
static const char *const others[] = { "true", "false", "null", "truE", "{}",
    "[]", "[1,[2,{\"a\":\"}\"}]]", "{\"a\":1,\"a\":2}", "nul", "tru",
    "falsee", "[1,]", "{\"a\"}", "\"x\"", "7", NULL };
static const char *const origins[] = {
    "{\"topic\":\"t\",\"partition\":3,\"offset\":42,\"start\":7}",
    "{\"topic\":\"crypto_prices\",\"partition\":0,\"offset\":-1,\"start\":0}",
    "{\"topic\":\"t\",\"partition\":2147483648,\"offset\":1,\"start\":7}",
    "{\"topic\":\"t\",\"partition\":1,\"offset\":01,\"start\":7}",
    "{\"partition\":3,\"offset\":42,\"topic\":\"t\",\"start\":7}",
    "{\"topic\":\"a b\",\"partition\":3,\"offset\":42,\"start\":7}",
    "{\"topic\":\"\",\"partition\":3,\"offset\":42,\"start\":7}",
    "{\"topic\":\"t\",\"partition\":3,\"offset\":42}", "{}", "7",
    "{\"topic\":\"t\",\"partition\":3,\"offset\":42,\"start\":7 }", NULL };

struct kind {
	const char *name;
	const char *const *usual; /* values; the first ones are good */
	unsigned good;            /* how many of them are */
};

static const struct kind trade_kinds[] = {
	{ "symbol", strings, 3 }, { "price", numbers + 1, 9 },
	{ "event_time", times, 5 }, { "processed_time", times, 5 },
	{ "quantity", numbers, 10 }, { "trade_id", numbers, 2 },
	{ "buyer_maker", others, 2 }, { "_kafka", origins, 2 },
	{ "note", others, 3 }, { NULL, NULL, 0 },
};

static const struct kind candle_kinds[] = {
	{ "window_start", times, 2 }, { "window_end", times + 2, 1 },
	{ "symbol", strings, 3 }, { "open", numbers + 2, 1 },
	{ "high", numbers + 2, 1 }, { "low", numbers + 2, 1 },
	{ "close", numbers + 2, 1 }, { "volume", numbers, 10 },
	{ "quote_volume", numbers, 10 }, { "taker_buy_volume", numbers, 10 },
	{ "trades", numbers + 1, 1 }, { "first_trade_id", numbers + 1, 1 },
	{ "last_trade_id", numbers + 1, 1 }, { "closed", others, 2 },
	{ "_kafka", origins, 2 }, { NULL, NULL, 0 },
};

/* The order and choice of members that lines have for a while. */
struct plan {
	const struct kind *member[20];
	unsigned n;
	bool spaces, escapes;
};

static void
make_plan(struct plan *plan, const struct kind *kinds)
{
	plan->n = 0;
	for (const struct kind *k = kinds; k->name != NULL; k++) {
		bool rare = strcmp(k->name, "_kafka") == 0 ||
		    strcmp(k->name, "note") == 0;

		if (draw(rare ? 3 : 40) != 0 ? !rare : rare)
			plan->member[plan->n++] = k;
	}
	while (draw(3) == 0 && plan->n > 1) {
		unsigned a = draw(plan->n), b = draw(plan->n);
		const struct kind *k = plan->member[a];

		plan->member[a] = plan->member[b];
		plan->member[b] = k;
	}
	if (draw(20) == 0 && plan->n > 0) { /* one twice */
		plan->member[plan->n] = plan->member[draw(plan->n)];
		plan->n++;
	}
	plan->spaces = draw(10) == 0;
	plan->escapes = draw(10) == 0;
}

/* One byte replaced, dropped, put in, or the end cut off. */
static size_t
mutate(char *line, size_t len)
{
	static const char bytes[] = "\"\\{}[],:0 9-.eEtT\x80\xff\t\nZ_";
	size_t at = len > 0 ? draw((unsigned)len) : 0;
	char byte = bytes[draw(sizeof bytes)];

	switch (len > 0 ? draw(4) : 2) {
	case 0:
		line[at] = byte;
		return len;
	case 1:
		memmove(line + at, line + at + 1, len - at - 1);
		return len - 1;
	case 2:
		memmove(line + at + 1, line + at, len - at);
		line[at] = byte;
		return len + 1;
	default:
		return at;
	}
}

static size_t
make_line(char *line, const struct plan *plan)
{
	const char *space = plan->spaces ? " " : "";
	size_t n = 0;

	n += (size_t)sprintf(line + n, "{");
	for (unsigned i = 0; i < plan->n; i++) {
		const struct kind *k = plan->member[i];
		const char *value = draw(30) != 0 ? k->usual[draw(k->good)] :
		    draw(4) != 0 ? pick(k->usual) : pick(others);
		const char *name = k->name;
		bool escape = plan->escapes && i == 1;

		n += (size_t)sprintf(line + n, "%s%s\"", i > 0 ? "," : "",
		    space);
		if (escape)
			n += (size_t)sprintf(line + n, "\\u%04x", *name++);
		n += (size_t)sprintf(line + n, "%s\"%s:%s%s", name, space,
		    space, value);
	}
	n += (size_t)sprintf(line + n, "}%s", draw(50) == 0 ? "\r" : "");
	while (draw(8) == 0)
		n = mutate(line, n);
	return n;
}

static bool
same_provenance(const struct record_reader *a, const struct record_reader *b)
{
	const struct provenance *p = &a->provenance, *q = &b->provenance;

	return a->has_provenance == b->has_provenance && (!a->has_provenance ||
	    (p->topic == q->topic && p->topic_len == q->topic_len &&
	    p->partition == q->partition && p->offset == q->offset &&
	    p->start == q->start));
}

static bool
same_symbol(const struct record_text *a, const struct record_text *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static bool
same_trade(const struct trade *a, const struct trade *b)
{
	return same_symbol(&a->symbol, &b->symbol) &&
	    decimal_compare(&a->price, &b->price) == 0 &&
	    a->event_time_us == b->event_time_us &&
	    a->processed_time_us == b->processed_time_us &&
	    a->has_quantity == b->has_quantity && (!a->has_quantity ||
	    decimal_compare(&a->quantity, &b->quantity) == 0) &&
	    a->has_trade_id == b->has_trade_id && (!a->has_trade_id ||
	    a->trade_id == b->trade_id) &&
	    a->has_buyer_maker == b->has_buyer_maker &&
	    (!a->has_buyer_maker || a->buyer_maker == b->buyer_maker);
}

static bool
same_candle(const struct candle *a, const struct candle *b)
{
	char x[CANDLE_LINE_MAX], y[CANDLE_LINE_MAX];
	size_t n = candle_write(x, a);

	return n == candle_write(y, b) && memcmp(x, y, n) == 0;
}

/* The verdict of a reader that has seen lines before, and of a new one. */
static bool
same_reading(struct record_reader *old, const char *line, size_t len,
    bool candle, unsigned *good)
{
	struct record_reader new;
	struct trade trade[2];
	struct candle candles[2];
	enum record_result result[2];
	bool same;

	record_reader_init(&new);
	if (candle) {
		result[0] = candle_read(old, line, len, &candles[0]);
		result[1] = candle_read(&new, line, len, &candles[1]);
	} else {
		result[0] = trade_read(old, line, len, &trade[0]);
		result[1] = trade_read(&new, line, len, &trade[1]);
	}
	same = result[0] == result[1] && same_provenance(old, &new);
	if (same && result[0] == RECORD_BAD)
		same = strcmp(old->reason, new.reason) == 0;
	if (same && result[0] == RECORD_GOOD) {
		same = candle ? same_candle(&candles[0], &candles[1]) :
		    same_trade(&trade[0], &trade[1]);
		++*good;
	}
	record_reader_free(&new);
	return same;
}

static bool
same_members(const struct json *a, const struct json *b)
{
	if (a->nmembers != b->nmembers)
		return false;
	for (size_t i = 0; i < a->nmembers; i++) {
		const struct json_member *m = &a->members[i];
		const struct json_member *n = &b->members[i];

		if (m->name_len != n->name_len ||
		    memcmp(m->name, n->name, m->name_len) != 0 ||
		    m->value.type != n->value.type ||
		    m->value.text != n->value.text ||
		    m->value.len != n->value.len ||
		    m->begin != n->begin || m->end != n->end)
			return false;
	}
	return true;
}

static bool
same_object(struct json *old, const char *line, size_t len)
{
	struct json_error error[2] = { { 0 } };
	struct json new;
	int result;
	bool same;

	json_init(&new);
	result = json_object(old, line, len, &error[0]);
	same = json_object(&new, line, len, &error[1]) == result;
	if (same && result == 0)
		same = same_members(old, &new);
	else if (same)
		same = error[0].at == error[1].at &&
		    strcmp(error[0].reason, error[1].reason) == 0;
	json_free(&new);
	return same;
}

static bool
same_grammar(const char *line, size_t len)
{
	struct jsonscan scan;
	struct json_error error;
	bool good;

	slow_init(&scan, line, line + len, 0);
	good = slow_text(&scan);
	if (good != (json_check(line, len, &error) == 0))
		return false;
	return good || len == 0 || (error.at == (size_t)(scan.p - line) &&
	    strcmp(error.reason, scan.reason) == 0);
}

int
main(int argc, char **argv)
{
	unsigned cases = argc > 1 ? (unsigned)atol(argv[1]) : 200000;
	unsigned good = 0, bad[3] = { 0 };
	char buf[LINE_MAX_BYTES];
	struct record_reader reader[2];
	struct json json;
	struct plan plan[2];

	seed = argc > 2 ? (uint64_t)atoll(argv[2]) : 7;
	record_reader_init(&reader[0]);
	record_reader_init(&reader[1]);
	json_init(&json);
	for (unsigned i = 0; i < cases; i++) {
		unsigned which = i & 1;
		size_t len;
		char *line;

		if (i < 2 || draw(20) == 0)
			make_plan(&plan[which], which ? candle_kinds :
			    trade_kinds);
		len = make_line(buf, &plan[which]);
		/* A copy of its own: reading past its end is an error. */
		line = malloc(len);
		memcpy(line, buf, len);
		if (!same_reading(&reader[which], line, len, which, &good) &&
		    bad[0]++ < 3)
			printf("# record: %.*s\n", (int)len, line);
		if (!same_object(&json, line, len) && bad[1]++ < 3)
			printf("# object: %.*s\n", (int)len, line);
		if (!same_grammar(line, len) && bad[2]++ < 3)
			printf("# grammar: %.*s\n", (int)len, line);
		free(line);
	}
	tap_ok(bad[0] == 0, "records: %u of %u cases differ", bad[0], cases);
	tap_ok(bad[1] == 0, "objects: %u differ", bad[1]);
	tap_ok(bad[2] == 0, "grammar: %u differ", bad[2]);
	tap_ok(good > cases / 5, "%u of the cases are good records", good);
	record_reader_free(&reader[0]);
	record_reader_free(&reader[1]);
	json_free(&json);
	return tap_done();
}
