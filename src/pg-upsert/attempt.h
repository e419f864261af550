#ifndef PG_UPSERT_ATTEMPT_H
#define PG_UPSERT_ATTEMPT_H

#include <stdbool.h>

/*
 * A connection attempt that failed without an SQLSTATE: whether a retry can
 * help.  libpq has nothing but a text for it, so the step that failed is
 * asked first.  While options are read, TLS is negotiated and the user is
 * authenticated, everything is permanent but a connection that broke, which
 * a handful of texts tell; while the network is at work, nothing is but what
 * a few others tell.  So a text that is not known here is taken for what it
 * most likely is.
 *
 * The texts are the originals in libpq's source: translations need
 * setlocale(), which this command never calls.  They are those of libpq 15
 * to 18; before 14, "connection to server" is not there to begin with.
 */
enum attempt_step {
	ATTEMPT_BEGUN,      /* PQconnectStartParams(): options, names, sockets */
	ATTEMPT_NETWORK,    /* connecting, or asking what server it is */
	ATTEMPT_ENCRYPTING, /* TLS or GSSAPI encryption is being set up */
	ATTEMPT_LOGIN,      /* the server is to say who may come in */
};

/* text is PQerrorMessage()'s, of which the last attempt counts. */
bool attempt_is_hopeless(enum attempt_step step, const char *text);

#endif
