#include "outlet.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "stop.h"

/* Output held while the socket has more to read, so that writes are large. */
#define BATCH_BYTES (32 * 1024)
#define BATCH_US 20000
/*
 * What one turn may add when hold is nearly full: a page, the trades that
 * waited for it (hold at the most), and what was read of a socket.
 */
#define TURN_BYTES (2 * 1024 * 1024)

/*
 * libwebsockets makes what it adopts non-blocking, and standard output's flags
 * are shared with others: it adopts an epoll descriptor, which watches for it.
 */
int
outlet_open(struct outlet *outlet, struct filter *filter, size_t hold,
    int other_fd)
{
	struct epoll_event in = { .events = EPOLLIN };
	struct epoll_event out = { .events = 0 }; /* EPOLLERR always is */
	int fd = epoll_create1(EPOLL_CLOEXEC);

	*outlet = (struct outlet){ .filter = filter, .hold = hold,
		.wake_fd = fd };
	filter->out.grow_max = 2 * hold + TURN_BYTES;
	filter->flow.failed_at = "set-up";
	if (fd == -1 || epoll_ctl(fd, EPOLL_CTL_ADD, stop_fd(), &in) == -1 ||
	    (other_fd != -1 &&
	    epoll_ctl(fd, EPOLL_CTL_ADD, other_fd, &in) == -1))
		return -1;
	outlet->watched = epoll_ctl(fd, EPOLL_CTL_ADD, STDOUT_FILENO,
	    &out) == 0;
	/* EPERM: a regular file or the like, which never blocks. */
	return outlet->watched || errno == EPERM ? fd : -1;
}

static void
watch_for_room(struct outlet *outlet, bool want)
{
	struct epoll_event out = { .events = want ? EPOLLOUT : 0 };

	if (outlet->watched && outlet->want_write != want)
		epoll_ctl(outlet->wake_fd, EPOLL_CTL_MOD, STDOUT_FILENO, &out);
	outlet->want_write = want;
}

static enum flow_result
failed(struct outlet *outlet)
{
	errno = outlet->filter->out.error;
	if (errno == EPIPE)
		return FLOW_GONE;
	outlet->filter->flow.failed_at = "standard output";
	return FLOW_FAILED;
}

/* Writes as much as standard output takes without blocking. */
static enum flow_result
write_ready(struct outlet *outlet)
{
	struct lineout *out = &outlet->filter->out;
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };

	if (!outlet->watched)
		return lineout_flush(out) == -1 ? failed(outlet) : FLOW_READY;
	do {
		if (poll(&p, 1, 0) == -1)
			break;
		if (p.revents & (POLLERR | POLLHUP | POLLNVAL))
			return FLOW_GONE;
		if (!(p.revents & POLLOUT))
			break;
		if (lineout_flush_ready(out) == -1)
			return failed(outlet);
	} while (lineout_held(out) > 0);
	return FLOW_READY;
}

enum flow_result
outlet_settle(struct outlet *outlet, bool more)
{
	const struct lineout *out = &outlet->filter->out;
	size_t held = lineout_held(out);
	enum flow_result result;

	if (out->error != 0)
		return failed(outlet);
	if (held > 0 && held < BATCH_BYTES && more &&
	    clock_monotonic_us() - out->oldest_us < BATCH_US)
		return FLOW_READY;
	result = write_ready(outlet);
	held = lineout_held(out);
	watch_for_room(outlet, held > 0);
	if (held > outlet->hold)
		outlet->full = true;
	else if (held < outlet->hold / 2)
		outlet->full = false;
	return result;
}
