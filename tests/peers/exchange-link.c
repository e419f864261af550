#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "exchange-link.h"

static SSL_CTX *
make_ctx(const char *cert, const char *key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (ctx == NULL ||
	    SSL_CTX_use_certificate_chain_file(ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) {
		ERR_print_errors_fp(stderr);
		SSL_CTX_free(ctx);
		return NULL;
	}
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	return ctx;
}

static int
listen_on(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    listen(fd, 1024) == 0)
		return fd;
	close(fd);
	return -1;
}

int
link_listen(struct link_server *server, int port, const char *cert,
    const char *key, const char *bad_cert, const char *bad_key)
{
	*server = (struct link_server){ .fd = listen_on(port) };
	if (server->fd == -1) {
		fprintf(stderr, "exchange: port %d: %s\n", port,
		    strerror(errno));
		return -1;
	}
	if ((cert != NULL &&
	    (server->good = make_ctx(cert, key)) == NULL) ||
	    (bad_cert != NULL &&
	    (server->bad = make_ctx(bad_cert, bad_key)) == NULL)) {
		link_unlisten(server);
		return -1;
	}
	return 0;
}

int
link_port(const struct link_server *server)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);

	getsockname(server->fd, (struct sockaddr *)&address, &len);
	return ntohs(address.sin_port);
}

void
link_unlisten(struct link_server *server)
{
	if (server->fd != -1)
		close(server->fd);
	SSL_CTX_free(server->good);
	SSL_CTX_free(server->bad);
	*server = (struct link_server){ .fd = -1 };
}

bool
link_accept(struct link_server *server, struct link *link)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	int one = 1;
	int fd = accept4(server->fd, (struct sockaddr *)&address, &len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd == -1)
		return false;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	*link = (struct link){ .fd = fd, .ip = ntohl(address.sin_addr.s_addr) };
	return true;
}

/* What a result of OpenSSL's means. */
static int
outcome(const struct link *link, int result)
{
	int error = SSL_get_error(link->ssl, result);

	ERR_clear_error();
	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ?
	    LINK_AGAIN : LINK_OVER;
}

int
link_handshake(struct link_server *server, struct link *link, bool bad)
{
	int result;

	if (server->good == NULL)
		return 0;
	if (link->ssl == NULL) {
		link->ssl = SSL_new(bad ? server->bad : server->good);
		if (link->ssl == NULL || SSL_set_fd(link->ssl, link->fd) != 1)
			return LINK_OVER;
	}
	result = SSL_accept(link->ssl);
	return result == 1 ? 0 : outcome(link, result);
}

static ssize_t
socket_outcome(ssize_t n)
{
	if (n > 0)
		return n;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? LINK_AGAIN :
	    LINK_OVER;
}

ssize_t
link_read(struct link *link, void *bytes, size_t len)
{
	int n;

	if (link->ssl == NULL)
		return socket_outcome(recv(link->fd, bytes, len, 0));
	n = SSL_read(link->ssl, bytes, (int)len);
	return n > 0 ? n : outcome(link, n);
}

ssize_t
link_write(struct link *link, const void *bytes, size_t len)
{
	int n;

	if (link->ssl == NULL)
		return socket_outcome(send(link->fd, bytes, len,
		    MSG_NOSIGNAL));
	n = SSL_write(link->ssl, bytes, (int)len);
	return n > 0 ? n : outcome(link, n);
}

void
link_finish(struct link *link)
{
	shutdown(link->fd, SHUT_WR);
}

void
link_close(struct link *link)
{
	SSL_free(link->ssl);
	if (link->fd != -1)
		close(link->fd);
	link->ssl = NULL;
	link->fd = -1;
}

void
link_reset(struct link *link)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(link->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	link_close(link);
}
