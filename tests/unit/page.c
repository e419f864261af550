/*
 * An answer of REST becomes the trades that the stream would have shown, or is
 * refused: every rule of page.h, whole, mangled and cut short.
 */
#include "../../src/bws-trades/page.h"

#include <stdlib.h>

#include "tap.h"

#define TRADE(id, price, qty, time, maker) "{\"id\":" id ",\"price\":" price \
	",\"qty\":" qty ",\"quoteQty\":\"1\",\"time\":" time \
	",\"isBuyerMaker\":" maker ",\"isBestMatch\":true}"
#define T(id) TRADE(id, "\"28165.47000000\"", "\"0.00056000\"", \
	"1680652799999", "true")

struct sample {
	const char *name, *text, *want; /* the ids, or "!" and the reason for
	                                   refusing */
};

/* Asked for from 5 on. */
static const struct sample samples[] = {
	{ "no trade", "[]", "" },
	{ "no trade, with white space", " [ ] \n", "" },
	{ "one trade", "[" T("5") "]", " 5" },
	{ "several, with white space", "[ " T("5") " ,\n" T("6") " , " T("9")
	    " ]", " 5 6 9" },
	{ "the first is above the one asked for", "[" T("8") "]", " 8" },
	{ "the highest id", "[" T("5") "," T("9223372036854775807") "]",
	    " 5 9223372036854775807" },
	{ "members in another order, and other ones",
	    "[{\"isBuyerMaker\":false,\"time\":1680652799999,\"x\":[{}],"
	    "\"qty\":\"0\",\"price\":\"1\",\"id\":5}]", " 5" },

	{ "the first is below the one asked for", "[" T("4") "]",
	    "!the first id is before the one asked for" },
	{ "an id twice", "[" T("5") "," T("5") "]",
	    "!trade 2: the ids do not rise" },
	{ "ids that fall", "[" T("7") "," T("9") "," T("8") "]",
	    "!trade 3: the ids do not rise" },
	{ "nothing", "", "!an empty answer" },
	{ "an array cut short", "[" T("5") ",",
	    "!not JSON: unexpected end at byte 130" },
	{ "more behind it", "[]]",
	    "!not JSON: more behind the value at byte 3" },
	{ "an object", "{\"code\":-1121,\"msg\":\"Invalid symbol.\"}",
	    "!not a JSON array" },
	{ "a bare value", "\"[]\"", "!not a JSON array" },
	{ "an array of others", "[" T("5") ",7]",
	    "!trade 2: not a JSON object" },
	{ "an array of arrays", "[[" T("5") "]]",
	    "!trade 1: not a JSON object" },
	{ "no id", "[{\"price\":\"1\"}]", "!trade 1: a trade without \"id\"" },
	{ "no maker",
	    "[{\"id\":5,\"price\":\"1\",\"qty\":\"1\",\"time\":1680652799999}]",
	    "!trade 1: a trade without \"isBuyerMaker\"" },
	{ "a price twice", "[{\"price\":\"1\",\"price\":\"1\"}]",
	    "!trade 1: member \"price\" is there twice" },
	{ "an id in quotes", "[" T("\"5\"") "]",
	    "!trade 1: \"id\" of a trade is of the wrong type" },
	{ "an id with a fraction", "[" T("5.5") "]",
	    "!trade 1: the trade id is not a whole number from 0 to 2^63-1" },
	{ "a price that is a number",
	    "[" TRADE("5", "1", "\"1\"", "1680652799999", "true") "]",
	    "!trade 1: \"price\" of a trade is of the wrong type" },
	{ "a price of 0",
	    "[" TRADE("5", "\"0.0\"", "\"1\"", "1680652799999", "true") "]",
	    "!trade 1: the price is 0" },
	{ "a quantity that is none",
	    "[" TRADE("5", "\"1\"", "\"1,0\"", "1680652799999", "true") "]",
	    "!trade 1: the quantity is not a number" },
	{ "a time in seconds",
	    "[" TRADE("5", "\"1\"", "\"1\"", "1680652799", "true") "]",
	    "!trade 1: \"time\" is no time in milliseconds or microseconds" },
	{ "a maker of another type",
	    "[" T("5") "," TRADE("6", "\"1\"", "\"1\"", "1680652799999", "1")
	    "]", "!trade 2: \"isBuyerMaker\" of a trade is of the wrong type" },
};

static struct page page;

/* In memory of exactly its length, so that a sanitizer sees a byte too far. */
static void
outcome(char *out, const char *text, size_t len)
{
	char *copy = malloc(len + 1);

	memcpy(copy, text, len);
	copy[len] = '\0';
	*out = '\0';
	switch (page_read(&page, "BTCUSDT", 7, 5, copy, len)) {
	case PAGE_GOOD:
		for (size_t i = 0; i < page.ntrades; i++)
			out += sprintf(out, " %" PRId64,
			    page.trades[i].trade_id);
		break;
	case PAGE_BAD:
		sprintf(out, "!%s", page.reason);
		break;
	case PAGE_NO_MEMORY:
		sprintf(out, "no memory");
	}
	free(copy);
}

/* The record of the only trade of a page, and of a frame. */
static void
same_record(const char *text, const char *frame, const char *name)
{
	char healed[FRAME_RECORD_MAX], streamed[FRAME_RECORD_MAX];
	struct frame_reader reader;
	struct frame_trade trade;
	size_t len;

	frame_reader_init(&reader);
	if (page_read(&page, "BTCUSDT", 7, 0, text, strlen(text)) !=
	    PAGE_GOOD || page.ntrades != 1 || frame_read(&reader, frame,
	    strlen(frame), &trade) != FRAME_TRADE) {
		tap_ok(false, "%s: %s%s", name, page.reason, reader.reason);
	} else {
		len = frame_record(healed, &page.trades[0], 1680652800002000);
		streamed[frame_record(streamed, &trade, 1680652800002000)] =
		    '\0';
		tap_text(healed, len, streamed, name);
	}
	frame_reader_free(&reader);
}

static void
test_records(void)
{
	same_record("[" T("3071245454") "]",
	    "{\"e\":\"trade\",\"E\":1680652800002,\"s\":\"BTCUSDT\","
	    "\"t\":3071245454,\"p\":\"28165.47000000\",\"q\":\"0.00056000\","
	    "\"T\":1680652799999,\"m\":true,\"M\":true}",
	    "a healed trade's record is the streamed one's");
	same_record("[" TRADE("0", "\"1\"", "\"0.10\"", "1680652799999120",
	    "false") "]",
	    "{\"e\":\"trade\",\"E\":1680652800002000,\"s\":\"BTCUSDT\","
	    "\"t\":0,\"p\":\"1\",\"q\":\"0.10\",\"T\":1680652799999120,"
	    "\"m\":false,\"M\":true}", "in microseconds, too");
	same_record("[" TRADE("0", "\"1\"", "\"0.10\"", "1680652799999000",
	    "false") "]",
	    "{\"e\":\"trade\",\"E\":1680652800002000,\"s\":\"BTCUSDT\","
	    "\"t\":0,\"p\":\"1\",\"q\":\"0.10\",\"T\":1680652799999000,"
	    "\"m\":false,\"M\":true}", "also of a whole millisecond");
}

/* As many trades as a page has, and one more. */
static void
test_longest(void)
{
	static char text[(PAGE_MAX + 1) * 160];
	size_t n = 0, cut;

	for (int i = 0; i < PAGE_MAX; i++)
		n += (size_t)sprintf(text + n, "%c" T("%d"), i ? ',' : '[',
		    i + 10);
	cut = n;
	text[n++] = ']';
	tap_ok(page_read(&page, "A", 1, 0, text, n) == PAGE_GOOD &&
	    page.ntrades == PAGE_MAX &&
	    page.trades[PAGE_MAX - 1].trade_id == PAGE_MAX + 9,
	    "%d trades", PAGE_MAX);
	n = cut + (size_t)sprintf(text + cut, "," T("%d") "]", 99999);
	tap_ok(page_read(&page, "A", 1, 0, text, n) == PAGE_BAD, "no more");
	tap_text(page.reason, strlen(page.reason), "more than 1000 trades",
	    "and that is the reason");
}

static void
test_mangled(void)
{
	static const char good[] = "[" T("5") "," T("6") "]";
	char text[sizeof good], out[4096];
	uint64_t random = 11;
	size_t refused = 0, kept = 0;

	for (size_t len = 0; len + 1 < sizeof good; len++) {
		outcome(out, good, len);
		refused += out[0] == '!';
	}
	tap_int((int64_t)refused, sizeof good - 1,
	    "a page cut short anywhere is refused");
	for (int i = 0; i < 50000; i++) {
		memcpy(text, good, sizeof good);
		text[tap_random(&random) % (sizeof good - 1)] =
		    (char)tap_random(&random);
		outcome(out, text, sizeof good - 1);
		kept += out[0] == ' ';
	}
	tap_ok(kept > 0 && kept < 50000, "50000 mutations: %zu still pages",
	    kept);
}

static bool
is_error(const char *text, int64_t want, const char *words)
{
	struct record_text msg;
	int64_t code;

	return page_error(&page, text, strlen(text), &code, &msg) &&
	    code == want && msg.len == strlen(words) &&
	    memcmp(msg.text, words, msg.len) == 0;
}

static void
test_errors(void)
{
	tap_ok(is_error("{\"code\":-1121,\"msg\":\"Invalid symbol.\"}", -1121,
	    "Invalid symbol."), "an error has a code and words");
	tap_ok(is_error("{\"msg\":\"\\u0041\\n\",\"code\":0}", 0, "A\n"),
	    "which are unescaped");
	tap_ok(!is_error("[]", 0, "") && !is_error("{\"code\":-1}", -1, "") &&
	    !is_error("{\"code\":\"1\",\"msg\":\"\"}", 1, "") &&
	    !is_error("{\"code\":1,\"msg\":2}", 1, "") &&
	    !is_error("<html>", 0, ""), "others are none");
}

int
main(void)
{
	char out[4096];

	page_init(&page);
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		outcome(out, samples[i].text, strlen(samples[i].text));
		tap_text(out, strlen(out), samples[i].want, samples[i].name);
	}
	test_records();
	test_longest();
	test_mangled();
	test_errors();
	page_free(&page);
	return tap_done();
}
