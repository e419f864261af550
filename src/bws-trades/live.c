#include "live.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "feed.h"
#include "msg.h"
#include "stop.h"

/* Output held while the socket has more to read, so that writes are large. */
#define BATCH_BYTES (32 * 1024)
#define BATCH_US 20000
/*
 * A blocked standard output: so much is held and pings are answered; beyond,
 * the socket is not read until half of it is gone.
 */
#define HOLD_BYTES (1024 * 1024)
/* One read of the socket comes on top, and what its frames become. */
#define HOLD_MAX (2 * HOLD_BYTES)

/*
 * At least so long between two reports: of the first failure of an outage, so
 * that connections that come and break are not reported each time, and of the
 * further ones.
 */
#define SAY_FIRST_US INT64_C(10000000)
#define SAY_AGAIN_US INT64_C(60000000)

struct live {
	struct trades *trades;
	struct feed *feed;
	const struct streams_url *url;
	enum flow_result result; /* FLOW_READY while all is well */
	int error;               /* errno of a frame's FLOW_FAILED, or 0 */
	int wake_fd;             /* epoll: stop, and standard output */
	bool watched;            /* standard output can be polled */
	bool want_write;         /* it is watched for room */
	unsigned failures;       /* since the last connection */
	bool said;               /* one of them was reported */
	int64_t said_us;         /* when, monotonic; 0: never */
};

static void
on_frame(void *arg, const char *text, size_t len)
{
	struct live *live = arg;
	struct line frame = { .text = text, .len = len, .terminated = true };

	if (live->result == FLOW_READY)
		live->result = trades_take(live->trades, &frame, false);
	if (live->result == FLOW_FAILED && live->error == 0)
		live->error = errno; /* before the feed's own calls */
}

static void
on_failure(struct live *live, const char *what, const char *detail)
{
	int64_t now = clock_monotonic_us();
	int64_t gap_us = live->failures++ == 0 ? SAY_FIRST_US : SAY_AGAIN_US;

	if (live->said_us == 0 || now - live->said_us >= gap_us) {
		live->said = true;
		live->said_us = now;
		msg_warn("%s:%d: %s%.200s; trying again", live->url->host,
		    live->url->port, what, detail);
	} else {
		msg_info("%s:%d: %s%.200s (attempt %u)", live->url->host,
		    live->url->port, what, detail, live->failures);
	}
}

static void
on_event(void *arg, enum feed_event event, const char *detail)
{
	struct live *live = arg;

	switch (event) {
	case FEED_UP:
		if (live->said)
			msg_warn("%s:%d: connected again", live->url->host,
			    live->url->port);
		else
			msg_info("%s:%d: connected", live->url->host,
			    live->url->port);
		live->failures = 0;
		live->said = false;
		break;
	case FEED_DOWN:
		on_failure(live, "", detail);
		break;
	case FEED_FAILED:
		on_failure(live, "cannot connect: ", detail);
		break;
	}
}

static void
on_log(int level, const char *line)
{
	size_t len = strcspn(line, "\n");

	(void)level;
	msg_info("libwebsockets: %.*s", (int)len, line);
}

/*
 * What wakes the wait besides the socket.  libwebsockets makes what it adopts
 * non-blocking, and standard output's flags are shared with others: it adopts
 * an epoll descriptor, which watches standard output and the stop for it.
 */
static int
open_wake(struct live *live)
{
	struct epoll_event stop = { .events = EPOLLIN };
	struct epoll_event out = { .events = 0 }; /* EPOLLERR always is */

	live->wake_fd = epoll_create1(EPOLL_CLOEXEC);
	if (live->wake_fd == -1 || epoll_ctl(live->wake_fd, EPOLL_CTL_ADD,
	    stop_fd(), &stop) == -1)
		return -1;
	live->watched = epoll_ctl(live->wake_fd, EPOLL_CTL_ADD,
	    STDOUT_FILENO, &out) == 0;
	/* EPERM: a regular file or the like, which never blocks. */
	return live->watched || errno == EPERM ? 0 : -1;
}

static void
watch_for_room(struct live *live, bool want)
{
	struct epoll_event out = { .events = want ? EPOLLOUT : 0 };

	if (live->watched && live->want_write != want)
		epoll_ctl(live->wake_fd, EPOLL_CTL_MOD, STDOUT_FILENO, &out);
	live->want_write = want;
}

static enum flow_result
output_failed(struct live *live)
{
	errno = live->trades->filter.out.error;
	if (errno == EPIPE)
		return FLOW_GONE;
	live->trades->filter.flow.failed_at = "standard output";
	return FLOW_FAILED;
}

/* Writes as much as standard output takes without blocking. */
static enum flow_result
write_ready(struct live *live)
{
	struct lineout *out = &live->trades->filter.out;
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };

	if (!live->watched)
		return lineout_flush(out) == -1 ? output_failed(live) :
		    FLOW_READY;
	do {
		if (poll(&p, 1, 0) == -1)
			break;
		if (p.revents & (POLLERR | POLLHUP | POLLNVAL))
			return FLOW_GONE;
		if (!(p.revents & POLLOUT))
			break;
		if (lineout_flush_ready(out) == -1)
			return output_failed(live);
	} while (lineout_held(out) > 0);
	return FLOW_READY;
}

/* After every turn of the feed: move what is held on, hold the feed back. */
static enum flow_result
settle(struct live *live)
{
	const struct lineout *out = &live->trades->filter.out;
	size_t held = lineout_held(out);
	enum flow_result result;

	if (out->error != 0)
		return output_failed(live);
	if (held > 0 && held < BATCH_BYTES && feed_ready(live->feed) &&
	    clock_monotonic_us() - out->oldest_us < BATCH_US)
		return FLOW_READY;
	result = write_ready(live);
	held = lineout_held(out);
	watch_for_room(live, held > 0);
	if (held > HOLD_BYTES)
		feed_pause(live->feed, true);
	else if (held < HOLD_BYTES / 2)
		feed_pause(live->feed, false);
	return result;
}

enum flow_result
live_run(struct trades *trades, const struct streams *streams,
    const struct streams_url *url, const char *ca, size_t max_frame)
{
	struct live live = { .trades = trades, .url = url,
	    .result = FLOW_READY };
	struct feed_options options = {
		.url = url, .streams = streams, .ca = ca,
		.max_frame = max_frame, .arg = &live, .on_frame = on_frame,
		.on_event = on_event, .on_log = on_log,
	};
	int error;

	trades->filter.out.grow_max = HOLD_MAX;
	trades->filter.flow.failed_at = "set-up";
	if (open_wake(&live) == -1)
		return FLOW_FAILED;
	options.wake_fd = live.wake_fd;
	live.feed = feed_open(&options);
	if (live.feed == NULL) {
		errno = ENOMEM;
		return FLOW_FAILED;
	}
	while (live.result == FLOW_READY && !stop_asked()) {
		if (feed_serve(live.feed) == -1) {
			trades->filter.flow.failed_at = "libwebsockets";
			errno = EIO;
			live.result = FLOW_FAILED;
		} else if (live.result == FLOW_READY) {
			live.result = settle(&live);
		}
	}
	error = live.error != 0 ? live.error : errno;
	feed_close(live.feed);
	errno = error;
	return live.result == FLOW_READY ? FLOW_END : live.result;
}
