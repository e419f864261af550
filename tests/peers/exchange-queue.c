#include <stdlib.h>
#include <string.h>

#include "exchange-queue.h"

void
queue_free(struct queue *queue)
{
	free(queue->bytes);
	memset(queue, 0, sizeof(*queue));
}

void
queue_clear(struct queue *queue)
{
	queue->begin = queue->end = 0;
	queue->last_due_us = 0;
}

static int
make_room(struct queue *queue, size_t len, size_t limit)
{
	size_t waiting = queue_waiting(queue);
	size_t cap = queue->cap;
	char *grown;

	if (waiting + len > limit)
		return -1;
	if (queue->end + len <= queue->cap)
		return 0;
	if (queue->begin > 0) {
		memmove(queue->bytes, queue->bytes + queue->begin, waiting);
		queue->begin = 0;
		queue->end = waiting;
	}
	while (cap < 2 * (waiting + len))
		cap = cap == 0 ? 16384 : 2 * cap;
	if (cap == queue->cap)
		return 0;
	grown = realloc(queue->bytes, cap);
	if (grown == NULL)
		return -1;
	queue->bytes = grown;
	queue->cap = cap;
	return 0;
}

char *
queue_put(struct queue *queue, const struct queue_item *item, size_t limit)
{
	struct queue_item head = *item;
	char *place;

	if (make_room(queue, sizeof(head) + head.len, limit) != 0)
		return NULL;
	if (head.due_us < queue->last_due_us)
		head.due_us = queue->last_due_us;
	queue->last_due_us = head.due_us;
	memcpy(queue->bytes + queue->end, &head, sizeof(head));
	place = queue->bytes + queue->end + sizeof(head);
	queue->end += sizeof(head) + head.len;
	return place;
}

const char *
queue_take(struct queue *queue, int64_t now_us, struct queue_item *item)
{
	const char *place = queue->bytes + queue->begin;

	if (queue_waiting(queue) == 0)
		return NULL;
	memcpy(item, place, sizeof(*item));
	if (item->due_us > now_us)
		return NULL;
	queue->begin += sizeof(*item) + item->len;
	return place + sizeof(*item);
}
