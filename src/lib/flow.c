#include "flow.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "stop.h"

/* The longest that output is held while input never runs dry. */
#define HOLD_US 100000

int
flow_init(struct flow *flow, char *const *files, size_t nfiles,
    struct lineout *out, size_t max_line)
{
	static char dash[] = "-";
	static char *const standard_input[] = { dash };

	memset(flow, 0, sizeof *flow);
	flow->files = nfiles > 0 ? files : standard_input;
	flow->nfiles = nfiles > 0 ? nfiles : 1;
	flow->out = out;
	flow->fd = -1;
	return linein_init(&flow->in, -1, max_line);
}

static void
close_input(struct flow *flow)
{
	if (flow->fd > STDIN_FILENO)
		close(flow->fd);
	flow->fd = -1;
}

void
flow_free(struct flow *flow)
{
	close_input(flow);
	linein_free(&flow->in);
}

const char *
flow_where(const struct flow *flow)
{
	return flow->failed_at;
}

static enum flow_result
failed(struct flow *flow, const char *where)
{
	flow->failed_at = where;
	return FLOW_FAILED;
}

static const char *
input_name(const struct flow *flow)
{
	return flow->file != NULL ? flow->file : "standard input";
}

enum flow_result
flow_no_memory(struct flow *flow)
{
	errno = ENOMEM;
	return failed(flow, input_name(flow));
}

static enum flow_result
output_failed(struct flow *flow)
{
	errno = flow->out->error;
	if (flow->out->error == EPIPE)
		return FLOW_GONE;
	if (flow->out->error == ETIMEDOUT)
		return FLOW_OVERDUE;
	return failed(flow, "standard output");
}

void
flow_writes(struct flow *flow, int fd)
{
	if (fd != -1 && flow->nwrites < FLOW_WRITES_MAX)
		flow->writes[flow->nwrites++] = fd;
}

/* Whether it is the same regular file as fd's. */
static bool
is_file_of(const struct stat *file, int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_dev == file->st_dev && st.st_ino == file->st_ino;
}

/*
 * Whether what is written would be read again, and so without end.  Where
 * nothing is left to read the end comes first.
 */
static bool
is_circle(const struct flow *flow, const struct stat *file)
{
	bool written = is_file_of(file, STDERR_FILENO);

	if (!S_ISREG(file->st_mode) ||
	    lseek(flow->fd, 0, SEEK_CUR) >= file->st_size)
		return false;
	if (flow->out != NULL)
		written = written || is_file_of(file, flow->out->fd);
	for (unsigned i = 0; i < flow->nwrites; i++)
		written = written || is_file_of(file, flow->writes[i]);
	return written;
}

static enum flow_result
open_next(struct flow *flow)
{
	const char *name = *flow->files;
	struct stat st;

	flow->file = strcmp(name, "-") == 0 ? NULL : name;
	/* To open a FIFO blocks until there is a writer. */
	if (flow->out != NULL && lineout_flush(flow->out) == -1)
		return output_failed(flow);
	if (stop_overdue())
		return FLOW_OVERDUE;
	flow->fd = flow->file == NULL ? STDIN_FILENO :
	    open(name, O_RDONLY | O_CLOEXEC);
	if (flow->fd == -1 && errno == EINTR)
		return FLOW_READY;
	if (flow->fd == -1 || fstat(flow->fd, &st) == -1)
		return failed(flow, input_name(flow));
	if (is_circle(flow, &st)) {
		flow->failed_at = input_name(flow);
		return FLOW_CIRCLE;
	}
	flow->files++;
	flow->nfiles--;
	flow->regular = S_ISREG(st.st_mode);
	flow->fresh = false;
	flow->lines_before += flow->in.number;
	linein_reset(&flow->in, flow->fd);
	return FLOW_READY;
}

/* Whether a read would not block. */
static bool
readable(const struct flow *flow)
{
	struct pollfd p = { .fd = flow->fd, .events = POLLIN };

	return flow->regular || flow->fresh || poll(&p, 1, 0) > 0;
}

/* One read, where it does not block. */
static enum flow_result
fill(struct flow *flow)
{
	if (flow->regular && stop_asked())
		return FLOW_END;
	if (stop_overdue())
		return FLOW_OVERDUE;
	if (!readable(flow))
		return FLOW_DRY;
	flow->fresh = false;
	if (flow->out != NULL && lineout_held(flow->out) > 0 &&
	    clock_monotonic_us() - flow->out->oldest_us > HOLD_US &&
	    lineout_flush(flow->out) == -1)
		return output_failed(flow);
	if (linein_fill(&flow->in) == -1 && errno != EINTR)
		return failed(flow, input_name(flow));
	return FLOW_READY;
}

enum flow_result
flow_next(struct flow *flow, struct line *line)
{
	enum flow_result result = FLOW_READY;

	if (flow->out != NULL && flow->out->error != 0)
		return output_failed(flow);
	while (result == FLOW_READY) {
		if (flow->fd == -1) {
			if (flow->nfiles == 0)
				return FLOW_END;
			result = open_next(flow);
			continue;
		}
		switch (linein_next(&flow->in, line)) {
		case LINEIN_LINE:
			return FLOW_LINE;
		case LINEIN_LONG:
			return FLOW_LONG;
		case LINEIN_MORE:
			result = fill(flow);
			break;
		case LINEIN_END:
			close_input(flow);
			break;
		}
	}
	return result;
}

enum { WAIT_STOP, WAIT_IN, WAIT_OUT, WAIT_EXTRA };

/* After poll(2): what its answer means. */
static enum flow_result
woken(struct flow *flow, const struct pollfd *p, struct pollfd *extra,
    size_t nextra)
{
	for (size_t i = 0; i < nextra; i++)
		extra[i].revents = p[WAIT_EXTRA + i].revents;
	if (p[WAIT_OUT].revents & (POLLERR | POLLHUP | POLLNVAL))
		return FLOW_GONE;
	if (p[WAIT_IN].revents != 0)
		flow->fresh = true;
	return FLOW_READY;
}

enum flow_result
flow_wait(struct flow *flow, struct pollfd *extra, size_t nextra,
    int64_t deadline_us, bool input)
{
	bool draining = stop_asked();
	struct pollfd p[WAIT_EXTRA + FLOW_EXTRA_MAX] = {
		[WAIT_STOP] = { .fd = draining ? -1 : stop_fd(),
		    .events = POLLIN },
		[WAIT_IN] = { .fd = input ? flow->fd : -1, .events = POLLIN },
		[WAIT_OUT] = { .fd = flow->out != NULL && flow->out->pipe ?
		    flow->out->fd : -1, .events = 0 },
	};

	if (flow->out != NULL && lineout_flush(flow->out) == -1)
		return output_failed(flow);
	if (nextra > FLOW_EXTRA_MAX)
		nextra = FLOW_EXTRA_MAX;
	for (size_t i = 0; i < nextra; i++)
		p[WAIT_EXTRA + i] = extra[i];
	if (stop_overdue())
		return FLOW_OVERDUE;
	if (poll(p, WAIT_EXTRA + (nfds_t)nextra,
	    clock_poll_ms(deadline_us)) == -1) {
		for (size_t i = 0; i < nextra; i++)
			extra[i].revents = 0;
		if (errno != EINTR)
			return failed(flow, "poll");
		return stop_overdue() ? FLOW_OVERDUE : FLOW_READY;
	}
	return woken(flow, p, extra, nextra);
}
