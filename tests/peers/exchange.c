/*
 * A simulator of Binance's market-data WebSocket: a seeded market behind
 * libwebsockets, behaving as Binance's documentation says.
 *
 *	exchange.c         options, the end
 *	exchange-market.c  which trades happen, and how they look; no I/O
 *	exchange-client.c  a connection's streams, requests and frames; no I/O
 *	exchange-serve.c   the server
 */
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exchange-market.h"
#include "exchange-serve.h"

static const char usage[] =
    "usage: exchange [OPTION]...\n"
    "  --listen PORT        on 127.0.0.1; 0 (the default): a free one\n"
    "  --cert FILE --key FILE  serve wss with this certificate\n"
    "  --seed N             of the market and its faults (1)\n"
    "  --symbols A,B,...    what is traded (btcusdt,ethusdt)\n"
    "  --rate N             trades a second, all symbols together (100);\n"
    "                       0: as fast as the clients read\n"
    "  --trades N           make so many, then none (0: without end)\n"
    "  --speed K            event time runs K times as fast (1)\n"
    "  --start TIME         first event time (2024-01-01T00:00:00Z)\n"
    "  --log FILE           a trade record a line for every trade made\n"
    "  --wait-for-clients N  begin when N traded streams are subscribed\n"
    "  --ping SECONDS       between pings (20)\n"
    "  --pong SECONDS       drop who has not answered one by then (60)\n"
    "  --cut-after N        cut every connection after N frames\n"
    "  --drop-connection-every SECONDS  cut all connections\n"
    "  --noise              acks, errors, other events and fragments between\n"
    "  --stop-when-idle     end when all is made and the last client has left\n"
    "  --die-with-stdin     end at the end of standard input\n"
    "Prints 127.0.0.1:PORT when ready, and counts on stderr at the end.\n";

static struct {
	int signal_fd, stdin_fd;
} wake; /* what ends the program */

static _Noreturn void
die(const char *what, const char *value)
{
	fprintf(stderr, "exchange: %s%s%s\n", what, value == NULL ? "" : ": ",
	    value == NULL ? "" : value);
	exit(2);
}

static int64_t
number(const char *name, const char *text, int64_t min, int64_t max)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || value < min ||
	    value > max)
		die(name, text);
	return value;
}

static double
real(const char *name, const char *text, double max)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || !(value >= 0 && value <= max))
		die(name, text);
	return value;
}

static int64_t
seconds(const char *name, const char *text)
{
	double us = 1e6 * real(name, text, 1e6);

	if (us < 1)
		die(name, text);
	return (int64_t)us;
}

static int64_t
start_time(const char *text)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

	if (end == NULL || *end != '\0')
		die("--start", text);
	return (int64_t)timegm(&tm) * 1000000;
}

static bool
woken(void)
{
	char bytes[512];

	if (wake.stdin_fd != -1 && read(wake.stdin_fd, bytes,
	    sizeof(bytes)) > 0)
		return false;
	return true;
}

static void
watch(int epoll_fd, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		die("epoll_ctl", strerror(errno));
}

/*
 * libwebsockets makes what it adopts non-blocking, which standard input's
 * other owners would notice: it gets an epoll descriptor instead.
 */
static int
open_wake(bool with_stdin)
{
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	wake.signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (epoll_fd == -1 || wake.signal_fd == -1)
		die("epoll", strerror(errno));
	watch(epoll_fd, wake.signal_fd);
	wake.stdin_fd = with_stdin ? STDIN_FILENO : -1;
	if (with_stdin)
		watch(epoll_fd, STDIN_FILENO);
	return epoll_fd;
}

enum {
	LISTEN = 1000, CERT, KEY, SEED, SYMBOLS, RATE, TRADES, SPEED, START,
	LOG, WAIT, PING, PONG, CUT, DROP, NOISE, IDLE, STDIN, HELP,
};

static const struct option longs[] = {
	{ "listen", required_argument, NULL, LISTEN },
	{ "cert", required_argument, NULL, CERT },
	{ "key", required_argument, NULL, KEY },
	{ "seed", required_argument, NULL, SEED },
	{ "symbols", required_argument, NULL, SYMBOLS },
	{ "rate", required_argument, NULL, RATE },
	{ "trades", required_argument, NULL, TRADES },
	{ "speed", required_argument, NULL, SPEED },
	{ "start", required_argument, NULL, START },
	{ "log", required_argument, NULL, LOG },
	{ "wait-for-clients", required_argument, NULL, WAIT },
	{ "ping", required_argument, NULL, PING },
	{ "pong", required_argument, NULL, PONG },
	{ "cut-after", required_argument, NULL, CUT },
	{ "drop-connection-every", required_argument, NULL, DROP },
	{ "noise", no_argument, NULL, NOISE },
	{ "stop-when-idle", no_argument, NULL, IDLE },
	{ "die-with-stdin", no_argument, NULL, STDIN },
	{ "help", no_argument, NULL, HELP },
	{ NULL, 0, NULL, 0 },
};

struct settings {
	struct serve_options serve;
	const char *symbols;
	int64_t start_us;
	bool with_stdin;
};

static void
set_option(struct settings *settings, int c, const char *name,
    const char *arg)
{
	struct serve_options *serve = &settings->serve;

	switch (c) {
	case LISTEN: serve->port = (int)number(name, arg, 0, 65535); break;
	case CERT: serve->cert = arg; break;
	case KEY: serve->key = arg; break;
	case SEED: serve->seed = (uint64_t)number(name, arg, 0, INT64_MAX);
		break;
	case SYMBOLS: settings->symbols = arg; break;
	case RATE: serve->rate = real(name, arg, 1e7); break;
	case TRADES: serve->trades = number(name, arg, 0, INT64_MAX); break;
	case SPEED: serve->speed = real(name, arg, 1e6); break;
	case START: settings->start_us = start_time(arg); break;
	case LOG:
		serve->log = fopen(arg, "w");
		if (serve->log == NULL)
			die(arg, strerror(errno));
		break;
	case WAIT: serve->wait_streams = number(name, arg, 0, INT32_MAX);
		break;
	case PING: serve->ping_us = seconds(name, arg); break;
	case PONG: serve->pong_us = seconds(name, arg); break;
	case CUT: serve->cut_after = number(name, arg, 0, INT64_MAX); break;
	case DROP: serve->drop_every_us = seconds(name, arg); break;
	case NOISE: serve->noise = true; break;
	case IDLE: serve->stop_when_idle = true; break;
	case STDIN: settings->with_stdin = true; break;
	case HELP:
		fputs(usage, stdout);
		exit(0);
	default:
		fputs(usage, stderr);
		exit(2);
	}
}

static void
read_options(struct settings *settings, int argc, char **argv)
{
	int c, which = 0;

	*settings = (struct settings){
		.serve = { .ping_us = 20000000, .pong_us = 60000000,
		    .rate = 100, .speed = 1, .seed = 1 },
		.symbols = "btcusdt,ethusdt",
		.start_us = 1704067200000000,
	};
	while ((c = getopt_long(argc, argv, "", longs, &which)) != -1)
		set_option(settings, c, longs[which].name, optarg);
	if (optind != argc)
		die("no operands", argv[optind]);
	if ((settings->serve.cert == NULL) != (settings->serve.key == NULL))
		die("--cert and --key go together", NULL);
}

static void
print_counts(const struct serve_counts *counts)
{
	fprintf(stderr, "{\"connections\":%" PRIu64 ",\"refused\":%" PRIu64
	    ",\"messages\":%" PRIu64 ",\"pings\":%" PRIu64 ",\"pongs\":%"
	    PRIu64 ",\"trades\":%" PRIu64 ",\"frames\":%" PRIu64
	    ",\"too_many_messages\":%" PRIu64 ",\"no_pong\":%" PRIu64
	    ",\"slow\":%" PRIu64 ",\"cut\":%" PRIu64 "}\n",
	    counts->connections, counts->refused, counts->messages,
	    counts->pings, counts->pongs, counts->trades, counts->frames,
	    counts->too_many_messages, counts->no_pong, counts->slow,
	    counts->cut);
}

int
main(int argc, char **argv)
{
	struct settings settings;
	struct market market;
	struct serve *serve;
	double rate;

	read_options(&settings, argc, argv);
	rate = settings.serve.rate > 0 ? settings.serve.rate : 1000;
	if (market_init(&market, settings.symbols, settings.serve.seed,
	    settings.start_us, rate, settings.serve.speed) != 0)
		die("--symbols", settings.symbols);
	settings.serve.wake_fd = open_wake(settings.with_stdin);
	settings.serve.woken = woken;
	serve = serve_open(&settings.serve, &market);
	if (serve == NULL)
		die("cannot serve", NULL);
	printf("127.0.0.1:%d\n", serve_port(serve));
	fflush(stdout);
	serve_run(serve);
	print_counts(serve_counts(serve));
	serve_close(serve);
	market_free(&market);
	if (settings.serve.log != NULL && fclose(settings.serve.log) != 0)
		die("--log", strerror(errno));
	return 0;
}
