#include "candle.h"

#include <stddef.h>
#include <string.h>

#include "timestamp.h"

enum {
	WINDOW_START, WINDOW_END, SYMBOL, OPEN, HIGH, LOW, CLOSE, TRADES,
	CLOSED, VOLUME, QUOTE_VOLUME, TAKER_BUY_VOLUME, FIRST_TRADE_ID,
	LAST_TRADE_ID,
};

#define FIELD(name, type, required) \
	{ #name, type, required, offsetof(struct candle, name) }

static const struct record_field fields[] = {
	[WINDOW_START] = { "window_start", RECORD_TIME, true,
	    offsetof(struct candle, window_start_us) },
	[WINDOW_END] = { "window_end", RECORD_TIME, true,
	    offsetof(struct candle, window_end_us) },
	[SYMBOL] = FIELD(symbol, RECORD_SYMBOL, true),
	[OPEN] = FIELD(open, RECORD_POSITIVE, true),
	[HIGH] = FIELD(high, RECORD_POSITIVE, true),
	[LOW] = FIELD(low, RECORD_POSITIVE, true),
	[CLOSE] = FIELD(close, RECORD_POSITIVE, true),
	[TRADES] = FIELD(trades, RECORD_INT, true),
	[CLOSED] = FIELD(closed, RECORD_BOOL, true),
	[VOLUME] = FIELD(volume, RECORD_SUM, false),
	[QUOTE_VOLUME] = FIELD(quote_volume, RECORD_SUM, false),
	[TAKER_BUY_VOLUME] = FIELD(taker_buy_volume, RECORD_SUM, false),
	[FIRST_TRADE_ID] = FIELD(first_trade_id, RECORD_INT, false),
	[LAST_TRADE_ID] = FIELD(last_trade_id, RECORD_INT, false),
};

/* What the members must be to each other. */
static enum record_result
check(struct record_reader *reader, const struct candle *c, uint32_t present)
{
	if (c->window_start_us >= c->window_end_us)
		return record_bad(reader, "window_end is not after "
		    "window_start");
	if (decimal_compare(&c->low, &c->open) > 0 ||
	    decimal_compare(&c->low, &c->close) > 0 ||
	    decimal_compare(&c->high, &c->open) < 0 ||
	    decimal_compare(&c->high, &c->close) < 0)
		return record_bad(reader, "open or close is not between low "
		    "and high");
	if (c->trades == 0)
		return record_bad(reader, "trades is zero");
	if ((present >> VOLUME & 1) != (present >> QUOTE_VOLUME & 1))
		return record_bad(reader, "volume and quote_volume come "
		    "together");
	if ((present >> FIRST_TRADE_ID & 1) != (present >> LAST_TRADE_ID & 1))
		return record_bad(reader, "first_trade_id and last_trade_id "
		    "come together");
	if (c->has_trade_ids && c->first_trade_id > c->last_trade_id)
		return record_bad(reader, "first_trade_id is after "
		    "last_trade_id");
	return RECORD_GOOD;
}

/* The end of both ways. */
static enum record_result
finish(struct record_reader *reader, struct candle *out, uint32_t present)
{
	out->has_volume = present >> VOLUME & 1;
	out->has_taker_buy_volume = present >> TAKER_BUY_VOLUME & 1;
	out->has_trade_ids = present >> FIRST_TRADE_ID & 1;
	out->has_provenance = false;
	return check(reader, out, present);
}

enum record_result
candle_read(struct record_reader *reader, const char *line, size_t len,
    struct candle *out)
{
	uint32_t present;
	enum record_result result = record_read_fields(reader, line, len,
	    fields, sizeof fields / sizeof *fields, out, &present);

	return result == RECORD_GOOD ? finish(reader, out, present) : result;
}

size_t
candle_scan(struct record_reader *reader, const char *text,
    const char *limit, struct candle *out)
{
	uint32_t present;
	size_t len = recordscan_line(reader, text, limit, fields, out,
	    &present);

	return len > 0 && finish(reader, out, present) == RECORD_GOOD ?
	    len : 0;
}

#define PUT_LITERAL(out, text) \
	(memcpy(out, text, sizeof (text) - 1), (out) + sizeof (text) - 1)

static char *
put_time(char *out, int64_t time_us)
{
	*out++ = '"';
	out += timestamp_write(out, time_us, 0);
	*out++ = '"';
	return out;
}

/* What stands in a JSON string as it is, by json_quote(). */
static bool
is_plain(char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* A symbol: mostly plain ASCII, of which nothing needs an escape. */
static char *
put_symbol(char *out, struct record_text symbol)
{
	size_t i = 0;

	while (i < symbol.len && is_plain(symbol.text[i]))
		i++;
	if (i < symbol.len)
		return out + json_quote(out, symbol.text, symbol.len);
	*out++ = '"';
	memcpy(out, symbol.text, symbol.len);
	out[symbol.len] = '"';
	return out + symbol.len + 1;
}

static char *
put_sums(char *p, const struct candle *c)
{
	if (c->has_volume) {
		p = PUT_LITERAL(p, ",\"volume\":");
		p += decimal_sum_write(p, &c->volume);
		p = PUT_LITERAL(p, ",\"quote_volume\":");
		p += decimal_sum_write(p, &c->quote_volume);
	}
	if (c->has_taker_buy_volume) {
		p = PUT_LITERAL(p, ",\"taker_buy_volume\":");
		p += decimal_sum_write(p, &c->taker_buy_volume);
	}
	return p;
}

size_t
candle_write(char *out, const struct candle *c)
{
	char *p = out;

	p = put_time(PUT_LITERAL(p, "{\"window_start\":"),
	    c->window_start_us);
	p = put_time(PUT_LITERAL(p, ",\"window_end\":"), c->window_end_us);
	p = put_symbol(PUT_LITERAL(p, ",\"symbol\":"), c->symbol);
	p = PUT_LITERAL(p, ",\"open\":");
	p += decimal_write(p, &c->open);
	p = PUT_LITERAL(p, ",\"high\":");
	p += decimal_write(p, &c->high);
	p = PUT_LITERAL(p, ",\"low\":");
	p += decimal_write(p, &c->low);
	p = PUT_LITERAL(p, ",\"close\":");
	p += decimal_write(p, &c->close);
	p = put_sums(p, c);
	p = PUT_LITERAL(p, ",\"trades\":");
	p += decimal_write_word(p, (uint64_t)c->trades);
	if (c->has_trade_ids) {
		p = PUT_LITERAL(p, ",\"first_trade_id\":");
		p += decimal_write_word(p, (uint64_t)c->first_trade_id);
		p = PUT_LITERAL(p, ",\"last_trade_id\":");
		p += decimal_write_word(p, (uint64_t)c->last_trade_id);
	}
	p = c->closed ? PUT_LITERAL(p, ",\"closed\":true") :
	    PUT_LITERAL(p, ",\"closed\":false");
	if (c->has_provenance) {
		*p++ = ',';
		p += provenance_write(p, &c->provenance);
	}
	*p++ = '}';
	return (size_t)(p - out);
}
