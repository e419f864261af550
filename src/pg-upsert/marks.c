#include "marks.h"

#include <stdlib.h>
#include <string.h>

void
marks_free(struct marks *marks)
{
	free(marks->list);
	memset(marks, 0, sizeof *marks);
}

static bool
same_partition(const struct mark *mark, const struct provenance *p)
{
	return mark->provenance.partition == p->partition &&
	    mark->provenance.topic_len == p->topic_len &&
	    memcmp(mark->name, p->topic, p->topic_len) == 0;
}

static size_t
find(const struct marks *marks, const struct provenance *p)
{
	size_t i;

	if (marks->last < marks->count &&
	    same_partition(&marks->list[marks->last], p))
		return marks->last;
	for (i = 0; i < marks->count; i++) {
		if (same_partition(&marks->list[i], p))
			break;
	}
	return i;
}

static int
add(struct marks *marks, const struct provenance *p)
{
	struct mark *list = marks->list;

	if (marks->count == marks->cap) {
		size_t cap = marks->cap ? 2 * marks->cap : 8;

		list = realloc(list, cap * sizeof *list);
		if (list == NULL)
			return -1;
		/* The list has moved, and the topics with it. */
		for (size_t i = 0; i < marks->count; i++)
			list[i].provenance.topic = list[i].name;
		marks->list = list;
		marks->cap = cap;
	}
	memcpy(list[marks->count].name, p->topic, p->topic_len);
	list[marks->count].set = false;
	marks->count++;
	return 0;
}

int
marks_put(struct marks *marks, const struct provenance *p)
{
	size_t i = find(marks, p);
	struct mark *mark;

	if (p->topic_len > PROVENANCE_TOPIC_MAX ||
	    (i == marks->count && add(marks, p) == -1))
		return -1;
	mark = &marks->list[i];
	mark->provenance = *p;
	mark->provenance.topic = mark->name;
	marks->nset += !mark->set;
	mark->set = true;
	marks->last = i;
	return 0;
}

int
marks_move(struct marks *marks, struct marks *from)
{
	for (size_t i = 0; i < from->count; i++) {
		if (from->list[i].set &&
		    marks_put(marks, &from->list[i].provenance) == -1)
			return -1;
	}
	for (size_t i = 0; i < from->count; i++)
		from->list[i].set = false;
	from->nset = 0;
	return 0;
}
