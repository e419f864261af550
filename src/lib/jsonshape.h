#ifndef TICKPIPE_JSONSHAPE_H
#define TICKPIPE_JSONSHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "json.h"

/*
 * The shape of an object: its names in their order, without white space.  The
 * lines of a stream mostly have one shape; an object in the shape of the last
 * one is taken apart by comparing what stands between its values, `,"price":`,
 * and scanning the values, so that each byte is looked at about once and no
 * name is looked up.  A text in another shape is for the tokenizer.
 */

#define JSONSHAPE_MEMBERS 32
#define JSONSHAPE_BYTES 1024

struct jsonshape {
	uint32_t id;    /* of this shape; another one has another id */
	unsigned count; /* of members; 0: none learned */
	struct {
		uint16_t begin, len; /* in text: from the end of the value
		                        before to the value */
		uint16_t name_len;   /* the name is at begin + 2 */
	} between[JSONSHAPE_MEMBERS];
	char text[JSONSHAPE_BYTES];
};

/*
 * Whether a and b, n bytes, are the same.  For the short texts between values
 * eight bytes at a time, the last ones overlapping, is quicker than a call.
 */
static inline bool
jsonshape_same(const char *a, const char *b, size_t n)
{
	uint64_t x, y;

	if (n < 8)
		return memcmp(a, b, n) == 0;
	for (size_t i = 0; i + 8 < n; i += 8) {
		memcpy(&x, a + i, 8);
		memcpy(&y, b + i, 8);
		if (x != y)
			return false;
	}
	memcpy(&x, a + n - 8, 8);
	memcpy(&y, b + n - 8, 8);
	return x == y;
}

/*
 * Whether text is an object in this shape, and good JSON; then members, which
 * has room for them, are set as json_object() does, names pointing into the
 * shape.  False says nothing about the text.
 */
bool jsonshape_read(const struct jsonshape *shape, const char *text,
    size_t len, struct json_member *members);

/*
 * Learns the shape of an object that json_object() has taken apart.  One with
 * white space between its tokens, with escapes in its names, or with more than
 * fits is not learned: the shape is then empty.  The id changes always.
 */
void jsonshape_learn(struct jsonshape *shape, const char *text, size_t len,
    const struct json_member *members, size_t nmembers);

#endif
