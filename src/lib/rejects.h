#ifndef TICKPIPE_REJECTS_H
#define TICKPIPE_REJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "msg.h"

/*
 * Where refused lines go, whole: as NDJSON to a file opened for appending,
 *     {"reason":"...","line":7,"record":...}
 * or, without a file, to standard error behind the message.  "record" is the
 * line itself where that is JSON on one line (not where jq could not read it:
 * nested too deeply, or with escapes of surrogates), else a string of it; where
 * that string cannot hold the line (bytes that are not UTF-8) a member "hex"
 * has its bytes.  "file" names the operand the line came from, "sqlstate" and
 * the like may be added by the caller.  At least once: after a crash a line may
 * stand there twice.
 */
struct rejects {
	int fd;             /* -1: standard error */
	const char *path;
	uint64_t count;     /* lines refused */
	struct msg_limit limit;
	char *buf;          /* one record */
	size_t cap;
};

/*
 * path NULL: standard error.  -1 with errno when the file cannot be opened or
 * made (mode 0640) or on ENOMEM.
 */
int rejects_open(struct rejects *rejects, const char *path);

struct reject {
	const char *reason; /* without a newline */
	const char *file;   /* NULL: standard input */
	uint64_t line;      /* 0: has none */
	const char *text;
	size_t len;         /* of text */
	size_t whole_len;   /* of the line, when text is only its beginning */
	const char *extra;  /* more members, `"sqlstate":"22003"`, or NULL */
};

/*
 * Counts the line, says so on standard error (limited in rate when there is a
 * file), and writes it, before the call returns.  -1 with errno when it could
 * not be written: the line must then count as not done.
 */
int rejects_put(struct rejects *rejects, const struct reject *reject);

/* fdatasync(2), where there is a file that can; -1 with errno. */
int rejects_sync(struct rejects *rejects);

/*
 * Says the total if any was refused and closes.  -1 with errno.
 */
int rejects_close(struct rejects *rejects);

#endif
