#ifndef TICKPIPE_CANDLE_H
#define TICKPIPE_CANDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decimal.h"
#include "provenance.h"
#include "record.h"

/* The candle record, tickpipe-records(5). */
struct candle {
	int64_t window_start_us, window_end_us;
	struct record_text symbol; /* borrowed */
	struct decimal open, high, low, close;
	int64_t trades;
	/* members that cannot be known are left out, not guessed */
	bool has_volume, has_taker_buy_volume, has_trade_ids;
	struct decimal_sum volume, quote_volume; /* if has_volume */
	struct decimal_sum taker_buy_volume;     /* if has_taker_buy_volume */
	int64_t first_trade_id, last_trade_id;   /* if has_trade_ids */
	bool closed;
	bool has_provenance;
	struct provenance provenance;
};

#define CANDLE_LINE_MAX 2048 /* bytes: bounded by the bounds of its parts */

/* Writes the line, no LF, no NUL; out has CANDLE_LINE_MAX bytes. */
size_t candle_write(char *out, const struct candle *candle);

/*
 * Reads one line: the seven basic members, trades and closed are required;
 * prices are positive, low <= open, close <= high, window_start < window_end,
 * first_trade_id <= last_trade_id, and sums and ids come in company (volume
 * with quote_volume, first with last).  Provenance is reader's and not copied
 * to *out.
 */
enum record_result candle_read(struct record_reader *reader,
    const char *line, size_t len, struct candle *out);

/* The short way: see recordscan_line(). */
size_t candle_scan(struct record_reader *reader, const char *text,
    const char *limit, struct candle *out);

#endif
