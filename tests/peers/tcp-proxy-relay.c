#include "tcp-proxy-relay.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"

/* Bounds what is on its way in each direction, so with a delay also how fast
 * a connection is: so many bytes a delay. */
#define WAY_BYTES ((size_t)256 * 1024)

/* After an answer was cut short: how much is read from the client at most,
 * which is more than the system's buffers hold, but an end for one who never
 * stops; and how long the server may go on once it has been told the end. */
#define DRAIN_BYTES ((size_t)16 * 1024 * 1024)
#define DRAIN_US 10000000

static void
close_end(struct relay *relay, int end, bool reset)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	if (relay->fds[end] == -1)
		return;
	if (reset)
		setsockopt(relay->fds[end], SOL_SOCKET, SO_LINGER, &now,
		    sizeof(now));
	close(relay->fds[end]);
	relay->fds[end] = -1;
}

/* Always false, for relay_move() to return. */
static bool
end_relay(struct relay *relay, bool reset)
{
	close_end(relay, CLIENT, reset);
	close_end(relay, SERVER, reset);
	relay->over = true;
	return false;
}

static void
send_at_once(int fd)
{
	const int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static int
connect_server(struct relay *relay)
{
	const struct sockaddr_in target = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)relay->route->target_port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);

	if (fd == -1)
		return -1;
	relay->fds[SERVER] = fd;
	send_at_once(fd);
	relay->connecting = true;
	if (connect(fd, (const struct sockaddr *)&target, sizeof(target)) ==
	    -1 && errno != EINPROGRESS)
		return -1;
	return 0;
}

struct relay *
relay_open(struct route *route, int client_fd)
{
	struct relay *relay = calloc(1, sizeof(*relay));

	if (relay == NULL) {
		close(client_fd);
		return NULL;
	}
	relay->route = route;
	relay->fds[CLIENT] = client_fd;
	relay->fds[SERVER] = -1;
	relay->answer_left = -1;
	relay->drained_by_us = INT64_MAX;
	relay->held = route->silent;
	relay->ways[CLIENT].bytes = malloc(WAY_BYTES);
	relay->ways[SERVER].bytes = malloc(WAY_BYTES);
	send_at_once(client_fd);
	if (relay->ways[CLIENT].bytes == NULL ||
	    relay->ways[SERVER].bytes == NULL ||
	    (!relay->held && connect_server(relay) != 0)) {
		end_relay(relay, true);
		relay_free(relay);
		return NULL;
	}
	return relay;
}

void
relay_free(struct relay *relay)
{
	close_end(relay, CLIENT, false);
	close_end(relay, SERVER, false);
	free(relay->ways[CLIENT].bytes);
	free(relay->ways[SERVER].bytes);
	free(relay);
}

void
relay_cut(struct relay *relay)
{
	/* After a short answer the client was cut, and counted, already. */
	if (!relay->over && relay->fds[CLIENT] != -1)
		relay->route->cut++;
	end_relay(relay, true);
}

static int64_t
due_us(const struct relay *relay)
{
	return clock_monotonic_us() + relay->route->delay_ms * 1000;
}

void
relay_hasten(struct relay *relay)
{
	int64_t latest_us = due_us(relay);
	struct way *way;
	struct mark *mark;
	size_t i;

	for (way = relay->ways; way < relay->ways + 2; way++) {
		for (i = 0; i < way->nmarks; i++) {
			mark = &way->marks[(way->first_mark + i) %
			    RELAY_MARKS];
			if (mark->due_us > latest_us)
				mark->due_us = latest_us;
		}
		if (way->end_due_us > latest_us)
			way->end_due_us = latest_us;
	}
}

void
relay_spare(struct relay *relay)
{
	if (relay->answer_left > 0)
		relay->answer_left = -1;
}

/* Bytes have been read to the end of the ring: when are they due? */
static void
add_bytes(struct way *way, size_t n, const struct relay *relay)
{
	struct mark *mark;

	way->used += n;
	if (relay->route->delay_ms == 0 && way->nmarks == 0) {
		way->ready += n;
		return;
	}
	mark = &way->marks[(way->first_mark + way->nmarks++) % RELAY_MARKS];
	mark->due_us = due_us(relay);
	mark->length = n;
}

static void
make_ready(struct way *way)
{
	int64_t now_us;
	struct mark *mark;

	if (way->nmarks == 0)
		return;
	now_us = clock_monotonic_us();
	for (; way->nmarks > 0; way->nmarks--) {
		mark = &way->marks[way->first_mark];
		if (mark->due_us > now_us)
			return;
		way->ready += mark->length;
		way->first_mark = (way->first_mark + 1) % RELAY_MARKS;
	}
}

static bool
wants_bytes(const struct relay *relay, int end)
{
	const struct way *way = &relay->ways[end];

	if (way->ended || relay->connecting)
		return false;
	if (relay->draining && end == SERVER)
		return true; /* they are thrown away */
	if (relay->draining && relay->owed == 0)
		return false;
	if (end == SERVER && relay->answer_left == 0)
		return false;
	return !way->dead && way->used < WAY_BYTES &&
	    way->nmarks < RELAY_MARKS;
}

void
relay_wants(const struct relay *relay, struct pollfd *fds,
    int64_t *deadline_us)
{
	const struct way *way;
	int64_t due;
	int end;

	fds[CLIENT] = fds[SERVER] = (struct pollfd){ .fd = -1 };
	if (relay->held || relay->over)
		return;
	for (end = CLIENT; end <= SERVER; end++) {
		if (wants_bytes(relay, end))
			fds[end].events |= POLLIN;
		way = &relay->ways[end];
		if (way->full)
			fds[!end].events |= POLLOUT;
		due = way->nmarks > 0 ? way->marks[way->first_mark].due_us :
		    way->used == 0 && way->ended && !way->done ?
		    way->end_due_us : relay->drained_by_us;
		if (due < *deadline_us)
			*deadline_us = due;
	}
	if (relay->connecting)
		fds[SERVER].events = POLLOUT;
	/* Without events poll(2) would still tell of errors, for ever. */
	for (end = CLIENT; end <= SERVER; end++)
		if (fds[end].events != 0)
			fds[end].fd = relay->fds[end];
}

static void
end_way(struct relay *relay, int from, bool reset)
{
	struct way *way = &relay->ways[from];

	way->ended = true;
	way->reset = reset;
	way->end_due_us = due_us(relay);
}

/* How many of n bytes from the server are handed on. */
static size_t
cut_answer(struct relay *relay, size_t n)
{
	bool asked = relay->asked;

	relay->asked = false;
	if (relay->answer_left < 0) {
		if (relay->route->answer < 0 || !asked)
			return n;
		relay->answer_left = relay->route->answer;
		relay->route->answer = -1;
	}
	if ((int64_t)n > relay->answer_left)
		n = (size_t)relay->answer_left;
	relay->answer_left -= (int64_t)n;
	return n;
}

/* Room at the end of the ring, in one piece. */
static size_t
room(struct relay *relay, int from, uint8_t **at)
{
	struct way *way = &relay->ways[from];
	size_t tail, n;

	if (way->used == 0)
		way->head = 0;
	tail = (way->head + way->used) % WAY_BYTES;
	n = tail < way->head ? way->head - tail : WAY_BYTES - tail;
	if (from == CLIENT && relay->draining && n > relay->owed)
		n = relay->owed;
	*at = way->bytes + tail;
	return n;
}

static void
pull(struct relay *relay, int from, short revents)
{
	struct way *way = &relay->ways[from];
	uint8_t *at;
	size_t size;
	ssize_t n;

	if (!(revents & (POLLIN | POLLHUP | POLLERR)) ||
	    !wants_bytes(relay, from))
		return;
	size = room(relay, from, &at);
	n = recv(relay->fds[from], at, size, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		/* An end that took no more was reset, and the error told. */
		end_way(relay, from, n < 0 || relay->ways[!from].dead);
		relay->owed = 0;
		return;
	}
	size = (size_t)n;
	if (from == CLIENT && relay->draining)
		relay->owed -= size;
	if (from == SERVER)
		size = relay->draining ? 0 : cut_answer(relay, size);
	if (size > 0)
		add_bytes(way, size, relay);
}

static void
push_bytes(struct relay *relay, int from)
{
	struct way *way = &relay->ways[from];
	size_t size;
	ssize_t n;

	while (way->ready > 0 && !way->full) {
		size = WAY_BYTES - way->head;
		if (size > way->ready)
			size = way->ready;
		n = send(relay->fds[!from], way->bytes + way->head, size,
		    MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			way->full = true;
		} else if (n < 0) {
			way->dead = true;
			way->used = way->ready = way->nmarks = 0;
		} else {
			way->head = (way->head + (size_t)n) % WAY_BYTES;
			way->used -= (size_t)n;
			way->ready -= (size_t)n;
			relay->route->bytes += (uint64_t)n;
			if (from == CLIENT)
				relay->asked = true;
		}
	}
}

/* Hands on what is due. False when that ended the connection. */
static bool
push(struct relay *relay, int from, short revents)
{
	struct way *way = &relay->ways[from];

	if (revents & (POLLOUT | POLLHUP | POLLERR))
		way->full = false;
	make_ready(way);
	push_bytes(relay, from);
	if (!way->ended || way->done || way->used > 0 ||
	    way->end_due_us > clock_monotonic_us())
		return true;
	if (way->reset)
		return end_relay(relay, true);
	if (relay->fds[!from] != -1)
		shutdown(relay->fds[!from], SHUT_WR);
	way->done = true;
	return true;
}

/*
 * The client has got its part of the answer. The server is to get what the
 * client has sent, much of which may still lie in the system's buffers.
 */
static void
drain_start(struct relay *relay)
{
	relay->draining = true;
	relay->owed = relay->ways[CLIENT].ended ? 0 : DRAIN_BYTES;
	relay->ways[SERVER].done = true;
}

/* Reading makes what waited at the client's side arrive at once. */
static bool
owes_nothing(const struct relay *relay)
{
	int waiting = 0;

	return relay->owed == 0 || ioctl(relay->fds[CLIENT], FIONREAD,
	    &waiting) != 0 || waiting == 0;
}

static bool
drain(struct relay *relay)
{
	struct way *sent = &relay->ways[CLIENT];

	if (relay->fds[CLIENT] != -1 && owes_nothing(relay)) {
		relay->owed = 0;
		close_end(relay, CLIENT, true);
		relay->route->cut++;
		end_way(relay, CLIENT, false);
	}
	if (!sent->done && !sent->dead)
		return true;
	if (relay->drained_by_us == INT64_MAX)
		relay->drained_by_us = clock_monotonic_us() + DRAIN_US;
	if (sent->dead || relay->ways[SERVER].ended ||
	    relay->drained_by_us <= clock_monotonic_us())
		return end_relay(relay, true);
	return true;
}

static bool
connected(struct relay *relay, short revents)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (revents == 0)
		return true;
	if (getsockopt(relay->fds[SERVER], SOL_SOCKET, SO_ERROR, &error,
	    &size) != 0 || error != 0)
		return end_relay(relay, true);
	relay->connecting = false;
	return true;
}

bool
relay_move(struct relay *relay, const struct pollfd *fds)
{
	const struct way *ways = relay->ways;

	if (relay->over || relay->held)
		return !relay->over;
	if (relay->connecting)
		return connected(relay, fds[SERVER].revents);
	/* The server first: what it sent before it was asked is no answer. */
	pull(relay, SERVER, fds[SERVER].revents);
	if (!relay->draining && !push(relay, SERVER, fds[CLIENT].revents))
		return false;
	if (relay->answer_left == 0 && ways[SERVER].used == 0 &&
	    !relay->draining)
		drain_start(relay);
	pull(relay, CLIENT, fds[CLIENT].revents);
	if (!push(relay, CLIENT, fds[SERVER].revents))
		return false;
	if (relay->draining)
		return drain(relay);
	if ((ways[CLIENT].done || ways[CLIENT].dead) &&
	    (ways[SERVER].done || ways[SERVER].dead))
		return end_relay(relay, ways[CLIENT].dead ||
		    ways[SERVER].dead);
	return true;
}
