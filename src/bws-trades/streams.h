#ifndef BWS_STREAMS_H
#define BWS_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Which streams are wanted, and how one asks for them: symbols, the
 * path, and the SUBSCRIBE messages for what does not fit the path.  Nothing
 * here touches the network.
 */

#define STREAMS_MAX 1024       /* of one connection, Binance's documentation */
#define STREAMS_ALL_MAX (20 * STREAMS_MAX) /* that one command asks for */
/*
 * Bytes: libwebsockets 4.1 cuts the request line at 2,048 (its client-http.c);
 * the exchange's servers take some 8,000.
 */
#define STREAMS_PATH_MAX 2000

struct streams {
	char **symbols; /* lower case, each once */
	uint32_t *hashes; /* of them: quicker to look through */
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

/* Whether the symbol, in lower case, is among them; takes it away. */
bool streams_has(const struct streams *streams, const char *symbol);
void streams_drop(struct streams *streams, const char *symbol);

/*
 * The path and query that ask for the streams: `/ws/NAME` for one,
 * `/stream?streams=...` for several, behind base; at most STREAMS_PATH_MAX
 * bytes; *taken says how many streams are in it.  microseconds asks for that
 * unit of time.  To be freed; NULL: no memory.
 */
char *streams_path(const struct streams *streams, const char *base,
    bool microseconds, size_t *taken);

/*
 * A SUBSCRIBE (want) or UNSUBSCRIBE message for streams from *next on, which
 * is moved past those it holds.  To be freed; NULL: no memory.
 */
char *streams_request(const struct streams *streams, size_t *next, bool want,
    uint64_t id);

#endif
