/*
 * bws-trades: trades of Binance's WebSocket, or of captured frames, as records.
 *
 *	main.c     options, replay, the end
 *	frame.c    frame -> trade record; no I/O
 *	members.c  the members of a trade, whatever they are called; no I/O
 *	page.c     answer of REST -> trades; no I/O
 *	keep.c     what --replay reads besides bare frames; no I/O
 *	trades.c   what becomes of a frame: a record, a count, a refusal
 *	streams.c  symbols, the URL, what to ask for; no network
 *	feed.c     the connection; knows libwebsockets
 *	live.c     from the feed to standard output
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"
#include "live.h"
#include "msg.h"
#include "opt.h"
#include "status.h"
#include "streams.h"
#include "trades.h"

#define URL_DEFAULT "wss://stream.binance.com:9443"

enum { OPT_URL = OPT_OWN, OPT_SYMBOLS, OPT_REPLAY, OPT_CA };

static const struct opt_command command = {
	.name = "bws-trades",
	.usage = "[option...] SYMBOL... | --replay FILE",
	.help =
	    "Prints the trades of SYMBOLs as they happen on Binance, a record\n"
	    "a line.\n\n"
	    "  --symbols FILE      symbols from FILE, one a line, too\n"
	    "  --url URL           ws:// or wss:// (" URL_DEFAULT ",\n"
	    "                      or $BWS_TRADES_URL)\n"
	    "  --ca FILE           trust FILE's certificates, not the system's\n"
	    "  --replay FILE       read captured frames, one a line, in place\n"
	    "                      of the socket (- is standard input)\n"
	    OPT_COMMON_HELP,
	.library = feed_library,
};

struct settings {
	struct opt_common common;
	struct streams streams;
	struct streams_url url;
	const char *url_text;
	const char *ca;
	char *replay[1];
};

static enum flow_result
replay_run(struct trades *trades)
{
	struct flow *flow = &trades->filter.flow;
	enum flow_result result;
	struct line line;

	do {
		result = flow_next(flow, &line);
		if (result == FLOW_LINE)
			result = trades_take(trades, &line, true);
		else if (result == FLOW_LONG)
			result = filter_refuse_long(&trades->filter, &line);
		else if (result == FLOW_DRY)
			result = flow_wait(flow, NULL, 0, INT64_MAX, true);
	} while (result == FLOW_READY);
	return result;
}

static void
add_symbols_file(struct settings *settings, const char *path)
{
	FILE *file = fopen(path, "re");
	const char *wrong;
	size_t line;

	if (file == NULL)
		opt_usage(&command, "%s: %s", path, strerror(errno));
	wrong = streams_add_file(&settings->streams, file, &line);
	fclose(file);
	if (wrong != NULL && line == 0)
		opt_usage(&command, "%s: %s", path, wrong);
	if (wrong != NULL)
		opt_usage(&command, "%s: line %zu: the symbol %s", path, line,
		    wrong);
}

/* libwebsockets would only complain in its log, and then trust nobody. */
static void
check_ca(const char *path)
{
	static const char mark[] = "-----BEGIN ";
	FILE *file = fopen(path, "re");
	bool found = false;
	char *text = NULL;
	size_t cap = 0;

	if (file == NULL)
		opt_usage(&command, "%s: %s", path, strerror(errno));
	while (!found && getline(&text, &cap, file) != -1)
		found = strncmp(text, mark, sizeof mark - 1) == 0;
	free(text);
	fclose(file);
	if (!found)
		opt_usage(&command, "%s: holds no certificate in PEM", path);
}

static void
parse_options(struct settings *settings, int argc, char **argv)
{
	static const struct option options[] = {
		OPT_COMMON_LONG,
		{ "url", required_argument, NULL, OPT_URL },
		{ "symbols", required_argument, NULL, OPT_SYMBOLS },
		{ "replay", required_argument, NULL, OPT_REPLAY },
		{ "ca", required_argument, NULL, OPT_CA },
		{ NULL, 0, NULL, 0 },
	};
	bool symbols = false;
	int c;

	opt_init(&settings->common, &command);
	while ((c = getopt_long(argc, argv, ":" OPT_COMMON_SHORT, options,
	    NULL)) != -1) {
		if (c == OPT_URL)
			settings->url_text = optarg;
		else if (c == OPT_REPLAY)
			settings->replay[0] = optarg;
		else if (c == OPT_CA)
			settings->ca = optarg;
		else if (c == OPT_SYMBOLS) {
			symbols = true;
			add_symbols_file(settings, optarg);
		} else
			opt_common(&settings->common, &command, c, argc,
			    argv);
	}
	if (settings->replay[0] != NULL && (symbols || optind < argc ||
	    settings->url_text != NULL || settings->ca != NULL))
		opt_usage(&command, "--replay takes no symbols and no "
		    "connection");
}

/* The operands, and what the options and the environment come to. */
static void
check_settings(struct settings *settings, char *const *symbols)
{
	const char *environment = getenv("BWS_TRADES_URL"), *wrong;

	for (; *symbols != NULL; symbols++) {
		wrong = streams_add(&settings->streams, *symbols);
		if (wrong != NULL)
			opt_usage(&command, "the symbol '%s' %s", *symbols,
			    wrong);
	}
	if (settings->streams.count == 0)
		opt_usage(&command, "no symbols");
	if (settings->streams.count > STREAMS_MAX)
		opt_usage(&command, "%zu symbols; a connection has at most %d",
		    settings->streams.count, STREAMS_MAX);
	if (settings->url_text == NULL)
		settings->url_text = environment != NULL &&
		    *environment != '\0' ? environment : URL_DEFAULT;
	if (!streams_url_read(&settings->url, settings->url_text))
		opt_usage(&command, "'%s' is no ws:// or wss:// URL",
		    settings->url_text);
	if (settings->ca != NULL)
		check_ca(settings->ca);
}

int
main(int argc, char **argv)
{
	struct settings settings = { .url_text = NULL };
	struct trades trades = { .frames = 0 };
	enum flow_result how;
	enum status status;
	bool replay;

	parse_options(&settings, argc, argv);
	replay = settings.replay[0] != NULL;
	if (!replay)
		check_settings(&settings, argv + optind);
	status = filter_begin(&trades.filter, &settings.common,
	    settings.replay, replay ? 1 : 0);
	if (status != STATUS_OK) {
		streams_free(&settings.streams);
		return status;
	}
	trades_init(&trades);
	how = replay ? replay_run(&trades) : live_run(&trades,
	    &settings.streams, &settings.url, settings.ca,
	    settings.common.max_line);
	msg_limit_flush(&trades.errors);
	msg_info("%" PRIu64 " frames: %" PRIu64 " trades, %" PRIu64
	    " others, %" PRIu64 " refused", trades.frames,
	    trades.filter.out.lines, trades.others,
	    trades.filter.rejects.count);
	status = filter_end(&trades.filter, how);
	trades_free(&trades);
	streams_free(&settings.streams);
	return status;
}
