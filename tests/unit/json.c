/*
 * Objects are taken apart rightly, whatever came before them; provenance is
 * read, written and cut; text is quoted so that it reads back.
 */
#include "json.h"

#include <stdlib.h>

#include "provenance.h"
#include "tap.h"

#define MUTATIONS 60000

static const char *const objects[] = {
	"{}", " { } ", "{\"a\":1}", "{\"a\":1,\"b\":\"x\"}",
	"{\"a\":{\"b\":[1,{\"c\":2}]},\"d\":null}",
	"{ \"a\" : true , \"b\" : false }", "{\"\":\"\"}",
	"{\"a\":\"\\\"\",\"b\":\"\\u00e9\\ud83d\\ude00\"}",
	"{\"\\u0061\":1,\"a\":2}", "{\"\\ud800\":1,\"\\\\\":2}",
	"{\"symbol\":\"BTCUSDT\",\"price\":63943.90,\"event_time\":"
	    "\"2024-07-18T23:57:02.956Z\",\"trade_id\":1,\"x\":[]}",
	"{\"a\":1e5,\"b\":-0.0,\"c\":[[[]]],\"d\":{}}",
	"{\"_kafka\":{\"topic\":\"t\",\"partition\":0,\"offset\":-1,"
	    "\"start\":5}}",
};
#define NOBJECTS (sizeof objects / sizeof *objects)

/* Everything a reading says, as text. */
static size_t
describe(struct json *json, const char *text, size_t len, char *out)
{
	struct json_error error;
	size_t n = 0;

	if (json_object(json, text, len, &error) == -1) {
		return (size_t)sprintf(out, "%s %zd", error.reason,
		    (ssize_t)error.at);
	}
	for (size_t i = 0; i < json->nmembers; i++) {
		const struct json_member *m = &json->members[i];
		const char *string = m->value.text;
		size_t string_len = m->value.len;
		int result = m->value.type == JSON_STRING ? json_string(json,
		    &m->value, &string, &string_len) : 0;

		n += (size_t)sprintf(out + n, "%zu-%zu %d %d %td %zu ",
		    m->begin, m->end, (int)m->value.type, result,
		    m->value.text - text, m->value.len);
		memcpy(out + n, m->name, m->name_len);
		n += m->name_len;
		memcpy(out + n, string, string_len);
		n += string_len;
	}
	return n;
}

/* A text made of one of the objects by a few changes. */
static size_t
mutate(char *text, uint64_t *random)
{
	static const char bytes[] = "{}[]:,\"\\u0e1 \t.-+\0\x80\xc3\xff";
	const char *from = objects[tap_random(random) % NOBJECTS];
	size_t len = strlen(from);
	int changes = (int)(tap_random(random) % 4);

	memcpy(text, from, len);
	for (int i = 0; i < changes && len > 0; i++) {
		size_t at = tap_random(random) % len;
		char c = bytes[tap_random(random) % (sizeof bytes - 1)];

		switch (tap_random(random) % 3) {
		case 0:
			text[at] = c;
			break;
		case 1:
			memmove(text + at, text + at + 1, --len - at);
			break;
		default:
			memmove(text + at + 1, text + at, len++ - at);
			text[at] = c;
		}
	}
	return len;
}

static void
test_history(void)
{
	uint64_t random = 8259;
	struct json used;
	int wrong = 0, good = 0;

	json_init(&used);
	for (int i = 0; i < MUTATIONS; i++) {
		char text[512], got[4096], want[4096];
		size_t len = mutate(text, &random);
		size_t got_len = describe(&used, text, len, got), want_len;
		struct json_error error;
		struct json fresh;

		json_init(&fresh);
		want_len = describe(&fresh, text, len, want);
		json_free(&fresh);
		good += json_check(text, len, &error) == 0;
		if (got_len == want_len && memcmp(got, want, got_len) == 0)
			continue;
		if (wrong++ < 5)
			printf("# differs: %.*s\n", (int)len, text);
	}
	json_free(&used);
	tap_ok(good > MUTATIONS / 10, "%d good texts of %d", good, MUTATIONS);
	tap_int(wrong, 0, "read the same whatever was read before");
}

static void
test_members(void)
{
	static const char text[] = " {\"a\\u0062\\n\" : \"x\\ud83d\\ude00\", "
	    "\"\" : [1, {\"z\":2}] ,\"n\":-1.5e3}\t";
	const struct json_member *m;
	struct json_error error;
	const char *string;
	struct json json;
	size_t len;

	json_init(&json);
	tap_int(json_object(&json, text, strlen(text), &error), 0, "an object");
	tap_int((int64_t)json.nmembers, 3, "has its members");
	m = json_find(&json, "ab\n");
	tap_ok(m != NULL && m == json.members, "a name is unescaped");
	tap_text(text + m->begin, m->end - m->begin,
	    "\"a\\u0062\\n\" : \"x\\ud83d\\ude00\"", "where it stands");
	tap_int(json_string(&json, &m->value, &string, &len), 0, "its string");
	tap_text(string, len, "x\xf0\x9f\x98\x80", "is unescaped");
	m = json_find(&json, "");
	tap_text(m->value.text, m->value.len, "[1, {\"z\":2}]",
	    "a value of several");
	m = json_find(&json, "n");
	tap_text(m->value.text, m->value.len, "-1.5e3", "a number as it is");
	tap_ok(json_find(&json, "z") == NULL && json_find(&json, "a") == NULL,
	    "names that are not its own");
	tap_ok(json_object(&json, "{\"a\":\"\\udead\"}", 14, &error) == 0 &&
	    json_string(&json, &json.members->value, &string, &len) == -1,
	    "half a surrogate pair is no text");
	tap_ok(json_object(&json, "[1]", 3, &error) == -1 &&
	    error.at == JSON_NOWHERE && json.nmembers == 0,
	    "an array is no object");
	json_free(&json);
}

/* Quoted text is JSON and reads back; bytes that are not UTF-8 apart. */
static void
test_quote(void)
{
	uint64_t random = 3629;
	struct json json;
	int wrong = 0;

	json_init(&json);
	for (int i = 0; i < 20000; i++) {
		char text[16], quoted[JSON_QUOTE_MAX(16) + 8] = "{\"q\":";
		size_t len = tap_random(&random) % 16, n = 5, back_len;
		struct json_error error;
		const char *back;
		bool valid = true;

		for (size_t k = 0; k < len; k++)
			text[k] = (char)tap_random(&random);
		for (size_t k = 0, seq; k < len && valid; k += seq)
			valid = (seq = json_utf8_len(text + k, len - k)) > 0;
		n += json_quote(quoted + n, text, len);
		quoted[n++] = '}';
		if (json_object(&json, quoted, n, &error) == -1 ||
		    json_string(&json, &json.members->value, &back,
		    &back_len) == -1 || (valid && (back_len != len ||
		    memcmp(back, text, len) != 0)))
			wrong++;
	}
	json_free(&json);
	tap_int(wrong, 0, "random bytes, quoted and read");
}

static void
test_cut(void)
{
#define P "{\"topic\":\"t\",\"partition\":3,\"offset\":7,\"start\":9}"
	static const struct { const char *line, *want; } cases[] = {
		{ "{\"_kafka\":" P "}", "{}" },
		{ "{ \"_kafka\" : " P " }", "{  }" },
		{ "{\"_kafka\":" P ",\"a\":1}", "{\"a\":1}" },
		{ "{ \"_kafka\" : " P " , \"a\":1}", "{ \"a\":1}" },
		{ "{\"a\":1,\"_kafka\":" P "}", "{\"a\":1}" },
		{ "{\"a\":\"x\" , \"_kafka\":" P " }", "{\"a\":\"x\" }" },
		{ "{\"a\":[],\"_kafka\":" P ",\"b\":2}", "{\"a\":[],\"b\":2}" },
		{ "{\"a\":1,\"\\u005fkafka\":" P "}", "{\"a\":1}" },
		{ "{\"a\":{\"_kafka\":1}}", "{\"a\":{\"_kafka\":1}}" },
		{ "{\"_kafka2\":1,\"kafka\":2}", "{\"_kafka2\":1,\"kafka\":2}" },
	};
	struct json json, scratch;

	json_init(&json);
	json_init(&scratch);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool there = strstr(cases[i].line, "topic") != NULL;
		struct provenance p = { .offset = -5 };
		struct json_error error;
		char line[256];
		size_t len = strlen(cases[i].line);

		memcpy(line, cases[i].line, len);
		json_object(&json, line, len, &error);
		tap_ok((provenance_read(&json, &scratch, &p) !=
		    PROVENANCE_NONE) == there && (!there || (p.partition == 3 &&
		    p.offset == 7 && p.start == 9)), "reads %s",
		    cases[i].line);
		json_object(&json, line, len, &error);
		tap_text(line, provenance_cut(&json, line, len),
		    cases[i].want, "and cuts it out");
	}
	json_free(&scratch);
	json_free(&json);
}

static void
test_provenance(void)
{
	char topic[PROVENANCE_TOPIC_MAX], line[PROVENANCE_MAX];
	struct provenance p = { topic, sizeof topic, INT32_MAX, INT64_MAX,
	    INT64_MAX }, back;
	struct json json, scratch;
	size_t len;

	memset(topic, 'x', sizeof topic);
	json_init(&json);
	json_init(&scratch);
	len = provenance_write_line(line, &p);
	tap_ok(len < PROVENANCE_MAX && provenance_of_line(line, len, &json,
	    &scratch, &back) && back.partition == p.partition &&
	    back.offset == p.offset && back.start == p.start &&
	    back.topic_len == p.topic_len &&
	    memcmp(back.topic, topic, sizeof topic) == 0,
	    "the longest there is, written and read");
	tap_ok(!provenance_of_line(line, len - 1, &json, &scratch, &back) &&
	    !provenance_of_line("{}", 2, &json, &scratch, &back),
	    "a line without it has none");
	json_free(&scratch);
	json_free(&json);
}

/* The elements of an array as "type:text;", or the reason, at which byte. */
static void
elements_are(const char *text, const char *want, const char *name)
{
	struct json_elements elements;
	struct json_value value;
	struct json_error error;
	char out[512];
	size_t n = 0;

	if (json_array(&elements, text, strlen(text), &error) != 0)
		n = (size_t)sprintf(out, "%s %zd", error.reason,
		    (ssize_t)error.at);
	else while (json_next(&elements, &value))
		n += (size_t)sprintf(out + n, "%d:%.*s;", (int)value.type,
		    (int)value.len, value.text);
	tap_text(out, n, want, name);
}

static void
test_arrays(void)
{
	elements_are("[]", "", "an array of none");
	elements_are("\t[ \n] ", "", "also with white space");
	elements_are("[{\"a\":[1,2]} , [ ] ,\"x\\\"]\",-1.5e3,true,false,"
	    "null\t]\n", "0:{\"a\":[1,2]};1:[ ];2:x\\\"];3:-1.5e3;4:true;"
	    "5:false;6:null;", "elements of every type");
	elements_are("[[[[]]],\"\"]", "1:[[[]]];2:;", "arrays in arrays");
	elements_are("{\"a\":[]}", "not a JSON array -1", "an object is none");
	elements_are("[1,]", "unexpected character 3", "nor is half of one");
	elements_are("", "empty line -1", "nor is nothing");
}

static void
test_fits_line(void)
{
	char text[2 * JSON_DEPTH_MAX + 1];

	tap_ok(json_fits_line("{\"a\":\"\\u0041\"}", 14) &&
	    json_fits_line(" 1\t", 3), "what fits a line");
	tap_ok(!json_fits_line("[1,\n2]", 6) && !json_fits_line("[1", 2) &&
	    !json_fits_line("\"\\uD83d\\ude00\"", 14) &&
	    !json_fits_line("\"\\ud800\"", 8), "what does not");
	memset(text, '[', 127);
	memset(text + 127, ']', 127);
	tap_ok(json_fits_line(text, 254), "nested as deeply as jq can read");
	memset(text, '[', 128);
	memset(text + 128, ']', 128);
	tap_ok(!json_fits_line(text, 256), "and deeper");
}

int
main(void)
{
	test_members();
	test_history();
	test_arrays();
	test_fits_line();
	test_quote();
	test_cut();
	test_provenance();
	return tap_done();
}
