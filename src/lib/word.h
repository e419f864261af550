#ifndef TICKPIPE_WORD_H
#define TICKPIPE_WORD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * Eight characters at a time, as the bytes of a machine word.  The first
 * character has to be its lowest byte; on machines where it is not, WORD_USE
 * is false and the callers go by single characters.
 */
#ifdef WORD_USE
/* a test chooses */
#elif __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define WORD_USE true
#else
#define WORD_USE false
#endif

#define WORD_EACH(x) ((uint64_t)0x0101010101010101 * (x))

/* Reads eight characters. */
static inline uint64_t
word_load(const char *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof x);
	return x;
}

/* How many characters stand before the lowest byte of a mask that is set. */
static inline unsigned
word_before(uint64_t mask)
{
	return mask == 0 ? 8 : (unsigned)__builtin_ctzll(mask) >> 3;
}

/*
 * How many characters, from the first, are plain in a JSON string: ASCII, no
 * control character, quote or backslash.
 */
static inline unsigned
word_plain(uint64_t x)
{
	uint64_t quote = x ^ WORD_EACH('"'), backslash = x ^ WORD_EACH('\\');

	/* The borrow of a subtraction may mark characters behind the first
	   one that is not plain, and no others. */
	return word_before(((quote - WORD_EACH(1)) |
	    (backslash - WORD_EACH(1)) | (x - WORD_EACH(0x20)) | x) &
	    WORD_EACH(0x80));
}

/* How many characters, from the first, are digits. */
static inline unsigned
word_digits(uint64_t x)
{
	/* A digit is 0x30 to 0x39: its high half is 3, also when 6 is added.
	   A carry may mark characters behind the first that is no digit. */
	return word_before(((x & WORD_EACH(0xf0)) ^ WORD_EACH(0x30)) |
	    (((x + WORD_EACH(6)) & WORD_EACH(0xf0)) ^ WORD_EACH(0x30)));
}

/* The number that the first n characters are, digits all; n is 1 to 8. */
static inline uint64_t
word_number(uint64_t x, unsigned n)
{
	/* Zeros in front; then ones to pairs, to fours, to all eight. */
	x <<= 64 - 8 * n;
	x = (x & WORD_EACH(0x0f)) * (10 * 0x100 + 1) >> 8;
	x = (x & 0x00ff00ff00ff00ff) * (100 * 0x10000 + 1) >> 16;
	return (x & 0x0000ffff0000ffff) * (10000 * 0x100000000 + 1) >> 32;
}

#endif
