#ifndef EXCHANGE_PEER_H
#define EXCHANGE_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "exchange-client.h"
#include "exchange-counts.h"
#include "exchange-http.h"
#include "exchange-link.h"
#include "exchange-serve.h"
#include "exchange-tape.h"
#include "exchange-window.h"

/*
 * The server's inside, shared by the files that make it up:
 *
 *	exchange-serve.c    the loop: who connects, what is due
 *	exchange-peer.c     a connection: bytes in, bytes out, its end
 *	exchange-request.c  HTTP: handshakes and REST, and their faults
 *	exchange-publish.c  trades on their way to connections, and theirs
 *	exchange-harm.c     the faults of connections
 */

enum peer_state {
	PEER_TLS,    /* in the handshake of TLS */
	PEER_HTTP,   /* between requests */
	PEER_OPEN,   /* WebSocket */
	PEER_ENDING, /* gets what is queued, then the end */
	PEER_DEAD,   /* never looked after again */
	PEER_GONE,   /* to be freed */
};

struct bytes {
	char *bytes;
	size_t at, len, cap; /* at: where what is left begins */
};

/* A trade that is held back, to come after some of its symbol. */
struct held {
	struct market_trade trade;
	int left;         /* trades of the symbol until then; 0: none held */
	int64_t until_us; /* at the latest */
};

struct peer {
	struct peer *next;
	struct link link;
	enum peer_state state;
	struct limits_address *address;
	uint64_t number;       /* of the connection, among WebSockets */
	int64_t since_us;      /* of its state, or the last request */
	bool asked;            /* a request came: not just an attempt */
	bool bad_certificate;
	struct client client;  /* its queue is HTTP's, too */
	struct bytes in, out;
	struct bytes control;  /* frames that go before the queue */
	enum queue_then then;  /* when out is sent */
	bool wants_write;      /* as epoll knows */
	struct window messages;
	int64_t opened_event_us;  /* event time of the handshake */
	int64_t ping_made_us;  /* 0: none is on its way */
	int64_t ping_sent_us;  /* 0: not yet */
	bool ping_in_out;
	int64_t ping_due_us;
	char ping[24];
	int64_t open_due_us;   /* no trades before: a slow handshake */
	int64_t stalled_until_us, behind_until_us, behind_us;
	int64_t close_due_us;  /* 0: none; after a serverShutdown */
	struct held held;
};

struct serve {
	struct serve_options options;
	struct counts counts;
	struct limits limits;
	struct faults faults;
	struct market *market;
	struct tape tape;
	struct link_server server;
	int epoll_fd;
	struct peer *peers;
	uint64_t numbers;
	int64_t now_us;    /* of this round of the loop */
	int64_t before_us; /* of the round before: what is read came since */
	struct market_trade next; /* made, not yet due */
	bool has_next, begun, stopped, had_client;
	int64_t begun_us, drop_due_us;
	int64_t refuse_until_us, too_many_until_us, bad_cert_until_us;
	uint64_t random; /* of the noise */
	uint64_t chance; /* of the faults: what and whom */
};

/* A connection is open and gets what is published. */
static inline bool
peer_is_open(const struct peer *peer)
{
	return peer->state == PEER_OPEN;
}

/* exchange-peer.c */
struct peer *peer_new(struct serve *serve, const struct link *link);
void peer_free(struct peer *peer);
void peer_event(struct serve *serve, struct peer *peer, bool readable);
void peer_look_after(struct serve *serve, struct peer *peer);
void peer_flush(struct serve *serve, struct peer *peer);
void peer_gone(struct serve *serve, struct peer *peer);
void peer_abandon(struct serve *serve, struct peer *peer); /* half-open */
/* With a close frame; code 0: without a code. */
void peer_end(struct serve *serve, struct peer *peer, int code);
/* A frame of a WebSocket connection, as client_put(). */
void peer_put(struct serve *serve, struct peer *peer, const char *stream,
    const char *event, size_t len, enum client_frame kind);
/* Bytes as they are, and what is to come then. */
void peer_put_raw(struct peer *peer, const void *bytes, size_t len,
    int64_t due_us, enum queue_then then);

/* exchange-request.c: a whole request; the peer may be gone afterwards. */
void peer_request(struct serve *serve, struct peer *peer,
    struct http_request *request);

/* exchange-publish.c */
void publish(struct serve *serve, const struct market_trade *trade);
void publish_held(struct serve *serve, struct peer *peer);

/* exchange-harm.c: whatever waits and can happen. */
void harm(struct serve *serve);
/* That a fault happened, with further members as of event_line(). */
void harm_happened(struct serve *serve, enum fault_kind kind,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
int64_t harm_draw(struct serve *serve, int64_t bound);

#endif
