/* Of jsonscan.c, at the end of the includes: by single characters. */
#define WORD_USE false

#include "compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "candle.h"
#include "decimal.h"
#include "recordscan.h"
#include "trade.h"
#include "word.h"

/* The grammar pass again. */
#define jsonscan_init slow_init
#define jsonscan_value slow_value
#define jsonscan_text slow_text
#define jsonscan_chars slow_chars
#define jsonscan_number slow_number
#define json_utf8_len slow_utf8_len
size_t slow_utf8_len(const char *text, size_t len);
#include "../../src/lib/jsonscan.c"

/* A text and what stands behind it; whole pages. */
#define EDGE_SIZE (COMPARE_MAX + 65536)

/* What one reader makes of one copy of a line. */
struct reading {
	enum compare_kind kind;
	const struct record_reader *reader;
	const char *text;
	enum record_result result;
	struct trade trade;
	struct candle candle;
};

static size_t
page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* Memory that ends where this points to, NULL for ENOMEM. */
static char *
edge_new(void)
{
	char *memory = mmap(NULL, EDGE_SIZE + page_size(),
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	if (mprotect(memory + EDGE_SIZE, page_size(), PROT_NONE) == -1) {
		munmap(memory, EDGE_SIZE + page_size());
		return NULL;
	}
	return memory + EDGE_SIZE;
}

static void
edge_free(char *edge)
{
	if (edge != NULL)
		munmap(edge - EDGE_SIZE, EDGE_SIZE + page_size());
}

int
compare_init(struct compare *compare)
{
	memset(compare, 0, sizeof *compare);
	for (int kind = 0; kind < COMPARE_KINDS; kind++)
		record_reader_init(&compare->old[kind]);
	record_reader_init(&compare->mixed);
	json_init(&compare->object);
	compare->edge = edge_new();
	compare->usual_edge = edge_new();
	compare->cut_edge = edge_new();
	if (compare->edge == NULL || compare->usual_edge == NULL ||
	    compare->cut_edge == NULL) {
		compare_free(compare);
		return -1;
	}
	return 0;
}

void
compare_free(struct compare *compare)
{
	for (int kind = 0; kind < COMPARE_KINDS; kind++)
		record_reader_free(&compare->old[kind]);
	record_reader_free(&compare->mixed);
	json_free(&compare->object);
	edge_free(compare->edge);
	edge_free(compare->usual_edge);
	edge_free(compare->cut_edge);
}

/* As ndjson-validate reads an object of which nothing need be known. */
static const struct record_field no_fields[1];

/* The short way; the line's length, or 0. */
static size_t
scan(struct reading *r, struct record_reader *reader, const char *text,
    const char *limit)
{
	uint32_t present;

	switch (r->kind) {
	case COMPARE_TRADE:
		return trade_scan(reader, text, limit, &r->trade);
	case COMPARE_CANDLE:
		return candle_scan(reader, text, limit, &r->candle);
	case COMPARE_OBJECT:
		return recordscan_line(reader, text, limit, no_fields,
		    &r->trade, &present);
	case COMPARE_RECORD:
		break;
	}
	return 0;
}

/* What was in the record before must not show: junk says what it was. */
static void
begin(struct reading *r, enum compare_kind kind,
    const struct record_reader *reader, const char *text, int junk)
{
	memset(r, junk, sizeof *r);
	r->kind = kind;
	r->reader = reader;
	r->text = text;
}

/* The long way. */
static void
take(struct reading *r, enum compare_kind kind, struct record_reader *reader,
    const char *text, size_t len, int junk)
{
	uint32_t present;

	begin(r, kind, reader, text, junk);
	switch (kind) {
	case COMPARE_TRADE:
		r->result = trade_read(reader, text, len, &r->trade);
		break;
	case COMPARE_CANDLE:
		r->result = candle_read(reader, text, len, &r->candle);
		break;
	case COMPARE_OBJECT:
		r->result = record_read_fields(reader, text, len, no_fields,
		    0, &r->trade, &present);
		break;
	case COMPARE_RECORD:
		r->result = record_read(reader, text, len);
		break;
	}
}

static bool
same_provenance(const struct reading *a, const struct reading *b)
{
	const struct provenance *p = &a->reader->provenance;
	const struct provenance *q = &b->reader->provenance;

	if (a->reader->has_provenance != b->reader->has_provenance)
		return false;
	return !a->reader->has_provenance ||
	    (p->topic - a->text == q->topic - b->text &&
	    p->topic_len == q->topic_len && p->partition == q->partition &&
	    p->offset == q->offset && p->start == q->start);
}

/* Equal, and written alike. */
static bool
same_decimal(const struct decimal *a, const struct decimal *b)
{
	char x[DECIMAL_TEXT_MAX], y[DECIMAL_TEXT_MAX];
	size_t n = decimal_write(x, a);

	return decimal_compare(a, b) == 0 && n == decimal_write(y, b) &&
	    memcmp(x, y, n) == 0;
}

static bool
same_trade(const struct trade *a, const struct trade *b)
{
	return a->symbol.len == b->symbol.len &&
	    memcmp(a->symbol.text, b->symbol.text, a->symbol.len) == 0 &&
	    same_decimal(&a->price, &b->price) &&
	    a->event_time_us == b->event_time_us &&
	    a->processed_time_us == b->processed_time_us &&
	    a->has_quantity == b->has_quantity && (!a->has_quantity ||
	    same_decimal(&a->quantity, &b->quantity)) &&
	    a->has_trade_id == b->has_trade_id && (!a->has_trade_id ||
	    a->trade_id == b->trade_id) &&
	    a->has_buyer_maker == b->has_buyer_maker &&
	    (!a->has_buyer_maker || a->buyer_maker == b->buyer_maker);
}

/* A candle has everything in its text, sums and what is there included. */
static bool
same_candle(const struct candle *a, const struct candle *b)
{
	char x[CANDLE_LINE_MAX], y[CANDLE_LINE_MAX];
	size_t n = candle_write(x, a);

	return n == candle_write(y, b) && memcmp(x, y, n) == 0;
}

static bool
same_reading(const struct reading *a, const struct reading *b)
{
	if (a->result != b->result || !same_provenance(a, b))
		return false;
	if (a->result == RECORD_BAD)
		return strcmp(a->reader->reason, b->reader->reason) == 0;
	if (a->result != RECORD_GOOD)
		return true;
	return a->kind == COMPARE_TRADE ? same_trade(&a->trade, &b->trade) :
	    a->kind != COMPARE_CANDLE || same_candle(&a->candle, &b->candle);
}

static bool
same_strings(struct json *a, const struct json_value *v, struct json *b,
    const struct json_value *w)
{
	const char *x, *y;
	size_t n, m;
	int result = json_string(a, v, &x, &n);

	return result == json_string(b, w, &y, &m) && (result == -1 ||
	    (n == m && memcmp(x, y, n) == 0));
}

static bool
same_members(struct json *a, const char *text, struct json *b,
    const char *copy)
{
	if (a->nmembers != b->nmembers)
		return false;
	for (size_t i = 0; i < a->nmembers; i++) {
		const struct json_member *m = &a->members[i];
		const struct json_member *n = &b->members[i];

		if (m->name_len != n->name_len ||
		    memcmp(m->name, n->name, m->name_len) != 0 ||
		    m->value.type != n->value.type ||
		    m->value.text - text != n->value.text - copy ||
		    m->value.len != n->value.len ||
		    m->begin != n->begin || m->end != n->end ||
		    (m->value.type == JSON_STRING &&
		    !same_strings(a, &m->value, b, &n->value)))
			return false;
	}
	return true;
}

static bool
same_error(const struct json_error *a, const struct json_error *b)
{
	return a->at == b->at && strcmp(a->reason, b->reason) == 0;
}

static bool
same_objects(struct compare *compare, const char *text, const char *copy,
    size_t len)
{
	struct json_error error[3] = { { 0 } };
	struct json new;
	int result = 0, check = json_check(text, len, &error[2]);
	bool same = true;

	for (int i = 0; i < 2 && same; i++) {
		json_init(&new);
		result = json_object(&new, copy, len, &error[1]);
		same = json_object(&compare->object, text, len, &error[0]) ==
		    result && (result == 0 ? same_members(&compare->object,
		    text, &new, copy) : same_error(&error[0], &error[1]));
		json_free(&new);
	}
	/* An object is JSON; what is not JSON is refused as such. */
	if (check == -1)
		same = same && result == -1 && same_error(&error[1],
		    &error[2]);
	else if (result == -1)
		same = same && error[1].at == JSON_NOWHERE;
	return same;
}

static bool
same_grammar(const char *text, size_t len)
{
	struct jsonscan scan;
	struct json_error error;
	bool good;

	slow_init(&scan, text, text + len, 0);
	good = slow_text(&scan);
	if (good != (json_check(text, len, &error) == 0))
		return false;
	return good || len == 0 || (error.at == (size_t)(scan.p - text) &&
	    strcmp(error.reason, scan.reason) == 0);
}

/* The kinds of reading of one copy do not contradict each other. */
static bool
in_accord(const struct reading *reading, const char *text, size_t len)
{
	const struct reading *any = &reading[COMPARE_RECORD];
	struct json_error error;
	char reason[sizeof any->reader->reason];
	bool not_json = json_check(text, len, &error) == -1;

	if (not_json && error.at == JSON_NOWHERE)
		snprintf(reason, sizeof reason, "%s", error.reason);
	else if (not_json)
		snprintf(reason, sizeof reason, "not JSON: %s at byte %zu",
		    error.reason, error.at + 1);
	for (int kind = 0; kind < COMPARE_KINDS; kind++) {
		const struct reading *r = &reading[kind];

		if (!same_provenance(r, any))
			return false;
		if ((r->result == RECORD_PROVENANCE) !=
		    (any->result == RECORD_PROVENANCE))
			return false;
		if (r->result == RECORD_GOOD && any->result != RECORD_GOOD)
			return false;
		if (any->result == RECORD_BAD &&
		    strcmp(r->reader->reason, any->reader->reason) != 0)
			return false;
		if (not_json && (r->result != RECORD_BAD ||
		    strcmp(r->reader->reason, reason) != 0))
			return false;
	}
	return true;
}

/*
 * The line as it may lie in a buffer (linein_peek()): behind its LF other
 * bytes, input or left from before, then the padding.
 */
struct buffered {
	const char *text, *limit; /* NULL: as no line of an input can be */
	size_t len;
	const char *cut; /* its beginning, the padding at once behind it */
	size_t cut_len;
};

static struct buffered
put_in_buffer(struct compare *compare, const char *line, size_t len)
{
	static const char *const behind[] = { "", "0000000000000000}\n",
	    "{\"symbol\":\"", "\"}\n\n", "}\n{}\n", "\x80\xff\"\"}\n" };
	const char *more = behind[compare->lines % 6];
	size_t more_len = strlen(more);
	char *text = compare->usual_edge - WORD_PADDING - more_len - 1 - len;
	struct buffered b = { .len = len };

	if (memchr(line, '\n', len) != NULL)
		return b;
	memcpy(text, line, len);
	text[len] = '\n';
	memcpy(text + len + 1, more, more_len);
	memset(text + len + 1 + more_len, 0, WORD_PADDING);
	b.text = text;
	b.limit = text + len + 1 + (compare->lines & 8 ? more_len : 0);
	b.cut_len = compare->lines & 1 ? len : compare->lines * 7919 % (len +
	    1);
	text = compare->cut_edge - WORD_PADDING - b.cut_len;
	memcpy(text, line, b.cut_len);
	memset(text + b.cut_len, 0, WORD_PADDING);
	b.cut = text;
	return b;
}

/* Where the input ends within the line, it is not to be had. */
static bool
stays_within(struct compare *compare, enum compare_kind kind,
    const struct buffered *b)
{
	struct record_reader *reader = &compare->old[kind];
	struct reading r = { .kind = kind };

	return scan(&r, reader, b->text, b->text + b->len) == 0 &&
	    scan(&r, reader, b->text, b->text + b->cut_len) == 0 &&
	    scan(&r, reader, b->cut, b->cut + b->cut_len) == 0;
}

/* By the short way, or where that cannot be taken by the long one. */
static bool
same_usual(struct compare *compare, enum compare_kind kind,
    const struct buffered *b, const struct reading *new)
{
	struct record_reader *reader = &compare->old[kind];
	struct reading old;
	size_t len;

	begin(&old, kind, reader, b->text, 0x5a);
	old.result = RECORD_GOOD;
	len = scan(&old, reader, b->text, b->limit);
	if (len == 0) {
		take(&old, kind, reader, b->text, b->len, 0x5a);
	} else if (len != b->len) {
		return false;
	} else {
		compare->usual[kind]++;
	}
	return same_reading(&old, new);
}

/* As a kind of record; *new is what a new reader says. */
static bool
same_records(struct compare *compare, enum compare_kind kind,
    const char *text, size_t len, const struct buffered *b,
    const struct reading *new)
{
	struct reading old;

	if (b->text != NULL) {
		if (!same_usual(compare, kind, b, new) ||
		    !stays_within(compare, kind, b) ||
		    !same_usual(compare, kind, b, new))
			return false;
	}
	take(&old, kind, &compare->old[kind], text, len, 0x5a);
	if (!same_reading(&old, new))
		return false;
	/* The reader of all kinds keeps to one for two lines. */
	if (compare->lines / 2 % COMPARE_KINDS == (unsigned)kind) {
		take(&old, kind, &compare->mixed, text, len, 0x5a);
		if (!same_reading(&old, new))
			return false;
	}
	compare->good[kind] += new->result == RECORD_GOOD;
	return true;
}

static const char *
find_difference(struct compare *compare, const char *text, const char *copy,
    size_t len)
{
	static const char *const names[] = { "as a trade", "as a candle",
	    "as an object", "as a record" };
	struct record_reader new[COMPARE_KINDS];
	struct reading reading[COMPARE_KINDS];
	struct buffered buffered = put_in_buffer(compare, text, len);
	const char *found = NULL;

	for (int kind = 0; kind < COMPARE_KINDS; kind++) {
		record_reader_init(&new[kind]);
		take(&reading[kind], (enum compare_kind)kind, &new[kind],
		    copy, len, 0xa5);
		if (!same_records(compare, (enum compare_kind)kind, text, len,
		    &buffered, &reading[kind]))
			found = names[kind];
	}
	if (found == NULL && !in_accord(reading, copy, len))
		found = "among the kinds of records";
	if (found == NULL && !same_objects(compare, text, copy, len))
		found = "by its members";
	if (found == NULL && !same_grammar(text, len))
		found = "by the grammar";
	for (int kind = 0; kind < COMPARE_KINDS; kind++)
		record_reader_free(&new[kind]);
	return found;
}

bool
compare_line(struct compare *compare, const char *line, size_t len)
{
	const size_t beyond = READ_BEYOND;
	char *text = compare->edge - beyond - len;
	char *copy = malloc(len + beyond + 1);

	if (copy == NULL || len > COMPARE_MAX)
		abort();
	memcpy(text, line, len);
	memset(text + len, '"', beyond);
	/* The other one at the end of its block, for the address sanitizer. */
	memcpy(copy + 1, line, len);
	memset(copy + 1 + len, '1', beyond);
	compare->difference = find_difference(compare, text, copy + 1, len);
	free(copy);
	compare->lines++;
	return compare->difference == NULL;
}
