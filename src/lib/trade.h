#ifndef TICKPIPE_TRADE_H
#define TICKPIPE_TRADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decimal.h"
#include "record.h"

/*
 * The trade record, tickpipe-records(5).  symbol, price, event_time and
 * processed_time are required; the others may be missing.
 */

struct trade {
	struct record_text symbol;
	struct decimal price;    /* positive */
	struct decimal quantity; /* if has_quantity; may be 0 */
	int64_t event_time_us, processed_time_us;
	int64_t trade_id;        /* if has_trade_id */
	bool buyer_maker;        /* if has_buyer_maker */
	bool has_quantity, has_trade_id, has_buyer_maker;
};

/*
 * Reads one line.  Its provenance is reader's, whatever the result.  Members
 * that the record does not know are ignored.
 */
enum record_result trade_read(struct record_reader *reader, const char *line,
    size_t len, struct trade *out);

/* The short way: see recordscan_line(). */
size_t trade_scan(struct record_reader *reader, const char *text,
    const char *limit, struct trade *out);

#endif
