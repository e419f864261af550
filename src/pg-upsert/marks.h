#ifndef PG_UPSERT_MARKS_H
#define PG_UPSERT_MARKS_H

#include <stdbool.h>
#include <stddef.h>

#include "provenance.h"

/*
 * The last provenance of each partition among some lines: what may be
 * acknowledged once those lines, and all before them, are safe.  Grows with
 * the number of partitions seen and keeps its memory.
 */
struct mark {
	struct provenance provenance; /* its topic points to name */
	char name[PROVENANCE_TOPIC_MAX];
	bool set;
};

struct marks {
	struct mark *list;
	size_t count, cap;
	size_t last; /* where the last one was found */
	size_t nset;
};

void marks_free(struct marks *marks);

/* Notes a provenance, copied, in place of its partition's last.  -1: ENOMEM. */
int marks_put(struct marks *marks, const struct provenance *provenance);

/* Notes all of from's, and clears from.  -1: ENOMEM, from is unchanged. */
int marks_move(struct marks *marks, struct marks *from);

#endif
