#ifndef KAFKA_SUB_PARTS_H
#define KAFKA_SUB_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provenance.h"

/*
 * The partitions held under the present assignment, and how far each has
 * come.  No I/O.
 *
 * Offsets are of messages; -1 stands for none.  What may be committed is an
 * offset too, the next one to read: safe.
 */
struct part {
	char *topic;
	int32_t partition;
	const void *handle; /* the client's for the topic, once seen */
	int64_t start;      /* numbers the assignment it came with */
	int64_t first;      /* handed out first under this assignment */
	int64_t last;       /* handed out last */
	int64_t safe;       /* everything before it is safe */
	int64_t committed;  /* what the group has */
	int64_t begin;      /* where reading begins, -1: at the end */
	bool exact;         /* that was asked for: it must be there */
	int64_t end;        /* the next offset to be written, as it was at
	                       the beginning, or -1 */
	bool ended;         /* that, or its end, was reached once */
	bool forsaken;      /* nothing is committed any more */
};

struct parts {
	struct part *part;
	size_t n, cap;
	size_t hint;   /* where the last search ended */
	int64_t start; /* numbers the latest assignment */
};

void parts_init(struct parts *parts);
void parts_free(struct parts *parts);

/*
 * Begins an assignment: the start of partitions added from now on is now_ms,
 * or one more than it was if that is not later, so that it is unique in this
 * process and, as clocks go, among all.
 */
void parts_renew(struct parts *parts, int64_t now_ms);

/* Forgets all partitions. */
void parts_clear(struct parts *parts);

/* Forgets a partition, if it is held; pointers to parts become invalid. */
void parts_remove(struct parts *parts, const char *topic, int32_t partition);

/* committed: the next offset to read, or -1.  -1: ENOMEM. */
int parts_add(struct parts *parts, const char *topic, int32_t partition,
    int64_t committed);

/* NULL when it is not held. */
struct part *parts_find(struct parts *parts, const char *topic, size_t len,
    int32_t partition);

/* The same by the client's handle, once part->handle is set. */
struct part *parts_find_handle(struct parts *parts, const void *handle,
    int32_t partition);

/* The next offset to read. */
static inline int64_t
part_position(const struct part *part)
{
	return part->last != -1 ? part->last + 1 : part->begin;
}

/* A message is about to go out.  False, and no change, unless offset rises. */
bool part_advance(struct part *part, int64_t offset);

/* Nothing of the topic is due any more, whatever is said to be safe. */
void parts_forsake(struct parts *parts, const char *topic);

/* All that was handed out is safe. */
void parts_accept(struct parts *parts);

/*
 * An acknowledgement.  False, and no change, when it is of another
 * assignment, of a partition not held, beyond what was handed out, or not
 * beyond what is safe already.
 */
bool parts_ack(struct parts *parts, const struct provenance *ack);

/* Whether there is more that is safe than the group has. */
static inline bool
part_is_due(const struct part *part)
{
	return part->safe > part->committed && !part->forsaken;
}

bool parts_due(const struct parts *parts);

/* Whether the end of every partition was reached. */
bool parts_ended(const struct parts *parts);

#endif
