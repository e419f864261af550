#include "jsonshape.h"

#include <string.h>

#include "jsonscan.h"

/* The value at scan->p; leaves scan->p behind it. */
static bool
read_value(struct jsonscan *scan, struct json_value *value)
{
	const char *begin = scan->p;

	if (begin == scan->end)
		return false;
	value->text = begin;
	switch (*begin) {
	case '"':
		value->type = JSON_STRING;
		value->text = ++scan->p;
		if (!jsonscan_chars(scan))
			return false;
		value->len = (size_t)(scan->p++ - value->text);
		return true;
	case '{':
		value->type = JSON_OBJECT;
		break;
	case '[':
		value->type = JSON_ARRAY;
		break;
	case 't':
		value->type = JSON_TRUE;
		break;
	case 'f':
		value->type = JSON_FALSE;
		break;
	case 'n':
		value->type = JSON_NULL;
		break;
	default:
		value->type = JSON_NUMBER;
		if (!jsonscan_number(scan))
			return false;
		value->len = (size_t)(scan->p - begin);
		return true;
	}
	if (!jsonscan_value(scan) || scan->p == begin)
		return false;
	value->len = (size_t)(scan->p - begin);
	return true;
}

bool
jsonshape_read(const struct jsonshape *shape, const char *text, size_t len,
    struct json_member *members)
{
	struct jsonscan scan;

	if (shape->count == 0)
		return false;
	jsonscan_init(&scan, text, text + len, 1);
	for (unsigned i = 0; i < shape->count; i++) {
		const char *between = shape->text + shape->between[i].begin;
		size_t n = shape->between[i].len;
		struct json_member *m = &members[i];

		if ((size_t)(scan.end - scan.p) < n ||
		    !jsonshape_same(scan.p, between, n))
			return false;
		m->begin = (size_t)(scan.p - text) + 1;
		scan.p += n;
		if (!read_value(&scan, &m->value))
			return false;
		m->end = (size_t)(scan.p - text);
		m->name = between + 2;
		m->name_len = shape->between[i].name_len;
	}
	return scan.end - scan.p == 1 && *scan.p == '}';
}

/* Whether the object's bytes are its members and what must stand between. */
static bool
is_tight(const char *text, size_t len, const struct json_member *members,
    size_t nmembers)
{
	size_t at = 1;

	for (size_t i = 0; i < nmembers; i++) {
		const struct json_member *m = &members[i];
		bool string = m->value.type == JSON_STRING;
		const char *behind_name = text + m->begin + m->name_len + 2;

		/* An unescaped name stands in the text as it is. */
		if (m->begin != at || text[m->begin] != '"' ||
		    m->name != text + m->begin + 1 || *behind_name != ':' ||
		    behind_name + 1 + string != m->value.text)
			return false;
		at = m->end + 1; /* the comma, or the brace */
	}
	return nmembers > 0 && text[0] == '{' && at == len &&
	    text[len - 1] == '}';
}

void
jsonshape_learn(struct jsonshape *shape, const char *text, size_t len,
    const struct json_member *members, size_t nmembers)
{
	size_t used = 0, from = 0;

	shape->id++;
	shape->count = 0;
	if (nmembers > JSONSHAPE_MEMBERS ||
	    !is_tight(text, len, members, nmembers))
		return;
	for (size_t i = 0; i < nmembers; i++) {
		const struct json_member *m = &members[i];
		size_t n = m->begin + m->name_len + 3 - from;

		if (used + n > sizeof shape->text)
			return;
		memcpy(shape->text + used, text + from, n);
		shape->between[i].begin = (uint16_t)used;
		shape->between[i].len = (uint16_t)n;
		shape->between[i].name_len = (uint16_t)m->name_len;
		used += n;
		from = m->end;
	}
	shape->count = (unsigned)nmembers;
}
