#ifndef TICKPIPE_LINEIN_H
#define TICKPIPE_LINEIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Lines from a descriptor, in one buffer, without copies: a line is lent as a
 * slice of the buffer.  What is returned does not depend on how the bytes
 * arrive.
 */

struct line {
	const char *text; /* without the LF; lent until the next linein_fill() */
	size_t len;
	uint64_t number;  /* from 1 within the input */
	bool terminated;  /* LINEIN_LINE: the LF is text[len]; false: the last
	                     line, and no LF came */
};

enum linein_result {
	LINEIN_LINE,
	LINEIN_LONG, /* a line beyond the bound: text holds its beginning,
	                len says how long the whole line was */
	LINEIN_MORE, /* no whole line in the buffer: linein_fill() */
	LINEIN_END,  /* the input is finished and every line handed out */
};

#define LINEIN_LONG_HEAD 1024 /* bytes of a long line that text holds */

struct linein {
	int fd;
	size_t max_line;
	char *buf;
	size_t cap, begin, end; /* unread bytes are buf[begin..end) */
	size_t scanned;         /* of those, known to hold no LF */
	uint64_t number;
	uint64_t bytes;         /* read so far */
	uint64_t skipped;       /* of a long line, no longer in the buffer */
	bool skipping, ended;
	char head[LINEIN_LONG_HEAD];
};

/*
 * fd stays the caller's.  max_line is in bytes, without LF and without the
 * `_kafka` member that a line may carry (PROVENANCE_MAX more).  -1: ENOMEM.
 */
int linein_init(struct linein *in, int fd, size_t max_line);
void linein_free(struct linein *in);

/* Another input into the same buffer; line numbers start from 1 again. */
void linein_reset(struct linein *in, int fd);

/*
 * The unread bytes, for a caller that finds the ends of usual lines by itself
 * (recordscan.h) and says with linein_took() what it has used: so many bytes,
 * so many whole lines with their LFs.  None (*limit is what is returned) where
 * only linein_next() can go on.  The buffer ends with WORD_PADDING zero bytes.
 */
static inline const char *
linein_peek(const struct linein *in, const char **limit)
{
	*limit = in->buf + in->end;
	return in->skipping ? *limit : in->buf + in->begin;
}

static inline void
linein_took(struct linein *in, size_t bytes, uint64_t lines)
{
	in->begin += bytes;
	in->number += lines;
	in->scanned = 0;
}

/*
 * The next line that is whole in the buffer.  Never reads, never blocks.
 * After LINEIN_LINE and LINEIN_LONG *line is set.
 */
enum linein_result linein_next(struct linein *in, struct line *line);

/*
 * Reads once; blocks where read(2) would.  Slices handed out before become
 * invalid.  Returns 1 when bytes came, 0 at the end of input, -1 with errno
 * (EINTR included) otherwise.
 */
int linein_fill(struct linein *in);

#endif
