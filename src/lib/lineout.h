#ifndef TICKPIPE_LINEOUT_H
#define TICKPIPE_LINEOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Records to a descriptor that others share, standard output: buffered,
 * whole lines, every write checked.  The descriptor's flags are never
 * changed.  After the first error nothing is written any more and every call
 * returns -1 with the same errno; EPIPE means that the reader has gone.
 */
struct lineout {
	int fd;
	int error;          /* errno of the first failure, 0 none */
	bool pipe;          /* poll(2) tells when a reader has gone */
	bool nowait;        /* a write can be told not to block */
	char *buf;
	size_t cap, len;    /* bytes held: buf[begin..len) */
	size_t begin;
	size_t grow_max;    /* bytes lineout_put() may hold rather than block;
	                       0: it blocks when the buffer is full */
	int64_t oldest_us;  /* monotonic: when the buffer stopped being empty */
	uint64_t lines;     /* accepted so far */
	uint64_t bytes;     /* that write(2) has taken so far */
};

/* -1: ENOMEM.  fd stays the caller's. */
int lineout_init(struct lineout *out, int fd);
void lineout_free(struct lineout *out);

/*
 * One line; the LF is added.  Blocks while the buffer is full and the
 * descriptor takes nothing, unless grow_max allows to hold more.  EINTR is
 * retried until stop_overdue(), then fails with ETIMEDOUT.
 */
int lineout_put(struct lineout *out, const char *text, size_t len);

/*
 * Whole lines with their LFs, as lineout_put(); many of them at once are
 * written from where they are.
 */
int lineout_put_lines(struct lineout *out, const char *text, size_t len,
    uint64_t lines);

/* Everything held, blocking as lineout_put() does. */
int lineout_flush(struct lineout *out);

/*
 * As much as the descriptor takes without blocking, for a caller that has
 * polled it POLLOUT: PIPE_BUF bytes, or what it has room for.  Returns -1 on
 * error.
 */
int lineout_flush_ready(struct lineout *out);

/* Bytes held and not yet written. */
static inline size_t
lineout_held(const struct lineout *out)
{
	return out->len - out->begin;
}

/*
 * Flushes and closes fd, so that a full disk is seen.  -1 with errno.
 */
int lineout_close(struct lineout *out);

#endif
