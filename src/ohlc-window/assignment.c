#include "assignment.h"

#include <stdlib.h>
#include <string.h>

void
assignments_free(struct assignments *as)
{
	struct assignment *next;

	for (struct assignment *a = as->first; a != NULL; a = next) {
		next = a->next;
		queue_free(&a->partition.queue);
		free(a);
	}
}

static bool
is_at(const struct assignment *a, const struct provenance *v)
{
	return a->at.partition == v->partition &&
	    a->at.topic_len == v->topic_len &&
	    memcmp(a->topic, v->topic, v->topic_len) == 0;
}

/*
 * A new assignment of the partition: whatever another member did meanwhile is
 * not in our state, so the state goes.
 */
static void
restart(struct assignment *a, const struct provenance *v)
{
	series_partition_drop(&a->partition);
	a->partition.watermark_us = SERIES_NO_WATERMARK;
	memcpy(a->topic, v->topic, v->topic_len);
	a->at = *v;
	a->at.topic = a->topic;
	a->at.offset = v->offset - 1;
	a->safe_offset = a->at.offset;
}

static struct assignment *
find_in_list(struct assignments *as, const struct provenance *v)
{
	struct assignment **last = &as->first;

	for (; *last != NULL; last = &(*last)->next) {
		if (is_at(*last, v))
			return *last;
	}
	*last = calloc(1, sizeof **last);
	if (*last == NULL)
		return NULL;
	series_partition_init(&(*last)->partition);
	(*last)->partition.assignment = *last;
	restart(*last, v);
	return *last;
}

enum assignment_result
assignments_pass(struct assignments *as, const struct provenance *v,
    struct assignment **out)
{
	struct assignment **recent =
	    &as->recent[(uint32_t)v->partition % ASSIGNMENTS_RECENT];

	if (*recent == NULL || !is_at(*recent, v))
		*recent = find_in_list(as, v);
	*out = *recent;
	if (*out == NULL)
		return ASSIGNMENT_NO_MEMORY;
	if ((*out)->at.start != v->start)
		restart(*out, v);
	if (v->offset <= (*out)->at.offset)
		return ASSIGNMENT_REPEATED;
	(*out)->at.offset = v->offset;
	return ASSIGNMENT_NEW;
}

const struct assignment *
assignments_expect(const struct assignments *as, const struct provenance *v)
{
	const struct assignment *recent =
	    as->recent[(uint32_t)v->partition % ASSIGNMENTS_RECENT];

	return recent != NULL && is_at(recent, v) ? recent : NULL;
}

int64_t
assignment_safe_offset(const struct assignment *a)
{
	const struct window *oldest = a->partition.queue.oldest;

	/* Offsets rise, so the oldest was opened at the lowest of them. */
	return oldest != NULL ? oldest->first_offset - 1 : a->at.offset;
}

int
assignment_compare(const struct assignment *a, const struct assignment *b)
{
	size_t len = a->at.topic_len < b->at.topic_len ? a->at.topic_len :
	    b->at.topic_len;
	int order = memcmp(a->topic, b->topic, len);

	if (order == 0)
		order = (a->at.topic_len > b->at.topic_len) -
		    (a->at.topic_len < b->at.topic_len);
	return order != 0 ? order : (a->at.partition > b->at.partition) -
	    (a->at.partition < b->at.partition);
}
