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

long
market_find(const struct market *market, const char *stream, size_t len)
{
	for (size_t i = 0; i < market->nsymbols; i++)
		if (strlen(market->symbols[i].stream) == len &&
		    memcmp(market->symbols[i].stream, stream, len) == 0)
			return (long)i;
	return -1;
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
	symbol->lot = symbol->tick == 1000000 ? 1000 : 1000000;
}

static int
add_symbol(struct market *market, const char *name, size_t len)
{
	struct market_symbol *symbol = &market->symbols[market->nsymbols];

	if (len == 0 || len > MARKET_SYMBOL_MAX)
		return -1;
	for (size_t i = 0; i < len; i++) {
		symbol->stream[i] = (char)tolower((unsigned char)name[i]);
		symbol->name[i] = (char)toupper((unsigned char)name[i]);
	}
	if (market_find(market, symbol->stream, len) != -1)
		return -1;
	market->nsymbols++;
	symbol->next_id = 1 + draw(market, 4000000000);
	set_price(market, symbol);
	return 0;
}

int
market_init(struct market *market, const char *names, uint64_t seed,
    int64_t start_us, double rate, double speed)
{
	size_t count = 1, len;

	memset(market, 0, sizeof(*market));
	for (const char *p = names; *p != '\0'; p++)
		count += *p == ',';
	market->symbols = calloc(count, sizeof(*market->symbols));
	if (market->symbols == NULL)
		return -1;
	market->random = seed;
	market->start_us = market->time_us = start_us / 1000 * 1000;
	market->mean_gap_us = (int64_t)(1e6 * speed / rate);
	for (;; names += len + 1) {
		len = strcspn(names, ",");
		if (add_symbol(market, names, len) != 0) {
			market_free(market);
			return -1;
		}
		if (names[len] == '\0')
			return 0;
	}
}

void
market_free(struct market *market)
{
	free(market->symbols);
	market->symbols = NULL;
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

void
market_next(struct market *market, struct market_trade *trade)
{
	struct market_symbol *symbol;

	/* A gap drawn evenly from 0 to twice the mean; the sub-millisecond
	 * part is kept, so that the rate is right at any rate. */
	market->time_us += draw(market, 2 * market->mean_gap_us + 1);
	trade->symbol = (size_t)draw(market, (int64_t)market->nsymbols);
	symbol = &market->symbols[trade->symbol];
	walk(market, symbol);
	trade->id = symbol->next_id++;
	trade->price = symbol->price * symbol->tick;
	trade->quantity = symbol->lot * (1 + draw(market,
	    draw(market, 10) == 0 ? 10000000 : 100000));
	trade->time_us = market->time_us / 1000 * 1000;
	trade->frame_time_us = trade->time_us + 1000 * draw(market, 4);
	trade->buyer_maker = draw(market, 2) != 0;
}

size_t
market_frame(const struct market *market, const struct market_trade *trade,
    char *out)
{
	return (size_t)snprintf(out, MARKET_TEXT_MAX,
	    "{\"e\":\"trade\",\"E\":%" PRId64 ",\"s\":\"%s\",\"t\":%" PRId64
	    ",\"p\":\"%" PRId64 ".%08" PRId64 "\",\"q\":\"%" PRId64
	    ".%08" PRId64 "\",\"T\":%" PRId64 ",\"m\":%s,\"M\":true}",
	    trade->frame_time_us / 1000, market->symbols[trade->symbol].name,
	    trade->id, trade->price / E8, trade->price % E8,
	    trade->quantity / E8, trade->quantity % E8,
	    trade->time_us / 1000, trade->buyer_maker ? "true" : "false");
}

size_t
market_record(const struct market *market, const struct market_trade *trade,
    char *out)
{
	time_t second = (time_t)(trade->time_us / 1000000);
	struct tm tm;
	char text[32];

	gmtime_r(&second, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	return (size_t)snprintf(out, MARKET_TEXT_MAX,
	    "{\"symbol\":\"%s\",\"price\":%" PRId64 ".%08" PRId64
	    ",\"event_time\":\"%s.%03dZ\",\"quantity\":%" PRId64
	    ".%08" PRId64 ",\"trade_id\":%" PRId64 ",\"buyer_maker\":%s}",
	    market->symbols[trade->symbol].name, trade->price / E8,
	    trade->price % E8, text, (int)(trade->time_us / 1000 % 1000),
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
