#ifndef BWS_RESUME_H
#define BWS_RESUME_H

#include <stddef.h>
#include <stdint.h>

#include "sequence.h"
#include "status.h"

/*
 * --resume: NDJSON lines with symbol and trade_id, and perhaps event_time; the
 * highest id of each symbol of the sequence is where healing begins.  Lines
 * that are no such objects are said and passed over, since the file's end may
 * be torn.  Reads the whole file, unless asked to stop.  STATUS_OK, or what
 * went wrong was said.
 */
enum status resume_read(struct sequence *sequence, const char *path,
    size_t max_line, int64_t now_us);

#endif
