#ifndef EXCHANGE_QUEUE_H
#define EXCHANGE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a connection still has to get: pieces of bytes in order, each with the
 * time before which it must not go, and what becomes of the connection once
 * it is sent.  No I/O.
 */

enum queue_then {
	QUEUE_GO_ON,
	QUEUE_END,    /* the connection is closed, as TCP does it */
	QUEUE_FINISH, /* likewise, after the other side has */
};

struct queue_item {
	size_t len;
	int64_t due_us; /* 0: now; never before the item in front of it */
	bool frame;     /* counts as one that a client got */
	enum queue_then then;
};

struct queue {
	char *bytes;
	size_t begin, end, cap;
	int64_t last_due_us;
};

void queue_free(struct queue *queue);
void queue_clear(struct queue *queue);

/*
 * Makes room for item->len bytes at the end, to be filled in at once.  NULL:
 * more than limit bytes would be waiting, or no memory.
 */
char *queue_put(struct queue *queue, const struct queue_item *item,
    size_t limit);

/*
 * Takes the next item if its time has come; its bytes are lent until the next
 * call of anything here.  NULL: none.
 */
const char *queue_take(struct queue *queue, int64_t now_us,
    struct queue_item *item);

static inline size_t
queue_waiting(const struct queue *queue)
{
	return queue->end - queue->begin;
}

#endif
