#ifndef TICKPIPE_JSONSCAN_H
#define TICKPIPE_JSONSCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"

/*
 * The grammar pass of json.h: RFC 8259 and RFC 3629 by a scan that looks at
 * each byte about once and keeps nothing but a stack of bits.
 */
struct jsonscan {
	const char *p, *end;
	const char *reason; /* set when a scan has returned false */
	unsigned base;      /* containers around the text already */
	unsigned depth;     /* containers open, those included */
	uint64_t objects[JSON_DEPTH_MAX / 64]; /* a bit a level: an object? */
	size_t tokens;      /* values and names so far */
};

/*
 * base: how many containers the text stands in, for the bound on depth.
 */
void jsonscan_init(struct jsonscan *scan, const char *text, const char *end,
    unsigned base);

/*
 * One value at p, white space before it allowed; leaves p behind it.  False,
 * p at what is wrong.
 */
bool jsonscan_value(struct jsonscan *scan);

/* One value and nothing else, white space around it allowed. */
bool jsonscan_text(struct jsonscan *scan);

/*
 * The bytes of a string up to its closing quote, where p is left; p starts
 * behind the opening one.  False as above.
 */
bool jsonscan_chars(struct jsonscan *scan);

/* A number, at its first character. */
bool jsonscan_number(struct jsonscan *scan);

#endif
