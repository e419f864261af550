#include "intake.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "append.h"
#include "candle.h"
#include "json.h"
#include "stop.h"

int
intake_init(struct intake *in, struct filter *filter, const char *late_path)
{
	memset(in, 0, sizeof *in);
	in->filter = filter;
	in->late_path = late_path;
	in->late_fd = late_path != NULL ? append_open(late_path) : -1;
	if (late_path != NULL && in->late_fd == -1)
		return -1;
	record_reader_init(&in->reader);
	return 0;
}

int
intake_free(struct intake *in)
{
	record_reader_free(&in->reader);
	return in->late_fd != -1 ? close(in->late_fd) : 0;
}

static enum flow_result
failed(struct intake *in, const char *where)
{
	in->filter->flow.failed_at = where;
	return FLOW_FAILED;
}

enum flow_result
intake_no_memory(struct intake *in)
{
	errno = ENOMEM;
	return failed(in, "windows");
}

/* The provenance of the line read last, or NULL. */
static inline const struct provenance *
origin(const struct intake *in)
{
	return in->reader.has_provenance ? &in->reader.provenance : NULL;
}

/* A late line, untouched, before any later line goes out. */
static enum flow_result
keep_late(struct intake *in, const struct line *line)
{
	in->late++;
	/* With its LF in one write: others may append to the file. */
	if (in->late_fd != -1 && (stop_write(in->late_fd, line->text,
	    line->len + line->terminated) == -1 || (!line->terminated &&
	    stop_write(in->late_fd, "\n", 1) == -1)))
		return failed(in, in->late_path);
	return FLOW_READY;
}

/*
 * A refused line.  Its provenance does not go on alone, as in other filters:
 * what is safe in its partition is for the windows to say.
 */
static enum flow_result
refuse(struct intake *in, const struct line *line, const char *reason)
{
	return filter_refuse(in->filter, line, reason, NULL);
}

/* Candles with provenance: one stateful stage fits in such a pipeline. */
static enum flow_result
end_twice(struct intake *in)
{
	in->stage_twice = true;
	return FLOW_END;
}

/* A line without a record; NULL for what the reader found wrong. */
static enum flow_result
refuse_bad(struct intake *in, const struct line *line, const char *reason)
{
	if (in->reader.has_provenance &&
	    !partitions_pass(in->partitions, &in->reader.provenance))
		return intake_no_memory(in);
	return refuse(in, line, reason != NULL ? reason : in->reader.reason);
}

/* What becomes of a trade's line. */
static enum flow_result
settle(struct intake *in, const struct line *line, enum trade_fate fate)
{
	switch (fate) {
	case TRADE_COUNTED:
		in->counted++;
		break;
	case TRADE_DUPLICATE:
		in->duplicate++;
		break;
	case TRADE_REPEATED:
		in->repeated++;
		break;
	case TRADE_LATE:
		return keep_late(in, line);
	case TRADE_AHEAD:
		return refuse(in, line, "event_time is more than --max-ahead "
		    "after processed_time");
	case TRADE_BEYOND:
		return refuse(in, line, "its window would end after the year "
		    "9999");
	case TRADE_NO_MEMORY:
		return intake_no_memory(in);
	}
	return FLOW_READY;
}

static enum flow_result
take_candle(struct intake *in, const struct line *line,
    const struct candle *candle)
{
	const char *reason;

	if (in->reader.has_provenance)
		return end_twice(in);
	switch (partitions_candle(in->partitions, candle, &reason)) {
	case CANDLE_COUNTED:
		in->counted++;
		break;
	case CANDLE_OLD:
		in->duplicate++;
		break;
	case CANDLE_LATE:
		return keep_late(in, line);
	case CANDLE_REFUSED:
		return refuse(in, line, reason);
	case CANDLE_NO_MEMORY:
		return intake_no_memory(in);
	}
	return FLOW_READY;
}

static enum flow_result
take_provenance(struct intake *in)
{
	return partitions_pass(in->partitions, &in->reader.provenance) ?
	    FLOW_READY : intake_no_memory(in);
}

/* A line where candles are expected, or where nothing is known yet. */
static enum flow_result
take_candle_line(struct intake *in, const struct line *line)
{
	struct candle candle;

	switch (candle_read(&in->reader, line->text, line->len, &candle)) {
	case RECORD_GOOD:
		in->kind = INTAKE_CANDLES;
		return take_candle(in, line, &candle);
	case RECORD_PROVENANCE:
		return take_provenance(in);
	case RECORD_NO_MEMORY:
		return flow_no_memory(&in->filter->flow);
	case RECORD_BAD:
		break;
	}
	if (json_find(&in->reader.object, "window_start") != NULL)
		return in->reader.has_provenance ? end_twice(in) :
		    refuse_bad(in, line, NULL);
	return refuse_bad(in, line, json_find(&in->reader.object, "event_time")
	    != NULL ? "a trade among candles" : NULL);
}

static enum flow_result
not_a_trade(struct intake *in, const struct line *line)
{
	if (json_find(&in->reader.object, "window_start") == NULL)
		return refuse_bad(in, line, NULL);
	if (in->kind == INTAKE_UNKNOWN)
		return take_candle_line(in, line);
	return in->reader.has_provenance ? end_twice(in) :
	    refuse_bad(in, line, "a candle among trades");
}

enum flow_result
intake_line(struct intake *in, const struct line *line)
{
	struct trade trade;

	if (in->kind == INTAKE_CANDLES)
		return take_candle_line(in, line);
	switch (trade_read(&in->reader, line->text, line->len, &trade)) {
	case RECORD_GOOD:
		in->kind = INTAKE_TRADES;
		return settle(in, line, partitions_trade(in->partitions,
		    &trade, origin(in)));
	case RECORD_PROVENANCE:
		return take_provenance(in);
	case RECORD_NO_MEMORY:
		return flow_no_memory(&in->filter->flow);
	case RECORD_BAD:
		break;
	}
	return not_a_trade(in, line);
}

/* Past a usual line of that length, which is at hand: what it was. */
static struct line
step_over(struct intake *in, size_t len)
{
	struct flow *flow = &in->filter->flow;
	const char *limit;
	struct line line = { .text = flow_peek(flow, &limit), .len = len,
	    .number = flow->in.number + 1, .terminated = true };

	flow_took(flow, len + 1, 1);
	return line;
}

/* A usual trade, of the line at hand. */
static inline enum flow_result
take_usual(struct intake *in, size_t len, const struct trade *trade,
    const struct provenance *provenance)
{
	enum trade_fate fate = partitions_trade(in->partitions, trade,
	    provenance);
	struct line line;

	in->kind = INTAKE_TRADES;
	if (fate == TRADE_COUNTED) {
		in->counted++;
		flow_took(&in->filter->flow, len + 1, 1);
		return FLOW_READY;
	}
	line = step_over(in, len);
	return settle(in, &line, fate);
}

/* The length of the usual trade at text, or 0. */
static inline size_t
scan_trade(struct intake *in, const char *text, const char *limit,
    struct trade *trade)
{
	size_t len = trade_scan(&in->reader, text, limit, trade);

	return len <= in->filter->flow.in.max_line ? len : 0;
}

/* Reads usual lines ahead, to have fetched what they need in time. */
static unsigned
read_ahead(struct intake *in)
{
	const char *limit, *p = flow_peek(&in->filter->flow, &limit);
	unsigned n = 0;

	for (; n < INTAKE_AHEAD; n++) {
		struct intake_next *next = &in->next[n];

		next->len = scan_trade(in, p, limit, &next->trade);
		if (next->len == 0)
			break;
		next->has_provenance = in->reader.has_provenance;
		if (next->has_provenance)
			next->provenance = in->reader.provenance;
		next->expected = partitions_expect(in->partitions,
		    &next->trade, next->has_provenance ? &next->provenance :
		    NULL);
		p += next->len + 1;
	}
	for (unsigned i = 0; i < n; i++)
		partitions_expect_more(in->partitions, in->next[i].expected);
	return n;
}

/*
 * The three ways of taking in usual lines: one after another until there is
 * none at hand, or *taken has reached max.
 */

/* Trades of many symbols. */
static enum flow_result
take_ahead(struct intake *in, unsigned max, unsigned *taken)
{
	enum flow_result result = FLOW_READY;
	unsigned n;

	do {
		n = read_ahead(in);
		for (unsigned i = 0; i < n && result == FLOW_READY; i++) {
			struct intake_next *next = &in->next[i];

			result = take_usual(in, next->len, &next->trade,
			    next->has_provenance ? &next->provenance : NULL);
		}
		*taken += n;
	} while (result == FLOW_READY && n > 0 && *taken < max);
	return result;
}

static enum flow_result
take_trades(struct intake *in, unsigned max, unsigned *taken)
{
	enum flow_result result = FLOW_READY;
	struct trade trade;

	for (; result == FLOW_READY && *taken < max; ++*taken) {
		const char *limit, *text = flow_peek(&in->filter->flow,
		    &limit);
		size_t len = scan_trade(in, text, limit, &trade);

		if (len == 0)
			break;
		result = take_usual(in, len, &trade, origin(in));
	}
	return result;
}

static enum flow_result
take_candles(struct intake *in, unsigned max, unsigned *taken)
{
	enum flow_result result = FLOW_READY;
	struct candle candle;
	struct line line;

	for (; result == FLOW_READY && *taken < max; ++*taken) {
		const char *limit, *text = flow_peek(&in->filter->flow,
		    &limit);
		size_t len = candle_scan(&in->reader, text, limit, &candle);

		if (len == 0 || len > in->filter->flow.in.max_line)
			break;
		line = step_over(in, len);
		result = take_candle(in, &line, &candle);
	}
	return result;
}

enum flow_result
intake_usual(struct intake *in, unsigned max, unsigned *taken)
{
	*taken = 0;
	if (in->kind == INTAKE_CANDLES)
		return take_candles(in, max, taken);
	if (partitions_many(in->partitions))
		return take_ahead(in, max, taken);
	return take_trades(in, max, taken);
}
