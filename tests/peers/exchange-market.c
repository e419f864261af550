#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exchange-market.h"

#define E8 INT64_C(100000000)

uint64_t
market_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static int64_t
draw(struct market *market, int64_t bound)
{
	return (int64_t)(market_random(&market->random) % (uint64_t)bound);
}

/* FNV-1a. */
static size_t
hash_of(const char *name, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * 0x100000001b3u;
	return (size_t)(hash ^ hash >> 32);
}

/* Where the name is in the hash, or would be. */
static uint32_t *
place_of(const struct market *market, const char *name, size_t len)
{
	size_t mask = market->hash_size - 1;
	size_t i = hash_of(name, len) & mask;

	for (; market->hash[i] != 0; i = (i + 1) & mask) {
		const char *stream =
		    market->symbols[market->hash[i] - 1].stream;

		if (strncmp(stream, name, len) == 0 && stream[len] == '\0')
			break;
	}
	return &market->hash[i];
}

long
market_find(const struct market *market, const char *stream, size_t len)
{
	if (len > MARKET_SYMBOL_MAX)
		return -1;
	return (long)*place_of(market, stream, len) - 1;
}

long
market_find_name(const struct market *market, const char *name)
{
	char stream[MARKET_SYMBOL_MAX + 1];
	size_t len = strlen(name);
	long found;

	if (len > MARKET_SYMBOL_MAX)
		return -1;
	for (size_t i = 0; i < len; i++)
		stream[i] = (char)tolower((unsigned char)name[i]);
	found = market_find(market, stream, len);
	return found != -1 && strcmp(market->symbols[found].name, name) == 0 ?
	    found : -1;
}

/* Prices of every size: from fractions of a cent to tens of thousands. */
static void
set_price(struct market *market, struct market_symbol *symbol)
{
	static const int64_t ticks[] = { 1, 100, 10000, 1000000, 1000000 };
	static const struct {
		const char *name;
		int64_t price; /* where it is expected to be, in cents */
	} known[] = {
		{ "BTCUSDT", 6000000 }, { "ETHUSDT", 300000 },
		{ "BNBUSDT", 55000 }, { "SOLUSDT", 15000 },
	};

	symbol->tick = ticks[draw(market, 5)];
	symbol->price = 1000 + draw(market, 6000000);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].name, symbol->name) != 0)
			continue;
		symbol->tick = 1000000;
		symbol->price = known[i].price + draw(market, 1000);
	}
	/* Price times quantity has no more than eight decimals. */
	symbol->lot = symbol->tick == 1000000 ? 1000 :
	    symbol->tick == 1 ? E8 : 1000000;
}

static int
add_symbol(struct market *market, const char *name, size_t len)
{
	struct market_symbol *symbol = &market->symbols[market->nsymbols];
	uint32_t *place;

	if (len == 0 || len > MARKET_SYMBOL_MAX)
		return -1;
	for (size_t i = 0; i < len; i++) {
		symbol->stream[i] = (char)tolower((unsigned char)name[i]);
		symbol->name[i] = (char)toupper((unsigned char)name[i]);
	}
	place = place_of(market, symbol->stream, len);
	if (*place != 0)
		return -1;
	*place = (uint32_t)++market->nsymbols;
	symbol->next_id = 1 + draw(market, 4000000000);
	set_price(market, symbol);
	return 0;
}

static int
add_names(struct market *market, const char *names)
{
	size_t len;

	for (;; names += len + 1) {
		len = strcspn(names, ",");
		if (add_symbol(market, names, len) != 0)
			return -1;
		if (names[len] == '\0')
			return 0;
	}
}

static int
add_numbered(struct market *market, int64_t count)
{
	char name[32];

	for (int64_t i = 1; i <= count; i++) {
		int len = snprintf(name, sizeof(name), "S%04" PRId64 "USDT",
		    i);

		if (add_symbol(market, name, (size_t)len) != 0)
			return -1;
	}
	return 0;
}

static int
make_room(struct market *market, size_t count)
{
	market->hash_size = 16;
	while (market->hash_size < 4 * count)
		market->hash_size *= 2;
	market->symbols = calloc(count, sizeof(*market->symbols));
	market->hash = calloc(market->hash_size, sizeof(*market->hash));
	return market->symbols == NULL || market->hash == NULL ? -1 : 0;
}

int
market_init(struct market *market, const struct market_options *options)
{
	size_t count = 1 + (size_t)options->count;

	memset(market, 0, sizeof(*market));
	for (const char *p = options->names; *p != '\0'; p++)
		count += *p == ',';
	market->random = options->seed;
	market->start_us = market->time_us = options->start_us / 1000 * 1000;
	market->mean_gap_us = (int64_t)(1e6 * options->speed / options->rate);
	market->burst = options->burst;
	if (make_room(market, count) == 0 &&
	    (*options->names == '\0' ||
	    add_names(market, options->names) == 0) &&
	    add_numbered(market, options->count) == 0 && market->nsymbols > 0)
		return 0;
	market_free(market);
	return -1;
}

void
market_free(struct market *market)
{
	free(market->symbols);
	free(market->hash);
	market->symbols = NULL;
	market->hash = NULL;
}

void
market_skip_ids(struct market *market, size_t symbol, int64_t count)
{
	market->symbols[symbol].next_id += count;
}

/* One step of the walk: mostly none, at times a tick, seldom many. */
static void
walk(struct market *market, struct market_symbol *symbol)
{
	int64_t kind = draw(market, 100), step;

	if (kind < 60)
		return;
	step = kind < 98 ? 1 : 1 + draw(market, 50);
	if (draw(market, 2) != 0)
		step = -step;
	if (symbol->price + step > 0)
		symbol->price += step;
}

/* Which symbol is traded next; a burst is of one symbol. */
static size_t
draw_symbol(struct market *market)
{
	size_t symbol;

	if (market->burst_left > 0) {
		market->burst_left--;
		return market->burst_symbol;
	}
	/* A gap drawn evenly from 0 to twice the mean. */
	market->time_us += draw(market, 2 * market->mean_gap_us + 1);
	symbol = (size_t)draw(market, (int64_t)market->nsymbols);
	if (market->burst > 0 && draw(market, 1000) == 0) {
		market->burst_left = draw(market, market->burst);
		market->burst_symbol = symbol;
	}
	return symbol;
}

void
market_next(struct market *market, struct market_trade *trade)
{
	struct market_symbol *symbol;

	trade->symbol = draw_symbol(market);
	symbol = &market->symbols[trade->symbol];
	walk(market, symbol);
	trade->id = symbol->next_id++;
	trade->price = symbol->price * symbol->tick;
	trade->quantity = symbol->lot * (1 + draw(market,
	    draw(market, 10) == 0 ? 10000000 : 100000));
	trade->time_us = market->time_us;
	trade->frame_time_us = trade->time_us + 1000 * draw(market, 4);
	trade->frame_time_us += (int64_t)((uint64_t)trade->id * 7 % 97);
	trade->buyer_maker = draw(market, 2) != 0;
}

size_t
market_frame(const struct market *market, const struct market_trade *trade,
    bool microseconds, char *out)
{
	int64_t unit = microseconds ? 1 : 1000;

	return (size_t)snprintf(out, MARKET_TEXT_MAX,
	    "{\"e\":\"trade\",\"E\":%" PRId64 ",\"s\":\"%s\",\"t\":%" PRId64
	    ",\"p\":\"%" PRId64 ".%08" PRId64 "\",\"q\":\"%" PRId64
	    ".%08" PRId64 "\",\"T\":%" PRId64 ",\"m\":%s,\"M\":true}",
	    trade->frame_time_us / unit, market->symbols[trade->symbol].name,
	    trade->id, trade->price / E8, trade->price % E8,
	    trade->quantity / E8, trade->quantity % E8,
	    trade->time_us / unit, trade->buyer_maker ? "true" : "false");
}

size_t
market_record(const struct market *market, const struct market_trade *trade,
    bool microseconds, char *out)
{
	time_t second = (time_t)(trade->time_us / 1000000);
	int below = (int)(trade->time_us % 1000000);
	struct tm tm;
	char text[32];

	gmtime_r(&second, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	return (size_t)snprintf(out, MARKET_TEXT_MAX,
	    "{\"symbol\":\"%s\",\"price\":%" PRId64 ".%08" PRId64
	    ",\"event_time\":\"%s.%0*dZ\",\"quantity\":%" PRId64
	    ".%08" PRId64 ",\"trade_id\":%" PRId64 ",\"buyer_maker\":%s}",
	    market->symbols[trade->symbol].name, trade->price / E8,
	    trade->price % E8, text, microseconds ? 6 : 3,
	    microseconds ? below : below / 1000,
	    trade->quantity / E8, trade->quantity % E8, trade->id,
	    trade->buyer_maker ? "true" : "false");
}

size_t
market_agg_trade(const struct market *market,
    const struct market_trade *trade, char *out)
{
	return (size_t)snprintf(out, MARKET_TEXT_MAX,
	    "{\"e\":\"aggTrade\",\"E\":%" PRId64 ",\"s\":\"%s\",\"a\":%" PRId64
	    ",\"p\":\"%" PRId64 ".%08" PRId64 "\",\"q\":\"%" PRId64
	    ".%08" PRId64 "\",\"f\":%" PRId64 ",\"l\":%" PRId64
	    ",\"T\":%" PRId64 ",\"m\":%s,\"M\":true}",
	    trade->frame_time_us / 1000, market->symbols[trade->symbol].name,
	    trade->id / 3, trade->price / E8, trade->price % E8,
	    trade->quantity / E8, trade->quantity % E8, trade->id, trade->id,
	    trade->time_us / 1000, trade->buyer_maker ? "true" : "false");
}

size_t
market_block_trade(const struct market *market,
    const struct market_trade *trade, char *out)
{
	return (size_t)snprintf(out, MARKET_TEXT_MAX,
	    "{\"e\":\"blockTrade\",\"E\":%" PRId64 ",\"s\":\"%s\","
	    "\"t\":%" PRId64 ",\"p\":\"%" PRId64 ".%08" PRId64 "\","
	    "\"q\":\"5838\",\"T\":%" PRId64 ",\"m\":true}",
	    trade->frame_time_us / 1000, market->symbols[trade->symbol].name,
	    trade->id % 1000, trade->price / E8, trade->price % E8,
	    trade->time_us / 1000);
}
