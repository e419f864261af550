#include "record.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "timestamp.h"

void
record_reader_init(struct record_reader *reader)
{
	memset(reader, 0, sizeof *reader);
	json_init(&reader->object);
	json_init(&reader->inner);
}

void
record_reader_free(struct record_reader *reader)
{
	json_free(&reader->object);
	json_free(&reader->inner);
}

enum record_result
record_bad(struct record_reader *reader, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(reader->reason, sizeof reader->reason, fmt, args);
	va_end(args);
	return reader->object.no_memory ? RECORD_NO_MEMORY : RECORD_BAD;
}

enum record_result
record_read(struct record_reader *reader, const char *line, size_t len)
{
	struct json_error error;
	enum provenance_result found;

	reader->has_provenance = false;
	if (json_object(&reader->object, line, len, &error) == -1) {
		if (error.at == JSON_NOWHERE)
			return record_bad(reader, "%s", error.reason);
		return record_bad(reader, "not JSON: %s at byte %zu",
		    error.reason, error.at + 1);
	}
	if (reader->object.shape_id != 0 &&
	    reader->object.shape_id == reader->plain_shape_id)
		return RECORD_GOOD;
	found = provenance_read(&reader->object, &reader->inner,
	    &reader->provenance);
	if (found == PROVENANCE_NONE)
		reader->plain_shape_id = reader->object.shape_id;
	if (found == PROVENANCE_NO_MEMORY)
		return RECORD_NO_MEMORY;
	if (found == PROVENANCE_BAD)
		return record_bad(reader, "a bad " PROVENANCE_NAME);
	reader->has_provenance = found != PROVENANCE_NONE;
	return found == PROVENANCE_ALONE ? RECORD_PROVENANCE : RECORD_GOOD;
}

static enum record_result
read_symbol(struct record_reader *reader, const struct record_field *field,
    const struct json_value *value, struct record_text *out)
{
	if (value->type != JSON_STRING)
		return record_bad(reader, "%s is not a string", field->name);
	if (json_string(&reader->object, value, &out->text, &out->len) == -1)
		return record_bad(reader, "%s is not text", field->name);
	if (out->len == 0)
		return record_bad(reader, "%s is empty", field->name);
	if (out->len > RECORD_SYMBOL_MAX) {
		return record_bad(reader, "%s is longer than %d bytes",
		    field->name, RECORD_SYMBOL_MAX);
	}
	return RECORD_GOOD;
}

static enum record_result
read_decimal(struct record_reader *reader, const struct record_field *field,
    const struct json_value *value, struct decimal *out)
{
	enum decimal_result result = DECIMAL_NOT_A_NUMBER;

	if (value->type == JSON_NUMBER || value->type == JSON_STRING)
		result = decimal_read(value->text, value->len, out);
	if (result != DECIMAL_OK) {
		return record_bad(reader, "%s %s", field->name,
		    decimal_reason(result));
	}
	if (field->type == RECORD_POSITIVE && out->coef == 0)
		return record_bad(reader, "%s is zero", field->name);
	return RECORD_GOOD;
}

static enum record_result
read_time(struct record_reader *reader, const struct record_field *field,
    const struct json_value *value, int64_t *out_us)
{
	if (value->type != JSON_STRING ||
	    !timestamp_read(value->text, value->len, out_us)) {
		return record_bad(reader, "%s is not an RFC 3339 time",
		    field->name);
	}
	return RECORD_GOOD;
}

static enum record_result
read_int(struct record_reader *reader, const struct record_field *field,
    const struct json_value *value, int64_t *out)
{
	if (value->type != JSON_NUMBER ||
	    !decimal_read_int64(value->text, value->len, out)) {
		return record_bad(reader, "%s is not a whole number "
		    "from 0 to 2^63-1", field->name);
	}
	return RECORD_GOOD;
}

static enum record_result
read_bool(struct record_reader *reader, const struct record_field *field,
    const struct json_value *value, bool *out)
{
	if (value->type != JSON_TRUE && value->type != JSON_FALSE) {
		return record_bad(reader, "%s is neither true nor false",
		    field->name);
	}
	*out = value->type == JSON_TRUE;
	return RECORD_GOOD;
}

static enum record_result
read_sum(struct record_reader *reader, const struct record_field *field,
    const struct json_value *value, struct decimal_sum *out)
{
	enum decimal_result result = DECIMAL_NOT_A_NUMBER;

	if (value->type == JSON_NUMBER || value->type == JSON_STRING)
		result = decimal_sum_read(value->text, value->len, out);
	if (result == DECIMAL_TOO_LONG) {
		return record_bad(reader, "%s has more than %d digits before "
		    "or %d after the point", field->name, DECIMAL_SUM_DIGITS,
		    2 * DECIMAL_DIGITS);
	}
	if (result != DECIMAL_OK) {
		return record_bad(reader, "%s %s", field->name,
		    decimal_reason(result));
	}
	return RECORD_GOOD;
}

static enum record_result
read_field(struct record_reader *reader, const struct record_field *field,
    const struct json_value *value, void *out)
{
	switch (field->type) {
	case RECORD_SYMBOL:
		return read_symbol(reader, field, value, out);
	case RECORD_DECIMAL:
	case RECORD_POSITIVE:
		return read_decimal(reader, field, value, out);
	case RECORD_SUM:
		return read_sum(reader, field, value, out);
	case RECORD_TIME:
		return read_time(reader, field, value, out);
	case RECORD_INT:
		return read_int(reader, field, value, out);
	case RECORD_BOOL:
		return read_bool(reader, field, value, out);
	}
	return RECORD_BAD;
}

static int
find_field(const struct json_member *member,
    const struct record_field *fields, size_t nfields)
{
	for (size_t f = 0; f < nfields; f++) {
		if (json_name_is(member, fields[f].name))
			return (int)f;
	}
	return RECORD_MAP_OTHER;
}

static int
find_member(const struct json_member *member,
    const struct record_field *fields, size_t nfields)
{
	int f = find_field(member, fields, nfields);

	return f == RECORD_MAP_OTHER &&
	    json_name_is(member, PROVENANCE_NAME) ? RECORD_MAP_KAFKA : f;
}

/* Of an object that record_read() found good: `_kafka` is not there twice. */
static void
make_map(struct record_map *map, const struct json *object,
    const struct record_field *fields, size_t nfields)
{
	map->fields = fields;
	map->shape_id = object->shape_id;
	map->present = 0;
	map->usable = true;
	for (size_t i = 0; i < object->nmembers; i++) {
		int f = find_member(&object->members[i], fields, nfields);

		map->field[i] = (signed char)f;
		if (f < 0)
			continue;
		map->usable = map->usable && !(map->present >> f & 1);
		map->present |= (uint32_t)1 << f;
	}
	for (size_t f = 0; f < nfields; f++) {
		if (fields[f].required && !(map->present >> f & 1))
			map->usable = false;
	}
}

/* The map for reader->object, NULL when its shape is not a known one. */
static const struct record_map *
map_fields(struct record_reader *reader, const struct record_field *fields,
    size_t nfields)
{
	struct record_map *map = &reader->map;

	if (reader->object.shape_id == 0)
		return NULL;
	if (reader->object.shape_id != map->shape_id ||
	    fields != map->fields)
		make_map(map, &reader->object, fields, nfields);
	recordscan_learn(&reader->scan, &reader->object, map);
	return map;
}

/* Fills *out from reader->object. */
static enum record_result
read_fields(struct record_reader *reader, const struct record_field *fields,
    size_t nfields, void *out, uint32_t *present)
{
	const struct record_map *map = map_fields(reader, fields, nfields);
	enum record_result result;
	uint32_t seen = 0;

	*present = 0;
	for (size_t i = 0; i < reader->object.nmembers; i++) {
		const struct json_member *m = &reader->object.members[i];
		int f = map != NULL ? map->field[i] : find_field(m, fields,
		    nfields);

		if (f < 0)
			continue;
		if (seen >> f & 1) {
			return record_bad(reader, "%s stands twice",
			    fields[f].name);
		}
		seen |= (uint32_t)1 << f;
		if (m->value.type == JSON_NULL)
			continue;
		result = read_field(reader, &fields[f], &m->value,
		    (char *)out + fields[f].offset);
		if (result != RECORD_GOOD)
			return result;
		*present |= (uint32_t)1 << f;
	}
	for (size_t f = 0; f < nfields; f++) {
		if (fields[f].required && !(*present >> f & 1)) {
			return record_bad(reader, "%s is missing",
			    fields[f].name);
		}
	}
	return RECORD_GOOD;
}

enum record_result
record_read_fields(struct record_reader *reader, const char *line,
    size_t len, const struct record_field *fields, size_t nfields, void *out,
    uint32_t *present)
{
	enum record_result result = record_read(reader, line, len);

	if (result != RECORD_GOOD)
		return result;
	return read_fields(reader, fields, nfields, out, present);
}
