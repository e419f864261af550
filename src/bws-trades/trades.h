#ifndef BWS_TRADES_H
#define BWS_TRADES_H

#include <stdbool.h>
#include <stdint.h>

#include "filter.h"
#include "frame.h"
#include "keep.h"
#include "msg.h"
#include "page.h"

/*
 * What a line of a replay becomes: a record on standard output, a
 * count, or a refused line.
 */
struct trades {
	struct filter *filter;
	struct frame_reader reader;
	struct keep keep;        /* what --frames kept */
	struct page page;        /* likewise */
	struct msg_limit errors; /* that the exchange reported */
	uint64_t frames, others; /* a page is a frame, too */
};

/* The readers; the filter is the caller's. */
void trades_init(struct trades *trades);
void trades_free(struct trades *trades);

/*
 * A line of a capture, which is a bare frame or what --frames kept;
 * processed_time is when it was received, or else from the frame.
 */
enum flow_result trades_take(struct trades *trades, const struct line *line);

#endif
