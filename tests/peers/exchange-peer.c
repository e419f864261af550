#include <sys/epoll.h>

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "exchange-peer.h"
#include "exchange-ws.h"

#define HEADERS_MAX 16384      /* bytes of a request's URL and headers */
#define BATCH_MAX 16384        /* bytes written in one go, about */
#define READ_MAX 65536
#define IDLE_US 60000000       /* a client that asks nothing is dropped */
#define ENDING_US 2000000      /* for the other side's end */
#define FRAME_MAX (CLIENT_REQUEST_MAX - 1)

static char *
extend(struct bytes *bytes, size_t len)
{
	if (bytes->at > 0 && bytes->at == bytes->len)
		bytes->at = bytes->len = 0;
	if (bytes->at > 0 && bytes->len + len > bytes->cap) {
		memmove(bytes->bytes, bytes->bytes + bytes->at,
		    bytes->len - bytes->at);
		bytes->len -= bytes->at;
		bytes->at = 0;
	}
	if (bytes->len + len > bytes->cap) {
		bytes->cap = 2 * (bytes->len + len);
		bytes->bytes = realloc(bytes->bytes, bytes->cap);
		if (bytes->bytes == NULL)
			abort();
	}
	return bytes->bytes + bytes->len;
}

static void
append(struct bytes *bytes, const void *from, size_t len)
{
	memcpy(extend(bytes, len), from, len);
	bytes->len += len;
}

static size_t
left(const struct bytes *bytes)
{
	return bytes->len - bytes->at;
}

struct peer *
peer_new(struct serve *serve, const struct link *link)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = peer };

	if (peer == NULL)
		return NULL;
	peer->link = *link;
	peer->state = serve->server.good == NULL ? PEER_HTTP : PEER_TLS;
	peer->address = limits_find(&serve->limits, link->ip);
	peer->since_us = serve->now_us;
	peer->bad_certificate = serve->now_us < serve->bad_cert_until_us;
	window_init(&peer->messages, 1000000);
	if (epoll_ctl(serve->epoll_fd, EPOLL_CTL_ADD, link->fd,
	    &event) != 0) {
		free(peer);
		return NULL;
	}
	peer->next = serve->peers;
	serve->peers = peer;
	return peer;
}

void
peer_free(struct peer *peer)
{
	link_close(&peer->link);
	client_free(&peer->client);
	window_free(&peer->messages);
	free(peer->in.bytes);
	free(peer->out.bytes);
	free(peer->control.bytes);
	free(peer);
}

void
peer_gone(struct serve *serve, struct peer *peer)
{
	if (peer->state == PEER_GONE)
		return;
	if (!peer->asked)
		limits_connect(&serve->limits, peer->address, serve->now_us);
	if (peer->number != 0)
		event_line(serve->options.events, "gone",
		    ",\"connection\":%" PRIu64, peer->number);
	link_close(&peer->link);
	peer->state = PEER_GONE;
}

void
peer_abandon(struct serve *serve, struct peer *peer)
{
	epoll_ctl(serve->epoll_fd, EPOLL_CTL_DEL, peer->link.fd, NULL);
	peer->state = PEER_DEAD;
	peer->since_us = serve->now_us;
}

void
peer_put_raw(struct peer *peer, const void *bytes, size_t len, int64_t due_us,
    enum queue_then then)
{
	struct queue_item item = { .len = len, .due_us = due_us,
		.then = then };
	char *place = queue_put(&peer->client.queue, &item, SIZE_MAX / 2);

	if (place == NULL)
		abort();
	memcpy(place, bytes, len);
}

void
peer_end(struct serve *serve, struct peer *peer, int code)
{
	char payload[2] = { (char)(code >> 8), (char)code };
	char frame[WS_HEAD_MAX + 2];
	size_t len = ws_frame(frame, true, WS_CLOSE, payload,
	    code == 0 ? 0 : 2);

	queue_clear(&peer->client.queue);
	peer_put_raw(peer, frame, len, 0, QUEUE_FINISH);
	peer->state = PEER_ENDING;
	peer->stalled_until_us = 0;
	peer_flush(serve, peer);
}

/* A peer that cannot keep up is dropped, as the real exchange does. */
void
peer_put(struct serve *serve, struct peer *peer, const char *stream,
    const char *event, size_t len, enum client_frame kind)
{
	int64_t due_us = serve->now_us < peer->behind_until_us ?
	    serve->now_us + peer->behind_us : 0;

	if (!peer_is_open(peer))
		return;
	if (client_put(&peer->client, stream, event, len, kind, due_us,
	    serve->options.queue) == 0)
		return;
	serve->counts.slow++;
	event_line(serve->options.events, "slow", ",\"connection\":%" PRIu64,
	    peer->number);
	peer_gone(serve, peer);
}

/* Fills out with what may go now. */
static void
fill(struct serve *serve, struct peer *peer)
{
	int64_t limit = serve->options.cut_after;
	struct queue_item item;
	const char *bytes;

	if (left(&peer->control) > 0) {
		append(&peer->out, peer->control.bytes + peer->control.at,
		    left(&peer->control));
		peer->control.at = peer->control.len = 0;
		peer->ping_in_out = peer->ping_made_us != 0 &&
		    peer->ping_sent_us == 0;
	}
	while (left(&peer->out) < BATCH_MAX && peer->then == QUEUE_GO_ON &&
	    (bytes = queue_take(&peer->client.queue, serve->now_us,
	    &item)) != NULL) {
		append(&peer->out, bytes, item.len);
		peer->then = item.then;
		serve->counts.frames += item.frame;
		if (item.frame && limit != 0 &&
		    --peer->client.cut_in == 0) {
			serve->counts.cut++;
			peer->then = QUEUE_END;
		}
	}
}

/* All of out is sent. */
static void
drained(struct serve *serve, struct peer *peer)
{
	if (peer->ping_in_out) {
		peer->ping_sent_us = serve->now_us;
		peer->ping_in_out = false;
	}
	if (peer->then == QUEUE_END) {
		peer_gone(serve, peer);
	} else if (peer->then == QUEUE_FINISH) {
		link_finish(&peer->link);
		peer->state = PEER_ENDING;
		peer->since_us = serve->now_us;
	}
}

static void
watch_writing(struct serve *serve, struct peer *peer, bool writing)
{
	struct epoll_event event = { .data.ptr = peer,
		.events = EPOLLIN | (writing ? EPOLLOUT : 0) };

	if (peer->state == PEER_GONE || peer->wants_write == writing)
		return;
	epoll_ctl(serve->epoll_fd, EPOLL_CTL_MOD, peer->link.fd, &event);
	peer->wants_write = writing;
}

void
peer_flush(struct serve *serve, struct peer *peer)
{
	bool blocked = false;

	if (peer->state == PEER_TLS || peer->state == PEER_DEAD ||
	    peer->state == PEER_GONE ||
	    serve->now_us < peer->stalled_until_us)
		return;
	while (!blocked && peer->state != PEER_GONE) {
		ssize_t n;

		if (left(&peer->out) == 0)
			fill(serve, peer);
		if (left(&peer->out) == 0)
			break;
		n = link_write(&peer->link, peer->out.bytes + peer->out.at,
		    left(&peer->out));
		blocked = n == LINK_AGAIN;
		if (n > 0)
			peer->out.at += (size_t)n;
		else if (n == LINK_OVER)
			peer_gone(serve, peer);
		if (n > 0 && left(&peer->out) == 0)
			drained(serve, peer);
	}
	watch_writing(serve, peer, blocked);
}

/* Counts an incoming message; false: one too many, and the end. */
static bool
count_message(struct serve *serve, struct peer *peer)
{
	int64_t sum = window_add(&peer->messages, serve->before_us,
	    serve->now_us, 1);

	serve->counts.messages++;
	if ((uint64_t)sum > serve->counts.messages_max_second)
		serve->counts.messages_max_second = (uint64_t)sum;
	if (sum <= CLIENT_MESSAGES_MAX)
		return true;
	serve->counts.too_many_messages++;
	serve->counts.over_messages++;
	event_line(serve->options.events, "too-many-messages",
	    ",\"connection\":%" PRIu64, peer->number);
	limits_offence(&serve->limits, peer->address, serve->now_us);
	peer_end(serve, peer, 1008);
	return false;
}

static void
on_pong(struct serve *serve, struct peer *peer, const struct ws_frame *frame)
{
	serve->counts.pongs++;
	if (peer->ping_made_us == 0 || frame->len != strlen(peer->ping) ||
	    memcmp(frame->payload, peer->ping, frame->len) != 0)
		return;
	if (peer->ping_sent_us != 0 &&
	    serve->before_us - peer->ping_sent_us > 1000000) {
		serve->counts.pongs_late++;
		event_line(serve->options.events, "pong-late",
		    ",\"connection\":%" PRIu64 ",\"after_ms\":%" PRId64,
		    peer->number,
		    (serve->now_us - peer->ping_sent_us) / 1000);
	}
	peer->ping_made_us = peer->ping_sent_us = 0;
}

/* A text, or the last fragment of one. */
static void
on_text(struct serve *serve, struct peer *peer, const struct ws_frame *frame)
{
	struct client *client = &peer->client;

	if (client->request_len + frame->len > CLIENT_REQUEST_MAX) {
		peer_end(serve, peer, 1009);
		return;
	}
	memcpy(client->request + client->request_len, frame->payload,
	    frame->len);
	client->request_len += frame->len;
	if (!frame->fin || !count_message(serve, peer))
		return;
	client->refused_streams = false;
	if (client_request(client, serve->market, client->request,
	    client->request_len) != 0)
		peer_end(serve, peer, 1008);
	serve->counts.over_streams += client->refused_streams;
	if (client->nstreams > serve->counts.streams_max)
		serve->counts.streams_max = client->nstreams;
	client->request_len = 0;
}

static void
on_frame(struct serve *serve, struct peer *peer, const struct ws_frame *frame)
{
	char pong[WS_HEAD_MAX + 125];

	switch (frame->opcode) {
	case WS_TEXT:
	case WS_CONTINUATION:
		on_text(serve, peer, frame);
		return;
	case WS_PONG:
		if (count_message(serve, peer))
			on_pong(serve, peer, frame);
		return;
	case WS_PING:
		if (frame->len <= 125 && count_message(serve, peer))
			append(&peer->control, pong, ws_frame(pong, true,
			    WS_PONG, frame->payload, frame->len));
		return;
	case WS_CLOSE:
		peer_end(serve, peer, 1000);
		return;
	default:
		peer_end(serve, peer, 1003);
	}
}

static void
take_frames(struct serve *serve, struct peer *peer)
{
	struct ws_frame frame;
	ssize_t n;

	while (peer->state == PEER_OPEN && (n = ws_take(peer->in.bytes +
	    peer->in.at, left(&peer->in), FRAME_MAX, &frame)) != 0) {
		if (n < 0) {
			peer_end(serve, peer, 1002);
			return;
		}
		peer->in.at += (size_t)n;
		on_frame(serve, peer, &frame);
	}
}

static void
take_requests(struct serve *serve, struct peer *peer)
{
	struct http_request request;
	size_t len;

	while (peer->state == PEER_HTTP && (len = http_length(
	    peer->in.bytes + peer->in.at, left(&peer->in))) != 0) {
		char *bytes = peer->in.bytes + peer->in.at;

		peer->in.at += len;
		peer->since_us = serve->now_us;
		if (len > HEADERS_MAX || http_parse(bytes, len, &request) != 0)
			peer_gone(serve, peer);
		else
			peer_request(serve, peer, &request);
	}
	if (peer->state == PEER_HTTP && left(&peer->in) > 0 &&
	    (left(&peer->in) > HEADERS_MAX ||
	    !isupper((unsigned char)peer->in.bytes[peer->in.at])))
		peer_gone(serve, peer);
}

static void
read_all(struct serve *serve, struct peer *peer)
{
	ssize_t n = 0;

	for (int i = 0; i < 16 && n >= 0 && peer->state != PEER_GONE; i++) {
		char *place = extend(&peer->in, READ_MAX);

		n = link_read(&peer->link, place, READ_MAX);
		if (n > 0)
			peer->in.len += (size_t)n;
		if (n == LINK_OVER) {
			peer_gone(serve, peer);
			return;
		}
		if (peer->state == PEER_HTTP)
			take_requests(serve, peer);
		if (peer->state == PEER_OPEN)
			take_frames(serve, peer);
		if (peer->state == PEER_ENDING)
			peer->in.at = peer->in.len;
	}
}

void
peer_event(struct serve *serve, struct peer *peer, bool readable)
{
	int result = 0;

	if (peer->state == PEER_TLS) {
		result = link_handshake(&serve->server, &peer->link,
		    peer->bad_certificate);
		if (result == LINK_OVER)
			peer_gone(serve, peer);
		else if (result == 0)
			peer->state = PEER_HTTP;
		if (result != 0)
			return;
		readable = true;
	}
	if (readable && peer->state != PEER_DEAD && peer->state != PEER_GONE)
		read_all(serve, peer);
	peer_flush(serve, peer);
}

static void
make_ping(struct serve *serve, struct peer *peer)
{
	char frame[WS_HEAD_MAX + sizeof(peer->ping)];
	int len = snprintf(peer->ping, sizeof(peer->ping), "%" PRId64,
	    serve->now_us / 1000);

	append(&peer->control, frame, ws_frame(frame, true, WS_PING,
	    peer->ping, (size_t)len));
	peer->ping_made_us = serve->now_us;
	peer->ping_sent_us = 0;
	peer->ping_due_us = serve->now_us + serve->options.ping_us;
	serve->counts.pings++;
}

static void
look_after_open(struct serve *serve, struct peer *peer)
{
	int64_t now = serve->now_us;

	if (now < peer->stalled_until_us || now < peer->open_due_us)
		return;
	if (now - peer->since_us > serve->options.day_us) {
		serve->counts.day_ended++;
		event_line(serve->options.events, "day",
		    ",\"connection\":%" PRIu64, peer->number);
		peer_gone(serve, peer);
	} else if (peer->ping_made_us != 0 &&
	    now - peer->ping_made_us > serve->options.pong_us) {
		serve->counts.no_pong++;
		event_line(serve->options.events, "no-pong",
		    ",\"connection\":%" PRIu64, peer->number);
		peer_gone(serve, peer);
	} else if (peer->close_due_us != 0 && now >= peer->close_due_us) {
		peer_end(serve, peer, 1001);
	} else if (peer->ping_made_us == 0 && now >= peer->ping_due_us) {
		make_ping(serve, peer);
	}
	if (peer->held.left > 0 && now >= peer->held.until_us)
		publish_held(serve, peer);
}

void
peer_look_after(struct serve *serve, struct peer *peer)
{
	int64_t idle_us = serve->now_us - peer->since_us;

	switch (peer->state) {
	case PEER_OPEN:
		look_after_open(serve, peer);
		break;
	case PEER_TLS:
	case PEER_HTTP:
		if (idle_us > IDLE_US)
			peer_gone(serve, peer);
		break;
	case PEER_ENDING:
		if (idle_us > (left(&peer->out) == 0 &&
		    peer->then == QUEUE_FINISH ? ENDING_US : IDLE_US))
			peer_gone(serve, peer);
		break;
	case PEER_DEAD:
		if (idle_us > 60 * serve->options.fault_for_us)
			peer_gone(serve, peer);
		break;
	case PEER_GONE:
		return;
	}
	peer_flush(serve, peer);
}
