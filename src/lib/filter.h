#ifndef TICKPIPE_FILTER_H
#define TICKPIPE_FILTER_H

#include <stddef.h>

#include "flow.h"
#include "lineout.h"
#include "opt.h"
#include "progress.h"
#include "record.h"
#include "rejects.h"
#include "status.h"

/*
 * The frame of a filter's main(): set-up, refusing a line, and the end with
 * its messages and exit status.  These functions speak for the command: they
 * print what went wrong, once.
 */
struct filter {
	struct flow flow;
	struct lineout out;
	struct rejects rejects;
	struct progress progress;
};

/*
 * Signals, standard output, the rejects file, the input (operands as
 * flow_init() takes them).  STATUS_OK, or the status to exit with.
 */
enum status filter_begin(struct filter *filter,
    const struct opt_common *common, char *const *files, size_t nfiles);

/*
 * Shows on the terminal how far it is, now and then; for the loop, where
 * --progress is an option.  late: a count, or NULL.
 */
static inline void
filter_progress(struct filter *filter, const uint64_t *late)
{
	if (progress_due(&filter->progress, &filter->flow)) {
		progress_show(&filter->progress, &filter->flow,
		    filter->rejects.count, late);
	}
}

/*
 * Refuses a line with a reason: it goes to the rejects, and what reader found
 * of its provenance (reader may be NULL) goes on alone, so that a refused line
 * does not hold back an acknowledgement for ever.  line may be one of
 * FLOW_LONG.  Returns FLOW_READY, or FLOW_FAILED when the line could not be
 * kept.
 */
enum flow_result filter_refuse(struct filter *filter,
    const struct line *line, const char *reason,
    const struct record_reader *reader);

/* A line of FLOW_LONG, with the reason said. */
enum flow_result filter_refuse_long(struct filter *filter,
    const struct line *line);

/*
 * Says how it ended, flushes and closes everything and returns the exit
 * status.  Does not return, but dies of SIGPIPE, when standard output's reader
 * has gone.
 */
enum status filter_end(struct filter *filter, enum flow_result how);

/*
 * For what a file's name on the command line met: STATUS_USAGE when a retry
 * cannot help (it does not exist, is a directory, may not be read), else
 * STATUS_WORLD.
 */
enum status filter_file_status(int error);

#endif
