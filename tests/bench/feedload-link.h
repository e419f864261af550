#ifndef FEEDLOAD_LINK_H
#define FEEDLOAD_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

/*
 * One accepted WebSocket connection (RFC 6455), over TLS or plain: what is put
 * is gathered and goes out by link_flush() in one write(2), over TLS as one
 * record for each link_put().
 */
struct link {
	int fd;
	SSL *ssl;      /* NULL: plain */
	BIO *records;  /* what the TLS layer has written */
	char *out;     /* plain: what is gathered */
	size_t out_len, out_cap;
};

enum { LINK_TEXT = 1, LINK_CLOSE = 8, LINK_PING = 9, LINK_PONG = 10 };

#define LINK_HEADER_MAX 4
#define LINK_MESSAGE_MAX 65535

struct link_message {
	int opcode;
	size_t len;
	char text[LINK_MESSAGE_MAX + 1]; /* ended by a NUL */
};

/*
 * Both handshakes, blocking; fd becomes the link's.  request: the head of the
 * client's request, at most cap - 1 bytes and a NUL.  -1: the client went or
 * wants something else.
 */
int link_open(struct link *link, int fd, SSL_CTX *tls, char *request,
    size_t cap);
void link_close(struct link *link);

/* A frame's header for len bytes of payload; its length. */
size_t link_header(char *out, int opcode, size_t len);

/* All -1: the connection is gone. */
int link_put(struct link *link, const char *frame, size_t len);
int link_put_message(struct link *link, int opcode, const char *text,
    size_t len);
size_t link_gathered(const struct link *link);
int link_flush(struct link *link);

/* Nothing more will come of this end. */
void link_end(struct link *link);

/*
 * Waits at most so long for the client's next frame: 1, or 0 when there is
 * none.  A frame that has begun is waited for.
 */
int link_get(struct link *link, int timeout_ms, struct link_message *out);

#endif
