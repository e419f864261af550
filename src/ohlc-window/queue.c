#include "queue.h"

#include <stdlib.h>
#include <string.h>

#include "series.h"

static bool
closes_before(const struct window *a, const struct window *b)
{
	if (a->start_us != b->start_us)
		return a->start_us < b->start_us;
	return series_compare(a->series, b->series) < 0;
}

/* From a leaf to where it belongs. */
static void
rise(struct queue *q, size_t at, struct window *w)
{
	while (at > 0 && closes_before(w, q->heap[(at - 1) / 2])) {
		q->heap[at] = q->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	q->heap[at] = w;
}

/* From the root to where it belongs. */
static void
sink(struct queue *q, struct window *w)
{
	size_t at = 0, child;

	while ((child = 2 * at + 1) < q->count) {
		if (child + 1 < q->count &&
		    closes_before(q->heap[child + 1], q->heap[child]))
			child++;
		if (!closes_before(q->heap[child], w))
			break;
		q->heap[at] = q->heap[child];
		at = child;
	}
	q->heap[at] = w;
}

static bool
grow(struct queue *q)
{
	struct window **old = q->heap == q->few ? NULL : q->heap;
	size_t cap = q->cap * 2;
	struct window **heap = realloc(old, cap * sizeof *heap);

	if (heap == NULL)
		return false;
	if (old == NULL)
		memcpy(heap, q->few, sizeof q->few);
	q->heap = heap;
	q->cap = cap;
	return true;
}

bool
queue_put(struct queue *q, struct window *w)
{
	if (q->heap == NULL) {
		q->heap = q->few;
		q->cap = sizeof q->few / sizeof *q->few;
	}
	if (q->count == q->cap && !grow(q))
		return false;
	w->opened_before = q->youngest;
	w->opened_after = NULL;
	if (q->youngest != NULL)
		q->youngest->opened_after = w;
	else
		q->oldest = w;
	q->youngest = w;
	rise(q, q->count++, w);
	return true;
}

struct window *
queue_take(struct queue *q)
{
	struct window *w = q->heap[0];

	if (w->opened_before != NULL)
		w->opened_before->opened_after = w->opened_after;
	else
		q->oldest = w->opened_after;
	if (w->opened_after != NULL)
		w->opened_after->opened_before = w->opened_before;
	else
		q->youngest = w->opened_before;
	q->count--;
	if (q->count > 0)
		sink(q, q->heap[q->count]);
	return w;
}

void
queue_free(struct queue *q)
{
	if (q->heap != q->few)
		free(q->heap);
}
