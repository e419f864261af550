#ifndef TICKPIPE_TEST_COMPARE_H
#define TICKPIPE_TEST_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "json.h"
#include "record.h"

/*
 * Two paths, one answer.  A line is read as a trade, as a candle, as any
 * object and as any JSON value: by readers that have seen the lines before it,
 * by the same readers again, which then know its shape, and by new ones.  What
 * they say must be the same: verdict, reason, members, every field, which of
 * them are there, and provenance.  The grammar pass by words must be as the
 * one by characters, and one kind of reading must not contradict another.
 */

/*
 * How far behind its end a reader of a text may read, by record.h.  The bytes
 * there must not change what is read: those behind the two copies of a line
 * that are compared differ.
 */
#define READ_BEYOND 0

enum compare_kind { COMPARE_TRADE, COMPARE_CANDLE, COMPARE_RECORD };
#define COMPARE_KINDS 3

struct compare {
	struct record_reader old[COMPARE_KINDS]; /* one for each kind */
	struct record_reader mixed;  /* and one for all */
	struct json object;
	char *edge;                  /* behind it there is no memory */
	size_t lines;                /* so far */
	size_t good[COMPARE_KINDS];  /* of those */
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
