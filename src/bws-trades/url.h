#ifndef BWS_URL_H
#define BWS_URL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Where the exchange is: URLs of its streams and of its REST interface.
 * Nothing here touches the network.
 */

#define URL_HOST_MAX 120

struct url {
	bool tls;
	char host[URL_HOST_MAX + 1]; /* an IPv6 address without brackets */
	int port;
	char path[256]; /* "" or begins with a slash, does not end with one */
};

/*
 * SCHEME://HOST[:PORT][/PATH], or SCHEMEs for TLS; scheme is "ws" or "http".
 * No user, query or fragment.  false when it is anything else.
 */
bool url_read(struct url *url, const char *text, const char *scheme);

/*
 * The REST interface with the history of what the host's streams send, NULL
 * where none is known or has one (futures).  Source: the exchange's "General
 * API Information" for spot and for its test network.
 */
const char *url_rest_of(const struct url *streams);

/*
 * HOST or HOST:PORT as HTTP's Host header wants it; out has URL_AUTHORITY_MAX
 * bytes, ended by NUL.
 */
#define URL_AUTHORITY_MAX (URL_HOST_MAX + 16)
void url_authority(const struct url *url, char *out);

/*
 * Writes a name percent-encoded (RFC 3986), no NUL; out has 3 * len bytes.
 * Returns the length.
 */
size_t url_encode(char *out, const char *name, size_t len);

#endif
