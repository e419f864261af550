#ifndef EXCHANGE_CLIENT_H
#define EXCHANGE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exchange-market.h"
#include "exchange-queue.h"

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
	CLIENT_PIECES, /* a text frame in fragments, one of them empty */
	CLIENT_PINGED, /* in fragments with a ping between them */
	CLIENT_BINARY,
};

/* The payload of such a ping. */
#define CLIENT_PING_BETWEEN "between"

/* What a client has to do with a symbol's trades. */
enum { CLIENT_WANTS_NOT, CLIENT_WANTS, CLIENT_HAS_SEEN };

struct client {
	bool combined; /* /stream: events wrapped in {"stream","data"} */
	bool microseconds; /* timeUnit=MICROSECOND */
	bool refused_streams; /* more than CLIENT_STREAMS_MAX were asked for */
	char **streams;
	size_t nstreams, nlive; /* nlive: trades of what is really traded */
	unsigned char *wants; /* by symbol of the market, for NAME@trade */
	struct queue queue;

	char *request; /* being received */
	size_t request_len;
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

/* Handles one request and queues the answer.  -1: the queue is full. */
int client_request(struct client *client, const struct market *market,
    const char *text, size_t len);

/*
 * Queues a frame, not to go before due_us.  stream is wrapped around the
 * event for a combined connection, NULL for what is never wrapped.  -1: more
 * than limit bytes would be waiting (a slow client), or no memory.
 */
int client_put(struct client *client, const char *stream, const char *event,
    size_t len, enum client_frame kind, int64_t due_us, size_t limit);

#endif
