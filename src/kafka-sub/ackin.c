/*
 * Acknowledgements from the sink.
 */
#include "ackin.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

#define QUIET_US 1000000LL /* between two looks at a FIFO without a writer */

int
ackin_open(struct ackin *ack, const char *path)
{
	struct stat st;

	memset(ack, 0, sizeof *ack);
	ack->fd = -1;
	if (path == NULL)
		return 0;
	ack->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (ack->fd == -1)
		return -1;
	if (fstat(ack->fd, &st) == 0 && !S_ISFIFO(st.st_mode)) {
		close(ack->fd);
		ack->fd = -1;
		errno = EINVAL;
		return -1;
	}
	record_reader_init(&ack->reader);
	return linein_init(&ack->in, ack->fd, PIPE_BUF);
}

void
ackin_close(struct ackin *ack)
{
	if (ack->fd == -1)
		return;
	msg_limit_flush(&ack->limit);
	linein_free(&ack->in);
	record_reader_free(&ack->reader);
	close(ack->fd);
	ack->fd = -1;
}

int
ackin_poll_fd(const struct ackin *ack, int64_t now_us)
{
	return ack->hung_up && now_us < ack->quiet_until_us ? -1 : ack->fd;
}

/* -1: ENOMEM. */
static int
take(struct ackin *ack, const struct line *line, bool is_long,
    struct parts *parts)
{
	enum record_result result = is_long ? RECORD_BAD :
	    record_read(&ack->reader, line->text, line->len);

	if (result == RECORD_NO_MEMORY) {
		errno = ENOMEM;
		return -1;
	}
	if (result != RECORD_PROVENANCE) {
		msg_warn_limited(&ack->limit, "not an acknowledgement: %.*s",
		    (int)(line->len > 200 ? 200 : line->len), line->text);
		ack->ignored++;
		return 0;
	}
	if (parts_ack(parts, &ack->reader.provenance))
		ack->taken++;
	else
		ack->ignored++;
	return 0;
}

/* 1, or -1 with errno. */
static int
take_lines(struct ackin *ack, struct parts *parts)
{
	struct line line;
	enum linein_result result;

	while ((result = linein_next(&ack->in, &line)) == LINEIN_LINE ||
	    result == LINEIN_LONG) {
		if (take(ack, &line, result == LINEIN_LONG, parts) == -1)
			return -1;
	}
	return 1;
}

int
ackin_serve(struct ackin *ack, int revents, struct parts *parts)
{
	if (revents & POLLIN) {
		ack->hung_up = false;
		switch (linein_fill(&ack->in)) {
		case -1:
			return errno == EINTR || errno == EAGAIN ? 0 : -1;
		case 0: /* another reader was faster: not the end */
			linein_reset(&ack->in, ack->fd);
			return 0;
		default:
			return take_lines(ack, parts);
		}
	}
	if (revents & POLLHUP) {
		/* A line that its writer did not finish is no line. */
		linein_reset(&ack->in, ack->fd);
		ack->hung_up = true;
		ack->quiet_until_us = clock_monotonic_us() + QUIET_US;
	}
	return 0;
}
