#ifndef BWS_SIDEFILE_H
#define BWS_SIDEFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "lineout.h"

/* A file that lines are appended to, beside standard output. */
struct sidefile {
	const char *path; /* NULL: there is none, and nothing is written */
	struct lineout out;
	bool open;
};

/* -1 with errno.  path may be NULL and is borrowed. */
int sidefile_open(struct sidefile *file, const char *path);

/* One line; the LF is added.  Buffered.  -1 with errno. */
int sidefile_put(struct sidefile *file, const char *text, size_t len);
int sidefile_flush(struct sidefile *file);

/* Flushes and closes.  -1 with errno. */
int sidefile_close(struct sidefile *file);

#endif
