#ifndef BWS_GAP_H
#define BWS_GAP_H

#include <stddef.h>
#include <stdint.h>

#include "json.h"
#include "record.h"
#include "sequence.h"
#include "timestamp.h"

/* A gap in words and as a line of --gaps.  No I/O, no clock. */

/* Why the trades are missing: a phrase, and the word in the line. */
const char *gap_phrase(enum sequence_reason reason);
const char *gap_word(enum sequence_reason reason);

/*
 * Writes
 *	{"symbol":"BTCUSDT","first_trade_id":7,"last_trade_id":9,
 *	"reason":"no_rest","after":"...","before":"...","time":"..."}
 * on one line, no LF, no NUL; after and before, the event times of the trades
 * around it, are left out where they are not known.  time_us: since the epoch,
 * when it was found.  out has GAP_LINE_MAX bytes; returns the length.
 */
#define GAP_LINE_MAX (JSON_QUOTE_MAX(RECORD_SYMBOL_MAX) + \
	3 * TIMESTAMP_TEXT_MAX + 256)
size_t gap_line(char *out, const struct sequence_gap *gap, int64_t time_us);

#endif
