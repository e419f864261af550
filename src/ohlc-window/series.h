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
#define SERIES_LINE 64 /* of the cache */

void series_partition_init(struct partition *partition);

/* Frees its windows. */
void series_partition_drop(struct partition *partition);

/* A symbol in short: two words say all of what has up to 16 bytes. */
struct series_key {
	uint64_t head, tail;
	size_t len;
};

/* A window by its start, so that no other window need be looked at. */
struct series_older {
	int64_t start_us;
	struct window *window; /* NULL: free */
};

/*
 * One symbol in one partition, with its open windows.  What every trade needs
 * lies in a row of memory, so that nothing waits for a pointer: the newest
 * window stands in its series, and moves out when a newer one opens.  The
 * others are found by their start, in whatever order they open and however many
 * they are; the order in which they close is the partition's business.
 */
struct series {
	struct series_key key;
	struct partition *of;        /* Kafka's; NULL: partition is &own */
	struct partition *partition;
	struct partition own;
	struct series_older *older;  /* all open ones but the newest: a hash
	                                table with linear probing */
	size_t nolder, cap;          /* cap is a power of two */
	struct series_older few[2];  /* what older is at first */
	_Alignas(SERIES_LINE) struct window newest; /* by start; start_us is
	                                               INT64_MAX: none open */
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

/*
 * What series_find() will need is fetched into the cache, in two steps with
 * time between them: the slot, then what stands in the slot of that hash.
 */
uint64_t series_expect_slot(const struct series_table *table,
    const struct partition *of, struct record_text symbol);
void series_expect(const struct series_table *table, uint64_t hash);

/* By symbol, as bytes. */
int series_compare(const struct series *a, const struct series *b);

/* The open window that starts there, or NULL. */
struct window *series_window(struct series *series, int64_t start_us);

/*
 * Opens a window that is not there yet, at an offset of Kafka's or 0.  NULL:
 * ENOMEM, and of no more use.
 */
struct window *series_open(struct series *series, int64_t start_us,
    bool of_candles, int64_t offset);

/*
 * Frees an open window, which has been taken from its partition.  The newest
 * must be the last.
 */
void series_close(struct window *window);

#endif
