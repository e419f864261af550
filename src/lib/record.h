#ifndef TICKPIPE_RECORD_H
#define TICKPIPE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decimal.h"
#include "json.h"
#include "jsonshape.h"
#include "provenance.h"
#include "recordscan.h"

/*
 * What the records of tickpipe-records(5) have in common: one object a line,
 * perhaps with its provenance; members by name, each known one at most once;
 * null stands for a member that is not there.
 */

#define RECORD_SYMBOL_MAX 64 /* bytes */

enum record_result {
	RECORD_GOOD,
	RECORD_PROVENANCE, /* a line with nothing but `_kafka` */
	RECORD_BAD,        /* reader->reason says why */
	RECORD_NO_MEMORY,  /* there was not enough to read the line: it may be
	                      good, and must not count as done or refused */
};

struct record_field;

/* Which fields of a record the members of one shape are. */
#define RECORD_MAP_OTHER (-1) /* none */
#define RECORD_MAP_KAFKA (-2) /* `_kafka` */

struct record_map {
	const struct record_field *fields;
	uint32_t shape_id; /* of reader->object; 0: no map yet */
	uint32_t present;  /* a bit for each field of the shape */
	bool usable;       /* each field at most once, all required there */
	signed char field[JSONSHAPE_MEMBERS]; /* or RECORD_MAP_... */
};

/* What a reader needs from line to line, and where it says what was wrong. */
struct record_reader {
	struct json object, inner;
	struct record_map map;
	struct recordscan scan;
	struct timestamp_minute minute[2]; /* for the record's own use */
	uint32_t plain_shape_id; /* a shape without `_kafka`, or 0 */
	char reason[160]; /* of the last RECORD_BAD, ended by NUL */
	bool has_provenance;
	struct provenance provenance; /* if has_provenance; borrows the line */
};

void record_reader_init(struct record_reader *reader);
void record_reader_free(struct record_reader *reader);

/*
 * Reads a line as any object, its members then in reader->object, and its
 * provenance.  has_provenance and provenance are set whenever the line is an
 * object with one good `_kafka`, also where a stricter reader then refuses the
 * line, so that the caller can hand it on.
 */
enum record_result record_read(struct record_reader *reader,
    const char *line, size_t len);

/*
 * One member that a record knows, read into *out of the type's kind.
 * RECORD_DECIMAL takes a string of digits too; RECORD_INT is 0 to 2^63-1.
 */
enum record_type {
	RECORD_SYMBOL,   /* struct record_text */
	RECORD_DECIMAL,  /* struct decimal */
	RECORD_POSITIVE, /* struct decimal, not 0 */
	RECORD_SUM,      /* struct decimal_sum */
	RECORD_TIME,     /* int64_t, microseconds since the epoch */
	RECORD_INT,      /* int64_t */
	RECORD_BOOL,     /* bool */
};

struct record_text {
	const char *text; /* unescaped, lent until the reader's next line */
	size_t len;
};

struct record_field {
	const char *name;
	enum record_type type;
	bool required;
	size_t offset; /* of the value in the caller's struct */
};

/*
 * Reads a line as an object with the fields of a table, at most 32, into *out.
 * *present gets a bit for each field that is there.  The shape of a good line
 * is learned for recordscan_line().
 */
enum record_result record_read_fields(struct record_reader *reader,
    const char *line, size_t len, const struct record_field *fields,
    size_t nfields, void *out, uint32_t *present);

/*
 * Sets reader->reason; returns RECORD_BAD, or RECORD_NO_MEMORY where memory ran
 * out on reader->object and nothing can be said of it.
 */
enum record_result record_bad(struct record_reader *reader,
    const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
