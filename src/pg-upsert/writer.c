#include "writer.h"

#include <stdio.h>
#include <string.h>

void
writer_init(struct writer *writer, struct db *db, struct ackout *ack,
    struct rejects *rejects)
{
	memset(writer, 0, sizeof *writer);
	writer->db = db;
	writer->ack = ack;
	writer->rejects = rejects;
}

static void
push(struct writer *writer, size_t from, size_t to)
{
	writer->ranges[writer->nranges++] = (struct writer_range){ from, to };
}

static void
submit_next(struct writer *writer)
{
	struct writer_range *next = &writer->ranges[writer->nranges - 1];

	db_submit(writer->db, writer->batch, next->from, next->to);
}

void
writer_submit(struct writer *writer, struct batch *batch)
{
	writer->batch = batch;
	if (batch->nrows == 0)
		return;
	push(writer, 0, batch->nrows);
	submit_next(writer);
}

/* The server refused the rows of a range: one of them, or more, is bad. */
static int
halve(struct writer *writer)
{
	struct writer_range range = writer->ranges[--writer->nranges];
	size_t middle = range.from + (range.to - range.from) / 2;

	push(writer, middle, range.to);
	push(writer, range.from, middle);
	return 0;
}

/* It was one row: to the rejects. */
static int
condemn(struct writer *writer)
{
	struct writer_range range = writer->ranges[--writer->nranges];
	char sqlstate[32];
	struct reject reject = {
		.reason = db_message(writer->db),
		.extra = sqlstate,
	};

	reject.text = batch_line(writer->batch, range.from, &reject.len,
	    &reject.line);
	reject.whole_len = reject.len;
	snprintf(sqlstate, sizeof sqlstate, "\"sqlstate\":\"%s\"",
	    db_sqlstate(writer->db));
	return rejects_put(writer->rejects, &reject);
}

static int
refused(struct writer *writer)
{
	struct writer_range range = writer->ranges[writer->nranges - 1];

	return range.to - range.from > 1 ? halve(writer) : condemn(writer);
}

/* Every row is committed or refused. */
static enum writer_result
finish(struct writer *writer)
{
	if (writer->rejects->count > writer->synced &&
	    rejects_sync(writer->rejects) == -1)
		return WRITER_REJECTS;
	writer->synced = writer->rejects->count;
	if (ackout_add(writer->ack, &writer->batch->marks) == -1)
		return WRITER_MEMORY;
	batch_clear(writer->batch);
	writer->batch = NULL;
	return WRITER_READY;
}

enum writer_result
writer_step(struct writer *writer, short revents)
{
	switch (db_step(writer->db, revents)) {
	case DB_BUSY:
		return WRITER_BUSY;
	case DB_HOPELESS:
		return WRITER_HOPELESS;
	case DB_CONDEMNED:
	case DB_DOUBLED:
		if (refused(writer) == -1)
			return WRITER_REJECTS;
		break;
	case DB_READY:
		if (writer->nranges > 0) {
			struct writer_range *done =
			    &writer->ranges[--writer->nranges];

			writer->rows += done->to - done->from;
		}
		break;
	}
	if (writer->nranges > 0) {
		submit_next(writer);
		return WRITER_BUSY;
	}
	return writer->batch != NULL ? finish(writer) : WRITER_READY;
}
