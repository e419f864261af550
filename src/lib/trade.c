#include "trade.h"

#include <stddef.h>

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

enum record_result
trade_read(struct record_reader *reader, const char *line, size_t len,
    struct trade *out)
{
	uint32_t present = 0;
	enum record_result result = record_read_fields(reader, line, len,
	    fields, sizeof fields / sizeof *fields, out, &present);

	out->has_quantity = present >> QUANTITY & 1;
	out->has_trade_id = present >> TRADE_ID & 1;
	out->has_buyer_maker = present >> BUYER_MAKER & 1;
	return result;
}
