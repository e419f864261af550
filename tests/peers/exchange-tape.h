#ifndef EXCHANGE_TAPE_H
#define EXCHANGE_TAPE_H

#include <stddef.h>
#include <stdint.h>

#include "exchange-market.h"

/*
 * The trades that were made, kept to be asked for: by symbol, in the order of
 * their ids and times, 32 bytes each.
 */

struct tape {
	size_t nsymbols;
	struct tape_symbol {
		struct tape_trade *trades;
		size_t len, cap;
	} *symbols;
};

/* Wide enough for any sum of prices times quantities. */
__extension__ typedef __int128 tape_sum;

struct tape_candle {
	int64_t open_us, close_us;  /* from, and up to (not including) */
	int64_t open, high, low, close;          /* in 1e-8 */
	tape_sum volume, taker_buy_volume;       /* in 1e-8 */
	tape_sum quote_volume, taker_buy_quote;  /* in 1e-16 */
	size_t trades;
};

/* -1: no memory. */
int tape_init(struct tape *tape, size_t nsymbols);
void tape_free(struct tape *tape);
int tape_add(struct tape *tape, const struct market_trade *trade);

static inline size_t
tape_count(const struct tape *tape, size_t symbol)
{
	return tape->symbols[symbol].len;
}

/* The place of the first trade with at least this id, or this time. */
size_t tape_from_id(const struct tape *tape, size_t symbol, int64_t id);
size_t tape_from_time(const struct tape *tape, size_t symbol, int64_t time_us);

void tape_get(const struct tape *tape, size_t symbol, size_t place,
    struct market_trade *trade);

/*
 * The candle of the given width that the trade at `place` is in, from that
 * trade on.  Returns the place of the first trade after it.
 */
size_t tape_candle(const struct tape *tape, size_t symbol, size_t place,
    int64_t width_us, struct tape_candle *candle);

#endif
