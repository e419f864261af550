/*
 * Fuzz target: the lines of the input, one behind the other, are read in all
 * ways that compare.h knows, which must agree.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/tap.h"
#include "compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
    unsigned int seed);

#define DIGITS_MAX 24 /* of a run that the mutator writes */
#define DIGITS_WORD 16 /* fewer are no trouble */

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Another digit, or a run of them of another length, rather a great one. */
static size_t
change_number(uint8_t *data, size_t size, size_t max, uint64_t *random)
{
	size_t at = size > 0 ? tap_random(random) % size : 0, end, len;

	while (at < size && !is_digit(data[at]))
		at++;
	if (at == size)
		return size;
	if (tap_random(random) % 2 == 0) {
		data[at] = (uint8_t)('0' + tap_random(random) % 10);
		return size;
	}
	for (end = at; end < size && is_digit(data[end]); end++)
		;
	while (at > 0 && is_digit(data[at - 1]))
		at--;
	len = 1 + tap_random(random) % DIGITS_MAX;
	if (len < DIGITS_WORD && tap_random(random) % 2 == 0)
		len += DIGITS_MAX - DIGITS_WORD;
	if (size - (end - at) + len > max)
		return size;
	memmove(data + at + len, data + end, size - end);
	for (size_t i = 0; i < len; i++)
		data[at + i] = (uint8_t)('0' + tap_random(random) % 10);
	return size - (end - at) + len;
}

/* One line alone, and once more with another number. */
static size_t
repeat_line(uint8_t *data, size_t size, size_t max, uint64_t *random)
{
	size_t begin = size > 0 ? tap_random(random) % size : 0, end, len;

	for (end = begin; end < size && data[end] != '\n'; end++)
		;
	while (begin > 0 && data[begin - 1] != '\n')
		begin--;
	len = end - begin;
	if (2 * len + 1 > max)
		return size;
	memmove(data, data + begin, len);
	data[len] = '\n';
	memcpy(data + len + 1, data, len);
	return len + 1 + change_number(data + len + 1, len, max - len - 1,
	    random);
}

/*
 * Of libFuzzer's own mutations few leave a good record, and fewer two lines in
 * one shape.
 */
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
    unsigned int seed)
{
	uint64_t random = seed | 1;

	tap_random(&random);
	switch (tap_random(&random) % 4) {
	case 0:
		return change_number(data, size, max, &random);
	case 1:
		return repeat_line(data, size, max, &random);
	default:
		return LLVMFuzzerMutate(data, size, max);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size;
	struct compare compare;

	if (compare_init(&compare) == -1)
		abort();
	while (p <= end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((lf != NULL ? lf : end) - p);

		if (!compare_line(&compare, p, len)) {
			fprintf(stderr, "line %zu is read differently %s\n",
			    compare.lines, compare.difference);
			abort();
		}
		p += len + 1; /* the last one may have no LF */
	}
	compare_free(&compare);
	return 0;
}
