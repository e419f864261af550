#ifndef TICKPIPE_TRADE_H
#define TICKPIPE_TRADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decimal.h"
#include "json.h"
#include "provenance.h"

/*
 * The trade record, tickpipe-records(5).  symbol, price, event_time and
 * processed_time are required; the others may be missing.
 */

#define TRADE_SYMBOL_MAX 64 /* bytes */

struct trade {
	const char *symbol; /* unescaped; lent until the next read */
	size_t symbol_len;  /* 1 to TRADE_SYMBOL_MAX */
	struct decimal price;    /* positive */
	struct decimal quantity; /* if has_quantity; may be 0 */
	int64_t event_time_us, processed_time_us;
	int64_t trade_id;        /* if has_trade_id; not negative */
	bool buyer_maker;        /* if has_buyer_maker */
	bool has_quantity, has_trade_id, has_buyer_maker;
	bool has_provenance;
	struct provenance provenance; /* if has_provenance */
};

/* What reads records needs from line to line; also used by candle_read(). */
struct record_reader {
	struct json object, inner;
	char reason[160]; /* of the last RECORD_BAD, ended by NUL */
};

enum record_result {
	RECORD_GOOD,
	RECORD_PROVENANCE, /* a line with nothing but `_kafka` */
	RECORD_BAD,        /* reader->reason says why */
};

void record_reader_init(struct record_reader *reader);
void record_reader_free(struct record_reader *reader);

/*
 * Reads one line.  After RECORD_PROVENANCE only has_provenance and provenance
 * are set.  After RECORD_BAD has_provenance and provenance are set when the
 * line is at least an object with a good `_kafka`, so that the caller can hand
 * it on.  Members that the record does not know are ignored; one that it knows
 * twice is bad.
 */
enum record_result trade_read(struct record_reader *reader, const char *line,
    size_t len, struct trade *out);

/* Any object: only whether it is one, and its provenance. */
enum record_result record_read(struct record_reader *reader,
    const char *line, size_t len, bool *has_provenance,
    struct provenance *provenance);

#endif
