#include "gap.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
	const char *word, *phrase;
} reasons[] = {
	[SEQUENCE_EXCHANGE] = { "exchange", "the exchange has none" },
	[SEQUENCE_NO_REST] = { "no_rest", "there is no --rest to ask" },
	[SEQUENCE_FUTURES] = { "futures", "REST has none of futures" },
	[SEQUENCE_REFUSED] = { "refused", "REST does not know the symbol" },
	[SEQUENCE_GAVE_UP] = { "gave_up", "REST was asked in vain" },
	[SEQUENCE_STOPPED] = { "stopped", "the end came before they did" },
	[SEQUENCE_RESTARTED] = { "restarted", "the ids began anew" },
};

const char *
gap_phrase(enum sequence_reason reason)
{
	return reasons[reason].phrase;
}

const char *
gap_word(enum sequence_reason reason)
{
	return reasons[reason].word;
}

static size_t
put_time(char *out, const char *name, int64_t time_us)
{
	size_t n = 0;

	if (time_us == SEQUENCE_NO_TIME)
		return 0;
	n += (size_t)sprintf(out, ",\"%s\":\"", name);
	n += timestamp_write(out + n, time_us, 3);
	out[n++] = '"';
	return n;
}

size_t
gap_line(char *out, const struct sequence_gap *gap, int64_t time_us)
{
	size_t n = (size_t)sprintf(out, "{\"symbol\":");

	n += json_quote(out + n, gap->symbol, gap->symbol_len);
	n += (size_t)sprintf(out + n, ",\"first_trade_id\":%" PRId64
	    ",\"last_trade_id\":%" PRId64 ",\"reason\":\"%s\"",
	    gap->first_id, gap->last_id, gap_word(gap->reason));
	n += put_time(out + n, "after", gap->before_us);
	n += put_time(out + n, "before", gap->after_us);
	n += put_time(out + n, "time", time_us);
	out[n++] = '}';
	return n;
}
