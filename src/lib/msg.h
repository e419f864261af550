#ifndef TICKPIPE_MSG_H
#define TICKPIPE_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Messages on standard error, one line each: "command: message".
 *
 * Only the commands' own files call these; library functions return errors.
 * A message is written by one write(2), so messages of the members of a
 * pipeline do not mix.  Control characters and bytes that are not UTF-8 in
 * the finished message are shown escaped: nothing that came from a peer
 * reaches a terminal raw.  May block on a blocked standard error.
 */

enum msg_level {
	MSG_QUIET = -1, /* only what ends the command, and what is refused */
	MSG_NORMAL = 0,
	MSG_VERBOSE = 1,
};

/* Sets the name messages begin with; the string is kept, not copied. */
void msg_init(const char *name);
const char *msg_name(void);

void msg_set_level(enum msg_level level);
enum msg_level msg_level(void);

/* Always printed: what ends the command or costs its exit status. */
void msg_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Printed unless MSG_QUIET. */
void msg_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Printed only when MSG_VERBOSE. */
void msg_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * A status line on the terminal, for what runs long: it is replaced by the
 * next one, and gives way to a message.  What does not fit into the terminal's
 * width is left out.  Possible where standard error is a terminal and standard
 * output, whose records it would break into, is none.
 */
bool msg_status_possible(void);
void msg_status(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Takes it away, if there is one: before other writes to standard error. */
void msg_status_wipe(void);

/*
 * A rate limit for messages that may repeat without end: at most
 * MSG_LIMIT_BURST a second pass, what was held back is counted and said with
 * the next message that passes, or by msg_limit_flush().  Zero-initialised.
 */
#define MSG_LIMIT_BURST 10

struct msg_limit {
	int64_t second_us;   /* when the current second began, monotonic */
	unsigned passed;     /* messages passed in it */
	uint64_t suppressed; /* messages held back since one last passed */
};

/* As msg_warn(), under a limit. */
void msg_warn_limited(struct msg_limit *limit, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Says how many messages were held back, if any were. */
void msg_limit_flush(struct msg_limit *limit);

/*
 * Copies text, what a terminal must not see escaped as \xNN; no NUL.  What
 * does not fit into cap bytes (4 * len + 8 always do) is left out.  Returns
 * the length.
 */
size_t msg_visible(char *out, size_t cap, const char *text, size_t len);

#endif
