#include "recordscan.h"

#include <string.h>

#include "record.h"
#include "scan.h"

#define SUM_LEN 36 /* characters: 10^36 is below 2^128 */

/* What must stand before a value, and the opening quote of some. */
static void
learn_text(struct recordscan_step *step, const char *text, size_t len)
{
	char word[RECORDSCAN_WORDS][8] = { 0 };

	/* The last word may overlap the one before it. */
	for (unsigned i = 0; i < RECORDSCAN_WORDS; i++) {
		size_t at = 8 * i + 8 <= len ? 8 * i : len < 8 ? 0 : len - 8;

		step->at[i] = (uint8_t)at;
		memcpy(word[i], text + at, len < 8 ? len : 8);
		step->text[i] = word_load(word[i]);
	}
	step->mask = len < 8 ? ((uint64_t)1 << 8 * len) - 1 : UINT64_MAX;
	step->len = (unsigned)len;
}

static unsigned
type_of_other(const struct json_value *value)
{
	switch (value->type) {
	case JSON_STRING:
		return RECORDSCAN_STRING;
	case JSON_NUMBER:
		return RECORDSCAN_NUMBER;
	case JSON_TRUE:
	case JSON_FALSE:
		return RECORDSCAN_BOOL;
	default:
		return RECORDSCAN_ANY;
	}
}

static bool
learn_step(struct recordscan_step *step, const struct json *object,
    const struct record_map *map, unsigned i)
{
	const struct jsonshape *shape = object->shape;
	char text[8 * RECORDSCAN_WORDS];
	size_t len = shape->between[i].len;
	int f = map->field[i];

	if (len >= sizeof text)
		return false;
	memcpy(text, shape->text + shape->between[i].begin, len);
	memset(step, 0, sizeof *step);
	step->type = f == RECORD_MAP_KAFKA ? RECORDSCAN_KAFKA :
	    f == RECORD_MAP_OTHER ? type_of_other(&object->members[i].value) :
	    (unsigned)map->fields[f].type;
	step->offset = f < 0 ? 0 : map->fields[f].offset;
	if (step->type == RECORD_SYMBOL || step->type == RECORD_TIME ||
	    step->type == RECORDSCAN_STRING)
		text[len++] = '"';
	learn_text(step, text, len);
	return true;
}

/* The shape is known, and a line did not fit. */
static void
learn_more(struct recordscan *scan, const struct json *object,
    const struct record_map *map)
{
	for (unsigned i = 0; i < scan->count; i++) {
		struct recordscan_step *step = &scan->step[i];

		if (map->field[i] != RECORD_MAP_OTHER ||
		    step->type == type_of_other(&object->members[i].value))
			continue;
		if (step->type == RECORDSCAN_STRING)
			learn_text(step, object->shape->text +
			    object->shape->between[i].begin, step->len - 1);
		step->type = RECORDSCAN_ANY;
	}
}

void
recordscan_learn(struct recordscan *scan, const struct json *object,
    const struct record_map *map)
{
	if (scan->fields == map->fields && scan->shape_id == map->shape_id) {
		learn_more(scan, object, map);
		return;
	}
	scan->fields = NULL;
	if (!WORD_USE || !map->usable)
		return;
	for (unsigned i = 0; i < object->nmembers; i++) {
		if (!learn_step(&scan->step[i], object, map, i))
			return;
	}
	scan->count = (unsigned)object->nmembers;
	scan->present = map->present;
	scan->shape_id = map->shape_id;
	scan->fields = map->fields;
}

SCAN_INLINE bool
read_symbol(const char **p, const char *limit, struct record_text *out)
{
	out->text = *p;
	if (!scan_string(p, limit))
		return false;
	out->len = (size_t)((*p)++ - out->text);
	return out->len > 0 && out->len <= RECORD_SYMBOL_MAX;
}

/* A run of digits, perhaps none, behind those that *coef has already. */
static const char *
read_run(const char *p, decimal_coef *coef)
{
	unsigned n;

	do {
		uint64_t x = word_values(word_load(p));

		n = word_before(word_not_digits(x));
		if (n > 0)
			*coef = *coef * scan_power10(n) + word_number(x, n);
		p += n;
	} while (n == 8);
	return p;
}

/* A sum, which has more digits than other numbers. */
static bool
read_sum(const char **p, struct decimal_sum *out)
{
	const char *begin = *p, *point, *end;
	decimal_coef coef = 0;

	end = point = read_run(begin, &coef);
	if (point == begin || (*begin == '0' && point - begin > 1))
		return false;
	if (*point == '.') {
		end = read_run(point + 1, &coef);
		if (end == point + 1)
			return false;
	}
	if (end - begin > SUM_LEN)
		return false;
	memset(out, 0, sizeof *out);
	out->limb[0] = (uint64_t)coef;
	out->limb[1] = (uint64_t)(coef >> 64);
	out->scale = end > point ? (unsigned)(end - point - 1) : 0;
	*p = end;
	return true;
}

static bool
read_int(const char **p, int64_t *out)
{
	uint64_t value;

	if (!scan_whole(p, &value))
		return false;
	*out = (int64_t)value;
	return true;
}

SCAN_INLINE bool
read_value(struct record_reader *reader, struct recordscan_step *step,
    const char **p, const char *limit, void *out)
{
	struct decimal *number = out;
	const char *begin = *p;
	bool ignored;

	switch (step->type) {
	case RECORD_SYMBOL:
		return read_symbol(p, limit, out);
	case RECORD_DECIMAL:
		return scan_decimal(p, number);
	case RECORD_POSITIVE:
		return scan_decimal(p, number) && number->coef != 0;
	case RECORD_TIME:
		return scan_time(p, limit, &step->minute, out);
	case RECORD_INT:
		return read_int(p, out);
	case RECORD_BOOL:
		return scan_bool(p, out);
	case RECORD_SUM:
		return read_sum(p, out);
	case RECORDSCAN_KAFKA:
		reader->has_provenance = true;
		return scan_provenance(p, &reader->provenance);
	case RECORDSCAN_STRING:
		if (scan_string(p, limit)) {
			++*p;
			return true;
		}
		begin--; /* with the opening quote */
		break;
	case RECORDSCAN_NUMBER:
		if (scan_number(p))
			return true;
		break;
	case RECORDSCAN_BOOL:
		return scan_bool(p, &ignored);
	case RECORDSCAN_ANY:
		break;
	default:
		__builtin_unreachable();
	}
	*p = begin;
	return scan_any(p, limit);
}

/* What is not as it should be in a word of the text before a value. */
SCAN_INLINE uint64_t
differs(const struct recordscan_step *step, const char *p, unsigned i)
{
	return word_load(p + step->at[i]) ^ step->text[i];
}

/* Whether the text of a step stands at p. */
SCAN_INLINE bool
stands(const struct recordscan_step *step, const char *p)
{
	uint64_t other = (word_load(p) ^ step->text[0]) & step->mask;

	if (step->len > 8)
		other |= differs(step, p, 1);
	if (step->len > 16)
		other |= differs(step, p, 2) | differs(step, p, 3) |
		    differs(step, p, 4);
	return other == 0;
}

size_t
recordscan_line(struct record_reader *reader, const char *text,
    const char *limit, const struct record_field *fields, void *out,
    uint32_t *present)
{
	struct recordscan *scan = &reader->scan;
	struct recordscan_step *step = scan->step, *last = step + scan->count;
	const char *p = text;

	if (scan->fields != fields)
		return 0;
	reader->has_provenance = false;
	for (; step < last; step++) {
		if (!stands(step, p))
			return 0;
		p += step->len;
		if (!read_value(reader, step, &p, limit,
		    (char *)out + step->offset))
			return 0;
	}
	/* What lies beyond the limit has not counted if the LF does not. */
	if (p[0] != '}' || p[1] != '\n' || p + 1 >= limit)
		return 0;
	*present = scan->present;
	return (size_t)(p + 1 - text);
}
