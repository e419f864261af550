#ifndef PG_UPSERT_DB_H
#define PG_UPSERT_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch.h"
#include "catalog.h"
#include "statement.h"
#include "table.h"

/*
 * The database: connection, catalog, one statement at a time, and trying
 * again.  The only file that knows libpq.  Nothing here blocks, but for the
 * resolution of a host's name; the caller waits for db_fd(), db_events() and
 * db_deadline_us() and calls db_step().
 *
 * A statement is one message of libpq's extended protocol with its own
 * COMMIT: a client that is stopped, wherever, holds no lock.
 *
 * Only SQLSTATE classes 22 (data exception) and 23 (integrity constraint
 * violation) are the rows' fault.  Everything else is the world's: it is said
 * (the first time at once, then now and then) and tried again, for ever, with
 * jittered backoff, on a new connection unless the old one is fine.  When the
 * table's key is another than it was, it is read anew; the columns are not.  A
 * statement whose answer was lost is sent again: it may have been committed,
 * and an upsert bears that.  Before the first success, what a retry cannot
 * help ends it all: a wrong conninfo, failed authentication, TLS that one of
 * the two sides refuses, no such database or table, no permission.
 */

struct db_options {
	const char *conninfo; /* NULL: libpq's own variables and defaults */
	struct wanted wanted;
	enum statement_mode mode;
};

enum db_result {
	DB_BUSY,      /* connecting, working, or waiting to try again */
	DB_READY,     /* connected, the table is known, nothing under way */
	DB_CONDEMNED, /* the rows: db_sqlstate(), db_message() */
	DB_DOUBLED,   /* a key twice in a way only the index sees: submit
	                 fewer rows at a time */
	DB_HOPELESS,  /* a retry cannot help: db_message() */
};

struct db;

/* options is borrowed.  NULL: ENOMEM. */
struct db *db_new(const struct db_options *options);
void db_free(struct db *db);

/* Whether a conninfo holds a password, for all to see in argv. */
bool db_has_password(const char *conninfo);

/* Writes the library's name and version. */
void db_library(char *out, size_t cap);

/* Does what can be done.  revents is what poll(2) said of db_fd(), or 0. */
enum db_result db_step(struct db *db, short revents);

/*
 * Writes rows from..to-1 of a batch, which is borrowed until db_step()
 * answers DB_READY, DB_CONDEMNED or DB_DOUBLED.  Only after DB_READY (or one
 * of the other two, which leave the connection ready as well).
 */
void db_submit(struct db *db, struct batch *batch, size_t from, size_t to);

int db_fd(const struct db *db); /* -1: none */
short db_events(const struct db *db);
int64_t db_deadline_us(const struct db *db); /* INT64_MAX: none */

/* Whether part of a statement still has to be taken by the socket. */
bool db_sending(const struct db *db);

/* The table, once it is known (after the first DB_READY); else NULL. */
const struct table *db_table(const struct db *db);

/* Rows inserted or updated so far. */
uint64_t db_written(const struct db *db);

/* Valid until the next db_step(). */
const char *db_sqlstate(const struct db *db); /* five characters, or "" */
const char *db_message(const struct db *db);

#endif
