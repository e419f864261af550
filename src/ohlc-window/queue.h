#ifndef OHLC_WINDOW_QUEUE_H
#define OHLC_WINDOW_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "window.h"

/*
 * The open windows of one partition: which of them closes next, by
 * (window_start, symbol), and which was the first to open.  The windows stay
 * their owner's.  At first all zero.
 */
struct queue {
	struct window **heap; /* its root closes next */
	size_t count, cap;
	struct window *few[2]; /* what heap is at first */
	struct window *oldest, *youngest; /* in the order they opened */
};

/* False: ENOMEM. */
bool queue_put(struct queue *queue, struct window *window);

/* Takes out the one that closes next; there must be one. */
struct window *queue_take(struct queue *queue);

/* A window that is in it stands in another place now. */
void queue_moved(struct queue *queue, struct window *window);

void queue_free(struct queue *queue);

#endif
