#ifndef TICKPIPE_RECORDSCAN_H
#define TICKPIPE_RECORDSCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jsonshape.h"
#include "timestamp.h"

/*
 * The short way for a record in the usual shape: the shape of the line before
 * it (jsonshape.h), numbers of one machine word, no escapes.  Each byte is
 * looked at about once, and each value goes straight into its field; where the
 * line ends is found on the way.
 */

struct record_field;
struct record_map;
struct record_reader;

#define RECORDSCAN_WORDS 5 /* of eight bytes, for a name and what is around */

/*
 * Besides enum record_type, what a member can be: `_kafka`, or one that the
 * record does not know, with a value as it was when the shape was learned.
 */
enum {
	RECORDSCAN_KAFKA = 7, RECORDSCAN_STRING, RECORDSCAN_NUMBER,
	RECORDSCAN_BOOL, RECORDSCAN_ANY,
};

/*
 * One member: the text that must stand before its value, and how that is read.
 */
struct recordscan_step {
	uint64_t text[RECORDSCAN_WORDS];
	uint64_t mask;    /* of the first word: what counts of it */
	uint8_t at[RECORDSCAN_WORDS]; /* where in the text a word stands */
	uint8_t type;     /* enum record_type, or one of those above */
	uint32_t len;     /* of the text */
	size_t offset;    /* of the value in the caller's struct */
	struct timestamp_minute minute; /* of the last time read here */
};

/* The members of one shape, read as the fields of one table. */
struct recordscan {
	const struct record_field *fields; /* NULL: no shape is usual yet */
	uint32_t shape_id;
	uint32_t present; /* a bit for each field of the shape */
	unsigned count;
	struct recordscan_step step[JSONSHAPE_MEMBERS];
};

/*
 * Makes the shape of an object the usual one, if a record can have it: each
 * field at most once, all required ones there, no name too long for the words
 * above.  Where it is already, a member with a value of another kind than
 * before may from now on have any.
 */
void recordscan_learn(struct recordscan *scan, const struct json *object,
    const struct record_map *map);

/*
 * Reads the line that begins at text, if it is whole and in the usual shape.
 * The bytes up to limit are input.  Others may follow, and at their end
 * WORD_PADDING bytes that are zero; none of them counts.
 *
 * Returns the length of the line without its LF; then the line is good, and
 * *out, *present and the reader's provenance are what record_read_fields()
 * would have made of it, while the reader's object is that of an earlier
 * line.  0 says nothing about the line but that the long way has to decide.
 */
size_t recordscan_line(struct record_reader *reader, const char *text,
    const char *limit, const struct record_field *fields, void *out,
    uint32_t *present);

#endif
