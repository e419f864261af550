#ifndef TICKPIPE_TAP_H
#define TICKPIPE_TAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/*
 * TAP for the tests in C.  A test calls tap_ok() and its kin, one result a
 * call, and returns tap_done() from main().
 */

static int tap_count, tap_failed;

static inline bool tap_ok(bool good, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static inline bool
tap_ok(bool good, const char *fmt, ...)
{
	va_list args;

	tap_failed += !good;
	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	return good;
}

/* Numbers are shown when they differ. */
static inline bool
tap_int(int64_t got, int64_t want, const char *name)
{
	if (tap_ok(got == want, "%s", name))
		return true;
	printf("#      got: %" PRId64 "\n# expected: %" PRId64 "\n", got, want);
	return false;
}

/* Texts, which need no NUL at their end. */
static inline bool
tap_text(const char *got, size_t len, const char *want, const char *name)
{
	if (tap_ok(len == strlen(want) && memcmp(got, want, len) == 0, "%s",
	    name))
		return true;
	printf("#      got: %.*s\n# expected: %s\n", (int)len, got, want);
	return false;
}

static inline int
tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed > 0 || tap_count == 0;
}

/* xorshift64*: the same cases on every machine. */
static inline uint64_t
tap_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1du;
}

#endif
