#include "json.h"

#include <stdlib.h>
#include <string.h>

#define JSMN_STATIC
#define JSMN_STRICT
#include <jsmn.h>

/*
 * The grammar pass.  Containers are a stack of bits, one a level: set for an
 * object.  Where a value may stand, value() reads it or opens a container.
 */
struct scan {
	const char *begin, *p, *end;
	const char *reason;
	uint64_t objects[JSON_DEPTH_MAX / 64];
	unsigned depth;
	size_t tokens; /* values and names so far */
};

static bool
fail(struct scan *s, const char *reason)
{
	s->reason = s->p < s->end ? reason : "unexpected end";
	return false;
}

static void
skip_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' ||
	    *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static bool
is_digit(const char *p, const char *end)
{
	return p < end && *p >= '0' && *p <= '9';
}

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

/* Continuation bytes that may follow, RFC 3629 section 4. */
static bool
continues(const char *text, size_t len, size_t want, unsigned char low,
    unsigned char high)
{
	if (len < want)
		return false;
	for (size_t i = 1; i < want; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < low || c > high)
			return false;
		low = 0x80;
		high = 0xbf;
	}
	return true;
}

size_t
json_utf8_len(const char *text, size_t len)
{
	unsigned char c = (unsigned char)text[0];
	size_t want = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 :
	    c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
	unsigned char low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	unsigned char high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;

	if (want < 2)
		return want;
	return continues(text, len, want, low, high) ? want : 0;
}

/* Behind a backslash. */
static bool
scan_escape(struct scan *s)
{
	if (s->p >= s->end)
		return fail(s, NULL);
	if (*s->p != 'u') {
		if (memchr("\"\\/bfnrt", *s->p, 8) == NULL)
			return fail(s, "unknown escape");
		s->p++;
		return true;
	}
	s->p++;
	for (int i = 0; i < 4; i++, s->p++) {
		if (s->p >= s->end || hex_value(*s->p) < 0)
			return fail(s, "\\u wants four hexadecimal digits");
	}
	return true;
}

static bool
scan_string(struct scan *s)
{
	if (s->p >= s->end || *s->p != '"')
		return fail(s, "expected a string");
	s->p++;
	s->tokens++;
	while (s->p < s->end) {
		unsigned char c = (unsigned char)*s->p;
		size_t seq;

		if (c == '"') {
			s->p++;
			return true;
		}
		if (c == '\\') {
			s->p++;
			if (!scan_escape(s))
				return false;
			continue;
		}
		if (c < 0x20)
			return fail(s, "control character in a string");
		seq = c < 0x80 ? 1 : json_utf8_len(s->p,
		    (size_t)(s->end - s->p));
		if (seq == 0)
			return fail(s, "invalid UTF-8");
		s->p += seq;
	}
	return fail(s, NULL);
}

static bool
scan_digits(struct scan *s)
{
	if (!is_digit(s->p, s->end))
		return fail(s, "expected a digit");
	while (is_digit(s->p, s->end))
		s->p++;
	return true;
}

static bool
scan_number(struct scan *s)
{
	s->tokens++;
	if (*s->p == '-')
		s->p++;
	if (s->p < s->end && *s->p == '0') {
		s->p++;
		if (is_digit(s->p, s->end))
			return fail(s, "leading zero");
	} else if (!scan_digits(s)) {
		return false;
	}
	if (s->p < s->end && *s->p == '.') {
		s->p++;
		if (!scan_digits(s))
			return false;
	}
	if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		return scan_digits(s);
	}
	return true;
}

static bool
scan_word(struct scan *s, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(s->end - s->p) < len || memcmp(s->p, word, len) != 0)
		return fail(s, "unexpected character");
	s->p += len;
	s->tokens++;
	return true;
}

static bool
in_object(const struct scan *s)
{
	unsigned level = s->depth - 1;

	return s->objects[level / 64] >> (level % 64) & 1;
}

static bool
scan_name(struct scan *s)
{
	skip_space(s);
	if (!scan_string(s))
		return false;
	skip_space(s);
	if (s->p >= s->end || *s->p != ':')
		return fail(s, "expected ':'");
	s->p++;
	return true;
}

/*
 * Opens a container.  *empty when it is closed at once; otherwise the next
 * thing is its first value.
 */
static bool
open_container(struct scan *s, bool *empty)
{
	bool object = *s->p == '{';
	uint64_t bit;

	if (s->depth == JSON_DEPTH_MAX)
		return fail(s, "nested too deeply");
	bit = (uint64_t)1 << (s->depth % 64);
	if (object)
		s->objects[s->depth / 64] |= bit;
	else
		s->objects[s->depth / 64] &= ~bit;
	s->depth++;
	s->tokens++;
	s->p++;
	skip_space(s);
	*empty = s->p < s->end && *s->p == (object ? '}' : ']');
	if (*empty) {
		s->p++;
		s->depth--;
		return true;
	}
	return object ? scan_name(s) : true;
}

/* A value; *opened when a container was opened and its value is next. */
static bool
scan_value(struct scan *s, bool *opened)
{
	bool empty;

	*opened = false;
	skip_space(s);
	if (s->p >= s->end)
		return fail(s, NULL);
	switch (*s->p) {
	case '{':
	case '[':
		if (!open_container(s, &empty))
			return false;
		*opened = !empty;
		return true;
	case '"':
		return scan_string(s);
	case 't':
		return scan_word(s, "true");
	case 'f':
		return scan_word(s, "false");
	case 'n':
		return scan_word(s, "null");
	default:
		if (*s->p != '-' && !is_digit(s->p, s->end))
			return fail(s, "unexpected character");
		return scan_number(s);
	}
}

/* Behind a value: closes containers until another value is due, or none. */
static bool
scan_after(struct scan *s)
{
	while (s->depth > 0) {
		bool object = in_object(s);

		skip_space(s);
		if (s->p >= s->end)
			return fail(s, NULL);
		if (*s->p == ',') {
			s->p++;
			return object ? scan_name(s) : true;
		}
		if (*s->p != (object ? '}' : ']'))
			return fail(s, object ? "expected ',' or '}'" :
			    "expected ',' or ']'");
		s->p++;
		s->depth--;
	}
	skip_space(s);
	return s->p == s->end || fail(s, "more behind the value");
}

static bool
scan_text(struct scan *s)
{
	do {
		bool opened;

		if (!scan_value(s, &opened))
			return false;
		if (!opened && !scan_after(s))
			return false;
	} while (s->depth > 0);
	return true;
}

static int
check(const char *text, size_t len, size_t *tokens, struct json_error *error)
{
	struct scan s = { .begin = text, .p = text, .end = text + len };

	if (scan_text(&s)) {
		*tokens = s.tokens;
		return 0;
	}
	error->reason = len == 0 ? "empty line" : s.reason;
	error->at = len == 0 ? JSON_NOWHERE : (size_t)(s.p - s.begin);
	return -1;
}

int
json_check(const char *text, size_t len, struct json_error *error)
{
	size_t tokens;

	return check(text, len, &tokens, error);
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

/*
 * Room for every token, every member, and for the unescaped text of every
 * name and, once, of every value: so nothing moves while members are lent.
 */
static bool
make_room(struct json *json, const char *text, size_t len, size_t tokens)
{
	if (!grow(&json->tokens, &json->tokens_cap, tokens,
	    sizeof(jsmntok_t)) ||
	    !grow(&json->members, &json->members_cap, tokens / 2 + 1,
	    sizeof *json->members))
		return false;
	json->arena_len = 0;
	return memchr(text, '\\', len) == NULL ||
	    grow(&json->arena, &json->arena_cap, len, 1);
}

static struct json_value
value_of(const char *text, const jsmntok_t *token)
{
	struct json_value value = {
		.text = text + token->start,
		.len = (size_t)(token->end - token->start),
	};

	switch (token->type) {
	case JSMN_OBJECT:
		value.type = JSON_OBJECT;
		break;
	case JSMN_ARRAY:
		value.type = JSON_ARRAY;
		break;
	case JSMN_STRING:
		value.type = JSON_STRING;
		break;
	default:
		value.type = *value.text == 't' ? JSON_TRUE :
		    *value.text == 'f' ? JSON_FALSE :
		    *value.text == 'n' ? JSON_NULL : JSON_NUMBER;
	}
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

int
json_object(struct json *json, const char *text, size_t len,
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
	error->reason = "out of memory";
	if (!make_room(json, text, len, ntokens))
		return -1;
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
	return 0;
}

bool
json_name_is(const struct json_member *member, const char *name)
{
	return strlen(name) == member->name_len &&
	    memcmp(name, member->name, member->name_len) == 0;
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
