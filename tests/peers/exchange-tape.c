#include <stdlib.h>

#include "exchange-tape.h"

/* time: T in microseconds, what E is later by (12 bits), the maker (1). */
struct tape_trade {
	int64_t id, price, quantity;
	uint64_t time;
};

#define DELAY_BITS 12
#define DELAY_MAX ((INT64_C(1) << DELAY_BITS) - 1)

int
tape_init(struct tape *tape, size_t nsymbols)
{
	tape->nsymbols = nsymbols;
	tape->symbols = calloc(nsymbols, sizeof(*tape->symbols));
	return tape->symbols == NULL ? -1 : 0;
}

void
tape_free(struct tape *tape)
{
	for (size_t i = 0; tape->symbols != NULL && i < tape->nsymbols; i++)
		free(tape->symbols[i].trades);
	free(tape->symbols);
}

int
tape_add(struct tape *tape, const struct market_trade *trade)
{
	struct tape_symbol *symbol = &tape->symbols[trade->symbol];
	int64_t delay = trade->frame_time_us - trade->time_us;

	if (symbol->len == symbol->cap) {
		size_t cap = symbol->cap == 0 ? 64 :
		    symbol->cap + symbol->cap / 2;
		struct tape_trade *grown = realloc(symbol->trades,
		    cap * sizeof(*grown));

		if (grown == NULL)
			return -1;
		symbol->trades = grown;
		symbol->cap = cap;
	}
	if (delay > DELAY_MAX)
		delay = DELAY_MAX;
	symbol->trades[symbol->len++] = (struct tape_trade){
		.id = trade->id, .price = trade->price,
		.quantity = trade->quantity,
		.time = (uint64_t)trade->time_us << (DELAY_BITS + 1) |
		    (uint64_t)delay << 1 | trade->buyer_maker,
	};
	return 0;
}

static int64_t
time_of(const struct tape_trade *trade)
{
	return (int64_t)(trade->time >> (DELAY_BITS + 1));
}

size_t
tape_from_id(const struct tape *tape, size_t symbol, int64_t id)
{
	const struct tape_trade *trades = tape->symbols[symbol].trades;
	size_t low = 0, high = tape->symbols[symbol].len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (trades[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t
tape_from_time(const struct tape *tape, size_t symbol, int64_t time_us)
{
	const struct tape_trade *trades = tape->symbols[symbol].trades;
	size_t low = 0, high = tape->symbols[symbol].len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (time_of(&trades[middle]) < time_us)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void
tape_get(const struct tape *tape, size_t symbol, size_t place,
    struct market_trade *trade)
{
	const struct tape_trade *kept = &tape->symbols[symbol].trades[place];

	trade->symbol = symbol;
	trade->id = kept->id;
	trade->price = kept->price;
	trade->quantity = kept->quantity;
	trade->time_us = time_of(kept);
	trade->frame_time_us = trade->time_us +
	    (int64_t)(kept->time >> 1 & DELAY_MAX);
	trade->buyer_maker = kept->time & 1;
}

static void
add_to_candle(struct tape_candle *candle, const struct market_trade *trade)
{
	tape_sum quote = (tape_sum)trade->price * trade->quantity;

	if (candle->trades++ == 0)
		candle->open = candle->high = candle->low = trade->price;
	if (trade->price > candle->high)
		candle->high = trade->price;
	if (trade->price < candle->low)
		candle->low = trade->price;
	candle->close = trade->price;
	candle->volume += trade->quantity;
	candle->quote_volume += quote;
	if (!trade->buyer_maker) {
		candle->taker_buy_volume += trade->quantity;
		candle->taker_buy_quote += quote;
	}
}

size_t
tape_candle(const struct tape *tape, size_t symbol, size_t place,
    int64_t width_us, struct tape_candle *candle)
{
	struct market_trade trade;

	tape_get(tape, symbol, place, &trade);
	*candle = (struct tape_candle){
		.open_us = trade.time_us - trade.time_us % width_us };
	candle->close_us = candle->open_us + width_us;
	while (trade.time_us < candle->close_us) {
		add_to_candle(candle, &trade);
		if (++place == tape_count(tape, symbol))
			break;
		tape_get(tape, symbol, place, &trade);
	}
	return place;
}
