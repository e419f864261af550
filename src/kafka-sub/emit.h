#ifndef KAFKA_SUB_EMIT_H
#define KAFKA_SUB_EMIT_H

#include <stdbool.h>
#include <stddef.h>

#include "json.h"
#include "provenance.h"

/*
 * From the value of a message to a line.  No I/O.
 *
 * A value is handed on byte for byte, with provenance one member longer.  It
 * must be one JSON object on one line, at most max_line bytes, without a
 * member `_kafka` of its own; with provenance it must have some member, for a
 * line with nothing but `_kafka` means something else.
 */
struct emit {
	size_t max_line;
	bool provenance;
	struct json object;
	char *buf; /* the line made last */
	size_t cap;
	char reason[160]; /* why the last one was refused */
};

void emit_init(struct emit *emit, size_t max_line, bool provenance);
void emit_free(struct emit *emit);

/*
 * value NULL: a message without one.  Returns the line, lent until the next
 * call or as long as value lives, with *line_len; NULL with emit->reason when
 * the value is refused, NULL with an empty reason on ENOMEM.
 */
const char *emit_line(struct emit *emit, const char *value, size_t len,
    const struct provenance *provenance, size_t *line_len);

#endif
