#ifndef BWS_LIVE_H
#define BWS_LIVE_H

#include <stddef.h>

#include "filter.h"
#include "frame.h"
#include "streams.h"

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

/*
 * From the exchange to standard output until asked to stop, the output's
 * reader has gone, or something failed.
 */
enum flow_result live_run(struct trades *trades,
    const struct streams *streams, const struct streams_url *url,
    const char *ca, size_t max_frame);

#endif
