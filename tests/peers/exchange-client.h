#ifndef EXCHANGE_CLIENT_H
#define EXCHANGE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exchange-market.h"

/*
 * What the exchange simulator knows of one connection: the streams it is
 * subscribed to, the requests it sends, and the frames it still has to get.
 * No I/O, nothing of libwebsockets.
 */

#define CLIENT_STREAMS_MAX 1024 /* a connection's, Binance's documentation */
#define CLIENT_MESSAGES_MAX 5   /* incoming messages a second, likewise */
#define CLIENT_REQUEST_MAX 65536 /* bytes */

enum client_frame {
	CLIENT_TEXT,
	CLIENT_PIECES, /* a text frame to be sent in fragments */
};

struct client {
	bool combined; /* /stream: events wrapped in {"stream","data"} */
	char **streams;
	size_t nstreams;
	bool *wants; /* by symbol of the market: NAME@trade */

	char *out; /* queued frames: struct header, text, ... */
	size_t out_begin, out_end, out_cap;

	char *request; /* being received */
	size_t request_len;
	int64_t second_us; /* when the current second of messages began */
	unsigned messages; /* received in it */
	uint64_t trades;   /* queued so far */
	int64_t cut_in;    /* frames until the connection is cut */
};

/* Zero-initialised memory becomes a client.  -1: no memory. */
int client_init(struct client *client, const struct market *market);
void client_free(struct client *client);

/* 0, or -1 when there would be more than CLIENT_STREAMS_MAX. */
int client_subscribe(struct client *client, const struct market *market,
    const char *stream, size_t len);
void client_unsubscribe(struct client *client, const struct market *market,
    const char *stream, size_t len);

/* Streams separated by '/'; as client_subscribe(). */
int client_subscribe_all(struct client *client, const struct market *market,
    const char *streams);

/* Trade streams of symbols that are really traded. */
size_t client_live_streams(const struct client *client,
    const struct market *market);

/* Counts an incoming message; false when that was one too many. */
bool client_may_send(struct client *client, int64_t now_us);

/* Handles one request and queues the answer.  -1: the queue is full. */
int client_request(struct client *client, const struct market *market,
    const char *text, size_t len);

/*
 * Queues a frame.  stream is wrapped around the event for a combined
 * connection, NULL for what is never wrapped.  -1: more than limit bytes
 * would be waiting (a slow client), or no memory.
 */
int client_put(struct client *client, const char *stream, const char *event,
    size_t len, enum client_frame kind, size_t limit);

/* The next frame to send, lent until the next call; NULL: none. */
const char *client_next(struct client *client, size_t *len,
    enum client_frame *kind);

static inline size_t
client_waiting(const struct client *client)
{
	return client->out_end - client->out_begin;
}

#endif
