#ifndef OHLC_WINDOW_INTAKE_H
#define OHLC_WINDOW_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter.h"
#include "record.h"
#include "trade.h"

#include "partition.h"

/*
 * What comes in: lines of trades or of candles, which go to the windows; what
 * does not belong there goes to the rejects, and what comes late to a file.
 */

/* What the first good record decides. */
enum intake_kind { INTAKE_UNKNOWN, INTAKE_TRADES, INTAKE_CANDLES };

#define INTAKE_AHEAD 16 /* lines */

struct intake {
	enum intake_kind kind;
	struct record_reader reader;
	struct filter *filter;
	struct partitions *partitions;
	const char *late_path; /* NULL: late lines are only counted */
	int late_fd;
	uint64_t counted, duplicate, late, repeated;
	bool stage_twice;      /* candles came with provenance */

	/* Usual trades that were read ahead of their turn. */
	struct intake_next {
		struct trade trade;
		size_t len;    /* of the line */
		bool has_provenance;
		struct provenance provenance;
		uint64_t expected; /* of partitions_expect() */
	} next[INTAKE_AHEAD];
};

/*
 * Opens the late file, if there is to be one: -1 with errno.  filter stays the
 * caller's, and so do the partitions, to be set before the first line.
 */
int intake_init(struct intake *intake, struct filter *filter,
    const char *late_path);

/* -1 with errno when the late file cannot be closed. */
int intake_free(struct intake *intake);

/*
 * Takes in one line.  FLOW_READY; FLOW_END when nothing more may go in
 * (stage_twice); FLOW_FAILED.
 */
enum flow_result intake_line(struct intake *intake, const struct line *line);

/*
 * Takes in usual lines that are at hand, max or some more at most, and counts
 * them in *taken; results as above.
 */
enum flow_result intake_usual(struct intake *intake, unsigned max,
    unsigned *taken);

/* What a failure of the windows to get memory is as a result. */
enum flow_result intake_no_memory(struct intake *intake);

#endif
