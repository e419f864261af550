#ifndef TICKPIPE_RECORDSCAN_H
#define TICKPIPE_RECORDSCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

/*
 * The short way for a record in the usual shape: the shape of the line before
 * it (jsonshape.h), numbers of one machine word, times of the day read last,
 * plain ASCII strings.  Each byte is looked at about once, and each value goes
 * straight into its field.
 *
 * True: the line is good, and *out, *present and the reader's provenance are
 * what record_read() and record_fields() would have made of it; the reader's
 * object is that of an earlier line.  False says nothing about the line but
 * that the long way has to decide.
 */
bool recordscan_read(struct record_reader *reader, const char *line,
    size_t len, const struct record_field *fields, void *out,
    uint32_t *present);

#endif
