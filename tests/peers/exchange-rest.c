#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exchange-http.h"
#include "exchange-rest.h"

#define E8 INT64_C(100000000)
#define ROW_MAX 512 /* bytes of a trade or candle */
#define LIMIT_DEFAULT 500
#define LIMIT_MAX 1000

static void
add(struct rest_answer *answer, const char *format, ...)
{
	va_list args;

	if (answer->cap - answer->len < ROW_MAX) {
		answer->cap = 2 * answer->cap + 4 * ROW_MAX;
		answer->body = realloc(answer->body, answer->cap);
		if (answer->body == NULL)
			abort();
	}
	va_start(args, format);
	answer->len += (size_t)vsnprintf(answer->body + answer->len, ROW_MAX,
	    format, args);
	va_end(args);
}

void
rest_free(struct rest_answer *answer)
{
	free(answer->body);
	memset(answer, 0, sizeof(*answer));
}

void
rest_text(struct rest_answer *answer, int status, const char *text)
{
	answer->status = status;
	answer->len = 0;
	add(answer, "%s", text);
}

void
rest_error(struct rest_answer *answer, int status, int code,
    const char *message)
{
	answer->status = status;
	answer->len = 0;
	add(answer, "{\"code\":%d,\"msg\":\"%s\"}", code, message);
}

enum rest_endpoint
rest_endpoint(const char *path)
{
	static const struct {
		const char *path;
		enum rest_endpoint endpoint;
	} known[] = {
		{ "/api/v3/time", REST_TIME },
		{ "/api/v3/historicalTrades", REST_TRADES },
		{ "/api/v3/klines", REST_KLINES },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(path, known[i].path) == 0)
			return known[i].endpoint;
	return REST_NONE;
}

int
rest_weight(enum rest_endpoint endpoint)
{
	return endpoint == REST_TRADES ? 25 : endpoint == REST_KLINES ? 2 : 1;
}

/* An optional parameter of digits alone.  -1: the answer is an error. */
static int
take_number(const char *text, const char *name, int64_t *value,
    struct rest_answer *answer)
{
	char digits[64], message[160];

	if (!http_param(text, name, digits, sizeof(digits)))
		return 0;
	if (*digits != '\0' && strlen(digits) <= 18 &&
	    strspn(digits, "0123456789") == strlen(digits)) {
		*value = strtoll(digits, NULL, 10);
		return 0;
	}
	snprintf(message, sizeof(message), "Illegal characters found in "
	    "parameter '%s'; legal range is '^[0-9]{1,20}$'.", name);
	rest_error(answer, 400, -1100, message);
	return -1;
}

static int
take_symbol(const char *text, const struct market *market,
    struct rest_query *query, struct rest_answer *answer)
{
	char name[3 * MARKET_SYMBOL_MAX + 1];
	long symbol = -1;

	if (!http_param(text, "symbol", name, sizeof(name)) ||
	    *name == '\0') {
		rest_error(answer, 400, -1102, "Mandatory parameter 'symbol' "
		    "was not sent, was empty/null, or malformed.");
		return -1;
	}
	symbol = market_find_name(market, name);
	if (symbol == -1) {
		rest_error(answer, 400, -1121, "Invalid symbol.");
		return -1;
	}
	query->symbol = (size_t)symbol;
	return 0;
}

static int
take_interval(const char *text, struct rest_query *query,
    struct rest_answer *answer)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} known[] = {
		{ "1s", 1 }, { "1m", 60 }, { "3m", 180 }, { "5m", 300 },
		{ "15m", 900 }, { "30m", 1800 }, { "1h", 3600 },
		{ "1d", 86400 },
	};
	char interval[16];

	if (!http_param(text, "interval", interval, sizeof(interval))) {
		rest_error(answer, 400, -1102, "Mandatory parameter "
		    "'interval' was not sent, was empty/null, or malformed.");
		return -1;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(interval, known[i].name) == 0)
			query->width_us = known[i].seconds * 1000000;
	if (query->width_us != 0)
		return 0;
	rest_error(answer, 400, -1120, "Invalid interval.");
	return -1;
}

/* Milliseconds, or microseconds when that large. */
static int64_t
to_us(int64_t time)
{
	return time == -1 || time >= INT64_C(100000000000000) ? time :
	    1000 * time;
}

int
rest_parse(enum rest_endpoint endpoint, const char *text,
    const char *time_unit, const struct market *market,
    struct rest_query *query, struct rest_answer *answer)
{
	int64_t limit = LIMIT_DEFAULT;

	*query = (struct rest_query){ .endpoint = endpoint, .from_id = -1,
		.start_us = -1, .end_us = -1,
		.microseconds = strcasecmp(time_unit, "MICROSECOND") == 0 };
	if (endpoint == REST_TIME)
		return 0;
	if (take_symbol(text, market, query, answer) != 0 ||
	    (endpoint == REST_KLINES &&
	    take_interval(text, query, answer) != 0) ||
	    take_number(text, "limit", &limit, answer) != 0 ||
	    take_number(text, "fromId", &query->from_id, answer) != 0 ||
	    take_number(text, "startTime", &query->start_us, answer) != 0 ||
	    take_number(text, "endTime", &query->end_us, answer) != 0)
		return -1;
	if (limit == 0) {
		rest_error(answer, 400, -1130,
		    "Data sent for parameter 'limit' is not valid.");
		return -1;
	}
	query->limit = limit > LIMIT_MAX ? LIMIT_MAX : (size_t)limit;
	query->start_us = to_us(query->start_us);
	query->end_us = to_us(query->end_us);
	return 0;
}

static size_t
first_trade(const struct rest_query *query, const struct tape *tape)
{
	size_t count = tape_count(tape, query->symbol);

	if (query->from_id != -1)
		return tape_from_id(tape, query->symbol, query->from_id);
	return count > query->limit ? count - query->limit : 0;
}

size_t
rest_available(const struct rest_query *query, const struct tape *tape)
{
	size_t left;

	if (query->endpoint != REST_TRADES)
		return 1;
	left = tape_count(tape, query->symbol) - first_trade(query, tape);
	return left > query->limit ? query->limit : left;
}

static void
write_trades(const struct rest_query *query, const struct tape *tape,
    struct rest_answer *answer)
{
	size_t first = first_trade(query, tape);
	size_t count = rest_available(query, tape);

	for (size_t i = 0; i < count; i++) {
		struct market_trade trade;
		int64_t quote;

		tape_get(tape, query->symbol, first + i, &trade);
		quote = (int64_t)((tape_sum)trade.price * trade.quantity / E8);
		add(answer, "%s{\"id\":%" PRId64 ",\"price\":\"%" PRId64
		    ".%08" PRId64 "\",\"qty\":\"%" PRId64 ".%08" PRId64
		    "\",\"quoteQty\":\"%" PRId64 ".%08" PRId64
		    "\",\"time\":%" PRId64 ",\"isBuyerMaker\":%s,"
		    "\"isBestMatch\":true}", i == 0 ? "" : ",", trade.id,
		    trade.price / E8, trade.price % E8, trade.quantity / E8,
		    trade.quantity % E8, quote / E8, quote % E8,
		    trade.time_us / (query->microseconds ? 1 : 1000),
		    trade.buyer_maker ? "true" : "false");
	}
}

static void
add_decimal(struct rest_answer *answer, tape_sum value)
{
	add(answer, ",\"%" PRId64 ".%08" PRId64 "\"", (int64_t)(value / E8),
	    (int64_t)(value % E8));
}

static void
write_candle(const struct rest_query *query,
    const struct tape_candle *candle, struct rest_answer *answer)
{
	int64_t unit = query->microseconds ? 1 : 1000;

	add(answer, "[%" PRId64, candle->open_us / unit);
	add_decimal(answer, candle->open);
	add_decimal(answer, candle->high);
	add_decimal(answer, candle->low);
	add_decimal(answer, candle->close);
	add_decimal(answer, candle->volume);
	add(answer, ",%" PRId64, candle->close_us / unit - 1);
	add_decimal(answer, candle->quote_volume / E8);
	add(answer, ",%zu", candle->trades);
	add_decimal(answer, candle->taker_buy_volume);
	add_decimal(answer, candle->taker_buy_quote / E8);
	add(answer, ",\"0\"]");
}

/* The first candle asked for opens here, the last one at *last. */
static int64_t
candle_range(const struct rest_query *query, const struct tape *tape,
    int64_t *last)
{
	size_t count = tape_count(tape, query->symbol);
	int64_t width = query->width_us, first;
	struct market_trade trade;

	tape_get(tape, query->symbol, count - 1, &trade);
	*last = trade.time_us - trade.time_us % width;
	if (query->end_us != -1 && query->end_us < *last)
		*last = query->end_us - query->end_us % width;
	tape_get(tape, query->symbol, 0, &trade);
	first = trade.time_us - trade.time_us % width;
	if (query->start_us > first)
		first = (query->start_us + width - 1) / width * width;
	else if (query->start_us == -1 &&
	    *last - first >= (int64_t)query->limit * width)
		first = *last - ((int64_t)query->limit - 1) * width;
	return first;
}

/*
 * The candle that opens at open_us; place: the first trade not before it.
 * Returns the place after it.  A time without trades is a candle of the price
 * before.
 */
static size_t
next_candle(const struct rest_query *query, const struct tape *tape,
    size_t place, int64_t open_us, struct tape_candle *candle)
{
	struct market_trade trade;

	if (place < tape_count(tape, query->symbol)) {
		tape_get(tape, query->symbol, place, &trade);
		if (trade.time_us < open_us + query->width_us)
			return tape_candle(tape, query->symbol, place,
			    query->width_us, candle);
	}
	tape_get(tape, query->symbol, place - 1, &trade);
	*candle = (struct tape_candle){ .open_us = open_us,
		.close_us = open_us + query->width_us, .open = trade.price,
		.high = trade.price, .low = trade.price,
		.close = trade.price };
	return place;
}

static void
write_candles(const struct rest_query *query, const struct tape *tape,
    struct rest_answer *answer)
{
	size_t symbol = query->symbol, place, rows = 0;
	struct tape_candle candle;
	int64_t open_us, last_us;

	if (tape_count(tape, symbol) == 0)
		return;
	open_us = candle_range(query, tape, &last_us);
	place = tape_from_time(tape, symbol, open_us);
	for (; open_us <= last_us && rows < query->limit;
	    open_us += query->width_us, rows++) {
		place = next_candle(query, tape, place, open_us, &candle);
		if (rows > 0)
			add(answer, ",");
		write_candle(query, &candle, answer);
	}
}

void
rest_write(const struct rest_query *query, const struct tape *tape,
    int64_t now_us, struct rest_answer *answer)
{
	answer->status = 200;
	answer->len = 0;
	if (query->endpoint == REST_TIME) {
		add(answer, "{\"serverTime\":%" PRId64 "}",
		    now_us / (query->microseconds ? 1 : 1000));
		return;
	}
	add(answer, "[");
	if (query->endpoint == REST_TRADES)
		write_trades(query, tape, answer);
	else
		write_candles(query, tape, answer);
	add(answer, "]");
}
