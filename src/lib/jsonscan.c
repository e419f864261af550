#include "jsonscan.h"

#include <string.h>

#include "word.h"

void
jsonscan_init(struct jsonscan *s, const char *text, const char *end,
    unsigned base)
{
	s->p = text;
	s->end = end;
	s->reason = NULL;
	s->base = s->depth = base;
	s->tokens = 0;
}

static bool
fail(struct jsonscan *s, const char *reason)
{
	s->reason = s->p < s->end ? reason : "unexpected end";
	return false;
}

static void
skip_space(struct jsonscan *s)
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

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	    (c >= 'A' && c <= 'F');
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
scan_escape(struct jsonscan *s)
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
		if (s->p >= s->end || !is_hex(*s->p))
			return fail(s, "\\u wants four hexadecimal digits");
	}
	return true;
}

/* Passes over plain characters. */
static const char *
skip_plain(const char *p, const char *end)
{
	while (WORD_USE && end - p >= 8) {
		unsigned n = word_plain(word_load(p));

		p += n;
		if (n < 8)
			return p;
	}
	while (p < end && *p != '"' && *p != '\\' &&
	    (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80)
		p++;
	return p;
}

bool
jsonscan_chars(struct jsonscan *s)
{
	for (;;) {
		size_t seq;

		s->p = skip_plain(s->p, s->end);
		if (s->p >= s->end)
			return fail(s, NULL);
		if (*s->p == '"')
			return true;
		if (*s->p == '\\') {
			s->p++;
			if (!scan_escape(s))
				return false;
			continue;
		}
		if ((unsigned char)*s->p < 0x20)
			return fail(s, "control character in a string");
		seq = json_utf8_len(s->p, (size_t)(s->end - s->p));
		if (seq == 0)
			return fail(s, "invalid UTF-8");
		s->p += seq;
	}
}

static bool
scan_string(struct jsonscan *s)
{
	if (s->p >= s->end || *s->p != '"')
		return fail(s, "expected a string");
	s->p++;
	s->tokens++;
	if (!jsonscan_chars(s))
		return false;
	s->p++;
	return true;
}

static bool
scan_digits(struct jsonscan *s)
{
	const char *p = s->p;

	if (!is_digit(p, s->end))
		return fail(s, "expected a digit");
	while (WORD_USE && s->end - p >= 8) {
		unsigned n = word_digits(word_load(p));

		p += n;
		if (n < 8) {
			s->p = p;
			return true;
		}
	}
	while (is_digit(p, s->end))
		p++;
	s->p = p;
	return true;
}

bool
jsonscan_number(struct jsonscan *s)
{
	s->tokens++;
	if (s->p < s->end && *s->p == '-')
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
scan_word(struct jsonscan *s, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(s->end - s->p) < len || memcmp(s->p, word, len) != 0)
		return fail(s, "unexpected character");
	s->p += len;
	s->tokens++;
	return true;
}

static bool
in_object(const struct jsonscan *s)
{
	unsigned level = s->depth - 1;

	return s->objects[level / 64] >> (level % 64) & 1;
}

static bool
scan_name(struct jsonscan *s)
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
open_container(struct jsonscan *s, bool *empty)
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

/* A value, or the opening of a container whose first value is next. */
static bool
scan_value(struct jsonscan *s, bool *opened)
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
		return jsonscan_number(s);
	}
}

/* Behind a value: closes containers until another value is due, or none. */
static bool
scan_after(struct jsonscan *s)
{
	while (s->depth > s->base) {
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
	return true;
}

bool
jsonscan_value(struct jsonscan *s)
{
	do {
		bool opened;

		if (!scan_value(s, &opened))
			return false;
		if (!opened && !scan_after(s))
			return false;
	} while (s->depth > s->base);
	return true;
}

bool
jsonscan_text(struct jsonscan *s)
{
	if (!jsonscan_value(s))
		return false;
	skip_space(s);
	return s->p == s->end || fail(s, "more behind the value");
}
