/*
 * The short ways and the long way give one answer also where values, of every
 * kind and length, begin and end beside the edges of machine words; and for
 * lines of a MiB.  See tests/fuzz/compare.h.
 */
#include <stdlib.h>

#include "../fuzz/compare.h"
#include "tap.h"

#define VALUE_MAX 40 /* bytes: two of the longest words and some */
#define PADS 16      /* so many alignments */
#define LONG_BYTES ((size_t)1024 * 1024)

/* The value of a member, of any length, is what stands for % in it. */
struct place {
	const char *member;
	char fill;  /* of which the value is; 0: digits */
	char point; /* 0, or what stands in the middle of it */
};

static const struct place places[] = {
	{ "\"symbol\":\"%\"", 'A', 0 },
	{ "\"price\":%", 0, 0 }, { "\"price\":%", 0, '.' },
	{ "\"price\":\"%\"", 0, '.' }, { "\"quantity\":%e-7", 0, 0 },
	{ "\"quantity\":0.%", 0, 0 }, { "\"trade_id\":%", 0, 0 },
	{ "\"event_time\":\"2024-07-18T23:57:02.%Z\"", 0, 0 },
	{ "\"event_time\":\"2024-07-18T23:57:0%Z\"", 0, '.' },
	{ "\"event_time\":\"2024-07-18T23:57:%.956Z\"", 0, 0 },
	{ "\"note\":\"%\"", 'n', 0 }, { "\"note\":-%", 0, '.' },
	{ "\"note\":[%]", ' ', '1' }, { "\"%\":null", 'u', 0 },
	{ "\"_kafka\":{\"topic\":\"%\",\"partition\":1,\"offset\":2,"
	    "\"start\":3}", 't', 0 },
	{ "\"_kafka\":{\"topic\":\"t\",\"partition\":1,\"offset\":%,"
	    "\"start\":3}", 0, 0 },
	{ "\"_kafka\":{\"topic\":\"t\",\"partition\":%,\"offset\":2,"
	    "\"start\":3}", 0, 0 },
	{ "\"window_start\":\"2024-07-18T23:5%:00Z\"", 0, 0 },
	{ "\"volume\":%", 0, '.' }, { "\"taker_buy_volume\":%", 0, 0 },
	{ "\"trades\":%", 0, 0 },
};
#define NPLACES (sizeof places / sizeof *places)
#define FIRST_OF_CANDLES (NPLACES - 4)

/* The members that a line has, of which one may give way to the place. */
static const char *const trade[] = { "\"price\":63943.90",
    "\"event_time\":\"2024-07-18T23:57:02.956Z\"",
    "\"processed_time\":\"2024-07-18T23:57:03.001Z\"", "\"quantity\":0.003",
    "\"trade_id\":5182005737", "\"buyer_maker\":true", NULL };
static const char *const candle[] = {
    "\"window_start\":\"2024-07-18T23:57:00Z\"",
    "\"window_end\":\"2024-07-18T23:58:00Z\"", "\"open\":2", "\"high\":3",
    "\"low\":1", "\"close\":2.5", "\"volume\":7", "\"quote_volume\":14.25",
    "\"taker_buy_volume\":3", "\"trades\":4", "\"first_trade_id\":11",
    "\"last_trade_id\":14", "\"closed\":true", NULL };

/* Where the place stands in the line. */
enum where { FIRST, LAST, USUAL };
#define WHERES 3

static struct compare compare;

/* A line, and where in it the value stands. */
struct made {
	char line[1024];
	size_t len, at;
};

static void
put(struct made *made, const char *text)
{
	size_t len = strlen(text);

	memcpy(made->line + made->len, text, len);
	made->len += len;
}

static void
put_value(struct made *made, const struct place *place, size_t len)
{
	static const char digits[] = "12345678901234567890"
	    "98765432109876543210";

	made->at = made->len;
	for (size_t i = 0; i < len; i++) {
		made->line[made->len++] = place->point && i == len / 2 ?
		    place->point : place->fill ? place->fill : digits[i];
	}
}

static void
put_member(struct made *made, const struct place *place, size_t len)
{
	const char *value = strchr(place->member, '%');

	memcpy(made->line + made->len, place->member,
	    (size_t)(value - place->member));
	made->len += (size_t)(value - place->member);
	put_value(made, place, len);
	put(made, value + 1);
}

static void
put_pad(struct made *made, const char *before, size_t pad)
{
	put(made, before);
	memset(made->line + made->len, 'P', pad);
	made->len += pad;
}

/*
 * A record with the value in one member, moved on by pad bytes before it.  In
 * its usual place nothing is there that a trade does not usually have.
 */
static void
make(struct made *made, const struct place *place, size_t len, size_t pad,
    enum where where)
{
	const char *const *rest = place - places < (ptrdiff_t)FIRST_OF_CANDLES ?
	    trade : candle;
	size_t name_len = strcspn(place->member + 1, "\"") + 2;
	bool put_already = false;

	made->len = 0;
	if (where != USUAL)
		put_pad(made, "{\"pad\":\"", pad);
	if (where == FIRST) {
		put(made, "\",");
		put_member(made, place, len);
	}
	if (strncmp(place->member, "\"symbol", 7) != 0) {
		put_pad(made, where == USUAL ? "{\"symbol\":\"A" :
		    where == FIRST ? ",\"symbol\":\"A" : "\",\"symbol\":\"A",
		    where == USUAL ? pad : 0);
		put(made, "\"");
	} else if (where == USUAL) {
		put(made, "{");
		put_member(made, place, len);
		put_already = true;
	} else if (where == LAST) {
		put(made, "\"");
	}
	for (; *rest != NULL; rest++) {
		bool same = strncmp(*rest, place->member, name_len) == 0;

		if (same && where != USUAL)
			continue;
		put(made, ",");
		if (same)
			put_member(made, place, len);
		else
			put(made, *rest);
		put_already = put_already || same;
	}
	if (where == LAST || (where == USUAL && !put_already)) {
		put(made, ",");
		put_member(made, place, len);
	}
	put(made, "}");
}

static unsigned
differs(const char *line, size_t len)
{
	static unsigned shown;

	if (compare_line(&compare, line, len))
		return 0;
	if (shown++ < 10)
		printf("# differs %s: %.*s\n", compare.difference,
		    len < 1000 ? (int)len : 1000, line);
	return 1;
}

static void
test_lengths(const struct place *place)
{
	size_t before = compare.lines;
	struct made made;
	unsigned bad = 0;

	for (size_t len = 0; len <= VALUE_MAX; len++) {
		for (size_t i = 0; i < PADS * WHERES; i++) {
			make(&made, place, len, i / WHERES, i % WHERES);
			bad += differs(made.line, made.len);
		}
	}
	tap_ok(bad == 0 && compare.lines > before, "%s, of every length: "
	    "%u of %zu differ", place->member, bad, compare.lines - before);
}

/* Each byte of the value, and the one behind it, is another one. */
static void
test_bytes(const struct place *place)
{
	static const char bytes[] = "\"\\,}:.-e09/ \0\n\x1f\x7f\x80\xc3\xff";
	size_t before = compare.lines;
	struct made made;
	unsigned bad = 0;

	for (size_t len = 1; len <= VALUE_MAX; len++) {
		for (size_t i = 0; i <= len; i++) {
			char *at;
			char was;

			/* A good line, so that the shape is this one. */
			make(&made, place, len, (len + i / WHERES) % PADS,
			    i % WHERES);
			bad += differs(made.line, made.len);
			at = &made.line[made.at + i];
			was = *at;
			for (size_t k = 0; k < sizeof bytes - 1; k++) {
				*at = bytes[k];
				bad += differs(made.line, made.len);
			}
			*at = was;
		}
	}
	tap_ok(bad == 0 && compare.lines > before, "%s, each byte another: "
	    "%u of %zu differ", place->member, bad, compare.lines - before);
}

/* A good trade, cut off behind every byte, and with bytes behind it. */
static void
test_cut(void)
{
	static const char behind[] = " \r\n\t}{,\"1"; /* and NUL */
	struct made made;
	unsigned bad = 0;

	make(&made, &places[FIRST_OF_CANDLES - 1], 1, 3, USUAL);
	for (size_t len = 0; len <= made.len; len++)
		bad += differs(made.line, len) +
		    differs(made.line, made.len);
	for (size_t i = 0; i < sizeof behind; i++) {
		made.line[made.len] = behind[i];
		bad += differs(made.line, made.len + 1) +
		    differs(made.line, made.len);
	}
	tap_ok(bad == 0, "cut off anywhere: %u differ", bad);
}

/* --- Lines of a MiB --- */

static size_t
repeat(char *line, const char *head, const char *part, const char *tail)
{
	size_t n = strlen(head), len = strlen(part);

	memcpy(line, head, n);
	for (; n + len + strlen(tail) <= LONG_BYTES; n += len)
		memcpy(line + n, part, len);
	memcpy(line + n, tail, strlen(tail));
	return n + strlen(tail);
}

#define TRADE "{\"symbol\":\"A\",\"price\":1.5,\"event_time\":" \
    "\"2024-07-18T23:57:02.956Z\",\"processed_time\":" \
    "\"2024-07-18T23:57:02.956Z\","

static const struct { const char *head, *part, *tail; } longs[] = {
	{ TRADE "\"note\":\"", "x", "\"}" },
	{ TRADE "\"note\":\"", "x", "\",\"quantity\":2}" },
	{ TRADE "\"note\":\"", "\\u00e9", "\"}" },
	{ TRADE "\"note\":\"", "\xf0\x9f\x90\xb6", "\"}" },
	{ TRADE "\"note\":\"", "x", "\x01\"}" },
	{ TRADE "\"note\":\"", "x", "\xe5\x81\"}" },
	{ TRADE "\"note\":", "9", "}" },
	{ TRADE "\"note\":[", "[],", "{}]}" },
	{ TRADE "\"note\":[", "{\"a\":\"b\"},", "{}]}" },
	{ TRADE, " ", "\"quantity\":2}" },
	{ TRADE, "\"x\":1,", "\"quantity\":2}" },
	{ TRADE "\"", "n", "\":2}" },
	{ TRADE "\"", "n", "\\u0000\":2}" },
	{ TRADE "\"quantity\":", "1", "}" },
	{ TRADE "\"quantity\":0.5", "0", "}" },
	{ TRADE "\"quantity\":\"0.5", "0", "\"}" },
	{ TRADE "\"quantity\":2e-", "0", "1}" },
	{ TRADE "\"trade_id\":7.", "0", "}" },
	{ TRADE "\"_kafka\":{\"topic\":\"", "t",
	    "\",\"partition\":0,\"offset\":0,\"start\":0}}" },
	{ "{\"symbol\":\"", "A", "\",\"price\":1.5}" },
	{ "", " ", "{}" }, { "{}", " ", "" }, { "{}", "\n", "x" },
};

static void
test_long(void)
{
	char *line = malloc(LONG_BYTES);
	unsigned bad = 0;

	for (size_t i = 0; i < sizeof longs / sizeof *longs; i++) {
		size_t len = repeat(line, longs[i].head, longs[i].part,
		    longs[i].tail);

		bad += differs(line, len);
		bad += differs(line, len - 1);
		bad += differs(line, len - 2);
	}
	tap_ok(bad == 0, "lines of a MiB: %u differ", bad);
	free(line);
}

/* How many trades and candles there were, and how often by the short way. */
static size_t
count_good(void)
{
	return compare.good[COMPARE_TRADE] + compare.good[COMPARE_CANDLE];
}

static size_t
count_usual(void)
{
	return compare.usual[COMPARE_TRADE] + compare.usual[COMPARE_CANDLE];
}

int
main(void)
{
	size_t good, usual, nusual = 0;

	if (compare_init(&compare) == -1)
		abort();
	for (size_t i = 0; i < NPLACES; i++) {
		good = count_good();
		usual = count_usual();
		test_lengths(&places[i]);
		good = count_good() - good;
		usual = count_usual() - usual;
		tap_ok(good >= PADS, "%zu of these are records", good);
		nusual += usual > 0;
		test_bytes(&places[i]);
	}
	/* A string of digits and an exponent are not usual. */
	tap_ok(nusual >= NPLACES - 2, "%zu of %zu places are read the short "
	    "way", nusual, NPLACES);
	test_cut();
	good = count_good();
	test_long();
	good = count_good() - good;
	tap_ok(good > 10, "%zu of these are records", good);
	compare_free(&compare);
	return tap_done();
}
