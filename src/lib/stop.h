#ifndef TICKPIPE_STOP_H
#define TICKPIPE_STOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Being asked to stop.  The first INT or TERM asks; the second kills, as the
 * default action.  From the first on a deadline runs: when it has passed,
 * stop_overdue() is true and a signal every 100 ms interrupts whatever system
 * call blocks (EINTR), so a blocked write(2) cannot outlive the deadline.
 *
 * An INT that was ignored from the start, as it is for a background job of a
 * shell without job control, stays ignored.
 *
 * SIGPIPE is ignored for the whole process: EPIPE is read from write(2), and
 * only standard output's ends the command, by stop_by_sigpipe().  So is
 * SIGXFSZ: a file at its limit (ulimit -f) fails a write with EFBIG.
 */

/*
 * Installs the handlers.  drain_us is the time from the first signal to the
 * deadline.  Returns -1 with errno set when the system refuses.
 */
int stop_init(int64_t drain_us);

/* Whether a signal has asked to stop. */
bool stop_asked(void);

/* Whether the deadline has passed since. */
bool stop_overdue(void);

/* A descriptor that polls readable once stop is asked; never read it. */
int stop_fd(void);

/*
 * After a write(2) that failed, errno still set: whether to try again.  Waits
 * first where others made the descriptor non-blocking.
 */
bool stop_retry_write(int fd);

/*
 * Writes all of it, whatever signals come before the deadline.  -1 with errno;
 * ETIMEDOUT when the deadline has passed and it still blocks.
 */
int stop_write(int fd, const char *text, size_t len);

/*
 * Ends the process as SIGPIPE would have: the shell sees 141.  The caller has
 * finished everything else.
 */
_Noreturn void stop_by_sigpipe(void);

#endif
