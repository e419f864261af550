#include "batch.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_FIRST 64
#define TEXT_FIRST 4096

int
batch_init(struct batch *batch, const struct table *table)
{
	size_t n = table->ncolumns;

	memset(batch, 0, sizeof *batch);
	batch->table = table;
	batch->ncolumns = n;
	batch->canonical = true;
	batch->present = calloc(n + 1, sizeof *batch->present);
	batch->columns = calloc(n + 1, sizeof *batch->columns);
	if (batch->present == NULL || batch->columns == NULL) {
		batch_free(batch);
		return -1;
	}
	return 0;
}

void
batch_free(struct batch *batch)
{
	for (size_t i = 0; batch->columns && i < batch->ncolumns; i++) {
		free(batch->columns[i].literal.text);
		free(batch->columns[i].ends);
	}
	free(batch->columns);
	free(batch->present);
	free(batch->lines.text);
	free(batch->rows);
	free(batch->spare.order);
	free(batch->spare.ends);
	free(batch->spare.rows);
	free(batch->spare.literal.text);
	marks_free(&batch->marks);
	memset(batch, 0, sizeof *batch);
}

void
batch_clear(struct batch *batch)
{
	for (size_t i = 0; i < batch->ncolumns; i++)
		batch->columns[i].literal.len = 0;
	batch->lines.len = 0;
	batch->nrows = 0;
	batch->canonical = true;
	batch->sorted = false;
	for (size_t i = 0; i < batch->marks.count; i++)
		batch->marks.list[i].set = false;
	batch->marks.nset = 0;
}

bool
batch_full(const struct batch *batch)
{
	return batch->nrows >= BATCH_ROWS || batch->lines.len >= BATCH_BYTES;
}

bool
batch_takes(const struct batch *batch, const struct binding *binding)
{
	return batch->nrows == 0 || memcmp(batch->present, binding->present,
	    batch->ncolumns * sizeof *batch->present) == 0;
}

/* Room for more bytes, and for the two that close a literal. */
static bool
reserve(struct batch_text *text, size_t more)
{
	size_t cap = text->cap ? text->cap : TEXT_FIRST;
	char *bigger;

	if (text->cap - text->len >= more + 2)
		return true;
	while (cap - text->len < more + 2)
		cap *= 2;
	bigger = realloc(text->text, cap);
	if (bigger == NULL)
		return false;
	text->text = bigger;
	text->cap = cap;
	return true;
}

static bool
resize(void *array, size_t count, size_t size)
{
	void *old;

	memcpy(&old, array, sizeof old);
	old = realloc(old, count * size);
	if (old == NULL)
		return false;
	memcpy(array, &old, sizeof old);
	return true;
}

/* Room for one more row in every array that has an entry a row. */
static bool
reserve_row(struct batch *batch)
{
	size_t cap = batch->rows_cap ? 2 * batch->rows_cap : ROWS_FIRST;

	if (batch->nrows < batch->rows_cap)
		return true;
	for (size_t i = 0; i < batch->ncolumns; i++) {
		if (!resize(&batch->columns[i].ends, cap,
		    sizeof *batch->columns[i].ends))
			return false;
	}
	if (!resize(&batch->rows, cap, sizeof *batch->rows) ||
	    !resize(&batch->spare.rows, cap, sizeof *batch->rows) ||
	    !resize(&batch->spare.ends, cap, sizeof *batch->spare.ends) ||
	    !resize(&batch->spare.order, cap, sizeof *batch->spare.order))
		return false;
	batch->rows_cap = cap;
	return true;
}

/* Room for one more element: every byte behind a backslash, and quotes. */
static bool
reserve_values(struct batch *batch, const struct binding *binding)
{
	for (size_t i = 0; i < batch->ncolumns; i++) {
		if (binding->present[i] && !reserve(
		    &batch->columns[i].literal, 2 * binding->values[i].len + 8))
			return false;
	}
	return true;
}

/* An element in double quotes, as array_in() of the server reads it. */
static size_t
put_quoted(char *out, const char *text, size_t len)
{
	char *p = out;

	*p++ = '"';
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"' || text[i] == '\\')
			*p++ = '\\';
		*p++ = text[i];
	}
	*p++ = '"';
	return (size_t)(p - out);
}

static void
add_value(struct batch_column *column, const struct datum *value, size_t row)
{
	struct batch_text *literal = &column->literal;

	literal->text[literal->len++] = row == 0 ? '{' : ',';
	if (value->text == NULL) {
		memcpy(literal->text + literal->len, "NULL", 4);
		literal->len += 4;
	} else if (value->bare) {
		memcpy(literal->text + literal->len, value->text, value->len);
		literal->len += value->len;
	} else {
		literal->len += put_quoted(literal->text + literal->len,
		    value->text, value->len);
	}
	column->ends[row] = (uint32_t)literal->len;
}

/* Whether no other text means the same key. */
static bool
is_canonical(const struct batch *batch, const struct binding *binding)
{
	const struct table *table = batch->table;

	for (size_t i = 0; i < table->nkey; i++) {
		const struct column *column = &table->columns[table->key[i]];

		if (!(column->kind == COLUMN_INTEGER ?
		    binding->values[table->key[i]].bare :
		    column->kind == COLUMN_TEXT && column->c_order))
			return false;
	}
	return true;
}

int
batch_add(struct batch *batch, const struct binding *binding,
    const char *line, size_t len, uint64_t number)
{
	size_t row = batch->nrows;

	if (!reserve_row(batch) || !reserve_values(batch, binding) ||
	    !reserve(&batch->lines, len + 1))
		return -1;
	if (row == 0) {
		memcpy(batch->present, binding->present,
		    batch->ncolumns * sizeof *batch->present);
	}
	for (size_t i = 0; i < batch->ncolumns; i++) {
		if (batch->present[i])
			add_value(&batch->columns[i], &binding->values[i],
			    row);
	}
	batch->rows[row] = (struct batch_line){ (uint32_t)batch->lines.len,
	    (uint32_t)len, number };
	memcpy(batch->lines.text + batch->lines.len, line, len);
	batch->lines.len += len;
	batch->lines.text[batch->lines.len++] = '\0';
	batch->canonical = batch->canonical && is_canonical(batch, binding);
	batch->nrows++;
	return 0;
}

/* An element of a literal, quotes included. */
static const char *
element(const struct batch_column *column, size_t row, size_t *len)
{
	size_t begin = row == 0 ? 1 : column->ends[row - 1] + 1;

	*len = column->ends[row] - begin;
	return column->literal.text + begin;
}

/*
 * By the text of the keys, what is bare (integers) by length first.  Any order
 * will do, as long as every writer has the same.
 */
static int
compare_rows(const void *a, const void *b, void *arg)
{
	const struct batch *batch = arg;
	uint32_t row_a, row_b;

	memcpy(&row_a, a, sizeof row_a);
	memcpy(&row_b, b, sizeof row_b);
	for (size_t i = 0; i < batch->table->nkey; i++) {
		size_t column = batch->table->key[i], len_a, len_b, len;
		const char *p = element(&batch->columns[column], row_a,
		    &len_a);
		const char *q = element(&batch->columns[column], row_b,
		    &len_b);
		int order;

		if (len_a != len_b && *p != '"')
			return len_a < len_b ? -1 : 1;
		len = len_a < len_b ? len_a : len_b;
		order = memcmp(p, q, len);
		if (order != 0)
			return order;
		if (len_a != len_b)
			return len_a < len_b ? -1 : 1;
	}
	return row_a < row_b ? -1 : 1;
}

/* Writes a column's elements anew, in the order of spare.order. */
static void
permute_column(struct batch *batch, struct batch_column *column)
{
	struct batch_spare *spare = &batch->spare;
	struct batch_text text = spare->literal;
	uint32_t *ends = spare->ends;

	text.len = 0;
	for (size_t i = 0; i < batch->nrows; i++) {
		size_t len;
		const char *from = element(column, spare->order[i], &len);

		text.text[text.len++] = i == 0 ? '{' : ',';
		memcpy(text.text + text.len, from, len);
		text.len += len;
		ends[i] = (uint32_t)text.len;
	}
	spare->literal = column->literal;
	spare->ends = column->ends;
	column->literal = text;
	column->ends = ends;
}

int
batch_sort(struct batch *batch)
{
	struct batch_spare *spare = &batch->spare;
	struct batch_line *rows = spare->rows;
	size_t longest = 0;

	if (batch->sorted || !batch->canonical || batch->nrows < 2)
		return 0;
	for (size_t i = 0; i < batch->ncolumns; i++) {
		if (batch->columns[i].literal.len > longest)
			longest = batch->columns[i].literal.len;
	}
	for (size_t i = 0; i < batch->ncolumns; i++) {
		/* Each of them becomes the spare one of the next. */
		if (batch->present[i] && !reserve(&batch->columns[i].literal,
		    longest - batch->columns[i].literal.len))
			return -1;
	}
	spare->literal.len = 0;
	if (!reserve(&spare->literal, longest))
		return -1;
	for (size_t i = 0; i < batch->nrows; i++)
		spare->order[i] = (uint32_t)i;
	qsort_r(spare->order, batch->nrows, sizeof *spare->order,
	    compare_rows, batch);
	for (size_t i = 0; i < batch->ncolumns; i++) {
		if (batch->present[i])
			permute_column(batch, &batch->columns[i]);
	}
	for (size_t i = 0; i < batch->nrows; i++)
		rows[i] = batch->rows[spare->order[i]];
	spare->rows = batch->rows;
	batch->rows = rows;
	batch->sorted = true;
	return 0;
}

const char *
batch_cut(struct batch *batch, size_t column, size_t from, size_t to)
{
	struct batch_column *c = &batch->columns[column];
	char *text = c->literal.text;

	c->cut_from = from == 0 ? 0 : c->ends[from - 1];
	c->cut_to = c->ends[to - 1];
	c->cut_was[0] = text[c->cut_from];
	c->cut_was[1] = text[c->cut_to];
	c->cut_was[2] = text[c->cut_to + 1];
	text[c->cut_from] = '{';
	text[c->cut_to] = '}';
	text[c->cut_to + 1] = '\0';
	return text + c->cut_from;
}

void
batch_uncut(struct batch *batch, size_t column)
{
	struct batch_column *c = &batch->columns[column];
	char *text = c->literal.text;

	text[c->cut_from] = c->cut_was[0];
	text[c->cut_to] = c->cut_was[1];
	text[c->cut_to + 1] = c->cut_was[2];
}

const char *
batch_line(const struct batch *batch, size_t row, size_t *len,
    uint64_t *number)
{
	const struct batch_line *line = &batch->rows[row];

	*len = line->len;
	*number = line->number;
	return batch->lines.text + line->begin;
}
