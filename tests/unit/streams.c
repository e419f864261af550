/*
 * Symbols and what is asked of the exchange: nothing breaks the URL, no stream
 * is asked for twice, and 1,024 fit.
 */
#include "../../src/bws-trades/streams.h"

#include <stdlib.h>

#include "tap.h"

struct sample {
	const char *text, *want;
};

static void
test_symbols(void)
{
	static const struct sample bad[] = {
		{ "", "is empty" }, { "a b", "has a character that no symbol has" },
		{ "a/b", "has a character that no symbol has" },
		{ "a?b", "has a character that no symbol has" },
		{ "a%20", "has a character that no symbol has" },
		{ "a\"b", "has a character that no symbol has" },
		{ "a\\b", "has a character that no symbol has" },
		{ "a\x1b[0m", "has a character that no symbol has" },
		{ "a\xc2\x85", "has a control character" },
		{ "a\xff", "is not UTF-8" },
		{ "btcusdt@trade", "names a stream, not a symbol" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		    "is too long" },
	};
	struct streams streams = { .count = 0 };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const char *wrong = streams_add(&streams, bad[i].text);

		wrong = wrong == NULL ? "" : wrong;
		tap_text(wrong, strlen(wrong), bad[i].want, bad[i].want);
	}
	tap_ok(streams_add(&streams, "BtcUsdt") == NULL &&
	    streams_add(&streams, "btcusd_perp") == NULL &&
	    streams_add(&streams, "BTCUSDT") == NULL && streams.count == 2,
	    "symbols are lower-cased, and one there twice counts once");
	streams_free(&streams);
}

static void
test_requests(void)
{
	struct streams streams = { .count = 0 };
	char *text;
	size_t taken;

	streams_add(&streams, "BTCUSDT");
	text = streams_path(&streams, "/base", false, &taken);
	tap_text(text, strlen(text), "/base/ws/btcusdt@trade",
	    "one symbol: a raw stream");
	free(text);
	text = streams_path(&streams, "", true, &taken);
	tap_text(text, strlen(text),
	    "/ws/btcusdt@trade?timeUnit=MICROSECOND", "in microseconds");
	free(text);
	streams_add(&streams, "\xe5\xb8\x81usdt");
	text = streams_path(&streams, "/base", true, &taken);
	tap_text(text, strlen(text), "/base/stream?streams=btcusdt@trade/"
	    "%E5%B8%81usdt@trade&timeUnit=MICROSECOND",
	    "several: a combined stream, encoded");
	free(text);
	taken = 0;
	text = streams_request(&streams, &taken, false, 17);
	tap_text(text, strlen(text), "{\"method\":\"UNSUBSCRIBE\",\"params\":"
	    "[\"btcusdt@trade\",\"\xe5\xb8\x81usdt@trade\"],\"id\":17}",
	    "and dropped by a message");
	free(text);
	streams_drop(&streams, "btcusdt");
	tap_ok(!streams_has(&streams, "btcusdt") && streams.count == 1 &&
	    streams_has(&streams, "\xe5\xb8\x81usdt"), "one is taken away");
	streams_free(&streams);
}

/* Every one of 1,024 long names is asked for once. */
static void
test_many(void)
{
	struct streams streams = { .count = 0 };
	char *text, name[80];
	size_t next, names = 0, messages = 0;
	bool bounded;

	for (int i = 0; i < STREAMS_MAX; i++) {
		sprintf(name, "\xe5\xb8\x81\xe5\xae\x89%050dusdt", i);
		streams_add(&streams, name);
	}
	text = streams_path(&streams, "", true, &next);
	bounded = strlen(text) <= STREAMS_PATH_MAX;
	names = next;
	free(text);
	while (next < streams.count) {
		size_t first = next;

		text = streams_request(&streams, &next, true, 1);
		bounded &= next > first && strlen(text) < 4096;
		for (const char *p = text; (p = strstr(p, "@trade")) != NULL;
		    p++)
			names++;
		messages++;
		free(text);
	}
	tap_int((int64_t)names, STREAMS_MAX, "1,024 streams are asked for");
	tap_ok(bounded && messages > 1,
	    "in a bounded path and %zu bounded messages", messages);
	streams_free(&streams);
}

int
main(void)
{
	test_symbols();
	test_requests();
	test_many();
	return tap_done();
}
