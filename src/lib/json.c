#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSMN_STATIC
#define JSMN_STRICT
#define JSMN_PARENT_LINKS /* without them commas and brackets cost a search */
#include <jsmn.h>

#include "jsonscan.h"
#include "jsonshape.h"

#ifndef JSMN_VERSION
#define JSMN_VERSION "" /* the header does not say */
#endif

#define LINE_DEPTH_MAX 127 /* jq 1.6 reads objects nested 128 deep */

/* The value of a hexadecimal digit, or -1. */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int
check(const char *text, size_t len, size_t *tokens, struct json_error *error)
{
	struct jsonscan scan;

	jsonscan_init(&scan, text, text + len, 0);
	if (jsonscan_text(&scan)) {
		*tokens = scan.tokens;
		return 0;
	}
	error->reason = len == 0 ? "empty line" : scan.reason;
	error->at = len == 0 ? JSON_NOWHERE : (size_t)(scan.p - text);
	return -1;
}

int
json_check(const char *text, size_t len, struct json_error *error)
{
	size_t tokens;

	return check(text, len, &tokens, error);
}

bool
json_is_utf8(const char *text, size_t len)
{
	for (size_t i = 0; i < len; ) {
		size_t seq = json_utf8_len(text + i, len - i);

		if (seq == 0)
			return false;
		i += seq;
	}
	return true;
}

bool
json_fits_line(const char *text, size_t len)
{
	struct jsonscan scan;

	/* White space in a message of Kafka's may be a line's end. */
	if (memchr(text, '\n', len) != NULL ||
	    memmem(text, len, "\\ud", 3) != NULL ||
	    memmem(text, len, "\\uD", 3) != NULL)
		return false;
	jsonscan_init(&scan, text, text + len, JSON_DEPTH_MAX -
	    LINE_DEPTH_MAX);
	return jsonscan_text(&scan);
}

void
json_library(char *out, size_t cap)
{
	snprintf(out, cap, "jsmn%s%s", *JSMN_VERSION ? " " : "",
	    JSMN_VERSION);
}

void
json_init(struct json *json)
{
	memset(json, 0, sizeof *json);
}

void
json_free(struct json *json)
{
	free(json->members);
	free(json->shape);
	free(json->tokens);
	free(json->arena);
	json_init(json);
}

/* Grows an array to hold want elements, by doubling. */
static bool
grow(void *array, size_t *cap, size_t want, size_t size)
{
	size_t new_cap = *cap ? *cap : 32;
	void *new_array;

	if (want <= *cap)
		return true;
	while (new_cap < want)
		new_cap *= 2;
	memcpy(&new_array, array, sizeof new_array);
	new_array = realloc(new_array, new_cap * size);
	if (new_array == NULL)
		return false;
	memcpy(array, &new_array, sizeof new_array);
	*cap = new_cap;
	return true;
}

/* Room for every token and every member: no more than it has tokens. */
static bool
make_room(struct json *json, size_t tokens)
{
	return grow(&json->tokens, &json->tokens_cap, tokens,
	    sizeof(jsmntok_t)) &&
	    grow(&json->members, &json->members_cap, tokens / 2 + 1,
	    sizeof *json->members);
}

/* Of a value that is no string, by its first character. */
static enum json_type
type_of(char c)
{
	return c == '{' ? JSON_OBJECT : c == '[' ? JSON_ARRAY :
	    c == 't' ? JSON_TRUE : c == 'f' ? JSON_FALSE :
	    c == 'n' ? JSON_NULL : JSON_NUMBER;
}

static struct json_value
value_of(const char *text, const jsmntok_t *token)
{
	struct json_value value = {
		.text = text + token->start,
		.len = (size_t)(token->end - token->start),
	};

	value.type = token->type == JSMN_STRING ? JSON_STRING :
	    type_of(*value.text);
	return value;
}

static void
add_member(struct json *json, const char *text, const jsmntok_t *name,
    const jsmntok_t *value)
{
	struct json_member *m = &json->members[json->nmembers++];
	struct json_value raw = value_of(text, name);

	if (json_string(json, &raw, &m->name, &m->name_len) == -1) {
		/* A lone surrogate: the raw name equals no known one. */
		m->name = raw.text;
		m->name_len = raw.len;
	}
	m->value = value_of(text, value);
	m->begin = (size_t)name->start - 1;
	m->end = (size_t)value->end + (m->value.type == JSON_STRING);
}

static int
no_memory(struct json *json, struct json_error *error)
{
	json->no_memory = true;
	error->reason = "out of memory";
	error->at = JSON_NOWHERE;
	return -1;
}

/* An object in whatever shape: jsmn's tokens. */
static int
tokenize(struct json *json, const char *text, size_t len,
    struct json_error *error)
{
	size_t ntokens;
	jsmn_parser parser;
	jsmntok_t *token;

	json->nmembers = 0;
	if (check(text, len, &ntokens, error) == -1)
		return -1;
	error->at = JSON_NOWHERE;
	error->reason = "not a JSON object";
	if (text[strspn(text, " \t\r\n")] != '{')
		return -1;
	if (!make_room(json, ntokens))
		return no_memory(json, error);
	token = json->tokens;
	jsmn_init(&parser);
	error->reason = "not as the tokenizer wants it";
	if (jsmn_parse(&parser, text, len, token, (unsigned)ntokens) !=
	    (int)ntokens)
		return -1;
	for (size_t i = 1; i + 1 < ntokens; ) {
		const jsmntok_t *value = &token[i + 1];

		add_member(json, text, &token[i], value);
		for (i += 2; i < ntokens && token[i].start < value->end; i++)
			continue;
	}
	/* A name of which that is so might be any. */
	return json->no_memory ? no_memory(json, error) : 0;
}

int
json_object(struct json *json, const char *text, size_t len,
    struct json_error *error)
{
	json->len = len;
	json->arena_len = 0;
	json->no_memory = false;
	if (json->shape != NULL && jsonshape_read(json->shape, text, len,
	    json->members)) {
		json->nmembers = json->shape->count;
		json->shape_id = json->shape->id;
		return 0;
	}
	json->shape_id = 0;
	if (tokenize(json, text, len, error) == -1)
		return -1;
	/* Without memory for it every object is of an unusual shape. */
	if (json->shape == NULL)
		json->shape = calloc(1, sizeof *json->shape);
	if (json->shape != NULL) {
		jsonshape_learn(json->shape, text, len, json->members,
		    json->nmembers);
		if (json->shape->count > 0)
			json->shape_id = json->shape->id;
	}
	return 0;
}

static void
skip_space(const char **p)
{
	*p += strspn(*p, " \t\r\n");
}

int
json_array(struct json_elements *elements, const char *text, size_t len,
    struct json_error *error)
{
	if (json_check(text, len, error) == -1)
		return -1;
	/* The grammar is good: nothing below runs beyond the text. */
	elements->p = text;
	elements->end = text + len;
	skip_space(&elements->p);
	error->reason = "not a JSON array";
	error->at = JSON_NOWHERE;
	return *elements->p++ == '[' ? 0 : -1;
}

bool
json_next(struct json_elements *elements, struct json_value *value)
{
	struct jsonscan scan;

	skip_space(&elements->p);
	if (*elements->p == ',') {
		elements->p++;
		skip_space(&elements->p);
	}
	if (*elements->p == ']')
		return false;
	jsonscan_init(&scan, elements->p, elements->end, 1);
	jsonscan_value(&scan);
	value->text = elements->p;
	value->len = (size_t)(scan.p - elements->p);
	value->type = type_of(*value->text);
	if (*value->text == '"') {
		value->type = JSON_STRING;
		value->text++;
		value->len -= 2;
	}
	elements->p = scan.p;
	return true;
}

const struct json_member *
json_find(const struct json *json, const char *name)
{
	for (size_t i = 0; i < json->nmembers; i++) {
		if (json_name_is(&json->members[i], name))
			return &json->members[i];
	}
	return NULL;
}

static unsigned
hex4(const char *p)
{
	unsigned value = 0;

	for (int i = 0; i < 4; i++)
		value = value << 4 | (unsigned)hex_value(p[i]);
	return value;
}

static size_t
put_utf8(char *out, unsigned code)
{
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 :
	    code < 0x10000 ? 3 : 4;

	if (len == 1) {
		out[0] = (char)code;
		return 1;
	}
	for (size_t i = len - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	out[0] = (char)(lead[len] | code);
	return len;
}

/*
 * One escape, p behind its backslash.  Returns what was read of the text, 0
 * for a lone surrogate.
 */
static size_t
unescape(const char *p, const char *end, char **out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	unsigned code, low;

	if (*p != 'u') {
		*(*out)++ = to[strchr(from, *p) - from];
		return 1;
	}
	code = hex4(p + 1);
	if (code < 0xd800 || code > 0xdfff) {
		*out += put_utf8(*out, code);
		return 5;
	}
	if (code > 0xdbff || end - p < 11 || p[5] != '\\' || p[6] != 'u')
		return 0;
	low = hex4(p + 7);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*out += put_utf8(*out, 0x10000 + ((code - 0xd800) << 10) +
	    (low - 0xdc00));
	return 11;
}

int
json_string(struct json *json, const struct json_value *value,
    const char **text, size_t *len)
{
	const char *p = value->text, *end = p + value->len;
	char *begin, *out;

	*text = p;
	*len = value->len;
	if (memchr(p, '\\', value->len) == NULL)
		return 0;
	/*
	 * Unescaped text is no longer than what it came from: room for the
	 * whole object is room for each name and value once, and nothing
	 * moves once some of it is lent.
	 */
	if (json->arena_len == 0 &&
	    !grow(&json->arena, &json->arena_cap, json->len, 1)) {
		json->no_memory = true;
		return -1;
	}
	if (json->arena_cap - json->arena_len < value->len)
		return -1;
	begin = out = json->arena + json->arena_len;
	while (p < end) {
		size_t used;

		if (*p != '\\') {
			*out++ = *p++;
			continue;
		}
		used = unescape(p + 1, end, &out);
		if (used == 0)
			return -1;
		p += 1 + used;
	}
	*text = begin;
	*len = (size_t)(out - begin);
	json->arena_len += *len;
	return 0;
}

/* A control character, or C1 in two bytes, as \u00XX. */
static size_t
put_escape(char *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	memcpy(out, "\\u00", 4);
	out[4] = hex[c >> 4];
	out[5] = hex[c & 15];
	return 6;
}

size_t
json_quote(char *out, const char *text, size_t len)
{
	size_t n = 0;

	out[n++] = '"';
	for (size_t i = 0; i < len; ) {
		unsigned char c = (unsigned char)text[i];
		size_t seq = json_utf8_len(text + i, len - i);

		if (seq == 0) {
			memcpy(out + n, "\xef\xbf\xbd", 3);
			n += 3;
			i++;
			continue;
		}
		if (c < 0x20 || c == 0x7f) {
			n += put_escape(out + n, c);
		} else if (c == 0xc2 && (unsigned char)text[i + 1] < 0xa0) {
			n += put_escape(out + n, (unsigned char)text[i + 1]);
		} else {
			if (c == '"' || c == '\\')
				out[n++] = '\\';
			memcpy(out + n, text + i, seq);
			n += seq;
		}
		i += seq;
	}
	out[n++] = '"';
	return n;
}
