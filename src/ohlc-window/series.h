#ifndef OHLC_WINDOW_SERIES_H
#define OHLC_WINDOW_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue.h"
#include "record.h"
#include "window.h"

/*
 * A partition is what has one watermark: one of Kafka's where trades come with
 * provenance, otherwise each symbol.
 */
struct partition {
	int64_t watermark_us;     /* SERIES_NO_WATERMARK: nothing seen yet */
	int64_t next_end_us;      /* of its open windows; INT64_MAX: none */
	struct queue queue;
	struct assignment *assignment; /* that it is part of, or NULL */
};

#define SERIES_NO_WATERMARK INT64_MIN

void series_partition_init(struct partition *partition);

/* Frees its windows and takes them out of their series. */
void series_partition_drop(struct partition *partition);

/* A symbol in short: two words say all of what has up to 16 bytes. */
struct series_key {
	uint64_t head, tail;
	size_t len;
};

/* One symbol in one partition, with its open windows. */
struct series {
	struct window *newest;    /* of the open ones, by start; or NULL */
	struct partition *partition;
	struct partition *of;     /* Kafka's; NULL: partition is &own */
	struct series_key key;
	struct window **open;     /* from begin to end, by start */
	size_t begin, end, cap;
	struct window *few[2];    /* what open is at first */
	struct partition own;
	char symbol[];
};

struct series_slot {
	uint64_t hash;
	struct series *series; /* NULL: free */
};

/* All series: a hash table with linear probing. */
struct series_table {
	struct series_slot *slot;
	size_t count, cap; /* cap is a power of two */
};

bool series_table_init(struct series_table *table);
void series_table_free(struct series_table *table);

/*
 * The series of a symbol in a partition of Kafka's, or (of NULL) of a symbol
 * that is a partition of its own; made if it is not there.  NULL: ENOMEM.
 */
struct series *series_find(struct series_table *table, struct partition *of,
    struct record_text symbol);

/* By symbol, as bytes. */
int series_compare(const struct series *a, const struct series *b);

/* The open window that starts there, or NULL. */
struct window *series_window(const struct series *series, int64_t start_us);

/* A window that is not there yet.  False: ENOMEM. */
bool series_put(struct series *series, struct window *window);

/* The oldest window has closed. */
void series_shift(struct series *series);

/* No window is open any more. */
void series_clear(struct series *series);

#endif
