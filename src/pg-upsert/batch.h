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
 */

#define BATCH_ROWS 10000
#define BATCH_BYTES (2 << 20) /* of lines; the one that crosses it is taken */

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
	size_t ncolumns;
	bool *present;
	struct batch_column *columns; /* by the table's column */
	size_t nrows, rows_cap;
	struct batch_text lines; /* each ended by NUL */
	uint32_t *line_ends;     /* past the NUL */
	uint64_t *line_numbers;
	struct marks marks; /* of the lines of this batch, rows or not */
};

/* -1: ENOMEM. */
int batch_init(struct batch *batch, size_t ncolumns);
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
 * The array literal of a column's rows from..to-1, ended by NUL, lent until
 * batch_uncut(), which must come before the next literal of the same column.
 */
const char *batch_cut(struct batch *batch, size_t column, size_t from,
    size_t to);
void batch_uncut(struct batch *batch, size_t column);

/* A row's line, ended by NUL. */
const char *batch_line(const struct batch *batch, size_t row, size_t *len);

#endif
