#ifndef OHLC_WINDOW_ASSIGNMENT_H
#define OHLC_WINDOW_ASSIGNMENT_H

#include <stdint.h>

#include "provenance.h"
#include "series.h"

/* A partition of Kafka, as it is assigned to the reader whose lines come. */
struct assignment {
	struct partition partition;
	struct assignment *next; /* in the order they came */
	struct provenance at;    /* offset is the last one read */
	int64_t safe_offset;     /* as a line last carried it */
	char topic[PROVENANCE_TOPIC_MAX];
};

#define ASSIGNMENTS_RECENT 32

/* All of them.  At first all zero. */
struct assignments {
	struct assignment *first;
	/* By number, so that they are found at once. */
	struct assignment *recent[ASSIGNMENTS_RECENT];
};

/* Their windows are the caller's to drop before. */
void assignments_free(struct assignments *assignments);

enum assignment_result {
	ASSIGNMENT_NEW,
	ASSIGNMENT_REPEATED,  /* the offset was read before */
	ASSIGNMENT_NO_MEMORY,
};

/*
 * Moves a partition to a line's offset and gives it in *out.  What it held
 * goes when the line is of a new assignment.
 */
enum assignment_result assignments_pass(struct assignments *assignments,
    const struct provenance *line, struct assignment **out);

/* The partition of a line, where it is found at once; or NULL. */
const struct assignment *assignments_expect(
    const struct assignments *assignments, const struct provenance *line);

/* Up to here reading on from behind it rebuilds all that is open. */
int64_t assignment_safe_offset(const struct assignment *assignment);

/* By topic and number. */
int assignment_compare(const struct assignment *a,
    const struct assignment *b);

#endif
