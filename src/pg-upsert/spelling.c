#include "spelling.h"

#include <string.h>
#include <strings.h>

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t
letters(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && is_letter(text[n]))
		n++;
	return n;
}

static const char *
find_word(const char *text, size_t len, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (strlen(*words) == len &&
		    strncasecmp(text, *words, len) == 0)
			break;
	}
	return *words;
}

const char *
spelling_word(const char *text, size_t len, const char *const *words)
{
	size_t i = 2;

	/* Every third character is enough to meet a word of three letters. */
	while (i < len) {
		const char *word;
		size_t begin = i, n;

		if (!is_letter(text[i])) {
			i += 3;
			continue;
		}
		while (begin > 0 && is_letter(text[begin - 1]))
			begin--;
		n = letters(text + begin, len - begin);
		word = find_word(text + begin, n, words);
		if (word != NULL)
			return word;
		i = begin + n + 3;
	}
	return NULL;
}

/* What may follow a time and is no zone. */
static bool
begins_zone(const char *text, size_t len)
{
	static const char *const others[] = { "am", "pm", "ad", "bc", NULL };
	size_t n = letters(text, len);

	if (n > 0)
		return find_word(text, n, others) == NULL;
	return len > 1 && (*text == '+' || *text == '-') && is_digit(text[1]);
}

/* The length of `:57:02.956` and what else is only digits, or 0. */
static size_t
rest_of_time(const char *text, size_t len)
{
	size_t n = 0;

	while (n + 1 < len && (text[n] == ':' || text[n] == '.') &&
	    is_digit(text[n + 1])) {
		for (n++; n < len && is_digit(text[n]); n++)
			;
	}
	return n;
}

bool
spelling_offset(const char *text, size_t len)
{
	for (size_t i = 1; i < len; i++) {
		size_t n;

		if (text[i] != ':' || !is_digit(text[i - 1]))
			continue;
		n = rest_of_time(text + i, len - i);
		while (n > 0 && i + n < len && text[i + n] == ' ')
			n++;
		if (n > 0 && begins_zone(text + i + n, len - i - n))
			return true;
		i += n;
	}
	return false;
}
