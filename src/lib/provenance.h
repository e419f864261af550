#ifndef TICKPIPE_PROVENANCE_H
#define TICKPIPE_PROVENANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"

/*
 * The member `_kafka` of a line: where in Kafka it comes from.  In any stage's
 * output it means: once this line and all lines before it are safe, everything
 * in that partition up to and including this offset is done.
 *
 * An acknowledgement is a line that holds nothing else, sent back from the
 * sink to the source.
 */
struct provenance {
	const char *topic; /* borrowed; Kafka's names are [a-zA-Z0-9._-] */
	size_t topic_len;  /* at most PROVENANCE_TOPIC_MAX */
	int32_t partition;
	int64_t offset;    /* -1 is legal: nothing is done yet */
	int64_t start;     /* numbers the assignment */
};

#define PROVENANCE_NAME "_kafka"
#define PROVENANCE_TOPIC_MAX 249 /* Kafka's own bound */
#define PROVENANCE_MAX 512       /* bytes of `,"_kafka":{...}` */

enum provenance_result {
	PROVENANCE_NONE,  /* the object has no `_kafka` */
	PROVENANCE_THERE,
	PROVENANCE_ALONE, /* there, and no other member */
	PROVENANCE_BAD,   /* there, and not as it should be, or twice */
	PROVENANCE_NO_MEMORY, /* there, and there was none to read it */
};

/* scratch is for taking the member apart; out borrows from the text. */
enum provenance_result provenance_read(const struct json *object,
    struct json *scratch, struct provenance *out);

/*
 * Reads a line that may not be whole or good otherwise: a filter refuses it
 * and still hands on its provenance.  False when there is none to be had.
 */
bool provenance_of_line(const char *line, size_t len,
    struct json *object, struct json *scratch, struct provenance *out);

/*
 * Writes `"_kafka":{...}` (no comma, no braces around) to out, which has
 * PROVENANCE_MAX bytes; returns the length, no NUL.
 */
size_t provenance_write(char *out, const struct provenance *provenance);

/* The same as a whole line of its own, `{"_kafka":{...}}`. */
size_t provenance_write_line(char *out, const struct provenance *provenance);

/*
 * Cuts the member out of a line in place, with the comma that belongs to it.
 * object was read from line.  Returns the new length; unchanged when there is
 * no such member.
 */
size_t provenance_cut(const struct json *object, char *line, size_t len);

#endif
