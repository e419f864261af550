#ifndef TICKPIPE_SCAN_H
#define TICKPIPE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "decimal.h"
#include "provenance.h"
#include "timestamp.h"
#include "word.h"

/*
 * The values of usual lines, by words: what recordscan.h and the records' own
 * short ways are made of.  Usual are numbers of up to 18 digits without an
 * exponent, and strings without escapes.
 *
 * Each function reads at *p, moves *p behind what it read and returns true;
 * or returns false, *p anywhere, for what is not usual.  None passes over a
 * control character, so that all stay within the line, and at the end of the
 * input before the first byte of the padding (WORD_PADDING zero bytes); who
 * calls them sees to it that nothing beyond the input counts.
 *
 * They belong into the loops of their callers, hence inline.  Branches are
 * taken only where streams are the same from line to line; what differs from
 * one to the next (the digits before a point, true or false) is computed.
 */
#define SCAN_INLINE static inline __attribute__((always_inline))

#define SCAN_DIGITS 18

/*
 * What must stand there: a literal of 8 to 24 bytes.  The last word compared
 * may overlap the one before it.
 */
#define SCAN_TEXT(p, text) \
	scan_text(p, text, sizeof (text) - 1 + \
	0 * sizeof(char[sizeof (text) > 8 && sizeof (text) < 26 ? 1 : -1]))

SCAN_INLINE bool
scan_text(const char **p, const char *text, size_t len)
{
	size_t second = len < 16 ? len - 8 : 8;
	uint64_t other = word_load(*p) ^ word_load(text);

	other |= word_load(*p + second) ^ word_load(text + second);
	if (len > 16)
		other |= word_load(*p + len - 8) ^ word_load(text + len - 8);
	*p += len;
	return other == 0;
}

SCAN_INLINE bool
scan_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Whether a number's first digit, one of n (at least 1), is a zero that must
 * not be there.  The two signs instead of two comparisons leave the compiler
 * no branch on what the digit is.
 */
SCAN_INLINE bool
scan_leading_zero(unsigned first, unsigned n)
{
	return (int)((first - 1) & (1 - n)) < 0;
}

/* 10^n, n at most 8. */
SCAN_INLINE uint64_t
scan_power10(unsigned n)
{
	static const uint32_t power10[] = { 1, 10, 100, 1000, 10000, 100000,
	    1000000, 10000000, 100000000 };

	return power10[n];
}

/* A whole number of more than 15 digits. */
bool scan_long_whole(const char **p, uint64_t *value);

SCAN_INLINE bool
scan_whole(const char **p, uint64_t *value)
{
	uint64_t x = word_values(word_load(*p)), other = word_not_digits(x);
	unsigned n;

	if (other != 0) {
		n = word_before(other);
		if (n == 0 || scan_leading_zero(x & 0xff, n))
			return false;
		*value = word_number(x, n);
		*p += n;
		return true;
	}
	if (**p == '0')
		return false;
	*value = word_number(x, 8);
	x = word_values(word_load(*p + 8));
	other = word_not_digits(x);
	if (other == 0)
		return scan_long_whole(p, value);
	n = word_before(other);
	*p += 8 + n;
	if (n > 0)
		*value = *value * scan_power10(n) + word_number(x, n);
	return true;
}

/* A decimal with more than seven digits before the point or eight after. */
bool scan_long_decimal(const char **p, struct decimal *out);

SCAN_INLINE bool
scan_decimal(const char **p, struct decimal *out)
{
	uint64_t x = word_values(word_load(*p)), other = word_not_digits(x);
	uint64_t coef;
	unsigned n = word_before(other), scale;

	if (other == 0)
		return scan_long_decimal(p, out);
	if (n == 0 || scan_leading_zero(x & 0xff, n))
		return false;
	coef = word_number(x, n);
	scale = 0;
	if ((*p)[n] == '.') {
		n++;
		x = word_values(word_load(*p + n));
		other = word_not_digits(x);
		if (other == 0) {
			if (scan_is_digit((*p)[n + 8]))
				return scan_long_decimal(p, out);
			/* A constant: what follows need not wait. */
			scale = 8;
			coef = coef * 100000000 + word_number(x, 8);
		} else {
			scale = word_before(other);
			if (scale == 0)
				return false;
			coef = coef * scan_power10(scale) +
			    word_number(x, scale);
		}
	}
	out->coef = coef;
	out->scale = scale;
	*p += n + scale;
	return true;
}

/* The rest of a string, up to its closing quote; limit ends the input. */
bool scan_utf8(const char **p, const char *limit);

/*
 * A string, behind its opening quote: *p is left at the closing one, and what
 * is before it is good.
 */
SCAN_INLINE bool
scan_string(const char **p, const char *limit)
{
	unsigned n = word_plain_pair(*p);

	for (; n == 16; n = word_plain_pair(*p))
		*p += 16;
	*p += n;
	return **p == '"' || scan_utf8(p, limit);
}

/* A time of another minute, or in another notation. */
bool scan_other_time(const char **p, const char *limit,
    struct timestamp_minute *minute, int64_t *out_us);

/*
 * 2024-07-18T23:57:02.956Z, mostly of the minute read before, behind the
 * opening quote; and the closing quote.
 */
SCAN_INLINE bool
scan_time(const char **p, const char *limit, struct timestamp_minute *minute,
    int64_t *out_us)
{
	const char *t = *p, *m = minute->text;
	uint64_t rest = word_load(t + 17) ^ word_load("00.000Z\"");

	/* In rest each digit has become its value, other bytes zeros.  With
	   what is added none may reach 16; the tens of seconds end at 5. */
	if ((word_load(t) ^ word_load(m)) | (word_load(t + 8) ^
	    word_load(m + 8)) | (unsigned char)(t[16] ^ m[16]) |
	    ((rest | (rest + 0x000006060600060a)) & 0xfffff0f0f0fff0f0))
		return scan_other_time(p, limit, minute, out_us);
	/* The pairs SS, 0m and mm, times 1000, 100 and 1, side by side. */
	rest = (rest * (10 * 0x100 + 1) >> 8) & 0x00ff00ff00ff;
	rest = rest * (1000 * 0x100000000 + 100 * 0x10000 + 1) >> 32;
	*out_us = minute->start_us + (int64_t)(rest & 0xffff) * 1000;
	*p += 25;
	return true;
}

SCAN_INLINE bool
scan_bool(const char **p, bool *out)
{
	uint64_t x = word_load(*p);
	bool is_true = (x & 0xffffffff) == word_load("true\0\0\0");
	bool is_false = (x & 0xffffffffff) == word_load("false\0\0");

	*out = is_true;
	*p += 4 + is_false;
	return is_true | is_false;
}

/* The value of `_kafka` as provenance_write() writes it. */
bool scan_provenance(const char **p, struct provenance *out);

/*
 * Any value by the whole grammar, within a line that ends before limit.
 */
bool scan_any(const char **p, const char *limit);

/* Passes over digits, perhaps none. */
SCAN_INLINE const char *
scan_skip_digits(const char *p)
{
	unsigned n = word_digits(word_load(p));

	while (n == 8) {
		p += 8;
		if (!scan_is_digit(*p))
			return p;
		n = word_digits(word_load(p));
	}
	return p + n;
}

/* Passes over a number without an exponent, of any length. */
SCAN_INLINE bool
scan_number(const char **p)
{
	const char *begin = *p, *point = scan_skip_digits(begin);

	if (point == begin ||
	    scan_leading_zero((unsigned)(*begin - '0'),
	    (unsigned)(point - begin)))
		return false;
	*p = point;
	if (*point == '.') {
		*p = scan_skip_digits(point + 1);
		if (*p == point + 1)
			return false;
	}
	return **p != 'e' && **p != 'E';
}

#endif
