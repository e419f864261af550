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

static void
place(struct queue *q, size_t at, struct window *w)
{
	q->heap[at] = w;
	w->place = at;
}

/* From a leaf to where it belongs. */
static void
rise(struct queue *q, size_t at, struct window *w)
{
	while (at > 0 && closes_before(w, q->heap[(at - 1) / 2])) {
		place(q, at, q->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	place(q, at, w);
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
		place(q, at, q->heap[child]);
		at = child;
	}
	place(q, at, w);
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

/* What the one before w has behind it, and the one behind w before it. */
static void
link_neighbours(struct queue *q, const struct window *w,
    struct window *behind, struct window *before)
{
	if (w->opened_before != NULL)
		w->opened_before->opened_after = behind;
	else
		q->oldest = behind;
	if (w->opened_after != NULL)
		w->opened_after->opened_before = before;
	else
		q->youngest = before;
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
	link_neighbours(q, w, w, w);
	rise(q, q->count++, w);
	return true;
}

struct window *
queue_take(struct queue *q)
{
	struct window *w = q->heap[0];

	link_neighbours(q, w, w->opened_after, w->opened_before);
	q->count--;
	if (q->count > 0)
		sink(q, q->heap[q->count]);
	return w;
}

void
queue_moved(struct queue *q, struct window *w)
{
	q->heap[w->place] = w;
	link_neighbours(q, w, w, w);
}

void
queue_free(struct queue *q)
{
	if (q->heap != q->few)
		free(q->heap);
}
