/*
 * Lines do not depend on the sizes in which their bytes arrive, at any bound.
 */
#include "linein.h"

#include <stdlib.h>
#include <unistd.h>

#include "provenance.h"
#include "tap.h"

#define MAX_LINE 3000

/* What came out of an input, as text to compare. */
struct result {
	char *text;
	size_t len, cap;
};

static void
note(struct result *r, const void *bytes, size_t len)
{
	if (r->len + len > r->cap) {
		r->cap = (r->len + len) * 2;
		r->text = realloc(r->text, r->cap);
	}
	memcpy(r->text + r->len, bytes, len);
	r->len += len;
}

static void
note_line(struct result *r, const struct line *line, bool is_long)
{
	char head[80];
	size_t len = is_long && line->len > LINEIN_LONG_HEAD ?
	    LINEIN_LONG_HEAD : line->len;

	note(r, head, (size_t)sprintf(head, "%" PRIu64 " %zu %d %d:",
	    line->number, line->len, line->terminated, is_long));
	note(r, line->text, len);
}

/* Reads what is in the buffer. */
static void
drain(struct linein *in, struct result *r)
{
	enum linein_result result;
	struct line line;

	while ((result = linein_next(in, &line)) == LINEIN_LINE ||
	    result == LINEIN_LONG)
		note_line(r, &line, result == LINEIN_LONG);
}

/* The input in chunks of that many bytes; 0: of random sizes. */
static struct result
read_in_chunks(const char *text, size_t len, size_t chunk)
{
	uint64_t random = 1 + len;
	struct result r = { 0 };
	struct linein in;
	int fd[2];

	if (pipe(fd) == -1 || linein_init(&in, fd[0], MAX_LINE) == -1)
		abort();
	for (size_t at = 0; at < len; ) {
		size_t n = chunk ? chunk : 1 + tap_random(&random) % 9000;

		if (n > len - at)
			n = len - at;
		if (write(fd[1], text + at, n) != (ssize_t)n ||
		    linein_fill(&in) != 1)
			abort();
		drain(&in, &r);
		at += n;
	}
	close(fd[1]);
	if (linein_fill(&in) != 0)
		abort();
	drain(&in, &r);
	close(fd[0]);
	linein_free(&in);
	return r;
}

/* Lines of lengths around every bound, with `_kafka` and without. */
static struct result
make_input(uint64_t seed, bool ended)
{
	static const size_t bounds[] = { 0, 1, 2, LINEIN_LONG_HEAD, MAX_LINE,
	    MAX_LINE + PROVENANCE_MAX, 2 * MAX_LINE, 5 * MAX_LINE, 65536 };
	struct result r = { 0 };
	int lines = seed == 1 ? 12 : 40;

	for (int i = 0; i < lines; i++) {
		size_t len = bounds[tap_random(&seed) % (sizeof bounds /
		    sizeof *bounds)] + tap_random(&seed) % 5;
		bool kafka = tap_random(&seed) % 2 && len > 20;

		len -= len > 1 ? 2 : 0;
		for (size_t k = 0; k < len - (kafka ? 12 : 0); k++)
			note(&r, &"abc\r\0\"{}\xff"[tap_random(&seed) % 9], 1);
		if (kafka)
			note(&r, "\"_kafka\":{}}", 12);
		if (i < lines - 1 || ended)
			note(&r, "\n", 1);
	}
	return r;
}

static void
test_chunks(void)
{
	static const size_t chunks[] = { 1, 2, 3, 7, 61, 1024, 4093, 65536, 0 };
	int wrong = 0, cases = 0;

	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct result in = make_input(seed, seed % 2);
		struct result want = read_in_chunks(in.text, in.len, 60000);

		for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
			struct result got;

			if (chunks[i] > 0 && chunks[i] < 7 && seed > 1)
				continue;
			got = read_in_chunks(in.text, in.len, chunks[i]);
			cases++;
			wrong += got.len != want.len ||
			    memcmp(got.text, want.text, want.len) != 0;
			free(got.text);
		}
		free(want.text);
		free(in.text);
	}
	tap_ok(cases > 50, "%d inputs in chunks", cases);
	tap_int(wrong, 0, "give the same lines as whole ones");
}

/* One line, and what comes of it: 'l'ine or 'L'ong. */
static void
test_bound(size_t len, const char *tail, char want, const char *name)
{
	struct result in = { 0 }, out;

	for (size_t i = strlen(tail); i < len; i++)
		note(&in, "x", 1);
	note(&in, tail, strlen(tail));
	note(&in, "\n", 1);
	out = read_in_chunks(in.text, in.len, 1000);
	note(&out, "", 1);
	tap_ok((strstr(out.text, " 1 1:") != NULL) == (want == 'L') &&
	    out.len > 0, "%s", name);
	free(in.text);
	free(out.text);
}

static void
test_ends(void)
{
	static const struct { const char *in, *want; size_t len; } cases[] = {
		{ "", "", 0 },
		{ "\n", "1 0 1 0:", 1 },
		{ "a", "1 1 0 0:a", 1 },
		{ "a\n", "1 1 1 0:a", 2 },
		{ "a\r\n\n\nb", "1 2 1 0:a\r2 0 1 0:3 0 1 0:4 1 0 0:b", 6 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct result r = read_in_chunks(cases[i].in, cases[i].len, 1);

		tap_ok(r.len == strlen(cases[i].want) && memcmp(r.text ?
		    r.text : "", cases[i].want, r.len) == 0,
		    "input %zu of few bytes", i);
		free(r.text);
	}
}

int
main(void)
{
	test_ends();
	test_bound(MAX_LINE, "", 'l', "a line of the greatest length");
	test_bound(MAX_LINE + 1, "", 'L', "one byte more");
	test_bound(MAX_LINE + 1, ",\"_kafka\":{}}", 'l',
	    "one byte more, with provenance");
	test_bound(MAX_LINE + PROVENANCE_MAX, ",\"_kafka\":{}}", 'l',
	    "the greatest length with provenance");
	test_bound(MAX_LINE + PROVENANCE_MAX + 1, ",\"_kafka\":{}}", 'L',
	    "one byte more than that");
	test_chunks();
	return tap_done();
}
