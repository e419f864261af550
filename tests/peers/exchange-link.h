#ifndef EXCHANGE_LINK_H
#define EXCHANGE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A connection's bytes, with or without TLS: everything that knows sockets
 * and OpenSSL.  Nothing here blocks.
 */

struct link_server {
	int fd;
	struct ssl_ctx_st *good, *bad; /* bad: a certificate that does not fit */
};

/* cert, key: PEM files, NULL: no TLS.  bad_*: likewise.  -1: said on stderr. */
int link_listen(struct link_server *server, int port, const char *cert,
    const char *key, const char *bad_cert, const char *bad_key);
int link_port(const struct link_server *server);
void link_unlisten(struct link_server *server);

struct link {
	int fd;
	struct ssl_st *ssl;
	uint32_t ip; /* the other side's */
};

/* false: nobody is there. */
bool link_accept(struct link_server *server, struct link *link);

enum { LINK_AGAIN = -1, LINK_OVER = -2 };

/* The TLS handshake goes on.  0: done; or LINK_AGAIN, LINK_OVER. */
int link_handshake(struct link_server *server, struct link *link, bool bad);

/* Bytes read or written (above 0), LINK_AGAIN or LINK_OVER. */
ssize_t link_read(struct link *link, void *bytes, size_t len);
ssize_t link_write(struct link *link, const void *bytes, size_t len);

void link_finish(struct link *link); /* no more is written: FIN */
void link_close(struct link *link);
void link_reset(struct link *link);  /* closes with a RST */

#endif
