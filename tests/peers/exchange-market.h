#ifndef EXCHANGE_MARKET_H
#define EXCHANGE_MARKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The market of the exchange simulator: which trades happen, and how they
 * look in a frame and in the log.  No I/O, no clock: everything follows from
 * the seed, the symbols, the rate, the speed and the start.
 */

#define MARKET_SYMBOL_MAX 64 /* bytes */

struct market_symbol {
	char stream[MARKET_SYMBOL_MAX + 1]; /* lower case, as in streams */
	char name[MARKET_SYMBOL_MAX + 1];   /* upper case, as in frames */
	int64_t next_id;
	int64_t tick;  /* in 1e-8 of the quote asset */
	int64_t price; /* in ticks */
	int64_t lot;   /* in 1e-8 of the base asset */
};

struct market {
	struct market_symbol *symbols;
	size_t nsymbols, cap;
	uint32_t *hash; /* index + 1 by stream name, open addressing */
	size_t hash_size; /* a power of two */
	uint64_t random;
	int64_t start_us;   /* event time of the market's beginning */
	int64_t time_us;    /* event time of the newest trade */
	int64_t mean_gap_us; /* between trades, in event time */
	int64_t burst;       /* trades in the largest burst; 0: no bursts */
	int64_t burst_left;  /* of the current one */
	size_t burst_symbol;
};

struct market_trade {
	size_t symbol; /* index */
	int64_t id;
	int64_t price, quantity; /* in 1e-8 */
	int64_t time_us;         /* T */
	int64_t frame_time_us;   /* E, not before T */
	bool buyer_maker;
};

struct market_options {
	const char *names; /* symbols separated by commas, in any case; or "" */
	int64_t count;     /* and so many more: S0001USDT, ... */
	uint64_t seed;
	int64_t start_us;
	double rate;       /* trades a second of the wall clock, all symbols */
	double speed;      /* event time to wall clock */
	int64_t burst;     /* now and then up to so many at once */
};

/*
 * 0, or -1 when a name is empty, too long or there twice, there is none, or
 * memory is short.
 */
int market_init(struct market *market, const struct market_options *options);
void market_free(struct market *market);

/* Makes the next trade. */
void market_next(struct market *market, struct market_trade *trade);

/* The symbol's next id is later by so many: those trades never exist. */
void market_skip_ids(struct market *market, size_t symbol, int64_t count);

/* The index of the symbol whose stream name begins so; -1: not traded. */
long market_find(const struct market *market, const char *stream, size_t len);

/* Likewise by the name in upper case, as REST has it. */
long market_find_name(const struct market *market, const char *name);

/*
 * The trade as Binance's spot `trade` event, and as a trade record without
 * processed_time.  Times are truncated to milliseconds unless microseconds
 * are asked for.  out has MARKET_TEXT_MAX bytes; returns the length, ended
 * by NUL.
 */
#define MARKET_TEXT_MAX 512
size_t market_frame(const struct market *market,
    const struct market_trade *trade, bool microseconds, char *out);
size_t market_record(const struct market *market,
    const struct market_trade *trade, bool microseconds, char *out);

/* The same trade in the forms that are no trades, for noise. */
size_t market_agg_trade(const struct market *market,
    const struct market_trade *trade, char *out);
size_t market_block_trade(const struct market *market,
    const struct market_trade *trade, char *out);

/* splitmix64, also for the server's own draws. */
uint64_t market_random(uint64_t *state);

#endif
