#include "decimal.h"

#include <string.h>

const uint64_t decimal_power10[] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
	1000000000, 10000000000, 100000000000, 1000000000000,
	10000000000000, 100000000000000, 1000000000000000,
	10000000000000000, 100000000000000000, 1000000000000000000,
	10000000000000000000u,
};

/* Beyond every number of digits that a text can have. */
#define EXPONENT_BOUND 1000000000000000

/*
 * The shape of a number by the grammar of RFC 8259 section 6: where its
 * significant digits stand, and the exponent of the last of them.  The digits
 * may have the point among them.
 */
struct shape {
	const char *first, *last; /* NULL for zero: first and last not '0' */
	size_t count;             /* digits from first to last */
	int64_t exponent;         /* value = digits * 10^exponent */
	bool negative;
};

static bool
is_digit(const char *p, const char *end)
{
	return p < end && *p >= '0' && *p <= '9';
}

/* A run of digits; counts what is significant.  False if there is none. */
static bool
read_run(const char **p, const char *end, struct shape *s, size_t *zeros)
{
	if (!is_digit(*p, end))
		return false;
	for (; is_digit(*p, end); (*p)++) {
		if (**p == '0') {
			*zeros += s->first != NULL;
			continue;
		}
		if (s->first == NULL)
			s->first = *p;
		s->last = *p;
		s->count += *zeros + 1;
		*zeros = 0;
	}
	return true;
}

static bool
read_exponent(const char **p, const char *end, int64_t *exponent)
{
	int64_t value = 0;
	bool negative = *p < end && **p == '-';

	if (*p < end && (**p == '-' || **p == '+'))
		(*p)++;
	if (!is_digit(*p, end))
		return false;
	for (; is_digit(*p, end); (*p)++) {
		value = value * 10 + (**p - '0');
		if (value > EXPONENT_BOUND)
			value = EXPONENT_BOUND;
	}
	*exponent += negative ? -value : value;
	return true;
}

static bool
read_shape(const char *p, const char *end, struct shape *s)
{
	const char *integer, *fraction;
	size_t zeros = 0; /* since the last digit that counts */

	memset(s, 0, sizeof *s);
	s->negative = p < end && *p == '-';
	p += s->negative;
	integer = p;
	if (!read_run(&p, end, s, &zeros) ||
	    (*integer == '0' && p - integer > 1))
		return false;
	if (p < end && *p == '.') {
		fraction = ++p;
		if (!read_run(&p, end, s, &zeros))
			return false;
		s->exponent = -(p - fraction);
	}
	s->exponent += (int64_t)zeros;
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (!read_exponent(&p, end, &s->exponent))
			return false;
	}
	return p == end;
}

/* A number that is zero, wrong, or within the bounds given. */
static enum decimal_result
read_bounded(const char *text, size_t len, int64_t before, int64_t after,
    struct shape *s)
{
	if (!read_shape(text, text + len, s))
		return DECIMAL_NOT_A_NUMBER;
	if (s->count == 0)
		return DECIMAL_OK;
	if (s->negative)
		return DECIMAL_NEGATIVE;
	if (s->exponent < -after ||
	    s->exponent + (int64_t)s->count > before)
		return DECIMAL_TOO_LONG;
	return DECIMAL_OK;
}

/*
 * Digits with perhaps a point among them, few enough for one machine word;
 * anything else is for the general reader.
 */
static bool
read_plain(const char *text, size_t len, struct decimal *out)
{
	uint64_t coef = 0;
	size_t i = 0, point = len;

	if (len > DECIMAL_DIGITS + 1 || len == 0 ||
	    (text[0] == '0' && len > 1 && text[1] != '.'))
		return false;
	for (; i < len && text[i] >= '0' && text[i] <= '9'; i++)
		coef = coef * 10 + (unsigned)(text[i] - '0');
	if (i < len && text[i] == '.' && i > 0 && i + 1 < len) {
		point = i++;
		for (; i < len && text[i] >= '0' && text[i] <= '9'; i++)
			coef = coef * 10 + (unsigned)(text[i] - '0');
	}
	if (i < len || (point == len && len > DECIMAL_DIGITS))
		return false;
	out->coef = coef;
	out->scale = point < len ? (unsigned)(len - point - 1) : 0;
	return true;
}

enum decimal_result
decimal_read(const char *text, size_t len, struct decimal *out)
{
	struct shape s;
	enum decimal_result result;

	if (read_plain(text, len, out))
		return DECIMAL_OK;
	result = read_bounded(text, len, DECIMAL_DIGITS, DECIMAL_DIGITS, &s);
	if (result != DECIMAL_OK)
		return result;
	out->coef = 0;
	out->scale = 0;
	if (s.count == 0)
		return DECIMAL_OK;
	for (const char *p = s.first; p <= s.last; p++) {
		if (*p != '.')
			out->coef = out->coef * 10 + (unsigned)(*p - '0');
	}
	if (s.exponent < 0)
		out->scale = (unsigned)-s.exponent;
	else
		out->coef *= decimal_power10[s.exponent];
	return DECIMAL_OK;
}

const char *
decimal_reason(enum decimal_result result)
{
	switch (result) {
	case DECIMAL_OK:
		return "is a number";
	case DECIMAL_NOT_A_NUMBER:
		return "is not a number";
	case DECIMAL_NEGATIVE:
		return "is negative";
	case DECIMAL_TOO_LONG:
		return "has more than 18 digits before or after the point";
	}
	return "is wrong";
}

/*
 * Writes digits (least significant first) as a number of that scale, without
 * zeros that say nothing.
 */
static size_t
write_digits(char *out, const char *digits, size_t count, size_t scale)
{
	size_t from = 0, n = 0;

	while (from < scale && digits[from] == '0')
		from++;
	for (size_t i = count; i > scale; i--)
		out[n++] = digits[i - 1];
	if (from < scale)
		out[n++] = '.';
	for (size_t i = scale; i > from; i--)
		out[n++] = digits[i - 1];
	return n;
}

/* The last `count` digits of a value, zeros in front if need be. */
static void
put_digits(char *out, uint64_t value, unsigned count)
{
	static const char pairs[] =
	    "00010203040506070809101112131415161718192021222324"
	    "25262728293031323334353637383940414243444546474849"
	    "50515253545556575859606162636465666768697071727374"
	    "75767778798081828384858687888990919293949596979899";

	for (; count >= 2; value /= 100) {
		count -= 2;
		memcpy(out + count, pairs + value % 100 * 2, 2);
	}
	if (count > 0)
		*out = (char)('0' + value % 10);
}

size_t
decimal_write_word(char *out, uint64_t value)
{
	unsigned bits = 64 - (unsigned)__builtin_clzll(value | 1);
	/* 1233 / 4096 is the logarithm of 2, near enough for 64 bits. */
	unsigned count = bits * 1233 >> 12;

	count += (value | 1) >= decimal_power10[count];
	put_digits(out, value, count);
	return count;
}

/*
 * Writes whole + fraction / 10^scale; scale is at most DECIMAL_POWER10_MAX.
 * What fits two words needs no long division for each digit.
 */
static size_t
write_words(char *out, uint64_t whole, uint64_t fraction, unsigned scale)
{
	size_t n = decimal_write_word(out, whole);

	if (fraction == 0)
		return n;
	for (; fraction % 10000 == 0; fraction /= 10000)
		scale -= 4;
	for (; fraction % 10 == 0; fraction /= 10)
		scale--;
	out[n] = '.';
	put_digits(out + n + 1, fraction, scale);
	return n + 1 + scale;
}

size_t
decimal_write(char *out, const struct decimal *value)
{
	char digits[2 * DECIMAL_DIGITS + 2];
	decimal_coef coef = value->coef;
	size_t count = 0;

	if (coef <= UINT64_MAX) {
		uint64_t one = decimal_power10[value->scale];

		return write_words(out, (uint64_t)coef / one,
		    (uint64_t)coef % one, value->scale);
	}
	while (coef > 0 || count <= value->scale) {
		digits[count++] = (char)('0' + (int)(coef % 10));
		coef /= 10;
	}
	return write_digits(out, digits, count, value->scale);
}

bool
decimal_read_int64(const char *text, size_t len, int64_t *out)
{
	struct shape s;
	uint64_t value = 0;

	if (read_bounded(text, len, DECIMAL_POWER10_MAX, 0, &s) != DECIMAL_OK)
		return false;
	for (const char *p = s.first; s.count > 0 && p <= s.last; p++) {
		if (*p != '.')
			value = value * 10 + (unsigned)(*p - '0');
	}
	value *= s.count > 0 ? decimal_power10[s.exponent] : 1;
	if (value > INT64_MAX)
		return false;
	*out = (int64_t)value;
	return true;
}

/* sum = sum * factor + more; the bounds in the header leave no carry. */
static void
multiply(uint64_t *limb, uint64_t factor, uint64_t more)
{
	decimal_coef carry = more;

	for (int i = 0; i < DECIMAL_SUM_LIMBS; i++) {
		carry += (decimal_coef)limb[i] * factor;
		limb[i] = (uint64_t)carry;
		carry >>= 64;
	}
}

static void
scale_up(uint64_t *limb, unsigned digits)
{
	for (; digits > DECIMAL_POWER10_MAX; digits -= DECIMAL_POWER10_MAX)
		multiply(limb, decimal_power10[DECIMAL_POWER10_MAX], 0);
	if (digits > 0)
		multiply(limb, decimal_power10[digits], 0);
}

enum decimal_result
decimal_sum_read(const char *text, size_t len, struct decimal_sum *out)
{
	struct shape s;
	enum decimal_result result = read_bounded(text, len,
	    DECIMAL_SUM_DIGITS, 2 * DECIMAL_DIGITS, &s);

	if (result != DECIMAL_OK)
		return result;
	memset(out, 0, sizeof *out);
	if (s.count == 0)
		return DECIMAL_OK;
	for (const char *p = s.first; p <= s.last; p++) {
		if (*p != '.')
			multiply(out->limb, 10, (unsigned)(*p - '0'));
	}
	if (s.exponent < 0)
		out->scale = (unsigned)-s.exponent;
	else
		scale_up(out->limb, (unsigned)s.exponent);
	return DECIMAL_OK;
}

/* sum += limb / 10^scale; limb is used up. */
static void
add(struct decimal_sum *sum, uint64_t *limb, unsigned scale)
{
	decimal_coef carry = 0;

	if (scale > sum->scale) {
		scale_up(sum->limb, scale - sum->scale);
		sum->scale = scale;
	} else {
		scale_up(limb, sum->scale - scale);
	}
	for (int i = 0; i < DECIMAL_SUM_LIMBS; i++) {
		carry += (decimal_coef)sum->limb[i] + limb[i];
		sum->limb[i] = (uint64_t)carry;
		carry >>= 64;
	}
}

void
decimal_sum_add_any(struct decimal_sum *sum, const struct decimal *value)
{
	uint64_t limb[DECIMAL_SUM_LIMBS] = {
		(uint64_t)value->coef, (uint64_t)(value->coef >> 64),
	};

	add(sum, limb, value->scale);
}

void
decimal_sum_add_any_product(struct decimal_sum *sum, const struct decimal *a,
    const struct decimal *b)
{
	uint64_t limb[DECIMAL_SUM_LIMBS] = {
		(uint64_t)a->coef, (uint64_t)(a->coef >> 64),
	};
	uint64_t high[DECIMAL_SUM_LIMBS] = { 0 };
	decimal_coef carry = 0;

	/* a * b = a * low(b) + (a * high(b) << 64) */
	memcpy(high + 1, limb, 2 * sizeof *limb);
	multiply(limb, (uint64_t)b->coef, 0);
	multiply(high, (uint64_t)(b->coef >> 64), 0);
	for (int i = 0; i < DECIMAL_SUM_LIMBS; i++) {
		carry += (decimal_coef)limb[i] + high[i];
		limb[i] = (uint64_t)carry;
		carry >>= 64;
	}
	add(sum, limb, a->scale + b->scale);
}

void
decimal_sum_add_sum(struct decimal_sum *sum, const struct decimal_sum *value)
{
	uint64_t limb[DECIMAL_SUM_LIMBS];

	memcpy(limb, value->limb, sizeof limb);
	add(sum, limb, value->scale);
}

/* limb /= 10^19; returns the remainder. */
static uint64_t
divide(uint64_t *limb)
{
	const uint64_t unit = decimal_power10[DECIMAL_POWER10_MAX];
	decimal_coef rest = 0;

	for (int i = DECIMAL_SUM_LIMBS - 1; i >= 0; i--) {
		rest = rest << 64 | limb[i];
		limb[i] = (uint64_t)(rest / unit);
		rest %= unit;
	}
	return (uint64_t)rest;
}

static bool
is_zero(const uint64_t *limb)
{
	uint64_t any = 0;

	for (int i = 0; i < DECIMAL_SUM_LIMBS; i++)
		any |= limb[i];
	return any == 0;
}

size_t
decimal_sum_write(char *out, const struct decimal_sum *sum)
{
	char digits[DECIMAL_SUM_TEXT_MAX];
	uint64_t limb[DECIMAL_SUM_LIMBS];
	size_t count = 0;

	if (sum->scale <= DECIMAL_POWER10_MAX && sum->limb[1] <
	    decimal_power10[sum->scale] &&
	    (sum->limb[2] | sum->limb[3] | sum->limb[4]) == 0) {
		uint64_t one = decimal_power10[sum->scale];
		decimal_coef low = (decimal_coef)sum->limb[1] << 64 |
		    sum->limb[0];
		uint64_t whole = (uint64_t)(low / one);

		return write_words(out, whole, (uint64_t)low - whole * one,
		    sum->scale);
	}
	memcpy(limb, sum->limb, sizeof limb);
	while (!is_zero(limb) || count <= sum->scale) {
		uint64_t chunk = divide(limb);

		for (int i = 0; i < DECIMAL_POWER10_MAX; i++) {
			digits[count++] = (char)('0' + chunk % 10);
			chunk /= 10;
		}
	}
	while (count > sum->scale + 1 && digits[count - 1] == '0')
		count--;
	return write_digits(out, digits, count, sum->scale);
}
