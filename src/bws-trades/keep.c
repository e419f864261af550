#include "keep.h"

#include <string.h>

#define BEGIN "{\"received\":"

void
keep_init(struct keep *keep)
{
	memset(keep, 0, sizeof *keep);
	json_init(&keep->object);
}

void
keep_free(struct keep *keep)
{
	json_free(&keep->object);
}

static size_t
put(char *out, const char *text)
{
	size_t len = strlen(text);

	memcpy(out, text, len);
	return len;
}

static size_t
put_begin(char *out, int64_t received_us)
{
	size_t n = put(out, BEGIN "\"");

	n += timestamp_write(out + n, received_us, 6);
	return n + put(out + n, "\"");
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * White space around it would be no part of the value when it is read, and a
 * string would be taken for the text of something else.
 */
static bool
stands_as_it_is(const char *text, size_t len)
{
	return len > 0 && *text != '"' && !is_space(*text) &&
	    !is_space(text[len - 1]) && memchr(text, '\r', len) == NULL &&
	    json_fits_line(text, len);
}

/* The text as a value, and the end of the object. */
static size_t
put_end(char *out, const char *text, size_t len)
{
	size_t n = len;

	if (stands_as_it_is(text, len))
		memcpy(out, text, len);
	else
		n = json_quote(out, text, len);
	out[n] = '}';
	return n + 1;
}

size_t
keep_write(char *out, int64_t received_us, const char *frame, size_t len)
{
	size_t n = put_begin(out, received_us);

	n += put(out + n, ",\"frame\":");
	return n + put_end(out + n, frame, len);
}

size_t
keep_write_page(char *out, int64_t received_us, const char *symbol,
    size_t symbol_len, const char *text, size_t len)
{
	size_t n = put_begin(out, received_us);

	n += put(out + n, ",\"symbol\":");
	n += json_quote(out + n, symbol, symbol_len);
	n += put(out + n, ",\"trades\":");
	return n + put_end(out + n, text, len);
}

static enum keep_result
bad(struct keep *keep, const char *reason)
{
	keep->reason = reason;
	return keep->object.no_memory ? KEEP_NO_MEMORY : KEEP_BAD;
}

/* What stands there for the text of a frame or an answer. */
static bool
read_text(struct keep *keep, const struct json_value *value, struct kept *out)
{
	out->text = value->text;
	out->len = value->len;
	return value->type != JSON_STRING || json_string(&keep->object, value,
	    &out->text, &out->len) == 0;
}

static bool
read_symbol(struct keep *keep, const struct json_value *value,
    struct record_text *out)
{
	return value->type == JSON_STRING && json_string(&keep->object, value,
	    &out->text, &out->len) == 0 && out->len > 0 &&
	    out->len <= RECORD_SYMBOL_MAX;
}

enum keep_result
keep_read(struct keep *keep, const char *line, size_t len, struct kept *out)
{
	const struct json_member *received, *text, *symbol;
	struct json *object = &keep->object;
	struct json_error error;
	bool page;

	if (len < sizeof BEGIN || memcmp(line, BEGIN, sizeof BEGIN - 1) != 0)
		return KEEP_NONE;
	if (json_object(object, line, len, &error) != 0)
		return object->no_memory ? KEEP_NO_MEMORY : KEEP_NONE;
	received = json_find(object, "received");
	symbol = json_find(object, "symbol");
	page = symbol != NULL;
	text = json_find(object, page ? "trades" : "frame");
	if (text == NULL || object->nmembers != (page ? 3 : 2))
		return KEEP_NONE;
	if (received->value.type != JSON_STRING || !timestamp_read(
	    received->value.text, received->value.len, &out->received_us))
		return bad(keep, "\"received\" is no RFC 3339 time");
	if (page && !read_symbol(keep, &symbol->value, &out->symbol))
		return bad(keep, "\"symbol\" is not 1 to 64 bytes of text");
	if (!read_text(keep, &text->value, out))
		return bad(keep, page ? "\"trades\" is not text" :
		    "\"frame\" is not text");
	return page ? KEEP_PAGE : KEEP_FRAME;
}
