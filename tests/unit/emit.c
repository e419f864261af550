/*
 * Goal: a value goes out byte for byte, or one member longer, or not at all;
 * the quick look for `_kafka` and the full one give one answer.
 */
#include "../../src/kafka-sub/emit.h"

#include <stdlib.h>

#include "tap.h"

static const struct provenance where = {
	.topic = "t", .topic_len = 1, .partition = 3, .offset = 12,
	.start = 99,
};

#define K "\"_kafka\":{\"topic\":\"t\",\"partition\":3,\"offset\":12," \
	"\"start\":99}"

/* want NULL: refused. */
static void
check(bool provenance, const char *value, const char *want)
{
	struct emit emit;
	char *copy = strdup(value); /* not ended by NUL, for the sanitizer */
	size_t len = strlen(value), n = 0;
	const char *line;

	copy = realloc(copy, len > 0 ? len : 1);
	emit_init(&emit, 100, provenance);
	line = emit_line(&emit, copy, len, &where, &n);
	if (want == NULL) {
		tap_ok(line == NULL && emit.reason[0] != '\0',
		    "refused: %.*s (%s)", (int)strcspn(value, "\n"), value,
		    emit.reason);
	} else if (line == NULL) {
		tap_ok(false, "%s: %s", value, emit.reason);
	} else {
		tap_text(line, n, want, value);
	}
	emit_free(&emit);
	free(copy);
}

/* Random small objects from pieces that matter: both ways must agree. */
static void
compare_ways(void)
{
	static const char *const pieces[] = {
		"{", "}", "\"_kafka\"", "\"a\"", ":", ",", "1", "\"_kafka:\"",
		"\"\\u005fkafka\"", "\"_\\u006bafka\"", "\"x\\\\u005fkafka\"",
		" ", "{\"_kafka\":1}",
	};
	unsigned seed = 7, handed = 0, refused = 0, wrong = 0;
	struct emit emit;
	struct json json;
	struct json_error error;

	emit_init(&emit, 1000, false);
	json_init(&json);
	for (int i = 0; i < 300000; i++) {
		char text[256] = "{";
		size_t n;
		bool want;

		for (int k = 0, m = rand_r(&seed) % 6; k < m; k++) {
			strcat(text, k > 0 ? "," : "");
			strcat(text, pieces[2 + rand_r(&seed) % 11]);
			strcat(text, rand_r(&seed) % 20 ? ":" : "");
			strcat(text, pieces[rand_r(&seed) % 13]);
		}
		strcat(text, "}");
		want = json_object(&json, text, strlen(text), &error) == 0 &&
		    json_find(&json, "_kafka") == NULL;
		wrong += want != (emit_line(&emit, text, strlen(text), &where,
		    &n) != NULL);
		handed += want;
		refused += !want;
	}
	tap_ok(wrong == 0 && handed > 1000 && refused > 1000,
	    "quick and full look agree (%u handed on, %u refused, %u wrong)",
	    handed, refused, wrong);
	json_free(&json);
	emit_free(&emit);
}

int
main(void)
{
	struct emit emit;
	size_t n;
	char longest[128];

	check(false, "{\"a\":1}", "{\"a\":1}");
	check(false, " {\"a\" : 1e0 } ", " {\"a\" : 1e0 } ");
	check(false, "{}", "{}");
	check(true, "{\"a\":1}", "{\"a\":1," K "}");
	check(true, " {\"a\":{} } \t\r", " {\"a\":{} ," K "} \t\r");
	check(true, "{\"a\":\"}\"}", "{\"a\":\"}\"," K "}");
	check(true, "{}", NULL);
	check(true, " { } ", NULL);
	for (int provenance = 0; provenance < 2; provenance++) {
		check(provenance, "", NULL);
		check(provenance, " ", NULL);
		check(provenance, "[1]", NULL);
		check(provenance, "1", NULL);
		check(provenance, "{\"a\":1", NULL);
		check(provenance, "{\"a\":1}\n", NULL);
		check(provenance, "{\"a\":\n1}", NULL);
		check(provenance, "{\"a\":1}{\"a\":1}", NULL);
		check(provenance, "{\"a\":\"\xff\"}", NULL);
		check(provenance, "{\"_kafka\":1}", NULL);
		check(provenance, "{\"a\":1,\"_kafka\":{}}", NULL);
		check(provenance, "{\"\\u005fkafka\":1,\"a\":2}", NULL);
	}
	check(true, "{\"a\":\"_kafka\"}", "{\"a\":\"_kafka\"," K "}");
	check(true, "{\"a\":{\"_kafka\":1}}", "{\"a\":{\"_kafka\":1}," K "}");
	memset(longest, 'x', sizeof longest);
	memcpy(longest, "{\"a\":\"", 6);
	strcpy(longest + 98, "\"}");
	check(false, longest, longest);
	strcpy(longest + 98, "x\"}");
	check(false, longest, NULL);

	emit_init(&emit, 100, true);
	tap_ok(emit_line(&emit, NULL, 0, &where, &n) == NULL &&
	    strcmp(emit.reason, "no value") == 0, "no value");
	emit_free(&emit);
	compare_ways();
	return tap_done();
}
