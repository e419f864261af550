#ifndef BWS_TRADES_H
#define BWS_TRADES_H

#include <stdbool.h>
#include <stdint.h>

#include "filter.h"
#include "frame.h"
#include "msg.h"

/*
 * What a frame becomes, wherever it came from: a record on standard output, a
 * count, or a refused line.
 */
struct trades {
	struct filter filter;
	struct frame_reader reader;
	struct msg_limit errors; /* that the exchange reported */
	uint64_t frames, others;
};

/* replay: processed_time from the frame, else from the clock. */
enum flow_result trades_take(struct trades *trades, const struct line *frame,
    bool replay);

#endif
