#ifndef TICKPIPE_FLOW_H
#define TICKPIPE_FLOW_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "linein.h"
#include "lineout.h"

/*
 * The way of a filter: lines from standard input or from files, one after
 * another; waiting in one place, where standard output is flushed before
 * blocking and watched while blocked, and where a stop is honoured.
 *
 * After the first INT or TERM a filter reads on to the end of its input,
 * which its source brings about, until the drain deadline; a regular file
 * has no such source, so reading it ends at once.
 */

enum flow_result {
	FLOW_LINE,    /* *line is a line */
	FLOW_LONG,    /* *line is the beginning of a line beyond the bound */
	FLOW_DRY,     /* nothing to read without blocking: flow_wait() */
	FLOW_READY,   /* (flow_wait) something to do: call flow_next() again */
	FLOW_END,     /* the end of the last input, or asked to stop */
	FLOW_GONE,    /* standard output's reader has gone */
	FLOW_OVERDUE, /* asked to stop, and the end did not come in time */
	FLOW_CIRCLE,  /* (flow_next) the next input is a file that is written
	                 to, flow_where(): what goes out would come in again */
	FLOW_FAILED,  /* errno, and flow_where() says of what */
};

#define FLOW_CIRCLE_TEXT "input file is output file" /* as cat(1) has it */
#define FLOW_WRITES_MAX 2

struct flow {
	struct linein in;
	struct lineout *out;   /* or NULL: a sink */
	char *const *files;    /* operands not yet opened */
	size_t nfiles;
	const char *file;      /* being read, NULL standard input */
	const char *failed_at; /* what FLOW_FAILED or FLOW_CIRCLE is about */
	int writes[FLOW_WRITES_MAX]; /* descriptors, of flow_writes() */
	unsigned nwrites;
	int fd;                /* -1: none open */
	bool regular;          /* fd never blocks */
	bool fresh;            /* data was seen ready: read without polling */
	uint64_t lines_before; /* of the inputs before this one */
};

/*
 * files: operands, "-" is standard input, none means standard input.  The
 * array is borrowed until flow_free().  out may be NULL.  -1: ENOMEM.
 */
int flow_init(struct flow *flow, char *const *files, size_t nfiles,
    struct lineout *out, size_t max_line);
void flow_free(struct flow *flow);

/*
 * What else is written, besides out and standard error: a descriptor (-1:
 * nothing), so that no input is the same file.  At most FLOW_WRITES_MAX.
 */
void flow_writes(struct flow *flow, int fd);

/*
 * The next line.  Never blocks longer than a read from a disk or a write to
 * standard output does.  The line is lent until the next call.
 */
enum flow_result flow_next(struct flow *flow, struct line *line);

/*
 * The unread bytes at hand and what was used of them, as linein_peek() and
 * linein_took(): a way past flow_next() for usual lines.  Without any at hand
 * flow_next() goes on.
 */
static inline const char *
flow_peek(const struct flow *flow, const char **limit)
{
	return linein_peek(&flow->in, limit);
}

static inline void
flow_took(struct flow *flow, size_t bytes, uint64_t lines)
{
	linein_took(&flow->in, bytes, lines);
}

/*
 * Waits until there is input (if input is true), an extra descriptor is
 * ready (its revents are set), the monotonic deadline has passed (INT64_MAX:
 * none), or the wait must end.  Flushes standard output first.  Returns
 * FLOW_READY, FLOW_GONE, FLOW_OVERDUE or FLOW_FAILED; a first stop signal
 * wakes it once with FLOW_READY.  At most FLOW_EXTRA_MAX extra descriptors.
 */
#define FLOW_EXTRA_MAX 4
enum flow_result flow_wait(struct flow *flow, struct pollfd *extra,
    size_t nextra, int64_t deadline_us, bool input);

/* Lines so far, of all inputs. */
static inline uint64_t
flow_lines(const struct flow *flow)
{
	return flow->lines_before + flow->in.number;
}

/* The line at hand could not be read for want of memory: FLOW_FAILED. */
enum flow_result flow_no_memory(struct flow *flow);

/*
 * What FLOW_FAILED or FLOW_CIRCLE is about: a file's name, "standard input" or
 * "... output".
 */
const char *flow_where(const struct flow *flow);

#endif
