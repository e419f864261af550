#ifndef EXCHANGE_WS_H
#define EXCHANGE_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * WebSocket (RFC 6455) on a server's side: the bytes of frames, no I/O.
 */

enum ws_opcode {
	WS_CONTINUATION = 0, WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8,
	WS_PING = 9, WS_PONG = 10,
};

/* Writes the head of a frame with so many bytes; returns the head's length. */
#define WS_HEAD_MAX 10
size_t ws_head(char *out, bool fin, enum ws_opcode opcode, uint64_t len);

/* Writes head and payload; out has WS_HEAD_MAX bytes more than the payload. */
size_t ws_frame(char *out, bool fin, enum ws_opcode opcode,
    const void *payload, size_t len);

struct ws_frame {
	bool fin;
	enum ws_opcode opcode;
	char *payload; /* unmasked, within the bytes it was taken from */
	size_t len;
};

/*
 * Takes a client's frame off the front of bytes.  Returns its length there,
 * 0 when it is not whole yet, -1 when it is against the protocol or its
 * payload is longer than max.
 */
ssize_t ws_take(char *bytes, size_t len, size_t max, struct ws_frame *frame);

/* Sec-WebSocket-Accept for a Sec-WebSocket-Key. */
#define WS_ACCEPT_SIZE 29
void ws_accept(const char *key, char *out);

#endif
