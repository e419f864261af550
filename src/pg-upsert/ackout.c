#include "ackout.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define RETRY_US 100000 /* between two looks for a reader */

_Static_assert(PROVENANCE_MAX + 3 <= PIPE_BUF,
    "an acknowledgement must be written whole");

/* -1 with errno, ENXIO when the FIFO has no reader. */
static int
try_open(struct ackout *ack)
{
	ack->fd = open(ack->path, O_WRONLY | O_NONBLOCK | O_APPEND |
	    O_CLOEXEC | O_NOCTTY);
	ack->retry_us = clock_monotonic_us() + RETRY_US;
	return ack->fd == -1 ? -1 : 0;
}

int
ackout_open(struct ackout *ack, const char *path)
{
	memset(ack, 0, sizeof *ack);
	ack->path = path;
	ack->fd = -1;
	if (path == NULL || try_open(ack) == 0 || errno == ENXIO)
		return 0;
	return -1;
}

void
ackout_close(struct ackout *ack)
{
	if (ack->fd != -1)
		close(ack->fd);
	ack->fd = -1;
	marks_free(&ack->pending);
}

int
ackout_add(struct ackout *ack, struct marks *from)
{
	return marks_move(&ack->pending, from);
}

bool
ackout_waiting(const struct ackout *ack)
{
	return ack->path != NULL && ack->pending.nset > 0;
}

/* 1 written, 0 not now, -1 with errno. */
static int
write_mark(struct ackout *ack, const struct mark *mark)
{
	char line[PROVENANCE_MAX + 4];
	size_t len = provenance_write_line(line, &mark->provenance);
	ssize_t n;

	line[len++] = '\n';
	/* At most PIPE_BUF bytes: a FIFO takes the line whole or not at all. */
	do {
		n = write(ack->fd, line, len);
	} while (n == -1 && errno == EINTR);
	if (n == (ssize_t)len)
		return 1;
	if (n >= 0)
		errno = ENOSPC; /* not a FIFO, and full */
	if (n == -1 && errno == EAGAIN)
		return 0;
	if (n == -1 && errno == EPIPE) {
		close(ack->fd);
		ack->fd = -1;
		ack->retry_us = clock_monotonic_us() + RETRY_US;
		return 0;
	}
	return -1;
}

int
ackout_flush(struct ackout *ack)
{
	if (ack->path == NULL)
		return 0;
	/* Also with nothing to say: a reader waits for us to come and go. */
	if (ack->fd == -1) {
		if (clock_monotonic_us() < ack->retry_us)
			return 0;
		/* Whatever it is: the reader that was there is gone. */
		if (try_open(ack) == -1)
			return 0;
	}
	for (size_t i = 0; i < ack->pending.count; i++) {
		struct mark *mark = &ack->pending.list[i];
		int result;

		if (!mark->set)
			continue;
		result = write_mark(ack, mark);
		if (result <= 0)
			return result;
		mark->set = false;
		ack->pending.nset--;
		ack->written++;
	}
	return 0;
}

int64_t
ackout_wait(const struct ackout *ack, struct pollfd *pollfd)
{
	*pollfd = (struct pollfd){ .fd = -1, .events = POLLOUT };
	if (ack->path != NULL && ack->fd == -1)
		return ack->retry_us;
	if (ackout_waiting(ack))
		pollfd->fd = ack->fd;
	return INT64_MAX;
}
