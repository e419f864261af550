/*
 * The short ways and the long way give one answer: reading line after line in
 * shapes that repeat is as reading each as the first line of a stream, and the
 * grammar pass by words is as the one by characters (tests/fuzz/compare.h).
 *
 *     twopaths.t [CASES [SEED]]
 */
#include <stdlib.h>

#include "../fuzz/compare.h"
#include "tap.h"

#define LINE_MAX_BYTES 8192

static uint64_t seed;
static struct compare compare;
static unsigned shown;


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

/* Whether all readings of a line agree; says where they do not. */
static bool
agrees(const char *line, size_t len)
{
	if (compare_line(&compare, line, len))
		return true;
	if (shown++ < 10)
		printf("# differs %s: %.*s\n", compare.difference, (int)len,
		    line);
	return false;
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
    "\"2024-07-18T23:57:02,956Z\"", "\"2024-07-18T23:57:60.000Z\"",
    "\"2024-07-18T23:57:99.999Z\"", "1721347022956", NULL };
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

/* What stands for a value where none of the usual texts does. */
enum value { VALUE_NUMBER, VALUE_STRING, VALUE_TIME, VALUE_OTHER, VALUE_KAFKA };

struct kind {
	const char *name;
	const char *const *usual; /* values; the first ones are good */
	unsigned good;            /* how many of them are */
	enum value value;
};

static const struct kind trade_kinds[] = {
	{ "symbol", strings, 3, VALUE_STRING },
	{ "price", numbers + 1, 9, VALUE_NUMBER },
	{ "event_time", times, 5, VALUE_TIME },
	{ "processed_time", times, 5, VALUE_TIME },
	{ "quantity", numbers, 10, VALUE_NUMBER },
	{ "trade_id", numbers, 2, VALUE_NUMBER },
	{ "buyer_maker", others, 2, VALUE_OTHER },
	{ "_kafka", origins, 2, VALUE_KAFKA },
	{ NULL, others, 3, VALUE_OTHER }, { NULL, NULL, 0, VALUE_OTHER },
};

static const struct kind candle_kinds[] = {
	{ "window_start", times, 2, VALUE_TIME },
	{ "window_end", times + 2, 1, VALUE_TIME },
	{ "symbol", strings, 3, VALUE_STRING },
	{ "open", numbers + 2, 1, VALUE_NUMBER },
	{ "high", numbers + 2, 1, VALUE_NUMBER },
	{ "low", numbers + 2, 1, VALUE_NUMBER },
	{ "close", numbers + 2, 1, VALUE_NUMBER },
	{ "volume", numbers, 10, VALUE_NUMBER },
	{ "quote_volume", numbers, 10, VALUE_NUMBER },
	{ "taker_buy_volume", numbers, 10, VALUE_NUMBER },
	{ "trades", numbers + 1, 1, VALUE_NUMBER },
	{ "first_trade_id", numbers + 1, 1, VALUE_NUMBER },
	{ "last_trade_id", numbers + 1, 1, VALUE_NUMBER },
	{ "closed", others, 2, VALUE_OTHER },
	{ "_kafka", origins, 2, VALUE_KAFKA },
	{ NULL, others, 3, VALUE_STRING }, { NULL, NULL, 0, VALUE_OTHER },
};

/* Names that no record knows, some nearly known. */
static const char *const unknown[] = { "note", "", "pric", "prices", "Price",
    "symbol ", "_kafk", "_kafka_", "a\\\"b", "a\\u0000b", "\xe5\xb8\x81",
    "trade_id\\u0020", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    "openhigh", "\\ud800", "a_name_of_thirty_three_characters", NULL };

#define PLAN_MEMBERS 24

/* The order and choice of members that lines have for a while. */
struct plan {
	const struct kind *member[PLAN_MEMBERS];
	const char *name[PLAN_MEMBERS];
	unsigned n;
	const char *space; /* between all tokens */
	unsigned escaped;  /* the member whose name has an escape, or n */
	bool wild;         /* values nobody expects */
};

static void
swap_members(struct plan *plan, unsigned a, unsigned b)
{
	const struct kind *k = plan->member[a];
	const char *name = plan->name[a];

	plan->member[a] = plan->member[b];
	plan->name[a] = plan->name[b];
	plan->member[b] = k;
	plan->name[b] = name;
}

static void
make_plan(struct plan *plan, const struct kind *kinds)
{
	static const char *const spaces[] = { " ", "\t", "\r", "\n", "  ",
	    "        ", NULL };

	plan->n = 0;
	for (const struct kind *k = kinds; k->usual != NULL; k++) {
		bool rare = k->name == NULL || strcmp(k->name, "_kafka") == 0;

		if (draw(rare ? 3 : 40) != 0 ? rare : !rare)
			continue;
		plan->name[plan->n] = k->name ? k->name : pick(unknown);
		plan->member[plan->n++] = k;
	}
	while (draw(3) == 0 && plan->n > 1)
		swap_members(plan, draw(plan->n), draw(plan->n));
	if (draw(4) == 0) {
		for (unsigned i = plan->n; i > 1; i--)
			swap_members(plan, i - 1, draw(i));
	}
	if (draw(20) == 0 && plan->n > 0) { /* one twice */
		unsigned twice = draw(plan->n);

		plan->name[plan->n] = plan->name[twice];
		plan->member[plan->n++] = plan->member[twice];
	}
	plan->space = draw(10) == 0 ? pick(spaces) : "";
	plan->escaped = draw(10) == 0 && plan->n > 0 ? draw(plan->n) : plan->n;
	plan->wild = draw(3) == 0;
}

static size_t
put(char *out, const char *text)
{
	size_t len = strlen(text);

	memcpy(out, text, len);
	return len;
}

/* Digits of any length, perhaps with a point, an exponent, or quotes. */
static size_t
make_number(char *out)
{
	unsigned len = 1 + draw(draw(4) != 0 ? 12 : 40);
	unsigned point = draw(3) != 0 ? draw(len + 1) : len;
	bool quoted = draw(8) == 0;
	size_t n = 0;

	if (quoted)
		out[n++] = '"';
	for (unsigned i = 0; i < len; i++) {
		if (i == point)
			out[n++] = '.';
		out[n++] = (char)('0' + (draw(5) != 0 ? draw(10) : 0));
	}
	if (draw(8) == 0)
		n += (size_t)sprintf(out + n, "%c%s%0*u", "eE"[draw(2)],
		    &"-\0+\0\0"[2 * draw(3)], (int)draw(4), draw(22));
	if (quoted)
		out[n++] = '"';
	return n;
}

static size_t
make_string(char *out)
{
	static const char *const parts[] = { "A", "9", "_", "BTC", "USDT",
	    "\\u0041", "\\n", "\\\\", "\xc3\xa9", "\xf0\x9f\x90\xb6",
	    "\x7f", "\\ud83d\\udc36", "12345678", NULL };
	unsigned count = draw(draw(4) != 0 ? 6 : 24);
	bool plain = draw(2) == 0;
	size_t n = 0;

	out[n++] = '"';
	while (count-- > 0)
		n += put(out + n, plain ? parts[draw(5)] : pick(parts));
	out[n++] = '"';
	return n;
}

static size_t
make_time(char *out)
{
	static const char *const zones[] = { "z", "+00:00", "-23:59", "+05:30",
	    "", NULL };
	unsigned digits = draw(3) != 0 ? 3 : draw(11);
	size_t n;

	if (draw(2) == 0)
		n = (size_t)sprintf(out, "\"2024-07-18T23:57:%02u",
		    draw(100));
	else
		n = (size_t)sprintf(out, "\"%s-%02u-%02uT%02u:%02u:%02u",
		    draw(4) != 0 ? "2024" : draw(2) ? "0000" : "9999",
		    draw(14), draw(33), draw(25), draw(61), draw(62));
	if (digits > 0)
		out[n++] = '.';
	while (digits-- > 0)
		out[n++] = (char)('0' + draw(10));
	n += put(out + n, draw(4) != 0 ? "Z" : pick(zones));
	out[n++] = '"';
	return n;
}

static size_t
make_origin(char *out)
{
	return (size_t)sprintf(out, "{\"topic\":\"t%0*u\",\"partition\":%u,"
	    "\"offset\":%" PRIu64 ",\"start\":%" PRIu64 "}",
	    (int)draw(draw(20) != 0 ? 20 : 300), draw(10), draw(100),
	    tap_random(&seed) >> draw(64), tap_random(&seed) >> draw(64));
}

static size_t
make_value(char *out, const struct kind *k, bool wild)
{
	if (!wild || draw(4) != 0)
		return put(out, draw(30) != 0 ? k->usual[draw(k->good)] :
		    draw(4) != 0 ? pick(k->usual) : pick(others));
	switch (k->value) {
	case VALUE_NUMBER:
		return make_number(out);
	case VALUE_STRING:
		return make_string(out);
	case VALUE_TIME:
		return make_time(out);
	case VALUE_KAFKA:
		return make_origin(out);
	case VALUE_OTHER:
		break;
	}
	return draw(2) ? make_string(out) : make_number(out);
}

/* A name, perhaps with one of its characters as an escape. */
static size_t
make_name(char *out, const char *name, bool escaped)
{
	size_t len = strlen(name), at = len > 0 ? draw((unsigned)len) : 0;
	size_t n = 0;

	/* The second character of an escape cannot be another. */
	if (!escaped || strpbrk(name, "\\\xe5") != NULL || len == 0)
		return put(out, name);
	memcpy(out, name, at);
	n = at + (size_t)sprintf(out + at, "\\u%04x", name[at]);
	return n + put(out + n, name + at + 1);
}

/* One byte replaced, dropped, put in, or the end cut off. */
static size_t
mutate(char *line, size_t len)
{
	static const char bytes[] = "\"\\{}[],:0 9-.eEtT\x80\xff\t\nZ_\r\x1f";
	size_t at = len > 0 ? draw((unsigned)len) : 0;
	char byte = bytes[draw(sizeof bytes)]; /* the NUL too */

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
	const char *space = plan->space;
	size_t n = 0;

	if (draw(200) == 0)
		n += put(line, "\xef\xbb\xbf");
	line[n++] = '{';
	for (unsigned i = 0; i < plan->n; i++) {
		n += (size_t)sprintf(line + n, "%s%s\"", i > 0 ? "," : "",
		    space);
		n += make_name(line + n, plan->name[i], i == plan->escaped);
		n += (size_t)sprintf(line + n, "\"%s:%s", space, space);
		n += make_value(line + n, plan->member[i], plan->wild);
		n += put(line + n, space);
	}
	n += (size_t)sprintf(line + n, "}%s", draw(50) == 0 ? "\r" : "");
	while (draw(8) == 0)
		n = mutate(line, n);
	return n;
}

static void
test_random(unsigned cases)
{
	static char line[LINE_MAX_BYTES];
	struct plan plan[2];
	unsigned bad = 0;

	for (unsigned i = 0; i < cases; i++) {
		unsigned which = i & 1;

		if (i < 2 || draw(20) == 0)
			make_plan(&plan[which], which ? candle_kinds :
			    trade_kinds);
		bad += !agrees(line, make_line(line, &plan[which]));
	}
	tap_ok(bad == 0, "%u random lines: %u differ", cases, bad);
	tap_ok(compare.good[COMPARE_TRADE] + compare.good[COMPARE_CANDLE] >
	    cases / 5 && compare.good[COMPARE_CANDLE] > cases / 20,
	    "%zu are trades, %zu are candles", compare.good[COMPARE_TRADE],
	    compare.good[COMPARE_CANDLE]);
	tap_ok(compare.usual[COMPARE_TRADE] > cases / 20 &&
	    compare.usual[COMPARE_CANDLE] > cases / 50 &&
	    compare.usual[COMPARE_OBJECT] > cases / 10,
	    "read the short way: trades %zu times, candles %zu, objects %zu",
	    compare.usual[COMPARE_TRADE], compare.usual[COMPARE_CANDLE],
	    compare.usual[COMPARE_OBJECT]);
}


int
main(int argc, char **argv)
{
	unsigned cases = argc > 1 ? (unsigned)atol(argv[1]) : 200000;

	seed = argc > 2 ? (uint64_t)atoll(argv[2]) : 7;
	if (compare_init(&compare) == -1)
		abort();
	test_random(cases);
	compare_free(&compare);
	return tap_done();
}
