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

/* Zero bytes behind a buffer, which readers by words may look at. */
#define WORD_PADDING 128

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* A function of a few instructions: a call would cost more than it does. */
#define WORD_INLINE static inline __attribute__((always_inline))

#define WORD_EACH(x) ((uint64_t)0x0101010101010101 * (x))

/* Reads eight characters. */
WORD_INLINE uint64_t
word_load(const char *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof x);
	return x;
}

/* How many characters stand before the lowest byte of a mask that is set. */
WORD_INLINE unsigned
word_before(uint64_t mask)
{
	return mask == 0 ? 8 : (unsigned)__builtin_ctzll(mask) >> 3;
}

/*
 * How many characters, from the first, are plain in a JSON string: ASCII, no
 * control character, quote or backslash.
 */
WORD_INLINE unsigned
word_plain(uint64_t x)
{
	uint64_t quote = x ^ WORD_EACH('"'), backslash = x ^ WORD_EACH('\\');

	/* The borrow of a subtraction may mark characters behind the first
	   one that is not plain, and no others. */
	return word_before(((quote - WORD_EACH(1)) |
	    (backslash - WORD_EACH(1)) | (x - WORD_EACH(0x20)) | x) &
	    WORD_EACH(0x80));
}

/* The same of sixteen characters at p. */
WORD_INLINE unsigned
word_plain_pair(const char *p)
{
#ifdef __SSE2__
	__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i control = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)),
	    x);
	__m128i quote = _mm_cmpeq_epi8(x, _mm_set1_epi8('"'));
	__m128i backslash = _mm_cmpeq_epi8(x, _mm_set1_epi8('\\'));

	x = _mm_or_si128(_mm_or_si128(x, control),
	    _mm_or_si128(quote, backslash));
	return (unsigned)__builtin_ctz((unsigned)_mm_movemask_epi8(x) |
	    0x10000);
#else
	unsigned n = word_plain(word_load(p));

	return n < 8 ? n : 8 + word_plain(word_load(p + 8));
#endif
}

/*
 * Digits as their values: a byte of 0 to 9 for each digit, and a greater one
 * for every other character.
 */
WORD_INLINE uint64_t
word_values(uint64_t x)
{
	return x ^ WORD_EACH('0');
}

/*
 * A mask that is zero where eight values are those of digits, and otherwise
 * has its lowest bit set in the first byte that is not; no digit reaches 16
 * when 6 is added, and a carry marks only bytes behind that one.
 */
WORD_INLINE uint64_t
word_not_digits(uint64_t values)
{
	return (values | (values + WORD_EACH(6))) & WORD_EACH(0xf0);
}

/* How many characters, from the first, are digits. */
WORD_INLINE unsigned
word_digits(uint64_t x)
{
	return word_before(word_not_digits(word_values(x)));
}

/* The number that the first n values are, digits all; n is 1 to 8. */
WORD_INLINE uint64_t
word_number(uint64_t values, unsigned n)
{
	/* Zeros in front; then ones to pairs, to fours, to all eight. */
	values <<= 64 - 8 * n;
	values = (values * (10 * 0x100 + 1) >> 8) & 0x00ff00ff00ff00ff;
	values = (values * (100 * 0x10000 + 1) >> 16) & 0x0000ffff0000ffff;
	return values * (10000 * 0x100000000 + 1) >> 32;
}

#endif
