#include "lineout.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "clock.h"
#include "stop.h"

#define BUF_SIZE (64 * 1024) /* what a pipe holds on Linux */
#define GROWN (16 * BUF_SIZE) /* it is worth its while to give back */

int
lineout_init(struct lineout *out, int fd)
{
	struct stat st;

	memset(out, 0, sizeof *out);
	out->fd = fd;
	out->cap = BUF_SIZE;
	out->buf = malloc(out->cap);
	out->pipe = fstat(fd, &st) == 0 &&
	    (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
	out->nowait = out->pipe;
	return out->buf == NULL ? -1 : 0;
}

void
lineout_free(struct lineout *out)
{
	free(out->buf);
	out->buf = NULL;
}

static int
fail(struct lineout *out, int error)
{
	out->error = errno = error;
	return -1;
}

/* Writes all of it, whatever signals come before the deadline. */
static int
write_all(struct lineout *out, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(out->fd, text, len);

		if (n == -1 && !stop_retry_write(out->fd))
			return fail(out, errno);
		if (n > 0) {
			text += n;
			len -= (size_t)n;
			out->bytes += (uint64_t)n;
		}
		if (len > 0 && stop_overdue())
			return fail(out, ETIMEDOUT);
	}
	return 0;
}

int
lineout_flush(struct lineout *out)
{
	if (out->error != 0)
		return fail(out, out->error);
	if (write_all(out, out->buf + out->begin, lineout_held(out)) == -1)
		return -1;
	out->begin = out->len = 0;
	return 0;
}

static int
grow(struct lineout *out, size_t want)
{
	size_t cap = out->cap;
	char *buf;

	while (cap < want)
		cap *= 2;
	if (cap == out->cap)
		return 0;
	buf = realloc(out->buf, cap);
	if (buf == NULL)
		return fail(out, ENOMEM);
	out->buf = buf;
	out->cap = cap;
	return 0;
}

static void
to_front(struct lineout *out)
{
	out->len -= out->begin;
	memmove(out->buf, out->buf + out->begin, out->len);
	out->begin = 0;
}

/* Room for len more bytes: a line may be longer than the buffer. */
static int
reserve(struct lineout *out, size_t len)
{
	if (len <= out->cap - out->len)
		return 0;
	if (out->begin > 0)
		to_front(out);
	if (out->len + len > out->cap && out->len + len > out->grow_max &&
	    lineout_flush(out) == -1)
		return -1;
	return grow(out, out->len + len);
}

int
lineout_put(struct lineout *out, const char *text, size_t len)
{
	if (out->error != 0)
		return fail(out, out->error);
	if (reserve(out, len + 1) == -1)
		return -1;
	if (out->len == 0)
		out->oldest_us = clock_monotonic_us();
	memcpy(out->buf + out->len, text, len);
	out->buf[out->len + len] = '\n';
	out->len += len + 1;
	out->lines++;
	return 0;
}

int
lineout_put_lines(struct lineout *out, const char *text, size_t len,
    uint64_t lines)
{
	if (out->error != 0)
		return fail(out, out->error);
	if (len >= BUF_SIZE) {
		if (lineout_flush(out) == -1 ||
		    write_all(out, text, len) == -1)
			return -1;
	} else {
		if (reserve(out, len) == -1)
			return -1;
		if (out->len == 0)
			out->oldest_us = clock_monotonic_us();
		memcpy(out->buf + out->len, text, len);
		out->len += len;
	}
	out->lines += lines;
	return 0;
}

/*
 * As much as there is room for.  One that may block has to be content with
 * PIPE_BUF, which is all that POLLOUT promises; so has one to a pipe on kernels
 * before 6.4.
 */
static ssize_t
write_some(struct lineout *out, char *text, size_t len)
{
	struct iovec all = { .iov_base = text, .iov_len = len };
	ssize_t n;

	if (out->nowait) {
		n = pwritev2(out->fd, &all, 1, -1, RWF_NOWAIT);
		if (n != -1 || errno == EAGAIN || errno == EINTR ||
		    errno == EPIPE)
			return n;
		out->nowait = false;
	}
	return write(out->fd, text, len < PIPE_BUF ? len : PIPE_BUF);
}

/*
 * What has grown takes little more memory than what is held, and no more than
 * at first when nothing is: a reader may have been slow but once.
 */
static void
settle(struct lineout *out)
{
	char *buf;

	if (out->begin == out->len) {
		out->begin = out->len = 0;
		if (out->cap >= GROWN &&
		    (buf = realloc(out->buf, BUF_SIZE)) != NULL) {
			out->buf = buf;
			out->cap = BUF_SIZE;
		}
	} else if (out->begin >= BUF_SIZE &&
	    out->begin >= lineout_held(out) / 4) {
		to_front(out);
	}
}

int
lineout_flush_ready(struct lineout *out)
{
	size_t len = lineout_held(out);
	ssize_t n;

	if (out->error != 0)
		return fail(out, out->error);
	n = len > 0 ? write_some(out, out->buf + out->begin, len) : 0;
	if (n == -1)
		return errno == EINTR || errno == EAGAIN ? 0 : fail(out, errno);
	out->begin += (size_t)n;
	out->bytes += (uint64_t)n;
	settle(out);
	return 0;
}

int
lineout_close(struct lineout *out)
{
	int flushed = lineout_flush(out);

	if (close(out->fd) == -1 && flushed == 0)
		return fail(out, errno);
	if (flushed == -1)
		errno = out->error;
	return flushed;
}
