#ifndef PG_UPSERT_BATCH_H
#define PG_UPSERT_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "binding.h"
#include "marks.h"

/*
 * Rows on their way to the table, in the order of their lines: for each column
 * an array literal that grows with every row, and the lines themselves, for
 * the rejects.  All rows of a batch have the same columns.
 *
 * Where keys of the same value have the same text (integers, and text that
 * equals only itself: the batch is `canonical`) and no version has to be
 * chosen, batch_sort() brings the rows in the order of their keys, which
 * spares the server a sort of a fifth of its time.
 */

#define BATCH_ROWS 10000
#define BATCH_BYTES (1 << 20) /* of lines; the one that crosses it is taken */

/* Text that grows and keeps its memory. */
struct batch_text {
	char *text;
	size_t len, cap;
};

struct batch_column {
	struct batch_text literal; /* `{a,"b",NULL`: opened, never closed */
	uint32_t *ends;            /* of each row's element in literal */
	size_t cut_from, cut_to;   /* where batch_cut() wrote over it, */
	char cut_was[3];           /* and what was there */
};

struct batch {
	const struct table *table; /* borrowed */
	size_t ncolumns;
	bool *present;
	bool canonical, sorted;
	struct batch_column *columns; /* by the table's column */
	size_t nrows, rows_cap;
	struct batch_text lines; /* each ended by NUL */
	struct batch_line {
		uint32_t begin, len;
		uint64_t number;
	} *rows; /* each row's line */
	struct batch_spare { /* what batch_sort() swaps with */
		uint32_t *order, *ends;
		struct batch_line *rows;
		struct batch_text literal;
	} spare;
	struct marks marks; /* of the lines of this batch, rows or not */
};

/* -1: ENOMEM. */
int batch_init(struct batch *batch, const struct table *table);
void batch_free(struct batch *batch);

/* Drops rows and marks; memory stays. */
void batch_clear(struct batch *batch);

/* Whether nothing more should be added before it is sent. */
bool batch_full(const struct batch *batch);

/* Whether the row that binding holds has the same columns as the rows here. */
bool batch_takes(const struct batch *batch, const struct binding *binding);

/* Adds a row that batch_takes() and its line.  -1: ENOMEM, nothing added. */
int batch_add(struct batch *batch, const struct binding *binding,
    const char *line, size_t len, uint64_t number);

/*
 * Orders a canonical batch by key, rows of the same key by line; done once,
 * best while another batch is on its way.  -1: ENOMEM, nothing changed.
 */
int batch_sort(struct batch *batch);

/*
 * The array literal of a column's rows from..to-1, ended by NUL, lent until
 * batch_uncut(), which must come before the next literal of the same column.
 */
const char *batch_cut(struct batch *batch, size_t column, size_t from,
    size_t to);
void batch_uncut(struct batch *batch, size_t column);

/* A row's line, ended by NUL. */
const char *batch_line(const struct batch *batch, size_t row, size_t *len,
    uint64_t *number);

#endif
