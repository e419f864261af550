#include "feedload-link.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455, 1.3 */
#define OUT_CAP (256 * 1024)

static int
write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n == -1 && errno != EINTR)
			return -1;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int
read_some(struct link *link, char *out, size_t cap)
{
	int n;

	if (link->ssl != NULL)
		n = SSL_read(link->ssl, out, (int)cap);
	else
		n = (int)read(link->fd, out, cap);
	return n > 0 ? n : -1;
}

static int
read_all(struct link *link, char *out, size_t len)
{
	while (len > 0) {
		int n = read_some(link, out, len);

		if (n == -1)
			return -1;
		out += n;
		len -= (size_t)n;
	}
	return 0;
}

int
link_put(struct link *link, const char *frame, size_t len)
{
	if (link->ssl != NULL)
		return SSL_write(link->ssl, frame, (int)len) > 0 ? 0 : -1;
	if (link->out_len + len > link->out_cap && link_flush(link) == -1)
		return -1;
	memcpy(link->out + link->out_len, frame, len);
	link->out_len += len;
	return 0;
}

size_t
link_gathered(const struct link *link)
{
	return link->ssl != NULL ? BIO_ctrl_pending(link->records) :
	    link->out_len;
}

int
link_flush(struct link *link)
{
	char *bytes = link->out;
	size_t len = link->out_len;
	int result;

	if (link->ssl != NULL)
		len = (size_t)BIO_get_mem_data(link->records, &bytes);
	result = write_all(link->fd, bytes, len);
	if (link->ssl != NULL)
		(void)BIO_reset(link->records);
	link->out_len = 0;
	return result;
}

void
link_end(struct link *link)
{
	if (link->ssl != NULL)
		SSL_shutdown(link->ssl);
	link_flush(link);
	shutdown(link->fd, SHUT_WR);
}

size_t
link_header(char *out, int opcode, size_t len)
{
	out[0] = (char)(0x80 | opcode);
	if (len < 126) {
		out[1] = (char)len;
		return 2;
	}
	out[1] = 126;
	out[2] = (char)(len >> 8);
	out[3] = (char)(len & 0xff);
	return 4;
}

int
link_put_message(struct link *link, int opcode, const char *text, size_t len)
{
	char frame[LINK_HEADER_MAX + 256];
	size_t header;

	if (len > sizeof frame - LINK_HEADER_MAX)
		return -1;
	header = link_header(frame, opcode, len);
	memcpy(frame + header, text, len);
	return link_put(link, frame, header + len);
}

int
link_get(struct link *link, int timeout_ms, struct link_message *out)
{
	struct pollfd p = { .fd = link->fd, .events = POLLIN };
	unsigned char head[8];
	size_t more;

	if ((link->ssl == NULL || SSL_pending(link->ssl) == 0) &&
	    poll(&p, 1, timeout_ms) < 1)
		return 0;
	if (read_all(link, (char *)head, 2) == -1)
		return -1;
	out->opcode = head[0] & 0x0f;
	out->len = head[1] & 0x7f;
	/* A client's frames are masked: four bytes before the payload. */
	more = out->len == 126 ? 6 : 4;
	if (out->len == 127 || !(head[1] & 0x80) ||
	    read_all(link, (char *)head, more) == -1)
		return -1;
	if (out->len == 126)
		out->len = (size_t)head[0] << 8 | head[1];
	if (read_all(link, out->text, out->len) == -1)
		return -1;
	for (size_t i = 0; i < out->len; i++)
		out->text[i] ^= (char)head[more - 4 + i % 4];
	out->text[out->len] = '\0';
	return 1;
}

static int
read_request(struct link *link, char *request, size_t cap)
{
	size_t len = 0;

	while (len < cap - 1) {
		int n = read_some(link, request + len, cap - 1 - len);

		if (n == -1)
			return -1;
		len += (size_t)n;
		request[len] = '\0';
		if (strstr(request, "\r\n\r\n") != NULL)
			return 0;
	}
	return -1;
}

/* 101 to a request with a key; -1: it has none. */
static int
accept_upgrade(struct link *link, const char *request)
{
	static const char name[] = "\r\nsec-websocket-key:";
	const char *key = strcasestr(request, name);
	unsigned char hash[EVP_MAX_MD_SIZE], text[64];
	char answer[256];
	unsigned len;
	int n;

	if (key == NULL)
		return -1;
	key += sizeof name - 1;
	key += strspn(key, " ");
	n = snprintf(answer, sizeof answer, "%.*s" GUID,
	    (int)strcspn(key, " \r"), key);
	if (n >= (int)sizeof answer || EVP_Digest(answer, (size_t)n, hash,
	    &len, EVP_sha1(), NULL) != 1)
		return -1;
	EVP_EncodeBlock(text, hash, (int)len);
	n = snprintf(answer, sizeof answer, "HTTP/1.1 101 Switching Protocols"
	    "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Accept: %s\r\n\r\n", text);
	return link_put(link, answer, (size_t)n) == -1 ||
	    link_flush(link) == -1 ? -1 : 0;
}

/* From here on what TLS writes is gathered. */
static int
open_tls(struct link *link, SSL_CTX *tls)
{
	link->ssl = SSL_new(tls);
	if (link->ssl == NULL || SSL_set_fd(link->ssl, link->fd) != 1 ||
	    SSL_accept(link->ssl) != 1)
		return -1;
	link->records = BIO_new(BIO_s_mem());
	if (link->records == NULL)
		return -1;
	SSL_set0_wbio(link->ssl, link->records);
	return 0;
}

int
link_open(struct link *link, int fd, SSL_CTX *tls, char *request, size_t cap)
{
	*link = (struct link){ .fd = fd, .out_cap = OUT_CAP };
	link->out = malloc(link->out_cap);
	if (link->out == NULL || (tls != NULL && open_tls(link, tls) == -1) ||
	    read_request(link, request, cap) == -1 ||
	    accept_upgrade(link, request) == -1) {
		link_close(link);
		return -1;
	}
	return 0;
}

void
link_close(struct link *link)
{
	SSL_free(link->ssl); /* the BIOs too */
	free(link->out);
	close(link->fd);
}
