/*
 * Fuzz target: each line of the input is read as every kind of value.  What is
 * read and written reads back as the same, in no more digits than it needs;
 * readers of one thing agree; order is an order; sums are exact.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decimal.h"
#include "json.h"
#include "timestamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define VALUES_MAX 100 /* whose sum, at scale 18, fits 128 bits */

#define CHECK(condition) \
	((condition) ? (void)0 : fail(__LINE__, #condition))

/* What the lines before have given. */
struct values {
	struct decimal decimal[VALUES_MAX];
	int64_t time_us[VALUES_MAX];
	size_t ndecimals, ntimes;
	struct timestamp_minute minute;
};

static _Noreturn void
fail(int line, const char *what)
{
	fprintf(stderr, "values.c:%d: not so: %s\n", line, what);
	abort();
}

/* The grammar of a JSON number, by another reader. */
static bool
is_number(const char *text, size_t len)
{
	struct json_error error;

	return len > 0 && (*text == '-' || (*text >= '0' && *text <= '9')) &&
	    text[len - 1] >= '0' && text[len - 1] <= '9' &&
	    json_check(text, len, &error) == 0;
}

/* Digits and perhaps a point, none of them for nothing. */
static bool
is_plain(const char *text, size_t len)
{
	const char *point = memchr(text, '.', len);
	size_t before = point ? (size_t)(point - text) : len;

	for (size_t i = 0; i < len; i++) {
		if (text + i != point && (text[i] < '0' || text[i] > '9'))
			return false;
	}
	return before > 0 && (before == 1 || *text != '0') &&
	    (point == NULL || (before < len - 1 && text[len - 1] != '0'));
}

/* At scale 18 every decimal is a whole number below 10^36. */
static decimal_coef
scaled(const struct decimal *value)
{
	decimal_coef coef = value->coef;

	CHECK(value->scale <= DECIMAL_DIGITS);
	for (unsigned i = value->scale; i < DECIMAL_DIGITS; i++)
		coef *= 10;
	return coef;
}

static int
sign(int x)
{
	return (x > 0) - (x < 0);
}

static bool
same_sum(const struct decimal_sum *a, const struct decimal_sum *b)
{
	char x[DECIMAL_SUM_TEXT_MAX], y[DECIMAL_SUM_TEXT_MAX];
	size_t n = decimal_sum_write(x, a);

	return n == decimal_sum_write(y, b) && memcmp(x, y, n) == 0;
}

/* A sum is written plainly and reads back as the same. */
static void
check_sum(const struct decimal_sum *sum)
{
	char text[DECIMAL_SUM_TEXT_MAX];
	size_t len = decimal_sum_write(text, sum);
	struct decimal_sum back;

	CHECK(len <= sizeof text && is_plain(text, len));
	CHECK(decimal_sum_read(text, len, &back) == DECIMAL_OK);
	CHECK(same_sum(sum, &back));
}

static void
check_decimal(struct values *v, const char *text, size_t len)
{
	enum decimal_result result, sum_result;
	struct decimal value, back;
	struct decimal_sum sum, added = { { 0 }, 0 };
	char out[DECIMAL_TEXT_MAX];
	int64_t whole;
	size_t n;

	result = decimal_read(text, len, &value);
	sum_result = decimal_sum_read(text, len, &sum);
	CHECK((result != DECIMAL_NOT_A_NUMBER) == is_number(text, len));
	CHECK(result == sum_result || (result == DECIMAL_TOO_LONG &&
	    sum_result == DECIMAL_OK));
	if (sum_result == DECIMAL_OK)
		check_sum(&sum);
	if (decimal_read_int64(text, len, &whole)) {
		char number[32];

		n = (size_t)sprintf(number, "%" PRId64, whole);
		CHECK(whole >= 0);
		CHECK(decimal_sum_read(number, n, &added) == DECIMAL_OK);
		CHECK(sum_result == DECIMAL_OK && same_sum(&sum, &added));
		memset(&added, 0, sizeof added);
	} else if (result == DECIMAL_OK) {
		/* Every whole decimal is one. */
		CHECK(scaled(&value) % 1000000000000000000 != 0);
	}
	if (result != DECIMAL_OK)
		return;
	n = decimal_write(out, &value);
	CHECK(n <= sizeof out && is_plain(out, n));
	CHECK(decimal_read(out, n, &back) == DECIMAL_OK);
	CHECK(decimal_compare(&value, &back) == 0);
	CHECK(scaled(&value) == scaled(&back));
	decimal_sum_add(&added, &value);
	CHECK(same_sum(&sum, &added));
	if (v->ndecimals < VALUES_MAX)
		v->decimal[v->ndecimals++] = value;
}

/* Order is that of whole numbers, and so is addition. */
static void
check_decimals(const struct values *v)
{
	static const struct decimal one = { 1, 0 };
	struct decimal_sum all = { { 0 }, 0 }, times_one = { { 0 }, 0 };
	decimal_coef total = 0;
	char digits[64], *p = digits + sizeof digits;
	struct decimal_sum want;

	for (size_t i = 0; i < v->ndecimals; i++) {
		const struct decimal *a = &v->decimal[i];
		const struct decimal *b = &v->decimal[(i + 1) % v->ndecimals];
		decimal_coef x = scaled(a), y = scaled(b);

		CHECK(sign(decimal_compare(a, b)) == (x > y) - (x < y));
		decimal_sum_add(&all, a);
		decimal_sum_add_product(&times_one, a, &one);
		total += x;
	}
	check_sum(&all);
	CHECK(same_sum(&all, &times_one));
	p -= 4;
	memcpy(p, "e-18", 4);
	for (; p == digits + sizeof digits - 4 || total > 0; total /= 10)
		*--p = (char)('0' + (int)(total % 10));
	CHECK(decimal_sum_read(p, (size_t)(digits + sizeof digits - p), &want)
	    == DECIMAL_OK);
	CHECK(same_sum(&all, &want));
}

/* a * c + b * c is (a + b) * c, where a + b is a decimal. */
static void
check_products(const struct values *v)
{
	struct decimal_sum sum = { { 0 }, 0 }, parts = { { 0 }, 0 };
	struct decimal_sum whole = { { 0 }, 0 };
	struct decimal both;
	char text[DECIMAL_SUM_TEXT_MAX];

	if (v->ndecimals < 3)
		return;
	decimal_sum_add(&sum, &v->decimal[0]);
	decimal_sum_add(&sum, &v->decimal[1]);
	decimal_sum_add_product(&parts, &v->decimal[0], &v->decimal[2]);
	check_sum(&parts);
	decimal_sum_add_product(&parts, &v->decimal[1], &v->decimal[2]);
	check_sum(&parts);
	if (decimal_read(text, decimal_sum_write(text, &sum), &both) !=
	    DECIMAL_OK)
		return;
	decimal_sum_add_product(&whole, &v->decimal[2], &both);
	CHECK(same_sum(&parts, &whole));
}

static void
check_time(struct values *v, const char *text, size_t len)
{
	char out[TIMESTAMP_TEXT_MAX];
	int64_t time_us, back_us, minute_us;
	size_t shortest = 0;
	bool good = timestamp_read(text, len, &time_us);

	CHECK(timestamp_read_minute(text, len, &v->minute, &minute_us) ==
	    good);
	if (!good)
		return;
	CHECK(minute_us == time_us);
	CHECK(time_us >= TIMESTAMP_BEGIN_US && time_us < TIMESTAMP_END_US);
	CHECK(memcmp(v->minute.text, text, sizeof v->minute.text) == 0);
	for (int digits = 0; digits <= 6; digits += 3) {
		size_t n = timestamp_write(out, time_us, digits);

		CHECK(n >= shortest && n <= sizeof out && n >= 20);
		CHECK(timestamp_read(out, n, &back_us) && back_us == time_us);
		if (digits == 0)
			shortest = n;
	}
	/* No fraction, or one that says something in its last three digits. */
	timestamp_write(out, time_us, 0);
	CHECK(shortest == 20 || memcmp(out + shortest - 4, "000Z", 4) != 0);
	if (v->ntimes < VALUES_MAX)
		v->time_us[v->ntimes++] = time_us;
}

/* As texts of one length, times have the order of their numbers. */
static void
check_times(const struct values *v)
{
	for (size_t i = 0; i + 1 < v->ntimes; i++) {
		int64_t a = v->time_us[i], b = v->time_us[i + 1];
		char x[TIMESTAMP_TEXT_MAX], y[TIMESTAMP_TEXT_MAX];

		CHECK(timestamp_write(x, a, 6) == sizeof x &&
		    timestamp_write(y, b, 6) == sizeof y);
		CHECK(sign(memcmp(x, y, sizeof x)) == (a > b) - (a < b));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size;
	struct values v = { .ndecimals = 0 };

	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((lf != NULL ? lf : end) - p);
		char *text = malloc(len + 1), *line = text + 1;

		if (text == NULL)
			abort();
		/* At the end of its block, for the address sanitizer. */
		memcpy(line, p, len);
		check_decimal(&v, line, len);
		check_time(&v, line, len);
		free(text);
		p += len + 1;
	}
	check_decimals(&v);
	check_products(&v);
	check_times(&v);
	return 0;
}
