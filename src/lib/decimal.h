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

int decimal_compare(const struct decimal *a, const struct decimal *b);

/*
 * Plain notation, no exponent, no digit more than the value needs.  out has
 * DECIMAL_TEXT_MAX bytes; returns the length, no NUL.
 */
size_t decimal_write(char *out, const struct decimal *value);

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

void decimal_sum_add(struct decimal_sum *sum, const struct decimal *value);

/* sum += a * b, exactly. */
void decimal_sum_add_product(struct decimal_sum *sum,
    const struct decimal *a, const struct decimal *b);

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
