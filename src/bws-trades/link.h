#ifndef BWS_LINK_H
#define BWS_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net.h"
#include "url.h"

/*
 * One WebSocket connection: fragments put together, pings answered with their
 * payload, messages out paced below the exchange's limit.  It is tried once
 * and ends once; who wants another opens another.
 */
struct link;

enum link_event {
	LINK_UP,     /* connected; detail is NULL */
	LINK_DOWN,   /* there was a connection, and it ended */
	LINK_FAILED, /* it came to nothing */
};

struct link_options {
	const struct url *url;
	const char *address; /* numeric; the name in url is what is verified */
	const char *path;    /* and query */
	size_t max_frame;    /* bytes: a longer frame ends the connection */
	int64_t timeout_us;  /* for the connection to be there */
	void *arg;           /* for the callbacks */

	/*
	 * One whole text message, lent for the call.  NULL, or why the
	 * connection is to end: a constant.
	 */
	const char *(*on_frame)(void *arg, struct link *link,
	    const char *text, size_t len);
	/*
	 * After LINK_DOWN and LINK_FAILED the link is over: link_close() frees
	 * it.  detail came from the peer or the library: not to be trusted;
	 * telling is how much it says.
	 */
	void (*on_event)(void *arg, struct link *link, enum link_event event,
	    const char *detail, enum net_telling telling);
};

/*
 * Begins to connect; what comes of it comes from net_wait().  What options
 * point to is borrowed until the link's end, the address and the path for the
 * call.  NULL: no memory.
 */
struct link *link_open(struct net *net, const struct link_options *options);

/* Ends it, whatever it is at; nothing is called back any more. */
void link_close(struct link *link);

/*
 * Queues a message: at most one goes out in LINK_MESSAGE_GAP_US, so that the
 * exchange's limit of 5 a second is kept with the pongs counted.  The text
 * becomes the link's (free(3)), also on failure.  -1: no memory.
 */
#define LINK_MESSAGE_GAP_US 500000
int link_send(struct link *link, char *text);

/*
 * How long nothing has come, not even a part of a frame, while this side was
 * ready to read.  For a link that is up.
 */
int64_t link_silent_us(struct link *link, int64_t now_us);

/* Whether there is input that net_wait() would handle at once. */
bool link_readable(const struct link *link);

/*
 * Stops reading the socket, so that the peer is held back, or goes on.  What
 * the library holds already (bounded) comes after going on.
 */
void link_pause(struct link *link, bool paused);

#endif
