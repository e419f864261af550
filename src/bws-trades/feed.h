#ifndef BWS_FEED_H
#define BWS_FEED_H

#include <stdbool.h>
#include <stddef.h>

#include "streams.h"

/*
 * The connection to the exchange, and everything that knows libwebsockets:
 * one context, TLS verified by name and chain, fragments put together, pings
 * answered, and a new connection after the last one ended.
 */

enum feed_event {
	FEED_UP,     /* connected; detail is NULL */
	FEED_DOWN,   /* there was a connection, and it ended */
	FEED_FAILED, /* there was an attempt, and it came to nothing */
};

struct feed_options {
	const struct streams_url *url;
	const struct streams *streams; /* at most STREAMS_MAX */
	const char *ca;    /* a PEM file to trust instead of the system's store,
	                      or NULL */
	size_t max_frame;  /* bytes: a longer frame ends the connection */
	int wake_fd;       /* pollable, ends feed_serve(); becomes the feed's,
	                      also when feed_open() fails */
	void *arg;         /* for the callbacks */

	/* One whole text message, lent for the call. */
	void (*on_frame)(void *arg, const char *text, size_t len);
	/* detail came from the peer or the library: not to be trusted. */
	void (*on_event)(void *arg, enum feed_event event,
	    const char *detail);
	/* What libwebsockets itself has to say; for whoever asks for more. */
	void (*on_log)(int level, const char *line);
};

struct feed;

/* Begins to connect.  NULL: out of memory or descriptors. */
struct feed *feed_open(const struct feed_options *options);
void feed_close(struct feed *feed);

/* Writes the library's name and version. */
void feed_library(char *out, size_t cap);

/*
 * Waits until something happens and handles it; calls back from within.
 * Name resolution blocks.  -1: the library cannot go on.
 */
int feed_serve(struct feed *feed);

/* Whether feed_serve() would find more input at once. */
bool feed_ready(const struct feed *feed);

/*
 * Stops reading the socket, so that the peer is held back, or goes on.  What
 * the library holds already (bounded) comes after going on.
 */
void feed_pause(struct feed *feed, bool paused);

#endif
