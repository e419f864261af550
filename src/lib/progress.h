#ifndef TICKPIPE_PROGRESS_H
#define TICKPIPE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow.h"

/*
 * How far a filter is: bytes, lines, rate, the percentage where the input is
 * nothing but regular files, and what went wrong so far; as the status line of
 * msg.h, a few times a second, and for the summary at the end.
 */
struct progress {
	bool shown;
	int64_t begin_us, due_us;  /* monotonic */
	uint64_t seen;             /* bytes when last looked */
	uint64_t total;            /* bytes of the input; 0: not known */
};

/* Operands as flow_init() takes them, before any is read. */
void progress_begin(struct progress *progress, bool wanted,
    char *const *files, size_t nfiles);

/*
 * Whether it is time to show it; cheap unless something has been read since
 * the last call.
 */
bool progress_due(struct progress *progress, const struct flow *flow);

/*
 * Shows it; late is left out when it is NULL.
 */
void progress_show(const struct progress *progress, const struct flow *flow,
    uint64_t refused, const uint64_t *late);

/* Takes it away, and prints the summary where -v asks for it. */
void progress_end(const struct progress *progress, const struct flow *flow);

#endif
