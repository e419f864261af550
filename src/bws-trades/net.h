#ifndef BWS_NET_H
#define BWS_NET_H

#include <stddef.h>
#include <stdint.h>

/*
 * The event loop that all connections share: one libwebsockets context and
 * the one place that waits.  TLS is verified by name and chain, 1.2 at the
 * least.  What knows libwebsockets is net.c, link.c and rest.c.
 */
struct net;

struct net_options {
	const char *ca; /* a PEM file to trust instead of the system's store,
	                   or NULL */
	int wake_fd;    /* pollable, ends net_wait(); becomes the net's, also
	                   when net_open() fails */
	size_t links;   /* connections at the same time, at the most */
	/* What libwebsockets itself has to say; for whoever asks for more. */
	void (*on_log)(int level, const char *line);
};

/*
 * How much the reason of a failure tells.  Of several failures the one that
 * tells most is reported: one address of a name that has none listening does
 * not hide what the server on another address objects to.
 */
enum net_telling {
	NET_UNREACHED, /* refused, no route, no answer: perhaps not the peer */
	NET_REACHED,   /* something was there and did not speak as it should */
	NET_TOLD,      /* it said or showed why: a status, a certificate */
};

/* NULL: out of memory or descriptors. */
struct net *net_open(const struct net_options *options);

/* Ends all connections that are still there, without a word. */
void net_close(struct net *net);

/*
 * Waits until something happens or the monotonic deadline has passed
 * (INT64_MAX: none), and handles what there is; the connections' callbacks
 * come from within, and from nowhere else.  -1: the library cannot go on.
 */
int net_wait(struct net *net, int64_t deadline_us);

/* Writes the library's name and version. */
void net_library(char *out, size_t cap);

#endif
