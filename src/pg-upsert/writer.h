#ifndef PG_UPSERT_WRITER_H
#define PG_UPSERT_WRITER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ackout.h"
#include "batch.h"
#include "db.h"
#include "rejects.h"

/*
 * One batch on its way: whole, or, when the server refuses rows of it, half by
 * half in the order of its lines, until what is bad stands alone and goes to
 * the rejects.  A batch is safe once every row is committed or in the rejects
 * and the rejects are synced; then, and only then, its lines are acknowledged.
 */
struct writer {
	struct db *db;           /* borrowed, as the two below */
	struct ackout *ack;
	struct rejects *rejects;
	struct batch *batch;     /* lent by the caller, or NULL */
	struct writer_range {
		size_t from, to;
	} ranges[64];            /* still to do, the next one last */
	size_t nranges;
	uint64_t synced;         /* of rejects->count */
	uint64_t rows;           /* done, refused ones not counted */
};

enum writer_result {
	WRITER_BUSY,
	WRITER_READY,    /* takes a batch */
	WRITER_HOPELESS, /* as DB_HOPELESS */
	WRITER_REJECTS,  /* errno: a refused row could not be kept */
	WRITER_MEMORY,   /* out of it */
};

void writer_init(struct writer *writer, struct db *db, struct ackout *ack,
    struct rejects *rejects);

/*
 * Begins a batch, of no rows perhaps, which is borrowed until WRITER_READY and
 * then cleared.  Only after WRITER_READY.
 */
void writer_submit(struct writer *writer, struct batch *batch);

/* Does what can be done; revents is what poll(2) said of db_fd(). */
enum writer_result writer_step(struct writer *writer, short revents);

#endif
