#ifndef BWS_STREAMS_H
#define BWS_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Which streams are wanted, and how one asks for them: symbols, the URL, the
 * path, and the SUBSCRIBE messages for what does not fit the path.  Nothing
 * here touches the network.
 */

#define STREAMS_MAX 1024       /* of one connection, Binance's documentation */
/*
 * Bytes: libwebsockets 4.1 cuts the request line at 2,048 (its client-http.c);
 * the exchange's servers take some 8,000.
 */
#define STREAMS_PATH_MAX 2000
#define STREAMS_HOST_MAX 120

struct streams {
	char **symbols; /* lower case, each once */
	size_t count, cap;
};

void streams_free(struct streams *streams);

/*
 * Adds a symbol in any case; one that is there already is dropped.  NULL, or
 * what is wrong with it.
 */
const char *streams_add(struct streams *streams, const char *symbol);

/*
 * Adds a file's symbols, one a line; # begins a comment.  NULL, or what is
 * wrong; *line is then the line, 0 when reading failed (errno).
 */
const char *streams_add_file(struct streams *streams, FILE *file,
    size_t *line);

struct streams_url {
	bool tls;
	char host[STREAMS_HOST_MAX + 1]; /* an IPv6 address without brackets */
	int port;
	char path[256]; /* "" or begins with a slash, does not end with one */
};

/* ws://HOST[:PORT][/PATH] or wss://...; false when it is anything else. */
bool streams_url_read(struct streams_url *url, const char *text);

/*
 * The path and query that ask for the streams: `/ws/NAME` for one,
 * `/stream?streams=...` for several, at most STREAMS_PATH_MAX bytes; *taken
 * says how many streams are in it.  To be freed; NULL: no memory.
 */
char *streams_path(const struct streams *streams,
    const struct streams_url *url, size_t *taken);

/*
 * A SUBSCRIBE message for streams from *next on, which is moved past those it
 * holds.  To be freed; NULL: no memory.
 */
char *streams_subscribe(const struct streams *streams, size_t *next);

#endif
