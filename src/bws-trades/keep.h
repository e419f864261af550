#ifndef BWS_KEEP_H
#define BWS_KEEP_H

#include <stddef.h>
#include <stdint.h>

#include "json.h"
#include "record.h"
#include "timestamp.h"

/*
 * What --frames keeps and --replay reads: a frame, or a page of healed trades,
 * with the time it was received, a line each.  No I/O, no clock.
 *	{"received":"2026-11-27T20:15:30.123456Z","frame":{"e":"trade",...}}
 *	{"received":"...","symbol":"BTCUSDT","trades":[{"id":1,...},...]}
 *
 * "frame" is the frame byte for byte, where that is JSON that every reader can
 * read within a line and no string; else it is a string of the frame, which
 * keeps every byte but those that are not UTF-8: each of these becomes U+FFFD.
 * "trades" is the answer of REST in the same way.
 */

/* Bytes of a line that keeps a text of len bytes. */
#define KEEP_MAX(len) (JSON_QUOTE_MAX((size_t)(len)) + \
	JSON_QUOTE_MAX(RECORD_SYMBOL_MAX) + TIMESTAMP_TEXT_MAX + 64)

/*
 * Writes the line, no LF, no NUL, to out, which has KEEP_MAX(len) bytes.
 * Returns the length.  received_us is microseconds since the epoch, of the
 * years that timestamp.h writes; symbol_len is at most RECORD_SYMBOL_MAX.
 */
size_t keep_write(char *out, int64_t received_us, const char *frame,
    size_t len);
size_t keep_write_page(char *out, int64_t received_us, const char *symbol,
    size_t symbol_len, const char *text, size_t len);

enum keep_result {
	KEEP_FRAME,
	KEEP_PAGE,
	KEEP_NONE, /* not a line of these: a frame that was captured bare */
	KEEP_BAD,  /* one of these, but keep->reason says what is wrong */
	KEEP_NO_MEMORY,
};

/* Memory is kept from line to line. */
struct keep {
	struct json object;
	const char *reason; /* a constant */
};

/* Texts are lent until the next line, or until the line changes. */
struct kept {
	int64_t received_us;
	struct record_text symbol; /* of a page */
	const char *text;          /* of the frame, or REST's answer */
	size_t len;
};

void keep_init(struct keep *keep);
void keep_free(struct keep *keep);

/*
 * out is set after KEEP_FRAME and KEEP_PAGE.  A line is of these only if it
 * begins as they do, `{"received":`, and has their members in any order and no
 * others.
 */
enum keep_result keep_read(struct keep *keep, const char *line, size_t len,
    struct kept *out);

#endif
