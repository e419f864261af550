#include "trades.h"

#include "clock.h"

/* The exchange's own words, which may be anything. */
static void
say_error(struct trades *trades, const struct line *frame)
{
	msg_warn_limited(&trades->errors, "the exchange reports: %.*s",
	    (int)(frame->len < 300 ? frame->len : 300), frame->text);
}

static enum flow_result
no_memory(struct trades *trades, bool replay)
{
	enum flow_result result = flow_no_memory(&trades->filter.flow);

	if (!replay)
		trades->filter.flow.failed_at = "a frame";
	return result;
}

enum flow_result
trades_take(struct trades *trades, const struct line *frame, bool replay)
{
	char record[FRAME_RECORD_MAX];
	struct frame_trade trade;

	trades->frames++;
	switch (frame_read(&trades->reader, frame->text, frame->len,
	    &trade)) {
	case FRAME_TRADE:
		/* A failure of standard output is seen by the loop. */
		lineout_put(&trades->filter.out, record, frame_record(record,
		    &trade, replay ? frame_replay_time_us(&trade) :
		    clock_realtime_us()));
		break;
	case FRAME_ERROR:
		say_error(trades, frame);
		trades->others++;
		break;
	case FRAME_SKIPPED:
	case FRAME_ANSWER:
	case FRAME_SHUTDOWN:
	case FRAME_OTHER:
		trades->others++;
		break;
	case FRAME_NO_MEMORY:
		return no_memory(trades, replay);
	case FRAME_BAD:
		return filter_refuse(&trades->filter, frame,
		    trades->reader.reason, NULL);
	}
	return FLOW_READY;
}
