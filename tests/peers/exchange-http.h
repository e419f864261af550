#ifndef EXCHANGE_HTTP_H
#define EXCHANGE_HTTP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * HTTP/1.1 on a server's side: requests without a body, and the heads of
 * answers.  No I/O.
 */

struct http_request {
	const char *method, *path, *query; /* percent-encoded; "" */
	const char *key;                   /* Sec-WebSocket-Key; NULL */
	const char *time_unit;             /* X-MBX-TIME-UNIT; "" */
	bool upgrade;                      /* to WebSocket, version 13 */
	bool close;                        /* after the answer */
};

/* The length of the request at the front of bytes; 0: not whole yet. */
size_t http_length(const char *bytes, size_t len);

/*
 * Takes a request of that length apart, in place; its members live in bytes.
 * -1: it is none.
 */
int http_parse(char *bytes, size_t len, struct http_request *request);

/* Decodes percent signs in place. */
void http_decode(char *text);

/*
 * A parameter of a query, decoded.  false: not there, or longer than size
 * allows.
 */
bool http_param(const char *query, const char *name, char *out, size_t size);

/*
 * The head of an answer with a body of len bytes; headers: further ones,
 * each ended by CR LF.  Returns its length.
 */
#define HTTP_HEAD_MAX 1024
size_t http_head(char *out, int status, const char *type, size_t len,
    const char *headers, bool close);

#endif
