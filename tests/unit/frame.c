/*
 * A frame becomes a trade record, or is none, or is refused: every rule of
 * frame.h on frames of the exchange's kind, whole, mangled and cut short.
 */
#include "../../src/bws-trades/frame.h"

#include <stdlib.h>

#include "tap.h"

#define SPOT(p, q, t, T, m) "{\"e\":\"trade\",\"E\":1680652800002," \
    "\"s\":\"BTCUSDT\",\"t\":" t ",\"p\":" p ",\"q\":" q ",\"T\":" T \
    ",\"m\":" m ",\"M\":true}"
#define GOOD SPOT("\"28165.47000000\"", "\"0.00056000\"", "3071245454", \
    "1680652799999", "true")
#define BAD_ID "!the trade id is not a whole number from 0 to 2^63-1"
#define RECORD "{\"symbol\":\"BTCUSDT\",\"price\":28165.47000000," \
    "\"event_time\":\"2023-04-04T23:59:59.999Z\"," \
    "\"processed_time\":\"2023-04-05T00:00:00.002Z\"," \
    "\"quantity\":0.00056000,\"trade_id\":3071245454," \
    "\"buyer_maker\":true}"

struct sample {
	const char *name, *frame, *want; /* the record, "other", "answer ID",
	                                    "error ID", "shutdown",
	                                    "skipped SYMBOL ID", or "!" and the
	                                    reason for refusing */
};

static const struct sample samples[] = {
	{ "a raw spot trade", GOOD, RECORD },
	{ "the same in the envelope",
	    "{\"stream\":\"btcusdt@trade\",\"data\":" GOOD "}", RECORD },
	{ "the envelope the other way round, with white space",
	    " {\"data\" : " GOOD " ,\t\"stream\":\"btcusdt@trade\"}", RECORD },
	{ "order ids of older frames",
	    "{\"e\":\"trade\",\"E\":1680652800002,\"s\":\"BTCUSDT\","
	    "\"t\":3071245454,\"p\":\"28165.47000000\",\"q\":\"0.00056000\","
	    "\"b\":20720542158,\"a\":20720542592,\"T\":1680652799999,"
	    "\"m\":true,\"M\":true}", RECORD },
	{ "a futures trade of the market",
	    "{\"e\":\"trade\",\"E\":1721347022956,\"T\":1721347022956,"
	    "\"s\":\"BTCUSD_PERP\",\"t\":0,\"p\":\"63943.90\",\"q\":\"4\","
	    "\"X\":\"MARKET\",\"m\":false}",
	    "{\"symbol\":\"BTCUSD_PERP\",\"price\":63943.90,"
	    "\"event_time\":\"2024-07-18T23:57:02.956Z\","
	    "\"processed_time\":\"2024-07-18T23:57:02.956Z\","
	    "\"quantity\":4,\"trade_id\":0,\"buyer_maker\":false}" },
	{ "microseconds",
	    "{\"e\":\"trade\",\"E\":1741046401271969,\"s\":\"TRXUSDT\","
	    "\"t\":348656870,\"p\":\"0.2312\",\"q\":\"2619.4\","
	    "\"T\":1741046401271000,\"m\":true,\"M\":true}",
	    "{\"symbol\":\"TRXUSDT\",\"price\":0.2312,"
	    "\"event_time\":\"2025-03-04T00:00:01.271000Z\","
	    "\"processed_time\":\"2025-03-04T00:00:01.271969Z\","
	    "\"quantity\":2619.4,\"trade_id\":348656870,"
	    "\"buyer_maker\":true}" },
	{ "E before T, and a symbol that needs escapes and is not ASCII",
	    "{\"e\":\"trade\",\"E\":1680652799000,\"s\":\"\\u5e01\\\"\","
	    "\"t\":1,\"p\":\"1\",\"q\":\"0\",\"T\":1680652799999,"
	    "\"m\":false}",
	    "{\"symbol\":\"\xe5\xb8\x81\\\"\",\"price\":1,"
	    "\"event_time\":\"2023-04-04T23:59:59.999Z\","
	    "\"processed_time\":\"2023-04-04T23:59:59.999Z\","
	    "\"quantity\":0,\"trade_id\":1,\"buyer_maker\":false}" },
	{ "no E",
	    "{\"e\":\"trade\",\"s\":\"A\",\"t\":1,\"p\":\"1\",\"q\":\"1\","
	    "\"T\":1680652799999,\"m\":false}",
	    "{\"symbol\":\"A\",\"price\":1,"
	    "\"event_time\":\"2023-04-04T23:59:59.999Z\","
	    "\"processed_time\":\"2023-04-04T23:59:59.999Z\","
	    "\"quantity\":1,\"trade_id\":1,\"buyer_maker\":false}" },

	{ "an acknowledgement", "{\"result\":null,\"id\":2}", "answer 2" },
	{ "a list of streams", "{\"result\":[\"a@trade\"],\"id\":3}",
	    "answer 3" },
	{ "an answer to a request with a text for an id",
	    "{\"id\":\"a1\",\"result\":null}", "answer -1" },
	{ "an answer with no error",
	    "{\"result\":null,\"error\":null,\"id\":0}", "answer 0" },
	{ "a result without an id", "{\"result\":null}", "other" },
	{ "an array of events", "[" GOOD "]", "other" },
	{ "a bare value", "\"trade\"", "other" },
	{ "an array in the envelope",
	    "{\"stream\":\"!x@arr\",\"data\":[" GOOD "]}", "other" },
	{ "an aggregate trade",
	    "{\"e\":\"aggTrade\",\"E\":1592584651517,\"s\":\"BTCUSDT\","
	    "\"a\":3,\"p\":\"9319.0\",\"q\":\"0.01\",\"f\":3,\"l\":3,"
	    "\"T\":1592584651516,\"m\":true,\"M\":true}", "other" },
	{ "a block trade",
	    "{\"e\":\"blockTrade\",\"E\":1772506983582,\"s\":\"BNBBTC\","
	    "\"t\":582,\"p\":\"0.052\",\"q\":\"5838\","
	    "\"T\":1772506983321,\"m\":true}", "other" },
	{ "serverShutdown",
	    "{\"e\":\"serverShutdown\",\"E\":1770123456789}", "shutdown" },
	{ "serverShutdown in the envelope",
	    "{\"stream\":\"!serverShutdown\",\"data\":"
	    "{\"e\":\"serverShutdown\",\"E\":1770123456789}}", "shutdown" },
	{ "the insurance fund's trade",
	    "{\"e\":\"trade\",\"E\":1680652874406,\"T\":1680652874400,"
	    "\"s\":\"BTCUSDT\",\"t\":3535191080,\"p\":\"28722.50\","
	    "\"q\":\"0.001\",\"X\":\"INSURANCE_FUND\",\"m\":true}",
	    "skipped BTCUSDT 3535191080" },
	{ "a futures trade of no kind, in the envelope",
	    "{\"stream\":\"a@trade\",\"data\":{\"e\":\"trade\",\"E\":1,"
	    "\"T\":1,\"s\":\"\\u0041\",\"t\":7,\"p\":\"0\",\"q\":\"0\","
	    "\"X\":\"NA\",\"m\":true}}", "skipped A 7" },
	{ "one without an id that is a number",
	    "{\"e\":\"trade\",\"T\":1680652874400,\"s\":\"A\",\"t\":-3,"
	    "\"p\":\"1\",\"q\":\"1\",\"X\":\"NA\",\"m\":true}", BAD_ID },
	{ "a REST snapshot",
	    "{\"lastUpdateId\":5,\"E\":1723161256501,\"T\":1723161256493,"
	    "\"bids\":[[\"61800.20\",\"2.909\"]],\"asks\":[]}", "other" },
	{ "e of another type", "{\"e\":1,\"data\":" GOOD "}", "other" },
	{ "data without stream", "{\"data\":" GOOD "}", "other" },

	{ "an error", "{\"id\":null,\"error\":{\"code\":3,\"msg\":\"x\"}}",
	    "error -1" },
	{ "an error with the id of its request",
	    "{\"error\":{\"code\":3,\"msg\":\"x\"},\"id\":12}", "error 12" },
	{ "an error of the older form", "{\"code\":2,\"msg\":\"x\"}",
	    "error -1" },
	{ "no error", "{\"id\":1,\"error\":null}", "other" },

	{ "nothing", "", "!not JSON: empty line" },
	{ "no JSON", "wss://x/stream?streams=a@trade",
	    "!not JSON: unexpected character at byte 1" },
	{ "a price that is a number",
	    SPOT("1", "\"1\"", "1", "1680652799999", "true"),
	    "!\"p\" of a trade is of the wrong type" },
	{ "a price of 0",
	    SPOT("\"0.00\"", "\"1\"", "1", "1680652799999", "true"),
	    "!the price is 0" },
	{ "a negative price",
	    SPOT("\"-1\"", "\"1\"", "1", "1680652799999", "true"),
	    "!the price is negative" },
	{ "a price that is no JSON number",
	    SPOT("\"01.5\"", "\"1\"", "1", "1680652799999", "true"),
	    "!the price is not a number" },
	{ "an empty quantity",
	    SPOT("\"1\"", "\"\"", "1", "1680652799999", "true"),
	    "!the quantity is not a number" },
	{ "an id with a fraction",
	    SPOT("\"1\"", "\"1\"", "1.5", "1680652799999", "true"),
	    BAD_ID },
	{ "a negative id",
	    SPOT("\"1\"", "\"1\"", "-1", "1680652799999", "true"),
	    BAD_ID },
	{ "an id that is too long",
	    SPOT("\"1\"", "\"1\"", "9223372036854775808", "1680652799999",
	    "true"), BAD_ID },
	{ "an id in quotes",
	    SPOT("\"1\"", "\"1\"", "\"1\"", "1680652799999", "true"),
	    "!\"t\" of a trade is of the wrong type" },
	{ "a time in seconds",
	    SPOT("\"1\"", "\"1\"", "1", "1680652799", "true"),
	    "!\"T\" is no time in milliseconds or microseconds" },
	{ "a time in nanoseconds",
	    SPOT("\"1\"", "\"1\"", "1", "1680652799999000000", "true"),
	    "!\"T\" is no time in milliseconds or microseconds" },
	{ "m as a number",
	    SPOT("\"1\"", "\"1\"", "1", "1680652799999", "1"),
	    "!\"m\" of a trade is of the wrong type" },
	{ "a price twice",
	    "{\"e\":\"trade\",\"p\":\"1\",\"p\":\"2\"}",
	    "!member \"p\" is there twice" },
	{ "no symbol",
	    "{\"e\":\"trade\",\"E\":1680652799999,\"t\":1,\"p\":\"1\","
	    "\"q\":\"1\",\"T\":1680652799999,\"m\":true}",
	    "!a trade without \"s\"" },
	{ "an empty symbol",
	    "{\"e\":\"trade\",\"E\":1680652799999,\"s\":\"\",\"t\":1,"
	    "\"p\":\"1\",\"q\":\"1\",\"T\":1680652799999,\"m\":true}",
	    "!the symbol is not 1 to 64 bytes of text" },
	{ "a lone surrogate for a symbol",
	    "{\"e\":\"trade\",\"E\":1680652799999,\"s\":\"\\ud800\",\"t\":1,"
	    "\"p\":\"1\",\"q\":\"1\",\"T\":1680652799999,\"m\":true}",
	    "!the symbol is not 1 to 64 bytes of text" },
	{ "X as a number",
	    "{\"e\":\"trade\",\"E\":1680652799999,\"s\":\"A\",\"t\":1,"
	    "\"p\":\"1\",\"q\":\"1\",\"T\":1680652799999,\"X\":1,\"m\":true}",
	    "!\"X\" of a trade is of the wrong type" },
};

static struct frame_reader reader;

/* What becomes of a frame, as the table writes it. */
static size_t
outcome(char *out, const char *frame, size_t len)
{
	struct frame_trade trade;

	switch (frame_read(&reader, frame, len, &trade)) {
	case FRAME_TRADE:
		return frame_record(out, &trade,
		    frame_replay_time_us(&trade));
	case FRAME_OTHER:
		return (size_t)sprintf(out, "other");
	case FRAME_SKIPPED:
		return (size_t)sprintf(out, "skipped %.*s %" PRId64,
		    (int)trade.symbol.len, trade.symbol.text, trade.trade_id);
	case FRAME_ANSWER:
		return (size_t)sprintf(out, "answer %" PRId64,
		    reader.answer_id);
	case FRAME_SHUTDOWN:
		return (size_t)sprintf(out, "shutdown");
	case FRAME_ERROR:
		return (size_t)sprintf(out, "error %" PRId64,
		    reader.answer_id);
	case FRAME_NO_MEMORY:
		return (size_t)sprintf(out, "no memory");
	case FRAME_BAD:
		return (size_t)sprintf(out, "!%s", reader.reason);
	}
	return 0;
}

/* In memory of exactly its length, so that a sanitizer sees a byte too far. */
static size_t
outcome_exact(char *out, const char *frame, size_t len)
{
	char *copy = malloc(len + 1);
	size_t n;

	memcpy(copy, frame, len);
	copy[len] = '\0';
	n = outcome(out, copy, len);
	free(copy);
	return n;
}

static void
test_prefixes(void)
{
	char out[FRAME_RECORD_MAX];
	size_t len, n = 0;

	for (len = 0; len < strlen(GOOD); len++) {
		outcome_exact(out, GOOD, len);
		n += out[0] == '!';
	}
	tap_int((int64_t)n, (int64_t)len,
	    "a trade cut short anywhere is refused");
}

/* A changed byte may give another good trade, but never a record that is
 * longer than promised or not printable. */
static void
test_mutations(void)
{
	char frame[] = "{\"stream\":\"btcusdt@trade\",\"data\":" GOOD "}";
	char out[FRAME_RECORD_MAX];
	uint64_t random = 7;
	bool good = true;
	size_t trades = 0;

	for (int i = 0; i < 50000; i++) {
		size_t at = tap_random(&random) % (sizeof frame - 1);
		char old = frame[at];
		size_t n;

		frame[at] = (char)tap_random(&random);
		n = outcome_exact(out, frame, sizeof frame - 1);
		frame[at] = old;
		trades += out[0] == '{';
		if (out[0] != '{')
			continue;
		for (size_t k = 0; k < n; k++)
			good &= (unsigned char)out[k] >= ' ';
		good &= n <= FRAME_RECORD_MAX && out[n - 1] == '}';
	}
	tap_ok(good && trades > 0, "50000 mutations: %zu still trades, each "
	    "record in order", trades);
}

/* Broken text is told from other broken frames, wherever in it it is. */
static void
test_utf8(void)
{
	static const char *const broken[] = {
		"\xff", "{\"e\":\"\xc0\xafxy\"}", "nonsense \xed\xa0\x80",
		"{\"e\":\"trade\",\"s\":\"\xf4\x90\x80\x80\"}", "{} \x80",
		"{\"stream\":\"a\",\"data\":{\"e\":\"\xe5\xb8\"}}",
	};
	static const char *const whole[] = {
		"", "nonsense", "{\"e\":\"\xe5\xb8\x81\"", GOOD "x",
		"{\"e\":\"trade\"}", "\xf0\x9f\x90\xb6",
	};
	char out[FRAME_RECORD_MAX];
	size_t n = 0;

	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		outcome_exact(out, broken[i], strlen(broken[i]));
		n += out[0] == '!' && reader.not_utf8;
	}
	tap_int((int64_t)n, sizeof broken / sizeof *broken,
	    "frames that are not UTF-8 are told as such");
	n = 0;
	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
		outcome_exact(out, whole[i], strlen(whole[i]));
		n += out[0] == '!' && !reader.not_utf8;
	}
	tap_int((int64_t)n, sizeof whole / sizeof *whole,
	    "and what is refused for other reasons is not");
}

/* A frame says by its X of which market it is. */
static void
test_futures(void)
{
	static const char futures[] = "{\"e\":\"trade\",\"E\":1721347022956,"
	    "\"T\":1721347022956,\"s\":\"BTCUSDT\",\"t\":5,\"p\":\"1\","
	    "\"q\":\"4\",\"X\":\"MARKET\",\"m\":false}";
	struct frame_trade trade;

	tap_ok(frame_read(&reader, futures, strlen(futures), &trade) ==
	    FRAME_TRADE && trade.futures, "a trade of futures says so");
	tap_ok(frame_read(&reader, GOOD, strlen(GOOD), &trade) ==
	    FRAME_TRADE && !trade.futures, "a spot trade does not");
}

/*
 * The first frame that comes raw and the first that comes in the envelope, in
 * another order of members, are each other's neighbours in nothing.
 */
static void
test_mixed(void)
{
	static const char other[] = "{\"stream\":\"x\",\"data\":{\"m\":true,"
	    "\"T\":1680652799999,\"q\":\"2\",\"p\":\"1\",\"t\":9,"
	    "\"s\":\"A\",\"E\":1680652800002,\"e\":\"trade\",\"M\":true}}";
	struct frame_reader fresh;
	struct frame_trade trade;

	frame_reader_init(&fresh);
	tap_ok(frame_read(&fresh, GOOD, strlen(GOOD), &trade) ==
	    FRAME_TRADE && frame_read(&fresh, other, strlen(other), &trade) ==
	    FRAME_TRADE && trade.trade_id == 9 &&
	    trade.price.text[0] == '1' && trade.quantity.text[0] == '2',
	    "a raw frame, and one of another shape in the envelope");
	frame_reader_free(&fresh);
}

static void
test_longest(void)
{
	char frame[1024], out[FRAME_RECORD_MAX];
	struct json json;
	struct json_error error;
	size_t n;

	n = (size_t)sprintf(frame, "{\"e\":\"trade\",\"s\":\"");
	for (int i = 0; i < RECORD_SYMBOL_MAX; i++)
		n += (size_t)sprintf(frame + n, "\\u0001");
	n += (size_t)sprintf(frame + n, "\",\"t\":999999999999999999,"
	    "\"p\":\"999999999999999999.999999999999999999\","
	    "\"q\":\"999999999999999999.99999999999999999900000000\","
	    "\"T\":9999999999999999,\"m\":false}");
	n = outcome_exact(out, frame, n);
	json_init(&json);
	tap_ok(out[0] == '{' && json_object(&json, out, n, &error) == 0 &&
	    json.nmembers == 7, "the longest record is whole JSON");
	json_free(&json);
}

int
main(void)
{
	char out[FRAME_RECORD_MAX];

	frame_reader_init(&reader);
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		size_t n = outcome_exact(out, samples[i].frame,
		    strlen(samples[i].frame));

		tap_text(out, n, samples[i].want, samples[i].name);
	}
	test_prefixes();
	test_mutations();
	test_utf8();
	test_futures();
	test_mixed();
	test_longest();
	frame_reader_free(&reader);
	return tap_done();
}
