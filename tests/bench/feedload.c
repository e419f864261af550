/*
 * feedload: the exchange's trade streams as fast as they are taken, or at a
 * rate; no simulator, a load.
 *
 *     feedload [-e] [-c CERTIFICATE -k KEY] [-n FRAMES] [-r RATE] [-l LINKS]
 *
 * Listens on 127.0.0.1, prints the port, and serves LINKS connections (1),
 * each by a process of its own: trades of the streams asked for by the path
 * and by SUBSCRIBE, in turn; ids rise by one, both times of a frame are when it
 * was made, in microseconds. With a certificate TLS, one record a frame;
 * without, plain. At RATE frames a second every frame is a write(2); without a
 * rate they are gathered, as they come to lie in a slow reader's socket.
 *
 * A ping goes out every second, and after FRAMES frames (1000000) a last one:
 * its pong says that all has been read. Then a line
 *
 *     FRAMES MICROSECONDS PONG_MICROSECONDS
 *
 * with the time from the first frame to that pong and the longest that any
 * pong took; and the client is to go. With -e, for a client that knows no
 * WebSocket, no pings: the server ends the connection, and the time is until
 * the client did, too.
 *
 * Exit status: 0; 1 when a connection ended early; 2 wrong use; 3 no socket or
 * no certificate.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "feedload-frames.h"
#include "feedload-link.h"

#define SECOND_US INT64_C(1000000)
#define GATHER_BYTES (64 * 1024)
#define LAST_PONG_US (60 * SECOND_US)

struct load {
	uint64_t frames, rate;
	bool end; /* it is the server that ends a connection */
	struct link link;
	struct frames market;
	struct link_message message;
	int64_t ping_us, pong_us; /* when sent, 0: none is out; the longest */
};

static int64_t
clock_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

static int
answer(struct load *load, const char *request)
{
	const char *id = strstr(request, "\"id\":");
	char text[64];
	int n = snprintf(text, sizeof text, "{\"result\":null,\"id\":%lu}",
	    id != NULL ? strtoul(id + 5, NULL, 10) : 0);

	return link_put_message(&load->link, LINK_TEXT, text, (size_t)n) ==
	    -1 ? -1 : link_flush(&load->link);
}

static int
take_message(struct load *load)
{
	int64_t took_us = clock_us(CLOCK_MONOTONIC) - load->ping_us;

	switch (load->message.opcode) {
	case LINK_CLOSE:
		return -1;
	case LINK_PONG:
		if (load->ping_us != 0 && took_us > load->pong_us)
			load->pong_us = took_us;
		load->ping_us = 0;
		return 0;
	case LINK_TEXT:
		return frames_ask(&load->market, load->message.text) == -1 ?
		    -1 : answer(load, load->message.text);
	default:
		return 0;
	}
}

/* Whatever the client has said; waits so long for it.  -1: it has gone. */
static int
listen_to(struct load *load, int timeout_ms)
{
	int got;

	while ((got = link_get(&load->link, timeout_ms, &load->message)) == 1) {
		timeout_ms = 0;
		if (take_message(load) == -1)
			return -1;
	}
	return got;
}

static int
ping(struct load *load)
{
	load->ping_us = clock_us(CLOCK_MONOTONIC);
	return link_put_message(&load->link, LINK_PING, "1700000000000", 13) ==
	    -1 ? -1 : link_flush(&load->link);
}

/* Frames as they fall due; how many, 0 when the connection is gone. */
static uint64_t
send_due(struct load *load, int64_t begin_us, uint64_t sent)
{
	int64_t due_us = begin_us + (int64_t)(sent * SECOND_US / load->rate);
	struct timespec until = { .tv_sec = due_us / SECOND_US,
	    .tv_nsec = due_us % SECOND_US * 1000 };
	const char *frame;
	size_t len;

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	frame = frames_next(&load->market, clock_us(CLOCK_REALTIME), &len);
	return link_put(&load->link, frame, len) == -1 ||
	    link_flush(&load->link) == -1 ? 0 : 1;
}

static uint64_t
send_gathered(struct load *load, uint64_t most)
{
	int64_t now_us = clock_us(CLOCK_REALTIME);
	uint64_t n = 0;

	while (n < most && link_gathered(&load->link) < GATHER_BYTES) {
		size_t len;
		const char *frame = frames_next(&load->market, now_us, &len);

		if (link_put(&load->link, frame, len) == -1)
			return 0;
		n++;
	}
	return link_flush(&load->link) == -1 ? 0 : n;
}

static int
send_all(struct load *load)
{
	int64_t begin_us = clock_us(CLOCK_MONOTONIC), pinged_us = begin_us;
	uint64_t sent = 0, n;

	while (sent < load->frames) {
		n = load->rate > 0 ? send_due(load, begin_us, sent) :
		    send_gathered(load, load->frames - sent);
		if (n == 0 || listen_to(load, 0) == -1)
			return -1;
		sent += n;
		if (!load->end && load->ping_us == 0 &&
		    clock_us(CLOCK_MONOTONIC) - pinged_us > SECOND_US) {
			if (ping(load) == -1)
				return -1;
			pinged_us = load->ping_us;
		}
	}
	return 0;
}

/* Waits for the pong that is out, if one is. */
static int
await_pong(struct load *load)
{
	int64_t end_us = clock_us(CLOCK_MONOTONIC) + LAST_PONG_US;

	while (load->ping_us != 0 && clock_us(CLOCK_MONOTONIC) < end_us)
		if (listen_to(load, 1000) == -1)
			return -1;
	return load->ping_us == 0 ? 0 : -1;
}

/* All frames, until the client has read the last. */
static int
run(struct load *load)
{
	int64_t begin_us = clock_us(CLOCK_MONOTONIC);

	if (send_all(load) == -1)
		return -1;
	if (load->end) {
		link_end(&load->link);
		while (listen_to(load, -1) == 0)
			continue;
	} else if (await_pong(load) == -1 || ping(load) == -1 ||
	    await_pong(load) == -1) {
		return -1;
	}
	printf("%" PRIu64 " %" PRId64 " %" PRId64 "\n", load->frames,
	    clock_us(CLOCK_MONOTONIC) - begin_us, load->pong_us);
	if (fflush(stdout) == EOF)
		return -1;
	while (!load->end && listen_to(load, -1) == 0)
		continue;
	return 0;
}

/* A connection from its beginning to its end; the process's status. */
static int
serve(struct load *load, int fd, SSL_CTX *tls)
{
	int status = 1;

	if (link_open(&load->link, fd, tls, load->message.text,
	    sizeof load->message.text) == -1)
		return 1;
	load->market.combined = strstr(load->message.text, "/stream?") != NULL;
	if (frames_ask(&load->market, load->message.text) == 0 &&
	    load->market.count > 0 && run(load) == 0)
		status = 0;
	link_close(&load->link);
	frames_free(&load->market);
	return status;
}

static SSL_CTX *
make_tls(const char *certificate, const char *key)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	if (tls == NULL ||
	    SSL_CTX_use_certificate_chain_file(tls, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1) {
		fprintf(stderr, "feedload: %s, %s: no certificate and key\n",
		    certificate, key);
		SSL_CTX_free(tls);
		return NULL;
	}
	return tls;
}

static int
open_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 || bind(fd, (struct sockaddr *)&address, len) == -1 ||
	    listen(fd, 16) == -1 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) == -1) {
		fprintf(stderr, "feedload: %s\n", strerror(errno));
		return -1;
	}
	printf("%d\n", ntohs(address.sin_port));
	return fflush(stdout) == EOF ? -1 : fd;
}

/* Whether all went to their end. */
static bool
serve_links(struct load *load, int listener, SSL_CTX *tls, uint64_t links)
{
	bool good = true;
	int status, on = 1;

	for (uint64_t i = 0; i < links; i++) {
		int fd = accept(listener, NULL, NULL);
		pid_t pid = fd == -1 ? -1 : fork();

		if (pid == 0) {
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
			    sizeof on);
			exit(serve(load, fd, tls));
		}
		if (pid == -1)
			good = false;
		if (fd != -1)
			close(fd);
	}
	while (wait(&status) != -1)
		if (status != 0)
			good = false;
	return good;
}

static int
usage(void)
{
	fprintf(stderr, "usage: feedload [-e] [-c CERTIFICATE -k KEY] "
	    "[-n FRAMES] [-r RATE] [-l LINKS]\n");
	return 2;
}

static uint64_t
number(const char *text)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 ||
	    value == 0)
		exit(usage());
	return value;
}

int
main(int argc, char **argv)
{
	static struct load load = { .frames = 1000000 };
	const char *certificate = NULL, *key = NULL;
	uint64_t links = 1;
	SSL_CTX *tls = NULL;
	int listener, c;
	bool good;

	while ((c = getopt(argc, argv, "ec:k:n:r:l:")) != -1) {
		switch (c) {
		case 'c': certificate = optarg; break;
		case 'k': key = optarg; break;
		case 'e': load.end = true; break;
		case 'n': load.frames = number(optarg); break;
		case 'r': load.rate = number(optarg); break;
		case 'l': links = number(optarg); break;
		default: return usage();
		}
	}
	if (optind != argc || (certificate == NULL) != (key == NULL))
		return usage();
	signal(SIGPIPE, SIG_IGN);
	if (certificate != NULL &&
	    (tls = make_tls(certificate, key)) == NULL)
		return 3;
	listener = open_port();
	if (listener == -1)
		return 3;
	good = serve_links(&load, listener, tls, links);
	SSL_CTX_free(tls);
	return good ? 0 : 1;
}
