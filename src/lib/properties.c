#include "properties.h"

#include <stdbool.h>
#include <string.h>

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f' || c == '\r';
}

void
properties_init(struct properties *p, char *text)
{
	p->text = text;
	p->line = 0;
	p->lines = 0;
}

static char *
skip_blanks(char *s)
{
	while (is_blank(*s))
		s++;
	return s;
}

/* Cuts off one natural line, ended by NUL; NULL at the end of the text. */
static char *
cut_line(struct properties *p)
{
	char *line = p->text, *lf;

	if (*line == '\0')
		return NULL;
	p->lines++;
	lf = strchr(line, '\n');
	if (lf == NULL) {
		p->text = line + strlen(line);
		return line;
	}
	*lf = '\0';
	p->text = lf + 1;
	if (lf > line && lf[-1] == '\r')
		lf[-1] = '\0';
	return line;
}

/* Whether the line ends in an odd number of backslashes. */
static bool
goes_on(const char *line)
{
	size_t len = strlen(line), n = 0;

	while (n < len && line[len - 1 - n] == '\\')
		n++;
	return n % 2 == 1;
}

/* One logical line, joined in place, neither blank nor a comment. */
static char *
logical_line(struct properties *p)
{
	char *line, *next;
	size_t len;

	do {
		line = cut_line(p);
		if (line == NULL)
			return NULL;
		line = skip_blanks(line);
	} while (*line == '\0' || *line == '#' || *line == '!');
	p->line = p->lines;
	while (goes_on(line)) {
		len = strlen(line) - 1;
		line[len] = '\0';
		next = cut_line(p);
		if (next == NULL)
			break;
		next = skip_blanks(next);
		memmove(line + len, next, strlen(next) + 1);
	}
	return line;
}

static int
hex4(const char *s)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		char c = s[i];
		int digit = c >= '0' && c <= '9' ? c - '0' :
		    c >= 'a' && c <= 'f' ? c - 'a' + 10 :
		    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;

		if (digit == -1)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/* UTF-8 of a code point of the basic plane. */
static char *
put_utf8(char *out, int c)
{
	if (c < 0x80) {
		*out++ = (char)c;
	} else if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
		*out++ = (char)(0x80 | (c & 0x3f));
	} else {
		*out++ = (char)(0xe0 | c >> 12);
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	}
	return out;
}

/*
 * Unescapes in place up to an unescaped end character (of "end", or NUL).
 * Returns where it stopped in the text, NULL on a bad escape; *out_end gets
 * the end of what was written.
 */
static char *
unescape(char *s, const char *end, char **out_end)
{
	static const char from[] = "tnrf", to[] = "\t\n\r\f";
	char *out = s;

	while (*s != '\0' && strchr(end, *s) == NULL) {
		const char *simple;
		int c;

		if (*s != '\\') {
			*out++ = *s++;
			continue;
		}
		s++;
		if (*s == 'u') {
			c = hex4(s + 1);
			if (c <= 0 || (c >= 0xd800 && c < 0xe000))
				return NULL;
			out = put_utf8(out, c);
			s += 5;
			continue;
		}
		if (*s == '\0')
			break;
		simple = strchr(from, *s);
		*out++ = simple != NULL ? to[simple - from] : *s;
		s++;
	}
	*out_end = out;
	return s;
}

int
properties_next(struct properties *p, const char **name, const char **value)
{
	char *line = logical_line(p), *s, *end, *tail;
	char stop;

	if (line == NULL)
		return 0;
	*name = line;
	s = unescape(line, "=: \t\f", &end);
	if (s == NULL || end == line)
		return -1;
	stop = *s;
	*end = '\0';
	if (stop != '\0')
		s++;
	if (is_blank(stop)) {
		s = skip_blanks(s);
		if (*s == '=' || *s == ':')
			s++;
	}
	s = skip_blanks(s);
	tail = s + strlen(s);
	while (tail > s && is_blank(tail[-1]) &&
	    (tail - 1 == s || tail[-2] != '\\'))
		tail--;
	*tail = '\0';
	*value = s;
	if (unescape(s, "", &end) == NULL)
		return -1;
	*end = '\0';
	return 1;
}

/* Copies a value, quoted or bare, to out. */
static int
jaas_value(const char *s, char *out, size_t cap)
{
	char quote = *s == '"' || *s == '\'' ? *s++ : '\0';
	size_t n = 0;

	while (*s != '\0' && (quote != '\0' ? *s != quote :
	    *s != ';' && *s != ' ')) {
		if (quote != '\0' && *s == '\\' && s[1] != '\0')
			s++;
		if (n + 1 >= cap)
			return -1;
		out[n++] = *s++;
	}
	if (quote != '\0' && *s != quote)
		return -1;
	out[n] = '\0';
	return 0;
}

int
properties_jaas(const char *config, const char *name, char *out, size_t cap)
{
	size_t len = strlen(name);
	char quote = '\0';

	for (const char *s = config; *s != '\0'; s++) {
		if (quote != '\0') {
			if (*s == '\\' && s[1] != '\0')
				s++;
			else if (*s == quote)
				quote = '\0';
			continue;
		}
		if (*s == '"' || *s == '\'') {
			quote = *s;
			continue;
		}
		if (s > config && is_blank(s[-1]) &&
		    strncmp(s, name, len) == 0 && s[len] == '=')
			return jaas_value(s + len + 1, out, cap);
	}
	return -1;
}
