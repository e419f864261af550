#ifndef TICKPIPE_TEST_COMPARE_H
#define TICKPIPE_TEST_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "json.h"
#include "record.h"

/*
 * Two paths, one answer.  A line is read as a trade, as a candle, as any
 * object and as any JSON value: by readers that have seen the lines before it,
 * by the same readers again, which then know its shape, and by new ones.  The
 * first two take the short way for usual lines where it can be taken, as the
 * commands do.  What they say must be the same: verdict, reason, members,
 * every field, which of them are there, and provenance.  The grammar pass by
 * words must be as the one by characters, and one kind of reading must not
 * contradict another.
 */

/* How far behind its end the long way may read a text, by record.h. */
#define READ_BEYOND 0

enum compare_kind {
	COMPARE_TRADE,
	COMPARE_CANDLE,
	COMPARE_OBJECT, /* record_read_fields() without fields */
	COMPARE_RECORD, /* record_read(), which has no short way */
};
#define COMPARE_KINDS 4

struct compare {
	struct record_reader old[COMPARE_KINDS]; /* one for each kind */
	struct record_reader mixed;  /* and one for all, by the long way */
	struct json object;
	char *edge;                  /* behind it there is no memory */
	char *usual_edge;            /* and the same, for the short way */
	char *cut_edge;              /* and for a line that is cut off */
	size_t lines;                /* so far */
	size_t good[COMPARE_KINDS];  /* of those */
	size_t usual[COMPARE_KINDS]; /* of those, read by the short way */
	const char *difference;      /* after false: in which respect */
};

/* -1: ENOMEM. */
int compare_init(struct compare *compare);
void compare_free(struct compare *compare);

/*
 * Whether all readings of a text agree, at most COMPARE_MAX bytes.  It is
 * copied to where memory ends, so that a look beyond its end is a crash.
 */
#define COMPARE_MAX ((size_t)2 * 1024 * 1024)
bool compare_line(struct compare *compare, const char *text, size_t len);

#endif
