#ifndef TICKPIPE_DECIMAL_H
#define TICKPIPE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Exact decimals that are not negative: coefficient / 10^scale.
 *
 * A number read may have up to DECIMAL_DIGITS digits before the point and as
 * many after it, once written out without an exponent and without zeros that
 * say nothing; a number beyond is refused, never rounded.  So a product has
 * at most 72 digits, and a sum of 2^63 such products is less than 2^303:
 * struct decimal_sum has 320 bits and cannot overflow.
 */

#define DECIMAL_DIGITS 18
#define DECIMAL_TEXT_MAX (1 + 2 * DECIMAL_DIGITS)  /* digits and the point */
#define DECIMAL_SUM_TEXT_MAX 128

__extension__ typedef unsigned __int128 decimal_coef;

struct decimal {
	decimal_coef coef;
	unsigned scale; /* at most DECIMAL_DIGITS */
};

enum decimal_result {
	DECIMAL_OK,
	DECIMAL_NOT_A_NUMBER,
	DECIMAL_NEGATIVE, /* -0 is 0 */
	DECIMAL_TOO_LONG, /* beyond DECIMAL_DIGITS */
};

/*
 * Reads a JSON number (RFC 8259 section 6): digits, fraction and exponent.
 */
enum decimal_result decimal_read(const char *text, size_t len,
    struct decimal *out);

/* What decimal_read() found wrong, for messages: "is not a number", ... */
const char *decimal_reason(enum decimal_result result);

/* Powers of ten that fit 64 bits. */
#define DECIMAL_POWER10_MAX 19
extern const uint64_t decimal_power10[DECIMAL_POWER10_MAX + 1];

static inline int
decimal_compare(const struct decimal *a, const struct decimal *b)
{
	/* Both stay below 10^36: a coefficient has at most 18 digits before
	   the point, and the scale grows to 18 at most. */
	decimal_coef x = a->coef, y = b->coef;

	if (a->scale < b->scale)
		x *= decimal_power10[b->scale - a->scale];
	else if (a->scale > b->scale)
		y *= decimal_power10[a->scale - b->scale];
	return x < y ? -1 : x > y;
}

/*
 * Plain notation, no exponent, no digit more than the value needs.  out has
 * DECIMAL_TEXT_MAX bytes; returns the length, no NUL.
 */
size_t decimal_write(char *out, const struct decimal *value);

/*
 * Writes a whole number.  out has DECIMAL_WORD_TEXT_MAX bytes; returns the
 * length, no NUL.
 */
#define DECIMAL_WORD_TEXT_MAX 20
size_t decimal_write_word(char *out, uint64_t value);

/*
 * Reads a whole number from 0 to 2^63-1, which may have a digit more than a
 * decimal, in any JSON notation (1e3, 1.0).
 */
bool decimal_read_int64(const char *text, size_t len, int64_t *out);

#define DECIMAL_SUM_LIMBS 5

/* A sum of decimals or of their products.  Zero-initialised it is 0. */
struct decimal_sum {
	uint64_t limb[DECIMAL_SUM_LIMBS]; /* least significant first */
	unsigned scale;
};

/* What the two below do with numbers of any size and scale. */
void decimal_sum_add_any(struct decimal_sum *sum,
    const struct decimal *value);
void decimal_sum_add_any_product(struct decimal_sum *sum,
    const struct decimal *a, const struct decimal *b);

/* sum += value / 10^sum->scale: mostly two limbs change. */
static inline void
decimal_sum_add_coef(struct decimal_sum *sum, decimal_coef value)
{
	decimal_coef low = (decimal_coef)sum->limb[1] << 64 | sum->limb[0];

	low += value;
	sum->limb[0] = (uint64_t)low;
	sum->limb[1] = (uint64_t)(low >> 64);
	if (__builtin_expect(low < value, 0)) {
		for (int i = 2; i < DECIMAL_SUM_LIMBS &&
		    ++sum->limb[i] == 0; i++)
			;
	}
}

/*
 * sum += value.  The short way is for a number of one word whose scale is not
 * larger than the sum's: most are of one scale, and where trailing zeros were
 * dropped on the way the sum soon has the largest.
 */
static inline void
decimal_sum_add(struct decimal_sum *sum, const struct decimal *value)
{
	unsigned up = sum->scale - value->scale; /* wraps where it is larger */

	if (up <= DECIMAL_POWER10_MAX && value->coef <= UINT64_MAX)
		decimal_sum_add_coef(sum, value->coef * decimal_power10[up]);
	else
		decimal_sum_add_any(sum, value);
}

/* sum += a * b, exactly. */
static inline void
decimal_sum_add_product(struct decimal_sum *sum, const struct decimal *a,
    const struct decimal *b)
{
	unsigned up = sum->scale - a->scale - b->scale;
	uint64_t factor;

	if (up <= DECIMAL_POWER10_MAX && ((a->coef | b->coef) >> 64) == 0 &&
	    !__builtin_mul_overflow((uint64_t)a->coef, decimal_power10[up],
	    &factor))
		decimal_sum_add_coef(sum, b->coef * factor);
	else
		decimal_sum_add_any_product(sum, a, b);
}

/*
 * sum += value, of two sums that were read or written: up to 86,400 of them
 * stay below 2^320.
 */
void decimal_sum_add_sum(struct decimal_sum *sum,
    const struct decimal_sum *value);

/*
 * Reads a sum that decimal_sum_write() wrote, or the same value in any JSON
 * notation: up to DECIMAL_SUM_DIGITS digits before the point and
 * 2 * DECIMAL_DIGITS after it.
 */
#define DECIMAL_SUM_DIGITS 54
enum decimal_result decimal_sum_read(const char *text, size_t len,
    struct decimal_sum *out);

/* As decimal_write(); out has DECIMAL_SUM_TEXT_MAX bytes. */
size_t decimal_sum_write(char *out, const struct decimal_sum *sum);

#endif
