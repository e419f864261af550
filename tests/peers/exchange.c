/*
 * A simulator of Binance's market data: a seeded market behind WebSocket and
 * REST, behaving as Binance's documentation says, with seeded faults.
 *
 *	exchange.c          the beginning and the end
 *	exchange-options.c  options
 *	exchange-serve.c    the loop: who connects, what is due
 *	exchange-peer.c     a connection: bytes in, bytes out, its end
 *	exchange-request.c  HTTP: handshakes and REST, and their faults
 *	exchange-publish.c  trades on their way to connections, and their faults
 *	exchange-harm.c     the faults of connections
 *	exchange-link.c     sockets and TLS
 * and without I/O:
 *	exchange-market.c   which trades happen, and how they look
 *	exchange-tape.c     the trades that happened
 *	exchange-rest.c     answers from them
 *	exchange-client.c   a connection's streams and requests
 *	exchange-queue.c    what it still has to get
 *	exchange-ws.c       the frames of WebSocket
 *	exchange-http.c     the requests of HTTP
 *	exchange-limits.c   what an address may do
 *	exchange-window.c   a sum over a sliding time
 *	exchange-faults.c   which fault comes when
 *	exchange-counts.c   what is said of all this
 */
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exchange-market.h"
#include "exchange-options.h"
#include "exchange-serve.h"

static struct {
	int signal_fd, stdin_fd;
} wake; /* what ends the program, or asks for counts */

static struct settings settings;
static struct serve *serve;

static enum serve_wake
woken(void)
{
	struct signalfd_siginfo signal;
	char bytes[512];
	ssize_t n;

	if (read(wake.signal_fd, &signal, sizeof(signal)) > 0)
		return signal.ssi_signo == SIGUSR1 ? SERVE_COUNTS :
		    signal.ssi_signo == SIGUSR2 ? SERVE_NO_MORE : SERVE_END;
	if (wake.stdin_fd == -1)
		return SERVE_GO_ON;
	n = read(wake.stdin_fd, bytes, sizeof(bytes));
	return n == 0 || (n < 0 && errno != EAGAIN) ? SERVE_END : SERVE_GO_ON;
}

/* The file is there whole, or as it was before. */
static void
write_counts(void)
{
	char beside[4096];
	FILE *file;

	if (settings.counts == NULL) {
		serve_print_counts(serve, stderr);
		return;
	}
	snprintf(beside, sizeof(beside), "%s.new", settings.counts);
	file = fopen(beside, "w");
	if (file == NULL)
		die(beside, strerror(errno));
	serve_print_counts(serve, file);
	if (fclose(file) != 0 || rename(beside, settings.counts) != 0)
		die(settings.counts, strerror(errno));
}

static void
watch(int epoll_fd, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		die("epoll_ctl", strerror(errno));
}

/*
 * Standard input is left as it is, whose other owners would notice: it is
 * read only when the signal's descriptor has nothing, and it woke us.
 */
static int
open_wake(bool with_stdin)
{
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	wake.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (epoll_fd == -1 || wake.signal_fd == -1)
		die("epoll", strerror(errno));
	watch(epoll_fd, wake.signal_fd);
	wake.stdin_fd = with_stdin ? STDIN_FILENO : -1;
	if (with_stdin)
		watch(epoll_fd, STDIN_FILENO);
	return epoll_fd;
}

int
main(int argc, char **argv)
{
	struct market market;

	options_read(&settings, argc, argv);
	if (market_init(&market, &settings.market) != 0)
		die("--symbols", settings.market.names);
	settings.serve.wake_fd = open_wake(settings.with_stdin);
	settings.serve.woken = woken;
	settings.serve.say_counts = write_counts;
	serve = serve_open(&settings.serve, &market);
	if (serve == NULL)
		die("cannot serve", NULL);
	printf("127.0.0.1:%d\n", serve_port(serve));
	fflush(stdout);
	serve_run(serve);
	serve_print_counts(serve, stderr);
	if (settings.counts != NULL)
		write_counts();
	serve_close(serve);
	market_free(&market);
	if (settings.serve.log != NULL && fclose(settings.serve.log) != 0)
		die("--log", strerror(errno));
	if (settings.serve.events != NULL)
		fclose(settings.serve.events);
	return 0;
}
