/*
 * Fuzz target: the lines of the input, one behind the other, are read in all
 * ways that compare.h knows, which must agree.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
