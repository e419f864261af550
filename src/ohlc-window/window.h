#ifndef OHLC_WINDOW_WINDOW_H
#define OHLC_WINDOW_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "candle.h"
#include "decimal.h"
#include "idset.h"
#include "trade.h"

/*
 * One window of one symbol while it is open: the candle so far and the trade
 * ids that are in it.  What comes out does not depend on the order in which
 * trades went in, as long as they have ids.
 */

struct series;

struct window {
	/* What every trade needs stands first. */
	int64_t start_us;
	int64_t trades;
	struct idset ids;
	/* By (event_time, trade_id). */
	int64_t open_time_us, open_id, close_time_us, close_id;
	bool changed; /* since window_candle() was last called */
	bool has_volume, has_taker_buy_volume, has_trade_ids;
	struct decimal high, low, close;
	struct decimal_sum volume, quote_volume, taker_buy_volume;
	struct decimal open;

	/* The owner's business. */
	struct series *series;
	int64_t first_offset; /* in Kafka, of the trade that opened it */
	struct window *opened_before, *opened_after; /* in its partition */
};

enum window_result {
	WINDOW_COUNTED,
	WINDOW_DUPLICATE, /* this trade_id is in already: nothing changed */
	WINDOW_NO_MEMORY, /* nothing changed */
};

/* The start of the window of that width that time_us lies in. */
int64_t window_start_us(int64_t time_us, int64_t width_us);

/* NULL: ENOMEM. */
struct window *window_new(int64_t start_us);
void window_free(struct window *window);

enum window_result window_add(struct window *window,
    const struct trade *trade);

/*
 * The candle as it stands, for a symbol that *candle borrows.  Sets everything
 * but closed and the provenance.
 */
void window_candle(struct window *window, int64_t width_us,
    struct record_text symbol, struct candle *candle);

#endif
