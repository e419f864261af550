#include "trades.h"

/* The exchange's own words, which may be anything. */
static void
say_error(struct trades *trades, const struct line *frame)
{
	msg_warn_limited(&trades->errors, "the exchange reports: %.*s",
	    (int)(frame->len < 300 ? frame->len : 300), frame->text);
}

/* A failure of standard output is seen by the loop. */
static void
put_record(struct trades *trades, const struct frame_trade *trade,
    int64_t processed_time_us)
{
	char record[FRAME_RECORD_MAX];

	lineout_put(&trades->filter->out, record, frame_record(record, trade,
	    processed_time_us));
}

/* received_us: INT64_MIN where it is not known. */
static enum flow_result
take_frame(struct trades *trades, const struct line *line,
    const struct line *frame, int64_t received_us)
{
	struct frame_trade trade;

	switch (frame_read(&trades->reader, frame->text, frame->len,
	    &trade)) {
	case FRAME_TRADE:
		put_record(trades, &trade, received_us != INT64_MIN ?
		    received_us : frame_replay_time_us(&trade));
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
		return flow_no_memory(&trades->filter->flow);
	case FRAME_BAD:
		return filter_refuse(trades->filter, line,
		    trades->reader.reason, NULL);
	}
	return FLOW_READY;
}

static enum flow_result
take_page(struct trades *trades, const struct line *line,
    const struct kept *kept)
{
	struct page *page = &trades->page;

	switch (page_read(page, kept->symbol.text, kept->symbol.len, 0,
	    kept->text, kept->len)) {
	case PAGE_GOOD:
		for (size_t i = 0; i < page->ntrades; i++)
			put_record(trades, &page->trades[i],
			    kept->received_us);
		return FLOW_READY;
	case PAGE_NO_MEMORY:
		return flow_no_memory(&trades->filter->flow);
	case PAGE_BAD:
		break;
	}
	return filter_refuse(trades->filter, line, page->reason, NULL);
}

enum flow_result
trades_take(struct trades *trades, const struct line *line)
{
	struct kept kept;
	struct line frame;

	trades->frames++;
	switch (keep_read(&trades->keep, line->text, line->len, &kept)) {
	case KEEP_FRAME:
		frame = (struct line){ .text = kept.text, .len = kept.len };
		return take_frame(trades, line, &frame, kept.received_us);
	case KEEP_PAGE:
		return take_page(trades, line, &kept);
	case KEEP_NO_MEMORY:
		return flow_no_memory(&trades->filter->flow);
	case KEEP_BAD:
		return filter_refuse(trades->filter, line,
		    trades->keep.reason, NULL);
	case KEEP_NONE:
		break;
	}
	return take_frame(trades, line, line, INT64_MIN);
}

void
trades_init(struct trades *trades)
{
	frame_reader_init(&trades->reader);
	keep_init(&trades->keep);
	page_init(&trades->page);
}

void
trades_free(struct trades *trades)
{
	frame_reader_free(&trades->reader);
	keep_free(&trades->keep);
	page_free(&trades->page);
}
