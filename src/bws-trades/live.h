#ifndef BWS_LIVE_H
#define BWS_LIVE_H

#include <stddef.h>

#include "flow.h"
#include "streams.h"
#include "trades.h"

/*
 * From the exchange to standard output until asked to stop, the output's
 * reader has gone, or something failed.
 */
enum flow_result live_run(struct trades *trades,
    const struct streams *streams, const struct streams_url *url,
    const char *ca, size_t max_frame);

#endif
