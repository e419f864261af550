#include "provenance.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "decimal.h"

/* A member that stands there once. */
static const struct json_member *
find_one(const struct json *object, const char *name)
{
	const struct json_member *found = NULL;

	for (size_t i = 0; i < object->nmembers; i++) {
		if (!json_name_is(&object->members[i], name))
			continue;
		if (found != NULL)
			return NULL;
		found = &object->members[i];
	}
	return found;
}

/* A whole number from min up, in any JSON notation. */
static bool
read_int(const struct json *object, const char *name, int64_t min,
    int64_t max, int64_t *out)
{
	const struct json_member *m = find_one(object, name);
	bool minus_one;

	if (m == NULL || m->value.type != JSON_NUMBER)
		return false;
	minus_one = m->value.len == 2 && memcmp(m->value.text, "-1", 2) == 0;
	if (minus_one)
		*out = -1;
	else if (!decimal_read_int64(m->value.text, m->value.len, out))
		return false;
	return *out >= min && *out <= max;
}

static bool
read_topic(struct json *object, struct provenance *out)
{
	const struct json_member *m = find_one(object, "topic");

	if (m == NULL || m->value.type != JSON_STRING ||
	    m->value.len == 0 || m->value.len > PROVENANCE_TOPIC_MAX)
		return false;
	for (size_t i = 0; i < m->value.len; i++) {
		char c = m->value.text[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '.' || c == '_' ||
		    c == '-'))
			return false;
	}
	out->topic = m->value.text;
	out->topic_len = m->value.len;
	return true;
}

static bool
read_member(const struct json_member *member, struct json *scratch,
    struct provenance *out)
{
	struct json_error error;
	int64_t partition;

	if (member->value.type != JSON_OBJECT || json_object(scratch,
	    member->value.text, member->value.len, &error) == -1)
		return false;
	if (!read_topic(scratch, out) ||
	    !read_int(scratch, "partition", 0, INT32_MAX, &partition) ||
	    !read_int(scratch, "offset", -1, INT64_MAX, &out->offset) ||
	    !read_int(scratch, "start", 0, INT64_MAX, &out->start))
		return false;
	out->partition = (int32_t)partition;
	return true;
}

enum provenance_result
provenance_read(const struct json *object, struct json *scratch,
    struct provenance *out)
{
	const struct json_member *found = NULL;

	for (size_t i = 0; i < object->nmembers; i++) {
		if (!json_name_is(&object->members[i], PROVENANCE_NAME))
			continue;
		if (found != NULL)
			return PROVENANCE_BAD;
		found = &object->members[i];
	}
	if (found == NULL)
		return PROVENANCE_NONE;
	scratch->no_memory = false;
	if (!read_member(found, scratch, out))
		return scratch->no_memory ? PROVENANCE_NO_MEMORY :
		    PROVENANCE_BAD;
	return object->nmembers == 1 ? PROVENANCE_ALONE : PROVENANCE_THERE;
}

bool
provenance_of_line(const char *line, size_t len, struct json *object,
    struct json *scratch, struct provenance *out)
{
	struct json_error error;
	enum provenance_result result;

	if (json_object(object, line, len, &error) == -1)
		return false;
	result = provenance_read(object, scratch, out);
	return result == PROVENANCE_THERE || result == PROVENANCE_ALONE;
}

size_t
provenance_write(char *out, const struct provenance *provenance)
{
	int len = snprintf(out, PROVENANCE_MAX, "\"" PROVENANCE_NAME "\":"
	    "{\"topic\":\"%.*s\",\"partition\":%" PRId32 ",\"offset\":%" PRId64
	    ",\"start\":%" PRId64 "}", (int)provenance->topic_len,
	    provenance->topic, provenance->partition, provenance->offset,
	    provenance->start);

	return (size_t)len;
}

size_t
provenance_write_line(char *out, const struct provenance *provenance)
{
	size_t len;

	out[0] = '{';
	len = 1 + provenance_write(out + 1, provenance);
	out[len] = '}';
	return len + 1;
}

size_t
provenance_cut(const struct json *object, char *line, size_t len)
{
	for (size_t i = 0; i < object->nmembers; i++) {
		const struct json_member *m = &object->members[i];
		size_t begin = m->begin, end = m->end;

		if (!json_name_is(m, PROVENANCE_NAME))
			continue;
		/* Its comma: the one before it, or as first the one behind. */
		if (i > 0)
			begin = object->members[i - 1].end;
		else if (object->nmembers > 1)
			end = object->members[1].begin;
		memmove(line + begin, line + end, len - end);
		return len - (end - begin);
	}
	return len;
}
