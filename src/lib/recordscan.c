#include "recordscan.h"

#include <string.h>

#include "jsonscan.h"
#include "jsonshape.h"
#include "word.h"

#define MAX_DIGITS 18 /* what a number may have on the short way */

static const uint64_t power10[] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
};

/*
 * The readers below begin at p and return where they ended, or NULL for what
 * is not usual.
 */

/* A run of digits, perhaps none, behind those that *value has already. */
static inline const char *
read_digits(const char *p, const char *end, uint64_t *value)
{
	const char *limit = p + MAX_DIGITS;

	while (end - p >= 8 && p <= limit) {
		uint64_t x = word_load(p);
		unsigned n = word_digits(x);

		if (n == 0)
			return p;
		*value = *value * power10[n] + word_number(x, n);
		p += n;
		if (n < 8)
			return p;
	}
	for (; p < end && *p >= '0' && *p <= '9' && p <= limit; p++)
		*value = *value * 10 + (unsigned)(*p - '0');
	return p;
}

/* A whole number; what follows it is the caller's to look at. */
static inline const char *
read_whole(const char *p, const char *end, uint64_t *value)
{
	const char *begin = p;

	*value = 0;
	p = read_digits(p, end, value);
	if (p == begin || p - begin > MAX_DIGITS ||
	    (*begin == '0' && p - begin > 1))
		return NULL;
	return p;
}

static inline const char *
read_decimal(const char *p, const char *end, struct decimal *out)
{
	const char *begin = p, *point;
	uint64_t coef = 0;

	p = point = read_digits(p, end, &coef);
	if (p == begin || (*begin == '0' && p - begin > 1))
		return NULL;
	if (p < end && *p == '.') {
		p = read_digits(point + 1, end, &coef);
		if (p == point + 1)
			return NULL;
		out->scale = (unsigned)(p - point - 1);
	} else {
		out->scale = 0;
	}
	out->coef = coef;
	return p - begin <= MAX_DIGITS + (p > point) ? p : NULL;
}

/* A plain ASCII string behind its opening quote, and its closing one. */
static inline const char *
read_symbol(const char *p, const char *end, struct record_text *out)
{
	const char *begin = p;
	unsigned n = 8;

	while (n == 8 && end - p >= 8) {
		n = word_plain(word_load(p));
		p += n;
	}
	while (p < end && *p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\')
		p++;
	out->text = begin;
	out->len = (size_t)(p - begin);
	if (p == end || *p != '"' || out->len == 0 ||
	    out->len > RECORD_SYMBOL_MAX)
		return NULL;
	return p + 1;
}

/*
 * 2024-07-18T23:57:02.956Z of the minute learned last, behind the opening
 * quote, and the closing one.
 */
static inline const char *
read_time(const char *p, const char *end,
    const struct timestamp_minute *minute, int64_t *out_us)
{
	const char *m = minute->text;
	uint64_t rest;
	unsigned milli;

	if (end - p < 25 || word_load(p) != word_load(m) ||
	    word_load(p + 8) != word_load(m + 8) || p[16] != m[16])
		return NULL;
	/* 02.956Z": with the point, Z and quote made zeros all are digits. */
	rest = word_load(p + 17);
	if ((rest & 0xffff000000ff0000) != 0x225a0000002e0000)
		return NULL;
	rest ^= 0x126a0000001e0000;
	if (word_digits(rest) != 8 || p[17] > '5')
		return NULL;
	milli = (unsigned)(word_number(rest, 8) / 100); /* SS0mmm */
	*out_us = minute->start_us + (int64_t)(milli / 10000) * 1000000 +
	    milli % 10000 * 1000;
	return p + 25;
}

static inline const char *
read_bool(const char *p, const char *end, bool *out)
{
	if (end - p >= 4 && memcmp(p, "true", 4) == 0) {
		*out = true;
		return p + 4;
	}
	if (end - p >= 5 && memcmp(p, "false", 5) == 0) {
		*out = false;
		return p + 5;
	}
	return NULL;
}

/* What must stand there. */
static inline const char *
read_text(const char *p, const char *end, const char *text, size_t len)
{
	if (p == NULL || (size_t)(end - p) < len ||
	    !jsonshape_same(p, text, len))
		return NULL;
	return p + len;
}

#define READ_LITERAL(p, end, text) \
	read_text(p, end, text, sizeof (text) - 1)

static bool
is_topic_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

/* A literal and the whole number behind it. */
static const char *
read_labelled(const char *p, const char *end, const char *label, size_t len,
    uint64_t *value)
{
	p = read_text(p, end, label, len);
	return p == NULL ? NULL : read_whole(p, end, value);
}

#define READ_LABELLED(p, end, label, value) \
	read_labelled(p, end, label, sizeof (label) - 1, value)

/* The value of `_kafka` as provenance_write() writes it. */
static const char *
read_provenance(const char *p, const char *end, struct provenance *out)
{
	uint64_t partition, offset, start;

	p = READ_LITERAL(p, end, "{\"topic\":\"");
	if (p == NULL)
		return NULL;
	out->topic = p;
	while (p < end && is_topic_char(*p))
		p++;
	out->topic_len = (size_t)(p - out->topic);
	if (out->topic_len == 0 || out->topic_len > PROVENANCE_TOPIC_MAX)
		return NULL;
	p = READ_LABELLED(p, end, "\",\"partition\":", &partition);
	p = READ_LABELLED(p, end, ",\"offset\":", &offset);
	p = READ_LABELLED(p, end, ",\"start\":", &start);
	p = READ_LITERAL(p, end, "}");
	if (p == NULL || partition > INT32_MAX)
		return NULL;
	out->partition = (int32_t)partition;
	out->offset = (int64_t)offset;
	out->start = (int64_t)start;
	return p;
}

static inline const char *
read_field(const struct record_reader *reader,
    const struct record_field *field, const char *p, const char *end,
    void *out)
{
	struct decimal *number = out;
	uint64_t whole;

	switch (field->type) {
	case RECORD_SYMBOL:
		return *p == '"' ? read_symbol(p + 1, end, out) : NULL;
	case RECORD_DECIMAL:
		return read_decimal(p, end, number);
	case RECORD_POSITIVE:
		p = read_decimal(p, end, number);
		return p != NULL && number->coef != 0 ? p : NULL;
	case RECORD_TIME:
		return *p == '"' ? read_time(p + 1, end, &reader->minute,
		    out) : NULL;
	case RECORD_INT:
		p = read_whole(p, end, &whole);
		*(int64_t *)out = (int64_t)whole;
		return p;
	case RECORD_BOOL:
		return read_bool(p, end, out);
	case RECORD_SUM:
		break;
	}
	return NULL;
}

/* A member that the record does not know: any value. */
static const char *
skip_value(const char *p, const char *end)
{
	struct jsonscan scan;

	/* White space before the value is another shape. */
	if (*p == ' ' || *p == '\t' || *p == '\r')
		return NULL;
	jsonscan_init(&scan, p, end, 1);
	return jsonscan_value(&scan) ? scan.p : NULL;
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

		p = read_text(p, end, shape->text + shape->between[i].begin,
		    shape->between[i].len);
		if (p == NULL || p == end)
			return false;
		if (f >= 0) {
			p = read_field(reader, &fields[f], p, end,
			    (char *)out + fields[f].offset);
		} else if (f == RECORD_MAP_KAFKA) {
			p = read_provenance(p, end, &reader->provenance);
			has_provenance = true;
		} else {
			p = skip_value(p, end);
		}
		if (p == NULL)
			return false;
	}
	if (end - p != 1 || *p != '}')
		return false;
	reader->has_provenance = has_provenance;
	*present = map->present;
	return true;
}
