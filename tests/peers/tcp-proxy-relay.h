#ifndef TCP_PROXY_RELAY_H
#define TCP_PROXY_RELAY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One connection of the proxy: a client, a server, and what is on its way
 * between them, with the faults that are played on it. Nothing here blocks.
 */

/* What all connections to one listening port have in common. */
struct route {
	int listen_fd, target_port; /* both on 127.0.0.1 */
	int64_t delay_ms;
	int64_t answer; /* hand on so many bytes of an answer; -1: whole */
	bool silent;    /* new connections are held too */
	uint64_t accepted, cut, bytes; /* so far */
};

/* The two ends, and the index of what comes from each. */
enum { CLIENT, SERVER };

#define RELAY_MARKS 1024 /* times of arrival kept each way */

/* Bytes read from one end, until they are due at the other. */
struct way {
	uint8_t *bytes; /* a ring */
	size_t head, used;
	size_t ready; /* of those, due; the others are under a mark */
	struct mark {
		int64_t due_us;
		size_t length;
	} marks[RELAY_MARKS]; /* a ring; due times never fall */
	size_t first_mark, nmarks;
	bool full;  /* the other end took less than was ready */
	bool ended; /* nothing more comes from this end */
	bool reset; /* and it was no orderly end */
	bool done;  /* the end was passed on */
	bool dead;  /* the other end takes nothing any more */
	int64_t end_due_us;
};

struct relay {
	struct route *route; /* borrowed */
	int fds[2];
	struct way ways[2];
	bool connecting; /* to the server */
	bool held;       /* nothing moves */
	bool over;
	bool asked; /* the client has sent since the server last did */
	int64_t answer_left; /* hand on so much from the server, then cut; -1:
	                        no such limit */
	bool draining; /* cut so: the server still gets all that was sent */
	size_t owed;   /* of that, what may be read from the client yet */
	int64_t drained_by_us;
};

/*
 * Takes over a non-blocking descriptor of an accepted client, and goes on to
 * the target. NULL, the client closed with RST, when that is refused at once
 * or memory or descriptors are missing.
 */
struct relay *relay_open(struct route *route, int client_fd);

/* Closes what is still open, and frees. */
void relay_free(struct relay *relay);

/*
 * What it waits for: events of fds[0] (the client) and fds[1] (the server);
 * a descriptor that nothing is wanted from is -1 there. Lowers *deadline_us,
 * on the monotonic clock, to when it must be moved whatever happens.
 */
void relay_wants(const struct relay *relay, struct pollfd *fds,
    int64_t *deadline_us);

/*
 * Moves what can be moved now; fds as poll(2) left them. False when the
 * connection is over, and to be freed.
 */
bool relay_move(struct relay *relay, const struct pollfd *fds);

/* Closes both ends with RST at once; over with the next relay_move(). */
void relay_cut(struct relay *relay);

/* The route's delay was lowered: what is on its way arrives as early. */
void relay_hasten(struct relay *relay);

/* An answer that was to be cut short, and is not yet, comes whole. */
void relay_spare(struct relay *relay);

#endif
