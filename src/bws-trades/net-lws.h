#ifndef BWS_NET_LWS_H
#define BWS_NET_LWS_H

#include <stdbool.h>

#include <libwebsockets.h>

#include "net.h"

/* What net.c, link.c and rest.c share, and nobody else sees. */

#define NET_READ_MAX (64 * 1024) /* bytes a read */

struct net {
	struct lws_context *context;
	struct lws_vhost *vhost;
	lws_sorted_usec_list_t wake;
	struct link *links; /* all that are not closed */
	struct link *dead;  /* closed, to be freed outside of callbacks */
};

/*
 * What a connection's opaque user data points to, the first member of it:
 * libwebsockets may call back with another protocol's callback than the one
 * that was asked for, so the object itself says whose it is.
 */
struct net_object {
	int (*on_lws)(struct net_object *object, struct lws *wsi,
	    enum lws_callback_reasons reason, void *user, void *in,
	    size_t len);
	/* net.c's; of one connection: net_object_reset() before each. */
	bool requested;          /* it was there, and was sent a request */
	const char *certificate; /* what is wrong with the peer's, a constant,
	                            or NULL */
};

void net_object_reset(struct net_object *object);

#define NET_FAILURE_MAX 160

/*
 * From LWS_CALLBACK_CLIENT_CONNECTION_ERROR, whose text is given: writes why,
 * and returns how much that tells.
 */
enum net_telling net_failure(const struct net_object *object, struct lws *wsi,
    const char *text, char out[NET_FAILURE_MAX]);

/* Ends a connection from outside of its own callback. */
void net_kill(struct lws *wsi);

/* A timer of microseconds from now; 0 cancels it. */
void net_timer(struct net *net, lws_sorted_usec_list_t *timer,
    void (*due)(lws_sorted_usec_list_t *timer), int64_t us);

/*
 * Something has changed that may make the caller of net_wait() want to wait
 * less: it is not to go on waiting.
 */
void net_look(struct net *net);

/* Frees links that were closed. */
void link_bury(struct net *net);
/*
 * Handles some of what TLS has read ahead and no poll(2) tells of; how many
 * records, or -1.
 */
int link_read_ahead(struct net *net);
bool link_holds(const struct net *net); /* whether there is such */

#endif
