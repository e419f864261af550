#ifndef BWS_LIVE_H
#define BWS_LIVE_H

#include "filter.h"
#include "options.h"

/*
 * From the exchange to standard output, until asked to stop or standard
 * output fails.  What went wrong before the first attempt to connect was said,
 * and *status is not STATUS_OK.
 */
enum flow_result live_run(struct filter *filter,
    const struct settings *settings, enum status *status);

#endif
