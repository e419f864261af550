/*
 * A message's value becomes a line.
 */
#include "emit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
emit_init(struct emit *emit, size_t max_line, bool provenance)
{
	memset(emit, 0, sizeof *emit);
	emit->max_line = max_line;
	emit->provenance = provenance;
	json_init(&emit->object);
}

void
emit_free(struct emit *emit)
{
	json_free(&emit->object);
	free(emit->buf);
	emit->buf = NULL;
}

static const char *
refuse(struct emit *emit, const char *reason)
{
	snprintf(emit->reason, sizeof emit->reason, "%s", reason);
	return NULL;
}

/*
 * Whether the text may have a member `_kafka` at all: it must then hold that
 * word, or an escape that could spell it.
 */
static bool
may_have_provenance(const char *text, size_t len)
{
	return memmem(text, len, PROVENANCE_NAME,
	    strlen(PROVENANCE_NAME)) != NULL ||
	    memmem(text, len, "\\u", 2) != NULL;
}

/* Taken apart in full; needed only where the quick look leaves doubt. */
static const char *
check_members(struct emit *emit, const char *text, size_t len)
{
	struct json_error error;

	if (json_object(&emit->object, text, len, &error) == -1)
		return emit->object.no_memory ? "" : NULL;
	return json_find(&emit->object, PROVENANCE_NAME) == NULL ? NULL :
	    "has a " PROVENANCE_NAME " of its own";
}

/* NULL, or what is wrong with the value: nothing, if memory ran out. */
static const char *
check(struct emit *emit, const char *value, size_t len)
{
	struct json_error error;

	if (value == NULL)
		return "no value";
	if (len > emit->max_line)
		return "longer than --max-line";
	if (memchr(value, '\n', len) != NULL)
		return "more than one line";
	if (json_check(value, len, &error) == -1) {
		snprintf(emit->reason, sizeof emit->reason,
		    "not JSON: %s at byte %zu", error.reason, error.at + 1);
		return emit->reason;
	}
	if (value[strspn(value, " \t\r")] != '{')
		return "not a JSON object";
	return may_have_provenance(value, len) ?
	    check_members(emit, value, len) : NULL;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static int
reserve(struct emit *emit, size_t len)
{
	char *buf;

	if (len <= emit->cap)
		return 0;
	buf = realloc(emit->buf, len);
	if (buf == NULL)
		return -1;
	emit->buf = buf;
	emit->cap = len;
	return 0;
}

const char *
emit_line(struct emit *emit, const char *value, size_t len,
    const struct provenance *provenance, size_t *line_len)
{
	const char *wrong = check(emit, value, len);
	size_t end = len, last, n;

	if (wrong != NULL)
		return wrong == emit->reason ? NULL : refuse(emit, wrong);
	*line_len = len;
	if (!emit->provenance)
		return value;
	while (value[end - 1] != '}')
		end--;
	last = end - 1;
	while (is_blank(value[last - 1]))
		last--;
	if (value[last - 1] == '{')
		return refuse(emit, "an object without a member");
	if (reserve(emit, len + PROVENANCE_MAX + 1) == -1)
		return refuse(emit, "");
	/* Before the brace that closes it, whatever stands behind. */
	n = end - 1;
	memcpy(emit->buf, value, n);
	emit->buf[n++] = ',';
	n += provenance_write(emit->buf + n, provenance);
	memcpy(emit->buf + n, value + end - 1, len - (end - 1));
	*line_len = n + len - (end - 1);
	return emit->buf;
}
