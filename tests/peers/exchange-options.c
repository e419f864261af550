#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exchange-options.h"

static const char usage[] =
    "usage: exchange [OPTION]...\n"
    "  --listen PORT        on 127.0.0.1; 0 (the default): a free one\n"
    "  --cert FILE --key FILE  serve wss and https with this certificate\n"
    "  --path /PREFIX       before /ws, /stream and (if one likes) /api\n"
    "  --symbols A,B,...    what is traded (btcusdt,ethusdt)\n"
    "  --count N            and N more: S0001USDT, S0002USDT, ...\n"
    "  --seed N             of the market and its faults (1)\n"
    "  --rate N             trades a second, all symbols together (100);\n"
    "                       0: as fast as the clients read, waiting for some\n"
    "                       where --wait-for-clients says so\n"
    "  --burst N            now and then up to N trades more, at once\n"
    "  --trades N           make so many, then none (0: without end, or\n"
    "                       until USR2 comes)\n"
    "  --speed K            event time runs K times as fast (1)\n"
    "  --start TIME         first event time (2024-01-01T00:00:00Z)\n"
    "  --log FILE           a trade record a line for every trade made\n"
    "  --microseconds       in the log\n"
    "  --wait-for-clients N  begin when N traded streams are subscribed\n"
    "  --stop-when-idle     end when all is made and the last client left\n"
    "  --die-with-stdin     end at the end of standard input\n"
    "  --noise              acks, errors, other events and fragments between\n"
    "Limits of the exchange:\n"
    "  --ping SECONDS       between pings (20)\n"
    "  --pong SECONDS       drop who has not answered one by then (60)\n"
    "  --day SECONDS        drop a connection that is so old (86400)\n"
    "  --queue BYTES        drop who lets so much wait (4194304)\n"
    "  --connect-window SECONDS  for 300 connections (300)\n"
    "  --minute SECONDS     for the weight of REST requests (60)\n"
    "  --weight N           in that time (6000)\n"
    "  --ban SECONDS        the first time; then twice as long each (120)\n"
    "Faults:\n"
    "  --cut-after N        cut every connection after N frames\n"
    "  --drop-connection-every SECONDS  cut all connections\n"
    "  --faults N           so many by the seed, each kind equally often (0)\n"
    "  --fault-every SECONDS  mean time between two (1)\n"
    "  --fault-after SECONDS  before the first one (as --fault-every)\n"
    "  --fault-for SECONDS  how long those that last do so (1)\n"
    "  --fault-kinds A,B,...  (all of these)\n"
    "    connections: drop reset close stall half-open behind garbage binary\n"
    "                 utf8 long shutdown\n"
    "    trades:      cut lose duplicate reorder pieces hole\n"
    "    handshakes:  slow-handshake refuse too-many certificate\n"
    "    REST:        rest-429 rest-418 rest-500 rest-slow rest-cut\n"
    "                 rest-garbage rest-refuse rest-empty rest-short\n"
    "  --bad-cert FILE --bad-key FILE  without them no fault certificate\n"
    "Prints 127.0.0.1:PORT when ready, and counts on stderr at the end:\n"
    "  --counts FILE        also there, and whenever USR1 comes\n"
    "  --events FILE        a line of JSON for each event and fault\n";

_Noreturn void
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

static FILE *
open_file(const char *path)
{
	FILE *file = fopen(path, "w");

	if (file == NULL)
		die(path, strerror(errno));
	return file;
}

enum {
	LISTEN = 1000, CERT, KEY, PATH, SEED, SYMBOLS, COUNT, RATE, BURST,
	TRADES, SPEED, START, LOG, MICROSECONDS, WAIT, IDLE, STDIN, NOISE,
	PING, PONG, DAY, QUEUE, CONNECT, MINUTE, WEIGHT, BAN, CUT, DROP,
	FAULTS, EVERY, AFTER, FOR, KINDS, BAD_CERT, BAD_KEY, COUNTS, EVENTS,
	HELP,
};

static const struct option longs[] = {
	{ "listen", required_argument, NULL, LISTEN },
	{ "cert", required_argument, NULL, CERT },
	{ "key", required_argument, NULL, KEY },
	{ "path", required_argument, NULL, PATH },
	{ "seed", required_argument, NULL, SEED },
	{ "symbols", required_argument, NULL, SYMBOLS },
	{ "count", required_argument, NULL, COUNT },
	{ "rate", required_argument, NULL, RATE },
	{ "burst", required_argument, NULL, BURST },
	{ "trades", required_argument, NULL, TRADES },
	{ "speed", required_argument, NULL, SPEED },
	{ "start", required_argument, NULL, START },
	{ "log", required_argument, NULL, LOG },
	{ "microseconds", no_argument, NULL, MICROSECONDS },
	{ "wait-for-clients", required_argument, NULL, WAIT },
	{ "stop-when-idle", no_argument, NULL, IDLE },
	{ "die-with-stdin", no_argument, NULL, STDIN },
	{ "noise", no_argument, NULL, NOISE },
	{ "ping", required_argument, NULL, PING },
	{ "pong", required_argument, NULL, PONG },
	{ "day", required_argument, NULL, DAY },
	{ "queue", required_argument, NULL, QUEUE },
	{ "connect-window", required_argument, NULL, CONNECT },
	{ "minute", required_argument, NULL, MINUTE },
	{ "weight", required_argument, NULL, WEIGHT },
	{ "ban", required_argument, NULL, BAN },
	{ "cut-after", required_argument, NULL, CUT },
	{ "drop-connection-every", required_argument, NULL, DROP },
	{ "faults", required_argument, NULL, FAULTS },
	{ "fault-every", required_argument, NULL, EVERY },
	{ "fault-after", required_argument, NULL, AFTER },
	{ "fault-for", required_argument, NULL, FOR },
	{ "fault-kinds", required_argument, NULL, KINDS },
	{ "bad-cert", required_argument, NULL, BAD_CERT },
	{ "bad-key", required_argument, NULL, BAD_KEY },
	{ "counts", required_argument, NULL, COUNTS },
	{ "events", required_argument, NULL, EVENTS },
	{ "help", no_argument, NULL, HELP },
	{ NULL, 0, NULL, 0 },
};

/* Each of these takes one group of options; false: it is none of them. */
static bool
set_market(struct settings *settings, int c, const char *name,
    const char *arg)
{
	struct market_options *market = &settings->market;
	struct serve_options *serve = &settings->serve;

	switch (c) {
	case SEED: market->seed = (uint64_t)number(name, arg, 0, INT64_MAX);
		break;
	case SYMBOLS: market->names = arg; break;
	case COUNT: market->count = number(name, arg, 0, 100000); break;
	case RATE: serve->rate = real(name, arg, 1e7); break;
	case BURST: market->burst = number(name, arg, 0, 1000000); break;
	case TRADES: serve->trades = number(name, arg, 0, INT64_MAX); break;
	case SPEED: serve->speed = real(name, arg, 1e6); break;
	case START: market->start_us = start_time(arg); break;
	case LOG: serve->log = open_file(arg); break;
	case MICROSECONDS: serve->microseconds = true; break;
	case WAIT: serve->wait_streams = number(name, arg, 0, INT32_MAX);
		break;
	case NOISE: serve->noise = true; break;
	default: return false;
	}
	return true;
}

static bool
set_limit(struct serve_options *serve, int c, const char *name,
    const char *arg)
{
	struct limits_options *limits = &serve->limits;

	switch (c) {
	case PING: serve->ping_us = seconds(name, arg); break;
	case PONG: serve->pong_us = seconds(name, arg); break;
	case DAY: serve->day_us = seconds(name, arg); break;
	case QUEUE: serve->queue = (size_t)number(name, arg, 1, INT32_MAX);
		break;
	case CONNECT: limits->connect_window_us = seconds(name, arg); break;
	case MINUTE: limits->minute_us = seconds(name, arg); break;
	case WEIGHT: limits->weight_max = number(name, arg, 1, INT32_MAX);
		break;
	case BAN: limits->ban_us = seconds(name, arg); break;
	default: return false;
	}
	return true;
}

static bool
set_fault(struct serve_options *serve, int c, const char *name,
    const char *arg)
{
	struct faults_options *faults = &serve->faults;

	switch (c) {
	case CUT: serve->cut_after = number(name, arg, 0, INT64_MAX); break;
	case DROP: serve->drop_every_us = seconds(name, arg); break;
	case FAULTS: faults->count = number(name, arg, 0, INT32_MAX); break;
	case EVERY: faults->every_us = seconds(name, arg); break;
	case AFTER: faults->after_us = seconds(name, arg); break;
	case FOR: serve->fault_for_us = seconds(name, arg); break;
	case KINDS: faults->kinds = arg; break;
	case BAD_CERT: serve->bad_cert = arg; break;
	case BAD_KEY: serve->bad_key = arg; break;
	default: return false;
	}
	return true;
}

static void
set_other(struct settings *settings, int c, const char *name,
    const char *arg)
{
	struct serve_options *serve = &settings->serve;

	switch (c) {
	case LISTEN: serve->port = (int)number(name, arg, 0, 65535); break;
	case CERT: serve->cert = arg; break;
	case KEY: serve->key = arg; break;
	case PATH: serve->path = arg; break;
	case IDLE: serve->stop_when_idle = true; break;
	case STDIN: settings->with_stdin = true; break;
	case COUNTS: settings->counts = arg; break;
	case EVENTS: serve->events = open_file(arg); break;
	case HELP:
		fputs(usage, stdout);
		exit(0);
	default:
		fputs(usage, stderr);
		exit(2);
	}
}

static void
complete(struct settings *settings)
{
	struct serve_options *serve = &settings->serve;

	if ((serve->cert == NULL) != (serve->key == NULL))
		die("--cert and --key go together", NULL);
	if ((serve->bad_cert == NULL) != (serve->bad_key == NULL) ||
	    (serve->bad_cert != NULL && serve->cert == NULL))
		die("--bad-cert, --bad-key and --cert go together", NULL);
	if (*serve->path != '\0' && *serve->path != '/')
		die("--path begins with /", serve->path);
	if (settings->market.names == NULL)
		settings->market.names = settings->market.count > 0 ? "" :
		    "btcusdt,ethusdt";
	settings->market.rate = serve->rate > 0 ? serve->rate : 1000;
	settings->market.speed = serve->speed;
	serve->seed = serve->faults.seed = settings->market.seed;
	serve->faults.tls = serve->bad_cert != NULL;
	if (serve->faults.after_us == 0)
		serve->faults.after_us = serve->faults.every_us;
}

void
options_read(struct settings *settings, int argc, char **argv)
{
	int c, which = 0;

	*settings = (struct settings){
		.serve = { .ping_us = 20000000, .pong_us = 60000000,
		    .day_us = INT64_C(86400000000), .queue = 4u << 20,
		    .rate = 100, .speed = 1, .path = "",
		    .fault_for_us = 1000000, .faults.every_us = 1000000,
		    .limits = { .weight_max = 6000, .minute_us = 60000000,
		    .connections_max = 300, .connect_window_us = 300000000,
		    .ban_us = 120000000 } },
		.market = { .seed = 1, .start_us = 1704067200000000 },
	};
	while ((c = getopt_long(argc, argv, "", longs, &which)) != -1) {
		const char *name = longs[which].name;

		if (!set_market(settings, c, name, optarg) &&
		    !set_limit(&settings->serve, c, name, optarg) &&
		    !set_fault(&settings->serve, c, name, optarg))
			set_other(settings, c, name, optarg);
	}
	if (optind != argc)
		die("no operands", argv[optind]);
	complete(settings);
}
