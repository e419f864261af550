/*
 * A kept frame reads back as it was, with its time; what is not in the form is
 * left to others.
 */
#include "../../src/bws-trades/keep.h"

#include <stdlib.h>

#include "tap.h"

#define TIME_US INT64_C(1795810530123456) /* 2026-11-27T20:15:30.123456Z */
#define RECEIVED "{\"received\":\"2026-11-27T20:15:30.123456Z\","

static struct keep keep;

struct sample {
	const char *name;
	size_t len; /* 0: strlen(frame) */
	const char *frame, *want; /* the line */
	const char *back;         /* what is read of it; NULL: the frame */
};

static const struct sample samples[] = {
	{ "a frame", 0, "{\"e\":\"trade\",\"p\":\"1.50\"}",
	    RECEIVED "\"frame\":{\"e\":\"trade\",\"p\":\"1.50\"}}", NULL },
	{ "white space and escapes within", 0, "[ 1,\t\"\\u00e9\" ]",
	    RECEIVED "\"frame\":[ 1,\t\"\\u00e9\" ]}", NULL },
	{ "a bare number", 0, "-1.50e3", RECEIVED "\"frame\":-1.50e3}", NULL },
	{ "nothing", 0, "", RECEIVED "\"frame\":\"\"}", NULL },
	{ "a string", 0, "\"a\\n\"", RECEIVED "\"frame\":\"\\\"a\\\\n\\\"\"}",
	    NULL },
	{ "no JSON", 0, "{\"e\":\"tra",
	    RECEIVED "\"frame\":\"{\\\"e\\\":\\\"tra\"}", NULL },
	{ "lines", 0, "{\"a\":\r\n1}",
	    RECEIVED "\"frame\":\"{\\\"a\\\":\\u000d\\u000a1}\"}", NULL },
	{ "a carriage return", 0, "{\"a\":\r1}",
	    RECEIVED "\"frame\":\"{\\\"a\\\":\\u000d1}\"}", NULL },
	{ "white space around it", 0, " {}",
	    RECEIVED "\"frame\":\" {}\"}", NULL },
	{ "and behind it", 0, "{}\t", RECEIVED "\"frame\":\"{}\\u0009\"}",
	    NULL },
	{ "half a surrogate pair", 0, "[\"\\ud800\"]",
	    RECEIVED "\"frame\":\"[\\\"\\\\ud800\\\"]\"}", NULL },
	{ "a NUL", 3, "a\0b", RECEIVED "\"frame\":\"a\\u0000b\"}", NULL },
	{ "a terminal's escapes", 0, "\x1b[31m\xc2\x9b\x7f",
	    RECEIVED "\"frame\":\"\\u001b[31m\\u009b\\u007f\"}", NULL },
	{ "text that is not ASCII", 0, "\xe5\xb8\x81\xf0\x9f\x90\xb6",
	    RECEIVED "\"frame\":\"\xe5\xb8\x81\xf0\x9f\x90\xb6\"}", NULL },
	{ "bytes that are no text", 0, "{\"\xff\":\"\xe5\xb8\"}",
	    RECEIVED "\"frame\":\"{\\\"\xef\xbf\xbd\\\":\\\"\xef\xbf\xbd"
	    "\xef\xbf\xbd\\\"}\"}",
	    "{\"\xef\xbf\xbd\":\"\xef\xbf\xbd\xef\xbf\xbd\"}" },
};

/* In memory of exactly its length, so that a sanitizer sees a byte too far. */
static char *
exactly(const char *text, size_t len)
{
	char *copy = malloc(len > 0 ? len : 1);

	memcpy(copy, text, len);
	return copy;
}

static void
test_sample(const struct sample *s)
{
	size_t len = s->len > 0 ? s->len : strlen(s->frame), n;
	const char *back = s->back != NULL ? s->back : s->frame;
	size_t back_len = s->back != NULL ? strlen(back) : len;
	char *frame = exactly(s->frame, len), *line = malloc(KEEP_MAX(len));
	struct kept kept;

	n = keep_write(line, TIME_US, frame, len);
	tap_text(line, n, s->want, s->name);
	free(frame);
	frame = line;
	line = exactly(line, n);
	free(frame);
	tap_ok(keep_read(&keep, line, n, &kept) == KEEP_FRAME &&
	    kept.received_us == TIME_US && kept.len == back_len &&
	    memcmp(kept.text, back, back_len) == 0, "is read as it was");
	free(line);
}

static void
test_pages(void)
{
	static const char array[] = "[{\"id\":1},{\"id\":2}]";
	static const char error[] = "[{\n";
	char line[KEEP_MAX(sizeof array)];
	struct kept kept;
	size_t n;

	n = keep_write_page(line, TIME_US, "A\"B", 3, array, sizeof array - 1);
	tap_text(line, n, RECEIVED "\"symbol\":\"A\\\"B\",\"trades\":"
	    "[{\"id\":1},{\"id\":2}]}", "a page");
	tap_ok(keep_read(&keep, line, n, &kept) == KEEP_PAGE &&
	    kept.received_us == TIME_US && kept.symbol.len == 3 &&
	    memcmp(kept.symbol.text, "A\"B", 3) == 0 &&
	    kept.len == sizeof array - 1 &&
	    memcmp(kept.text, array, kept.len) == 0, "is read as it was");
	n = keep_write_page(line, TIME_US, "A", 1, error, sizeof error - 1);
	tap_ok(keep_read(&keep, line, n, &kept) == KEEP_PAGE &&
	    kept.len == sizeof error - 1 &&
	    memcmp(kept.text, error, kept.len) == 0, "also a bad one");
}

static void
reads_as(const char *line, enum keep_result want, const char *name)
{
	struct kept kept;
	char *copy = exactly(line, strlen(line));

	tap_int(keep_read(&keep, copy, strlen(line), &kept), want, name);
	free(copy);
}

static void
test_others(void)
{
	reads_as("", KEEP_NONE, "nothing is none of these");
	reads_as("{\"e\":\"trade\"}", KEEP_NONE, "nor is a bare frame");
	reads_as("{\"received\":", KEEP_NONE, "nor the beginning of one");
	reads_as("{\"received\":1}", KEEP_NONE, "nor another object");
	reads_as(RECEIVED "\"frame\":{}", KEEP_NONE, "nor half a line");
	reads_as(RECEIVED "\"frame\":1,\"frame\":2}", KEEP_NONE,
	    "nor two frames");
	reads_as(RECEIVED "\"symbol\":\"A\"}", KEEP_NONE, "nor a symbol");
	reads_as("{\"received\":5,\"frame\":{}}", KEEP_BAD,
	    "a number for a time is bad");
	reads_as("{\"received\":\"yesterday\",\"frame\":{}}", KEEP_BAD,
	    "and so is no time");
	reads_as(RECEIVED "\"symbol\":\"\",\"trades\":[]}", KEEP_BAD,
	    "and no symbol");
	reads_as(RECEIVED "\"frame\":\"\\ud800\"}", KEEP_BAD,
	    "and what is no text");
	reads_as(RECEIVED "\"trades\":[],\"symbol\":\"A\"}", KEEP_PAGE,
	    "the order does not matter");
	reads_as("{\"received\":\"2026-11-27T21:15:30+01:00\",\"frame\":{}}",
	    KEEP_FRAME, "nor does the notation of the time");
}

int
main(void)
{
	keep_init(&keep);
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
		test_sample(&samples[i]);
	test_pages();
	test_others();
	keep_free(&keep);
	return tap_done();
}
