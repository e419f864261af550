#include "trade.h"

#include <stddef.h>

#include "scan.h"

enum {
	SYMBOL, PRICE, EVENT_TIME, PROCESSED_TIME, QUANTITY, TRADE_ID,
	BUYER_MAKER,
};

static const struct record_field fields[] = {
	[SYMBOL] = { "symbol", RECORD_SYMBOL, true,
	    offsetof(struct trade, symbol) },
	[PRICE] = { "price", RECORD_POSITIVE, true,
	    offsetof(struct trade, price) },
	[EVENT_TIME] = { "event_time", RECORD_TIME, true,
	    offsetof(struct trade, event_time_us) },
	[PROCESSED_TIME] = { "processed_time", RECORD_TIME, true,
	    offsetof(struct trade, processed_time_us) },
	[QUANTITY] = { "quantity", RECORD_DECIMAL, false,
	    offsetof(struct trade, quantity) },
	[TRADE_ID] = { "trade_id", RECORD_INT, false,
	    offsetof(struct trade, trade_id) },
	[BUYER_MAKER] = { "buyer_maker", RECORD_BOOL, false,
	    offsetof(struct trade, buyer_maker) },
};

static void
note_present(struct trade *trade, uint32_t present)
{
	trade->has_quantity = present >> QUANTITY & 1;
	trade->has_trade_id = present >> TRADE_ID & 1;
	trade->has_buyer_maker = present >> BUYER_MAKER & 1;
}

enum record_result
trade_read(struct record_reader *reader, const char *line, size_t len,
    struct trade *out)
{
	uint32_t present = 0;
	enum record_result result = record_read_fields(reader, line, len,
	    fields, sizeof fields / sizeof *fields, out, &present);

	note_present(out, present);
	return result;
}

/* The line as bws-trades writes it; the length, or 0. */
static inline size_t
scan_usual(struct record_reader *reader, const char *text, const char *limit,
    struct trade *out)
{
	const char *p = text;
	uint64_t id;

	if (!WORD_USE || !SCAN_TEXT(&p, "{\"symbol\":\""))
		return 0;
	out->symbol.text = p;
	if (!scan_string(&p, limit))
		return 0;
	out->symbol.len = (size_t)(p - out->symbol.text);
	if (!SCAN_TEXT(&p, "\",\"price\":") ||
	    !scan_decimal(&p, &out->price) ||
	    !SCAN_TEXT(&p, ",\"event_time\":\"") ||
	    !scan_time(&p, limit, &reader->minute[0], &out->event_time_us) ||
	    !SCAN_TEXT(&p, ",\"processed_time\":\"") ||
	    !scan_time(&p, limit, &reader->minute[1],
	    &out->processed_time_us) ||
	    !SCAN_TEXT(&p, ",\"quantity\":") ||
	    !scan_decimal(&p, &out->quantity) ||
	    !SCAN_TEXT(&p, ",\"trade_id\":") || !scan_whole(&p, &id) ||
	    !SCAN_TEXT(&p, ",\"buyer_maker\":") ||
	    !scan_bool(&p, &out->buyer_maker))
		return 0;
	out->trade_id = (int64_t)id;
	reader->has_provenance = *p == ',';
	if (*p == ',' && (!SCAN_TEXT(&p, ",\"" PROVENANCE_NAME "\":") ||
	    !scan_provenance(&p, &reader->provenance)))
		return 0;
	/* What lies beyond the limit has not counted if the LF does not. */
	if (p[0] != '}' || p[1] != '\n' || p + 1 >= limit ||
	    out->symbol.len == 0 || out->symbol.len > RECORD_SYMBOL_MAX ||
	    out->price.coef == 0)
		return 0;
	out->has_quantity = out->has_trade_id = out->has_buyer_maker = true;
	return (size_t)(p + 1 - text);
}

size_t
trade_scan(struct record_reader *reader, const char *text, const char *limit,
    struct trade *out)
{
	uint32_t present;
	size_t len = scan_usual(reader, text, limit, out);

	if (len > 0)
		return len;
	len = recordscan_line(reader, text, limit, fields, out, &present);
	if (len > 0)
		note_present(out, present);
	return len;
}
