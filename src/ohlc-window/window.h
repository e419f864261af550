#ifndef OHLC_WINDOW_WINDOW_H
#define OHLC_WINDOW_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "candle.h"
#include "decimal.h"
#include "idset.h"
#include "rollup.h"
#include "trade.h"

/*
 * One window of one symbol while it is open.  It is made of trades: the candle
 * so far and the ids that are in it; or of candles of smaller windows.  What
 * comes out does not depend on the order in which they went in, as long as
 * trades have ids.
 */

struct series;

struct window {
	/* What every trade needs stands first; unused where there are parts. */
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
	struct rollup *parts; /* candles; NULL: trades */

	/* The owner's business. */
	struct series *series;
	int64_t first_offset; /* in Kafka, of the line that opened it */
	struct window *opened_before, *opened_after; /* in its partition */
	size_t place;         /* in its partition's heap */
};

enum window_result {
	WINDOW_COUNTED,
	WINDOW_DUPLICATE, /* this trade_id, or no older version of this candle,
	                     is in already: nothing changed */
	WINDOW_OVERFLOW,  /* of the trades in candles: nothing changed */
	WINDOW_NO_MEMORY, /* nothing changed */
};

/* The start of the window of that width that time_us lies in. */
int64_t window_start_us(int64_t time_us, int64_t width_us);

/* For trades, or for candles that lie in it.  False: ENOMEM. */
bool window_init(struct window *window, int64_t start_us, bool of_candles);

/* Frees what it holds. */
void window_clear(struct window *window);

enum window_result window_add(struct window *window,
    const struct trade *trade);
enum window_result window_add_candle(struct window *window,
    const struct candle *candle);

/*
 * The candle as it stands, for a symbol that *candle borrows.  Sets everything
 * but closed and the provenance.
 */
void window_candle(struct window *window, int64_t width_us,
    struct record_text symbol, struct candle *candle);

#endif
