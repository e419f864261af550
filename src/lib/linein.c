#include "linein.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provenance.h"
#include "word.h"

#define READ_MIN (64 * 1024)     /* room made before a read */
#define BUF_FIRST (256 * 1024)

int
linein_init(struct linein *in, int fd, size_t max_line)
{
	memset(in, 0, sizeof *in);
	in->max_line = max_line;
	in->cap = BUF_FIRST;
	in->buf = calloc(in->cap + WORD_PADDING, 1);
	if (in->buf == NULL)
		return -1;
	linein_reset(in, fd);
	return 0;
}

void
linein_free(struct linein *in)
{
	free(in->buf);
	in->buf = NULL;
}

void
linein_reset(struct linein *in, int fd)
{
	in->fd = fd;
	in->begin = in->end = in->scanned = 0;
	in->number = 0;
	in->skipped = 0;
	in->skipping = in->ended = false;
}

/* Whether a line is beyond the bound, its `_kafka` member not counted. */
static bool
too_long(const struct linein *in, const char *text, size_t len)
{
	const size_t tail = PROVENANCE_MAX < len ? PROVENANCE_MAX : len;

	if (len <= in->max_line)
		return false;
	if (len > in->max_line + PROVENANCE_MAX)
		return true;
	return memmem(text + len - tail, tail, "\"" PROVENANCE_NAME "\"",
	    strlen(PROVENANCE_NAME) + 2) == NULL;
}

/* Hands out the unread bytes up to len as a line. */
static enum linein_result
take(struct linein *in, size_t len, bool terminated, struct line *line)
{
	const char *text = in->buf + in->begin;
	bool is_long = in->skipping || too_long(in, text, len);

	line->number = ++in->number;
	line->terminated = terminated;
	line->text = text;
	line->len = len;
	if (is_long && !in->skipping) {
		in->skipped = 0;
		memcpy(in->head, text, len < sizeof in->head ? len :
		    sizeof in->head);
	}
	if (is_long) {
		line->text = in->head;
		line->len = in->skipped + len;
	}
	in->begin += len + terminated;
	in->scanned = 0;
	in->skipped = 0;
	in->skipping = false;
	return is_long ? LINEIN_LONG : LINEIN_LINE;
}

/* The unread bytes are the middle of a line beyond the bound: drop them. */
static void
skip(struct linein *in)
{
	size_t len = in->end - in->begin;

	if (!in->skipping) {
		memcpy(in->head, in->buf + in->begin, sizeof in->head);
		in->skipping = true;
		in->skipped = 0;
	}
	in->skipped += len;
	in->begin = in->end = in->scanned = 0;
}

enum linein_result
linein_next(struct linein *in, struct line *line)
{
	char *from = in->buf + in->begin + in->scanned;
	size_t unread = in->end - in->begin;
	char *lf = memchr(from, '\n', unread - in->scanned);

	if (lf != NULL)
		return take(in, (size_t)(lf - in->buf) - in->begin, true,
		    line);
	in->scanned = unread;
	if (in->ended) {
		if (unread > 0 || in->skipping)
			return take(in, unread, false, line);
		return LINEIN_END;
	}
	if (in->skipping ? unread > 0 :
	    unread > in->max_line + PROVENANCE_MAX &&
	    unread > sizeof in->head)
		skip(in);
	return LINEIN_MORE;
}

/* Makes room for READ_MIN bytes behind the unread ones. */
static int
make_room(struct linein *in)
{
	size_t unread = in->end - in->begin, cap = in->cap;
	char *buf;

	if (in->cap - in->end >= READ_MIN)
		return 0;
	if (in->begin > 0) {
		memmove(in->buf, in->buf + in->begin, unread);
		in->begin = 0;
		in->end = unread;
	}
	while (cap - unread < READ_MIN)
		cap *= 2;
	if (cap == in->cap)
		return 0;
	buf = realloc(in->buf, cap + WORD_PADDING);
	if (buf == NULL)
		return -1;
	memset(buf + in->cap, 0, cap - in->cap + WORD_PADDING);
	in->buf = buf;
	in->cap = cap;
	return 0;
}

int
linein_fill(struct linein *in)
{
	ssize_t n;

	if (make_room(in) == -1)
		return -1;
	n = read(in->fd, in->buf + in->end, in->cap - in->end);
	if (n == -1)
		return -1;
	if (n == 0) {
		in->ended = true;
		return 0;
	}
	in->end += (size_t)n;
	in->bytes += (uint64_t)n;
	return 1;
}
