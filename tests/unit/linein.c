/*
 * Lines do not depend on the sizes in which their bytes arrive, at any bound.
 */
#include "linein.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "provenance.h"
#include "record.h"
#include "tap.h"
#include "trade.h"

#define MAX_LINE 3000
#define SHORT_INPUT 12000

/* A trade up to its price, and how long the whole line is. */
#define TRADE_BEGIN "{\"symbol\":\"BTCUSDT\",\"event_time\":" \
    "\"2024-07-18T23:57:02.956Z\",\"processed_time\":" \
    "\"2024-07-18T23:57:03.001Z\",\"buyer_maker\":true,\"price\":63943.9"
#define FIRST_ID 1000000
#define TRADE_LEN (sizeof TRADE_BEGIN ",\"trade_id\":1000000}" - 1)
#define ZEROS_16 "0000000000000000"
#define ZEROS_64 ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16
#define ZEROS ZEROS_64 ZEROS_64 ZEROS_64 ZEROS_64 ZEROS_64 ZEROS_64 \
    ZEROS_64

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

/* Every size of chunks up to a page, and some lines of every kind. */
static void
test_every_size(void)
{
	int wrong = 0;

	for (uint64_t seed = 21; seed <= 23; seed++) {
		struct result in = make_input(seed, false), want;

		if (in.len > SHORT_INPUT)
			in.len = SHORT_INPUT;
		want = read_in_chunks(in.text, in.len, SHORT_INPUT);
		for (size_t chunk = 1; chunk <= 4097; chunk++) {
			struct result got = read_in_chunks(in.text, in.len,
			    chunk);

			wrong += got.len != want.len ||
			    memcmp(got.text, want.text, want.len) != 0;
			free(got.text);
		}
		free(want.text);
		free(in.text);
	}
	tap_int(wrong, 0, "chunks of every size from 1 byte to 4097");
}

/* How many good trades an input has, read by the short way and the long. */
static int
count_trades(int fd)
{
	struct record_reader reader;
	enum linein_result result;
	struct linein in;
	struct line line;
	int count = 0;

	if (linein_init(&in, fd, 900000) == -1)
		abort();
	record_reader_init(&reader);
	do {
		struct trade trade;
		const char *limit, *text = linein_peek(&in, &limit);
		size_t len = trade_scan(&reader, text, limit, &trade);

		result = LINEIN_LINE;
		if (len > 0)
			linein_took(&in, len + 1, 1);
		else if ((result = linein_next(&in, &line)) == LINEIN_MORE &&
		    linein_fill(&in) == -1)
			abort();
		if (result == LINEIN_LINE)
			count += (len > 0 || trade_read(&reader, line.text,
			    line.len, &trade) == RECORD_GOOD) &&
			    trade.symbol.len == 7 && trade.buyer_maker &&
			    trade.trade_id == FIRST_ID + (int64_t)in.number;
	} while (result != LINEIN_END);
	record_reader_free(&reader);
	linein_free(&in);
	return count;
}

/*
 * Trades of a size together, the last without a line feed; the first one has
 * the zeros that it takes.  Returns how many.
 */
static int
write_trades(char *out, size_t size)
{
	int lines = (int)(size / (TRADE_LEN + 1)) - 1;
	size_t zeros = size - (size_t)lines * (TRADE_LEN + 1) + 1;
	char *p = out;

	for (int i = 1; i <= lines; i++, zeros = 0)
		p += sprintf(p, TRADE_BEGIN "%.*s,\"trade_id\":%d}\n",
		    (int)zeros, ZEROS, FIRST_ID + i);
	if (p - out != (ssize_t)size + 1)
		abort();
	return lines;
}

/*
 * Inputs that end, with a line feed or without, around every size that a
 * buffer may have: a reader of lines must not look beyond the buffer's end.
 */
static void
test_buffer_end(void)
{
	static const size_t sizes[] = { 4096, 65536, 131072, 262144, 524288 };
	char *text = malloc(600000);
	int wrong = 0, fd = memfd_create("trades", 0);

	for (size_t i = 0; i < 5 * 140; i++) {
		size_t size = sizes[i / 140] - 68 + i / 2 % 70;
		size_t len = size + i % 2;
		int lines = write_trades(text, size);

		if (ftruncate(fd, 0) == -1 ||
		    pwrite(fd, text, len, 0) != (ssize_t)len ||
		    lseek(fd, 0, SEEK_SET) == -1)
			abort();
		wrong += count_trades(fd) != lines;
	}
	tap_int(wrong, 0, "trades up to the end of the buffer");
	close(fd);
	free(text);
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
	test_every_size();
	test_buffer_end();
	return tap_done();
}
