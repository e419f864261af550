#include "batch.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_FIRST 64
#define TEXT_FIRST 4096

int
batch_init(struct batch *batch, size_t ncolumns)
{
	memset(batch, 0, sizeof *batch);
	batch->ncolumns = ncolumns;
	batch->present = calloc(ncolumns + 1, sizeof *batch->present);
	batch->columns = calloc(ncolumns + 1, sizeof *batch->columns);
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
	free(batch->line_ends);
	free(batch->line_numbers);
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
	if (!resize(&batch->line_ends, cap, sizeof *batch->line_ends) ||
	    !resize(&batch->line_numbers, cap, sizeof *batch->line_numbers))
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
	memcpy(batch->lines.text + batch->lines.len, line, len);
	batch->lines.len += len;
	batch->lines.text[batch->lines.len++] = '\0';
	batch->line_ends[row] = (uint32_t)batch->lines.len;
	batch->line_numbers[row] = number;
	batch->nrows++;
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
batch_line(const struct batch *batch, size_t row, size_t *len)
{
	size_t from = row == 0 ? 0 : batch->line_ends[row - 1];

	*len = batch->line_ends[row] - from - 1;
	return batch->lines.text + from;
}
