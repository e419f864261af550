#include "members.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "decimal.h"

#define MS_MIN INT64_C(1000000000000)
#define MS_MAX INT64_C(9999999999999)
#define US_MIN INT64_C(1000000000000000)
#define US_MAX INT64_C(9999999999999999)

static bool
bad(char *reason, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool
bad(char *reason, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, MEMBERS_REASON, fmt, ap);
	va_end(ap);
	return false;
}

static bool
is_named(const struct json_member *member, const struct member_rule *rule)
{
	return member->name_len == rule->name_len &&
	    memcmp(member->name, rule->name, rule->name_len) == 0;
}

/* Looks every member up. */
static bool
search(const struct json *object, const struct member_rule *rules, size_t n,
    const struct json_value *found[], char *reason)
{
	memset(found, 0, n * sizeof *found);
	for (size_t i = 0; i < object->nmembers; i++) {
		for (size_t k = 0; k < n; k++) {
			if (!is_named(&object->members[i], &rules[k]))
				continue;
			if (found[k] != NULL)
				return bad(reason,
				    "member \"%s\" is there twice",
				    rules[k].name);
			found[k] = &object->members[i].value;
		}
	}
	for (size_t k = 0; k < n; k++) {
		if (found[k] == NULL && rules[k].required)
			return bad(reason, "a trade without \"%s\"",
			    rules[k].name);
	}
	return true;
}

/* An object with a shape has at most JSONSHAPE_MEMBERS. */
static void
learn(const struct json *object, size_t n, struct members_map *map,
    const struct json_value *const found[])
{
	map->object = object;
	map->shape_id = object->shape_id;
	for (size_t i = 0; i < object->nmembers; i++) {
		for (size_t k = 0; k < n; k++) {
			if (found[k] == &object->members[i].value)
				map->at[k] = (signed char)i;
		}
	}
	for (size_t k = 0; k < n; k++) {
		if (found[k] == NULL)
			map->at[k] = -1;
	}
}

static bool
type_fits(enum json_type want, enum json_type got)
{
	return want == got || (want == JSON_TRUE && got == JSON_FALSE);
}

bool
members_find(const struct json *object, const struct member_rule *rules,
    size_t n, struct members_map *map, const struct json_value *found[],
    char *reason)
{
	if (object->shape_id != 0 && object->shape_id == map->shape_id &&
	    object == map->object) {
		for (size_t k = 0; k < n; k++)
			found[k] = map->at[k] == -1 ? NULL :
			    &object->members[map->at[k]].value;
	} else {
		if (!search(object, rules, n, found, reason))
			return false;
		if (object->shape_id != 0)
			learn(object, n, map, found);
	}
	for (size_t k = 0; k < n; k++) {
		if (found[k] != NULL &&
		    !type_fits(rules[k].type, found[k]->type))
			return bad(reason,
			    "\"%s\" of a trade is of the wrong type",
			    rules[k].name);
	}
	return true;
}

bool
members_symbol(struct json *object, const struct json_value *value,
    struct record_text *out, char *reason)
{
	if (json_string(object, value, &out->text, &out->len) == 0 &&
	    out->len > 0 && out->len <= RECORD_SYMBOL_MAX)
		return true;
	return bad(reason, "the symbol is not 1 to %d bytes of text",
	    RECORD_SYMBOL_MAX);
}

bool
members_id(const struct json_value *value, int64_t *out, char *reason)
{
	if (decimal_read_int64(value->text, value->len, out))
		return true;
	return bad(reason, "the trade id is not a whole number from 0 to "
	    "2^63-1");
}

bool
members_time(const struct json_value *value, const char *name,
    int64_t *out_us, int *digits, char *reason)
{
	int64_t number;

	if (!decimal_read_int64(value->text, value->len, &number))
		number = -1;
	if (number >= MS_MIN && number <= MS_MAX) {
		*out_us = number * 1000;
		*digits = 3;
		return true;
	}
	*out_us = number;
	*digits = 6;
	if (number >= US_MIN && number <= US_MAX)
		return true;
	return bad(reason, "\"%s\" is no time in milliseconds or "
	    "microseconds", name);
}

bool
members_number(const struct json_value *value, const char *what,
    bool positive, struct record_text *out, char *reason)
{
	struct decimal number;
	enum decimal_result result = decimal_read(value->text, value->len,
	    &number);

	if (result != DECIMAL_OK)
		return bad(reason, "the %s %s", what, decimal_reason(result));
	if (positive && number.coef == 0)
		return bad(reason, "the %s is 0", what);
	if (value->len > MEMBERS_NUMBER_MAX)
		return bad(reason, "the %s is too long", what);
	out->text = value->text;
	out->len = value->len;
	return true;
}
