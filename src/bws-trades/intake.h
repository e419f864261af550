#ifndef BWS_INTAKE_H
#define BWS_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "filter.h"
#include "frame.h"
#include "msg.h"
#include "options.h"
#include "sequence.h"
#include "sidefile.h"
#include "stats.h"

/*
 * What becomes of the frames of a live feed: trades go by the sequence to
 * standard output, what is missing to --gaps, everything as it came to
 * --frames, what cannot be read to the rejects.
 */
struct intake {
	struct filter *filter;
	struct frame_reader reader;
	struct sequence *sequence;
	struct stats stats;
	struct sidefile gaps, frames;
	bool microseconds;
	char *kept;               /* a line of --frames */
	size_t kept_cap;
	uint64_t nframes, nothers;
	struct msg_limit errors;  /* that the exchange reported */
	struct msg_limit missing; /* messages of gaps */
	enum flow_result result;  /* FLOW_READY while all is well */
	int error;                /* errno of FLOW_FAILED */
};

/*
 * The filter and the settings are borrowed.  STATUS_OK, or what went wrong was
 * said.
 */
enum status intake_open(struct intake *intake, struct filter *filter,
    const struct settings *settings);

/* The last trades go out, and what is still missing is reported. */
void intake_end(struct intake *intake);
/* Also after intake_open() failed. */
void intake_close(struct intake *intake);

/*
 * One frame, received now.  What it was, for whoever looks after connections;
 * a failure is in intake->result.
 */
enum frame_result intake_frame(struct intake *intake, const char *text,
    size_t len);

/* Keeps a page of healed trades as it was read.  -1: intake->result. */
int intake_page(struct intake *intake, const char *symbol, size_t symbol_len,
    const char *body, size_t len, int64_t read_us);

/* The side files' lines are written.  -1: intake->result. */
int intake_flush(struct intake *intake);

/* A call of the sequence, or of a file, gave -1: intake->result says it. */
void intake_failed(struct intake *intake, const char *what, int error);

#endif
