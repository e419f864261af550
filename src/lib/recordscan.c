#include "recordscan.h"

#include <string.h>

#include "jsonscan.h"
#include "jsonshape.h"
#include "word.h"

#define MAX_DIGITS 18 /* what a number may have on the short way */

static const uint64_t power10[] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
};

/* A run of digits at *p, added to *value; how many there were. */
static inline unsigned
read_digits(const char **p, const char *end, uint64_t *value)
{
	unsigned total = 0, n;

	while (end - *p >= 8 && total <= MAX_DIGITS) {
		uint64_t x = word_load(*p);

		n = word_digits(x);
		if (n > 0)
			*value = *value * power10[n] + word_number(x, n);
		total += n;
		*p += n;
		if (n < 8)
			return total;
	}
	for (; *p < end && **p >= '0' && **p <= '9' &&
	    total <= MAX_DIGITS; (*p)++, total++)
		*value = *value * 10 + (unsigned)(**p - '0');
	return total;
}

/* A whole number; what follows is the caller's to look at. */
static inline bool
read_whole(const char **p, const char *end, uint64_t *value)
{
	const char *begin = *p;
	unsigned n;

	*value = 0;
	n = read_digits(p, end, value);
	return n >= 1 && n <= MAX_DIGITS && (n == 1 || *begin != '0');
}

static inline bool
read_decimal(const char **p, const char *end, struct decimal *out)
{
	const char *begin = *p;
	uint64_t coef = 0;
	unsigned before = read_digits(p, end, &coef), after = 0;

	if (before == 0 || (before > 1 && *begin == '0'))
		return false;
	if (*p < end && **p == '.') {
		(*p)++;
		after = read_digits(p, end, &coef);
		if (after == 0)
			return false;
	}
	if (before + after > MAX_DIGITS)
		return false;
	out->coef = coef;
	out->scale = after;
	return true;
}

/* A plain ASCII string behind its opening quote, and its closing one. */
static inline bool
read_symbol(const char **p, const char *end, struct record_text *out)
{
	const char *begin = *p;

	unsigned n = 8;

	while (n == 8 && end - *p >= 8) {
		n = word_plain(word_load(*p));
		*p += n;
	}
	while (*p < end && **p > 0x20 && **p < 0x7f && **p != '"' &&
	    **p != '\\')
		(*p)++;
	out->text = begin;
	out->len = (size_t)(*p - begin);
	return *p < end && *(*p)++ == '"' && out->len > 0 &&
	    out->len <= RECORD_SYMBOL_MAX;
}

/*
 * 2024-07-18T23:57:02.956Z of the minute learned last, behind the opening
 * quote, and the closing one.
 */
static inline bool
read_time(const char **p, const char *end,
    const struct timestamp_minute *minute, int64_t *out_us)
{
	const char *t = *p, *m = minute->text;
	uint64_t rest;
	unsigned milli;

	if (end - t < 25 || word_load(t) != word_load(m) ||
	    word_load(t + 8) != word_load(m + 8) || t[16] != m[16])
		return false;
	/* 02.956Z": with the point, Z and quote made zeros all are digits. */
	rest = word_load(t + 17);
	if ((rest & 0xffff000000ff0000) != 0x225a0000002e0000)
		return false;
	rest ^= 0x126a0000001e0000;
	if (word_digits(rest) != 8 || t[17] > '5')
		return false;
	/* SS0mmm00 */
	milli = (unsigned)(word_number(rest, 8) / 100);
	*out_us = minute->start_us + (int64_t)(milli / 10000) * 1000000 +
	    milli % 10000 * 1000;
	*p = t + 25;
	return true;
}

static inline bool
read_bool(const char **p, const char *end, bool *out)
{
	if (end - *p >= 4 && memcmp(*p, "true", 4) == 0) {
		*out = true;
		*p += 4;
		return true;
	}
	if (end - *p >= 5 && memcmp(*p, "false", 5) == 0) {
		*out = false;
		*p += 5;
		return true;
	}
	return false;
}

/* What must stand at *p, and is passed over. */
static inline bool
read_text(const char **p, const char *end, const char *text, size_t len)
{
	if ((size_t)(end - *p) < len || !jsonshape_same(*p, text, len))
		return false;
	*p += len;
	return true;
}

#define READ_LITERAL(p, end, text) \
	read_text(p, end, text, sizeof (text) - 1)

static bool
is_topic_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

/* The value of `_kafka` as provenance_write() writes it. */
static bool
read_provenance(const char **p, const char *end, struct provenance *out)
{
	uint64_t partition, offset, start;

	if (!READ_LITERAL(p, end, "{\"topic\":\""))
		return false;
	out->topic = *p;
	while (*p < end && is_topic_char(**p))
		(*p)++;
	out->topic_len = (size_t)(*p - out->topic);
	if (out->topic_len == 0 || out->topic_len > PROVENANCE_TOPIC_MAX ||
	    !READ_LITERAL(p, end, "\",\"partition\":") ||
	    !read_whole(p, end, &partition) || partition > INT32_MAX ||
	    !READ_LITERAL(p, end, ",\"offset\":") ||
	    !read_whole(p, end, &offset) ||
	    !READ_LITERAL(p, end, ",\"start\":") ||
	    !read_whole(p, end, &start) || !READ_LITERAL(p, end, "}"))
		return false;
	out->partition = (int32_t)partition;
	out->offset = (int64_t)offset;
	out->start = (int64_t)start;
	return true;
}

static inline bool
read_field(struct record_reader *reader, const struct record_field *field,
    const char **p, const char *end, void *out)
{
	uint64_t whole;
	struct decimal *number = out;

	switch (field->type) {
	case RECORD_SYMBOL:
		return *p < end && *(*p)++ == '"' &&
		    read_symbol(p, end, out);
	case RECORD_DECIMAL:
		return read_decimal(p, end, number);
	case RECORD_POSITIVE:
		return read_decimal(p, end, number) && number->coef != 0;
	case RECORD_TIME:
		return *p < end && *(*p)++ == '"' &&
		    read_time(p, end, &reader->minute, out);
	case RECORD_INT:
		if (!read_whole(p, end, &whole))
			return false;
		*(int64_t *)out = (int64_t)whole;
		return true;
	case RECORD_BOOL:
		return read_bool(p, end, out);
	case RECORD_SUM:
		break;
	}
	return false;
}

/* A member that the record does not know: any value. */
static bool
skip_value(const char **p, const char *end)
{
	struct jsonscan scan;

	/* White space before the value is another shape. */
	if (*p == end || **p == ' ' || **p == '\t' || **p == '\r')
		return false;
	jsonscan_init(&scan, *p, end, 1);
	if (!jsonscan_value(&scan))
		return false;
	*p = scan.p;
	return true;
}

bool
recordscan_read(struct record_reader *reader, const char *line, size_t len,
    const struct record_field *fields, void *out, uint32_t *present)
{
	const struct jsonshape *shape = reader->object.shape;
	const struct record_map *map = &reader->map;
	const char *p = line, *end = line + len;
	bool has_provenance = false;

	if (!WORD_USE || !map->usable || map->fields != fields ||
	    map->shape_id != shape->id)
		return false;
	for (unsigned i = 0; i < shape->count; i++) {
		int f = map->field[i];

		if (!read_text(&p, end, shape->text + shape->between[i].begin,
		    shape->between[i].len))
			return false;
		if (f >= 0 ? !read_field(reader, &fields[f], &p, end,
		    (char *)out + fields[f].offset) :
		    f == RECORD_MAP_KAFKA ? !read_provenance(&p, end,
		    &reader->provenance) : !skip_value(&p, end))
			return false;
		has_provenance |= f == RECORD_MAP_KAFKA;
	}
	if (end - p != 1 || *p != '}')
		return false;
	reader->has_provenance = has_provenance;
	*present = map->present;
	return true;
}
