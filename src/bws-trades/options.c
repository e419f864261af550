#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net.h"
#include "sequence.h"

#define URL_DEFAULT "wss://stream.binance.com:9443"
#define BUFFER_MIN ((size_t)2 << 20)     /* bytes, where --buffer is not given */
#define BUFFER_MAX ((size_t)12 << 20)
#define BUFFER_SYMBOL ((size_t)256 << 10)
#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)

enum {
	OPT_URL = OPT_OWN, OPT_SYMBOLS, OPT_REPLAY, OPT_CA, OPT_REST,
	OPT_RESUME, OPT_GAPS, OPT_FRAMES, OPT_STATS, OPT_MICROSECONDS,
	OPT_BUFFER, OPT_REST_WEIGHT,
	OPT_DURATION, /* the first of the table below */
};

static const struct opt_command command = {
	.name = "bws-trades",
	.usage = "[option...] SYMBOL... | --replay FILE",
	.help =
	    "Prints Binance's trades of SYMBOLs, each once; REST heals what is missed.\n"
	    "  --symbols FILE      symbols from FILE, too; HUP has it read again\n"
	    "  --microseconds      the unit of time to ask for\n"
	    "  --url URL           ws:// or wss:// (" URL_DEFAULT ")\n"
	    "  --rest URL          http:// or https://, `none` (what belongs to --url)\n"
	    "  --ca FILE           trust FILE's certificates, not the system's\n"
	    "  --resume FILE       go on behind the trades in FILE\n"
	    "  --replay FILE       read captured frames, not a socket (- is stdin)\n"
	    "  --gaps FILE, --frames FILE, --stats FILE  append to FILE what is\n"
	    "                      missing, every frame (for --replay), counts\n"
	    "  --buffer SIZE, --rest-weight N  held for a slow reader, and for what is\n"
	    "                      missing (2M up); of REST's 6000 a minute (5000)\n"
	    "  --rotate 23h, --overlap 5s, --stale 60s, --connect-timeout 20s,\n"
	    "  --retry-max 30s, --settle 1s, --heal-wait 5m, --quiet-after 1m,\n"
	    "  --stats-interval 10s  DURATIONs, with their defaults\n"
	    OPT_COMMON_HELP,
	.library = net_library,
};

static const struct duration {
	const char *name;
	size_t offset;
	int64_t initial_us, min_us, max_us;
} durations[] = {
#define ENTRY(name, member, initial, min, max)                           \
	{ name, offsetof(struct settings, member), initial, min, max }
	ENTRY("rotate", rotate_us, 23 * 3600 * SECOND_US, SECOND_US / 10,
	    365 * DAY_US),
	ENTRY("overlap", overlap_us, 5 * SECOND_US, 0, DAY_US),
	ENTRY("stale", stale_us, 60 * SECOND_US, SECOND_US / 10, DAY_US),
	ENTRY("connect-timeout", connect_timeout_us, 20 * SECOND_US,
	    SECOND_US / 10, 900 * SECOND_US),
	ENTRY("retry-max", retry_max_us, 30 * SECOND_US, SECOND_US / 10,
	    DAY_US),
	ENTRY("settle", settle_us, SECOND_US, 0, DAY_US),
	ENTRY("heal-wait", heal_wait_us, 300 * SECOND_US, 0, 365 * DAY_US),
	ENTRY("quiet-after", quiet_us, 60 * SECOND_US, SECOND_US / 10,
	    365 * DAY_US),
	ENTRY("stats-interval", stats_interval_us, 10 * SECOND_US,
	    SECOND_US / 10, 365 * DAY_US),
#undef ENTRY
};

#define NDURATIONS (sizeof durations / sizeof *durations)

static int64_t *
duration_of(struct settings *settings, const struct duration *duration)
{
	return (int64_t *)(void *)((char *)settings + duration->offset);
}

static void
set_duration(struct settings *settings, int c, const char *text)
{
	const struct duration *duration = &durations[c - OPT_DURATION];

	if (!opt_duration(text, duration->min_us, duration->max_us,
	    duration_of(settings, duration)))
		opt_usage(&command, "--%s '%s' is not a duration from %gs to "
		    "%gs", duration->name, text,
		    (double)duration->min_us / SECOND_US,
		    (double)duration->max_us / SECOND_US);
}

static bool
add_symbols_file(struct streams *streams, const char *path, char *reason,
    size_t cap)
{
	FILE *file = fopen(path, "re");
	const char *wrong;
	size_t line;

	if (file == NULL) {
		snprintf(reason, cap, "%s: %s", path, strerror(errno));
		return false;
	}
	wrong = streams_add_file(streams, file, &line);
	fclose(file);
	if (wrong == NULL)
		return true;
	if (line == 0)
		snprintf(reason, cap, "%s: %s", path, wrong);
	else
		snprintf(reason, cap, "%s: line %zu: the symbol %s", path,
		    line, wrong);
	return false;
}

bool
settings_symbols(const struct settings *settings, struct streams *streams,
    char *reason, size_t cap)
{
	for (size_t i = 0; i < settings->nfiles; i++)
		if (!add_symbols_file(streams, settings->files[i], reason,
		    cap))
			return false;
	for (char *const *symbol = settings->operands; *symbol != NULL;
	    symbol++) {
		const char *wrong = streams_add(streams, *symbol);

		if (wrong != NULL) {
			snprintf(reason, cap, "the symbol '%s' %s", *symbol,
			    wrong);
			return false;
		}
	}
	if (streams->count == 0)
		snprintf(reason, cap, "no symbols");
	else if (streams->count > STREAMS_ALL_MAX)
		snprintf(reason, cap, "%zu symbols; at most %d are possible",
		    streams->count, STREAMS_ALL_MAX);
	return streams->count > 0 && streams->count <= STREAMS_ALL_MAX;
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
check_numbers(struct settings *settings, int c, const char *text)
{
	if (c == OPT_BUFFER && !opt_bytes(text, 65536, (size_t)1 << 30,
	    &settings->buffer))
		opt_usage(&command, "--buffer '%s' is not a number of bytes "
		    "from 64k to 1G", text);
	if (c == OPT_REST_WEIGHT && !opt_int(text, 25, 6000,
	    &settings->rest_weight))
		opt_usage(&command, "--rest-weight '%s' is not a number from "
		    "25 to 6000", text);
}

struct texts { /* as given */
	const char *url, *rest;
};

/* Whether the option is one of a live feed alone. */
static bool
set_option(struct settings *settings, struct texts *texts, int c, int argc,
    char **argv)
{
	if (c >= OPT_DURATION && c < OPT_DURATION + (int)NDURATIONS) {
		set_duration(settings, c, optarg);
		return true;
	}
	switch (c) {
	case OPT_URL: texts->url = optarg; break;
	case OPT_REST: texts->rest = optarg; break;
	case OPT_SYMBOLS: settings->files[settings->nfiles++] = optarg; break;
	case OPT_CA: settings->ca = optarg; break;
	case OPT_RESUME: settings->resume = optarg; break;
	case OPT_GAPS: settings->gaps = optarg; break;
	case OPT_FRAMES: settings->frames = optarg; break;
	case OPT_STATS: settings->stats = optarg; break;
	case OPT_MICROSECONDS: settings->microseconds = true; break;
	case OPT_BUFFER:
	case OPT_REST_WEIGHT: check_numbers(settings, c, optarg); break;
	case OPT_REPLAY:
		settings->replay[0] = optarg;
		return false;
	default:
		opt_common(&settings->common, &command, c, argc, argv);
		return false;
	}
	return true;
}

static bool
parse(struct settings *settings, struct texts *texts, int argc, char **argv)
{
	static const struct option fixed[] = {
		OPT_COMMON_LONG,
		{ "url", required_argument, NULL, OPT_URL },
		{ "symbols", required_argument, NULL, OPT_SYMBOLS },
		{ "replay", required_argument, NULL, OPT_REPLAY },
		{ "ca", required_argument, NULL, OPT_CA },
		{ "rest", required_argument, NULL, OPT_REST },
		{ "resume", required_argument, NULL, OPT_RESUME },
		{ "gaps", required_argument, NULL, OPT_GAPS },
		{ "frames", required_argument, NULL, OPT_FRAMES },
		{ "stats", required_argument, NULL, OPT_STATS },
		{ "microseconds", no_argument, NULL, OPT_MICROSECONDS },
		{ "buffer", required_argument, NULL, OPT_BUFFER },
		{ "rest-weight", required_argument, NULL, OPT_REST_WEIGHT },
	};
	struct option options[sizeof fixed / sizeof *fixed + NDURATIONS + 1];
	size_t n = sizeof fixed / sizeof *fixed;
	bool live = false;
	int c;

	memcpy(options, fixed, sizeof fixed);
	for (size_t i = 0; i < NDURATIONS; i++)
		options[n++] = (struct option){ durations[i].name,
			required_argument, NULL, OPT_DURATION + (int)i };
	memset(&options[n], 0, sizeof options[n]);
	while ((c = getopt_long(argc, argv, ":" OPT_COMMON_SHORT, options,
	    NULL)) != -1)
		live |= set_option(settings, texts, c, argc, argv);
	return live;
}

static const char *
or_environment(const char *text, const char *name)
{
	const char *value = text != NULL ? text : getenv(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

static void
read_urls(struct settings *settings, const struct texts *texts)
{
	const char *url = or_environment(texts->url, "BWS_TRADES_URL");
	const char *rest = or_environment(texts->rest, "BWS_TRADES_REST");

	if (url == NULL)
		url = URL_DEFAULT;
	if (!url_read(&settings->url, url, "ws"))
		opt_usage(&command, "'%s' is no ws:// or wss:// URL", url);
	if (rest == NULL)
		rest = url_rest_of(&settings->url);
	settings->has_rest = rest != NULL && strcmp(rest, "none") != 0;
	if (settings->has_rest && !url_read(&settings->rest, rest, "http"))
		opt_usage(&command, "'%s' is no http:// or https:// URL",
		    rest);
}

/*
 * Symbols that are behind come out merged if each of them has a page there:
 * what that takes is some 256 KiB.
 */
static size_t
default_buffer(size_t symbols)
{
	size_t buffer = BUFFER_MIN;

	if (symbols > BUFFER_MIN / BUFFER_SYMBOL)
		buffer = symbols * BUFFER_SYMBOL;
	return buffer < BUFFER_MAX ? buffer : BUFFER_MAX;
}

void
settings_read(struct settings *settings, int argc, char **argv)
{
	struct texts texts = { NULL, NULL };
	char reason[512];
	bool live;

	memset(settings, 0, sizeof *settings);
	opt_init(&settings->common, &command);
	settings->rest_weight = 5000;
	for (size_t i = 0; i < NDURATIONS; i++)
		*duration_of(settings, &durations[i]) =
		    durations[i].initial_us;
	settings->files = calloc((size_t)argc, sizeof *settings->files);
	if (settings->files == NULL)
		opt_usage(&command, "%s", strerror(errno));
	live = parse(settings, &texts, argc, argv);
	settings->operands = argv + optind;
	if (settings->replay[0] != NULL) {
		if (live || optind < argc)
			opt_usage(&command, "--replay takes no symbols and no "
			    "connection");
		return;
	}
	if (!settings_symbols(settings, &settings->streams, reason,
	    sizeof reason))
		opt_usage(&command, "%s", reason);
	if (settings->buffer == 0)
		settings->buffer = default_buffer(settings->streams.count);
	read_urls(settings, &texts);
	if (settings->ca != NULL)
		check_ca(settings->ca);
}

void
settings_free(struct settings *settings)
{
	streams_free(&settings->streams);
	free(settings->files);
}
