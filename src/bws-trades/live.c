#include "live.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "feed.h"
#include "heal.h"
#include "intake.h"
#include "msg.h"
#include "outage.h"
#include "outlet.h"
#include "reload.h"
#include "resume.h"
#include "roster.h"
#include "stop.h"

/*
 * The exchange bans an address after 300 connections in 5 minutes.  Some room
 * is left for others behind the same address, and for clocks that differ.
 */
#define ATTEMPTS_MAX 270
#define ATTEMPTS_WINDOW_US INT64_C(300000000)
#define WEIGHT_WINDOW_US INT64_C(60000000)
#define LINKS_A_SHARD 3
#define QUIET_NAMES 20 /* that a message has at the most */

struct live {
	const struct settings *settings;
	struct intake intake;
	struct outlet outlet;
	struct reload reload;
	struct roster roster;
	struct net *net;
	struct feed *feed;
	struct heal *heal;         /* NULL: no REST */
	struct resolve *resolve;
	struct limit attempts, weight;
	struct sidefile stats;
	int64_t stats_due_us;
	struct outage stream, rest; /* what was said of them */
};

/* --- What connections say. --- */

static const char *
on_frame(void *arg, struct link *link, const char *text, size_t len)
{
	struct live *live = arg;
	struct frame_reader *reader = &live->intake.reader;

	switch (intake_frame(&live->intake, text, len)) {
	case FRAME_TRADE:
	case FRAME_SKIPPED:
		feed_delivered(live->feed, link);
		break;
	case FRAME_ANSWER:
		feed_answer(live->feed, link, reader->answer_id, true);
		break;
	case FRAME_ERROR:
		if (reader->answer_id >= 0)
			feed_answer(live->feed, link, reader->answer_id,
			    false);
		break;
	case FRAME_SHUTDOWN:
		feed_shutdown(live->feed, link);
		break;
	case FRAME_BAD:
		if (reader->not_utf8)
			return "it sent text that is not UTF-8";
		break;
	default:
		break;
	}
	return NULL;
}

/* While standard output is full REST is not asked either. */
static void
look_online(struct live *live, int64_t now_us)
{
	sequence_online(live->intake.sequence, !outlet_full(&live->outlet) &&
	    feed_connections(live->feed) > 0, now_us);
}

/* Reports a failure of the stream. */
static void
say_stream(struct live *live, const char *what, const char *detail,
    enum net_telling telling, bool more)
{
	outage_say(&live->stream, &(struct outage_failure){
		.what = what, .detail = detail, .telling = telling,
		.more = more, .now_us = clock_monotonic_us() });
}

static void
on_feed(void *arg, enum feed_event event, unsigned number, const char *detail,
    enum net_telling telling)
{
	static const char *const words[] = {
		[FEED_CONNECTING] = "connecting to", [FEED_UP] = "up",
		[FEED_READY] = "subscribed", [FEED_ROTATING] = "is replaced:",
		[FEED_CLOSED] = "closed",
		[FEED_LIMITED] = "the limit of connections is reached",
		[FEED_REFUSED] = "the exchange refused a request",
		[FEED_DOWN] = "ended:", [FEED_FAILED] = "failed:",
	};
	struct live *live = arg;

	if (number > 0)
		msg_info("connection %u: %s%s%.200s", number, words[event],
		    detail == NULL ? "" : " ", detail == NULL ? "" : detail);
	if (event == FEED_UP)
		outage_over(&live->stream, "connected again");
	else if (event == FEED_DOWN)
		say_stream(live, "", detail, NET_UNREACHED, false);
	else if (event == FEED_FAILED)
		say_stream(live, "cannot connect: ", detail, telling,
		    resolve_has_more(live->resolve));
	else if (event == FEED_LIMITED)
		say_stream(live, "", words[event], NET_UNREACHED, false);
	look_online(live, clock_monotonic_us());
}

static void
on_missed(void *arg, const char *symbol)
{
	struct live *live = arg;
	struct sequence_symbol *found = sequence_find(live->intake.sequence,
	    symbol, strlen(symbol));

	if (found != NULL)
		sequence_suspect(live->intake.sequence, found,
		    clock_monotonic_us());
}

static void
on_subscribed(void *arg, const char *symbol, int64_t now_us)
{
	struct live *live = arg;
	struct sequence_symbol *found = sequence_find(live->intake.sequence,
	    symbol, strlen(symbol));

	if (found != NULL)
		roster_subscribed(&live->roster, found, now_us);
}

static void
on_heal(void *arg, enum heal_event event, const char *detail,
    enum net_telling telling)
{
	struct live *live = arg;
	struct outage_failure failure = {
		.what = "REST: ", .detail = detail, .telling = telling,
		.now_us = clock_monotonic_us(),
	};

	switch (event) {
	case HEAL_ASKED:
		msg_info("REST: asked for %s", detail);
		break;
	case HEAL_PAGE:
		msg_info("REST: %s", detail);
		break;
	case HEAL_FAILED:
		failure.more = heal_has_more(live->heal);
		outage_say(&live->rest, &failure);
		break;
	case HEAL_LIMITED:
		outage_say(&live->rest, &failure);
		break;
	case HEAL_WELL:
		outage_over(&live->rest, "REST answers again");
		break;
	case HEAL_REFUSED:
		msg_info("REST: refused: %s", detail);
		break;
	}
}

static int
on_page(void *arg, const char *symbol, size_t symbol_len, const char *body,
    size_t len, int64_t read_us)
{
	struct live *live = arg;

	return intake_page(&live->intake, symbol, symbol_len, body, len,
	    read_us);
}

static void
on_heal_error(void *arg)
{
	struct live *live = arg;

	intake_failed(&live->intake, "a healed trade", ENOMEM);
}

static void
on_log(int level, const char *line)
{
	(void)level;
	msg_info("libwebsockets: %.*s", (int)strcspn(line, "\n"), line);
}

/* --- Symbols. --- */

static int
add_symbol(struct live *live, const char *symbol)
{
	struct sequence_symbol *added = sequence_add(live->intake.sequence,
	    symbol, strlen(symbol));

	return added == NULL || roster_add(&live->roster, symbol,
	    added) != 0 ? -1 : feed_add(live->feed, symbol);
}

static int
drop_symbol(struct live *live, struct roster_entry *entry)
{
	int result = feed_drop(live->feed, entry->symbol);

	if (sequence_drop(live->intake.sequence, entry->sequence,
	    clock_monotonic_us()) != 0)
		result = -1;
	roster_remove(&live->roster, entry);
	return result;
}

/* HUP: the symbols once more. */
static void
reload(struct live *live)
{
	struct streams streams = { .count = 0 };
	size_t added = 0, dropped = 0;
	char reason[512];
	int result = 0;

	if (!settings_symbols(live->settings, &streams, reason,
	    sizeof reason)) {
		msg_warn("HUP: %s; the symbols stay what they were", reason);
		streams_free(&streams);
		return;
	}
	for (size_t i = live->roster.count; i-- > 0; ) {
		if (!streams_has(&streams, live->roster.entries[i].symbol)) {
			dropped++;
			result |= drop_symbol(live, &live->roster.entries[i]);
		}
	}
	for (size_t i = 0; i < streams.count; i++) {
		const char *symbol = streams.symbols[i];

		if (sequence_find(live->intake.sequence, symbol,
		    strlen(symbol)) == NULL) {
			added++;
			result |= add_symbol(live, symbol);
		}
	}
	streams_free(&streams);
	if (result != 0)
		intake_failed(&live->intake, "a symbol", ENOMEM);
	msg_info("HUP: %zu symbols: %zu added, %zu dropped",
	    live->roster.count, added, dropped);
}

/* Names those that were never heard of. */
static void
say_quiet(struct live *live, int64_t now_us)
{
	char names[QUIET_NAMES * (RECORD_SYMBOL_MAX + 2) + 32];
	const char *symbol;
	size_t count = 0, n = 0;

	while ((symbol = roster_quiet(&live->roster, now_us,
	    live->settings->quiet_us)) != NULL)
		if (count++ < QUIET_NAMES)
			n += (size_t)sprintf(names + n, "%s%s", n > 0 ? ", " :
			    "", symbol);
	if (count > QUIET_NAMES)
		sprintf(names + n, " and %zu more", count - QUIET_NAMES);
	if (count > 0)
		msg_warn("no trade in %g s since it was subscribed to: %s",
		    (double)live->settings->quiet_us / 1e6, names);
}

/* --- Counts. --- */

static void
count(struct live *live, struct stats_counts *out)
{
	const struct sequence_counts *sequence = sequence_counts(
	    live->intake.sequence);

	*out = (struct stats_counts){
		.connections = feed_connections(live->feed),
		.attempts = feed_attempts(live->feed),
		.frames = live->intake.nframes, .trades = sequence->trades,
		.healed = sequence->healed,
		.duplicates = sequence->duplicates, .gaps = sequence->gaps,
		.missing = sequence->missing, .waiting = sequence->waiting,
		.refused = live->intake.filter->rejects.count,
	};
}

static void
write_stats(struct live *live)
{
	struct stats_counts counts;
	char line[STATS_LINE_MAX];
	size_t len;

	if (!live->stats.open)
		return;
	count(live, &counts);
	len = stats_line(line, &live->intake.stats, &counts,
	    clock_realtime_us());
	/* It comes with its LF, which a side file adds. */
	if (sidefile_put(&live->stats, line, len - 1) != 0 ||
	    sidefile_flush(&live->stats) != 0)
		intake_failed(&live->intake, live->stats.path, errno);
}

static void
say_counts(struct live *live)
{
	struct stats_counts counts;

	count(live, &counts);
	msg_info("%" PRIu64 " frames: %" PRIu64 " trades, %" PRIu64
	    " others, %" PRIu64 " refused; %" PRIu64 " duplicates, %" PRIu64
	    " healed in %" PRIu64 " requests, %" PRIu64 " gaps; %" PRIu64
	    " connections", counts.frames, counts.trades,
	    live->intake.nothers, counts.refused, counts.duplicates,
	    counts.healed, live->heal == NULL ? 0 :
	    heal_requests(live->heal), counts.gaps, counts.attempts);
}

/* --- The loop. --- */

static int64_t
min_us(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Does what is due; returns when the next thing is. */
static int64_t
tick(struct live *live)
{
	int64_t now_us = clock_monotonic_us(), due_us;
	bool held = outlet_full(&live->outlet);

	look_online(live, now_us);
	if (reload_asked(&live->reload))
		reload(live);
	due_us = feed_tick(live->feed, now_us);
	if (live->heal != NULL)
		due_us = min_us(due_us, heal_tick(live->heal, now_us, held));
	if (sequence_tick(live->intake.sequence, now_us) != 0)
		intake_failed(&live->intake, "a trade", ENOMEM);
	due_us = min_us(due_us, sequence_due(live->intake.sequence, false));
	if (now_us >= live->roster.due_us)
		say_quiet(live, now_us);
	due_us = min_us(due_us, live->roster.due_us);
	if (live->stats.open && now_us >= live->stats_due_us) {
		write_stats(live);
		live->stats_due_us = now_us +
		    live->settings->stats_interval_us;
	}
	return live->stats.open ? min_us(due_us, live->stats_due_us) : due_us;
}

static enum flow_result
turn(struct live *live)
{
	struct intake *intake = &live->intake;
	enum flow_result result;
	int64_t due_us = tick(live);

	if (intake->result != FLOW_READY)
		return intake->result;
	if (net_wait(live->net, due_us) == -1) {
		intake_failed(intake, "libwebsockets", EIO);
		return intake->result;
	}
	if (intake->result != FLOW_READY)
		return intake->result;
	result = outlet_settle(&live->outlet, feed_ready(live->feed));
	if (result != FLOW_READY)
		return result;
	feed_pause(live->feed, outlet_full(&live->outlet));
	if (outlet_idle(&live->outlet))
		intake_flush(intake);
	return intake->result;
}

/* --- Set-up. --- */

static int
open_heal(struct live *live)
{
	const struct settings *settings = live->settings;
	struct heal_options options = {
		.net = live->net, .url = &settings->rest,
		.sequence = live->intake.sequence, .weight = &live->weight,
		.microseconds = settings->microseconds,
		.timeout_us = settings->connect_timeout_us,
		.retry_max_us = settings->retry_max_us, .arg = live,
		.on_event = on_heal, .on_page = on_page,
		.on_error = on_heal_error,
	};

	limit_init(&live->weight, settings->rest_weight, WEIGHT_WINDOW_US);
	if (!settings->has_rest)
		return 0;
	live->heal = heal_open(&options);
	return live->heal == NULL ? -1 : 0;
}

static int
open_feed(struct live *live)
{
	const struct settings *settings = live->settings;
	struct feed_options options = {
		.net = live->net, .url = &settings->url,
		.resolve = live->resolve, .attempts = &live->attempts,
		.microseconds = settings->microseconds,
		.max_frame = settings->common.max_line,
		.rotate_us = settings->rotate_us,
		.overlap_us = settings->overlap_us,
		.stale_us = settings->stale_us,
		.connect_timeout_us = settings->connect_timeout_us,
		.retry_max_us = settings->retry_max_us, .arg = live,
		.on_frame = on_frame, .on_event = on_feed,
		.on_missed = on_missed, .on_subscribed = on_subscribed,
	};

	limit_init(&live->attempts, ATTEMPTS_MAX, ATTEMPTS_WINDOW_US);
	live->feed = feed_open(&options);
	if (live->feed == NULL)
		return -1;
	for (size_t i = 0; i < settings->streams.count; i++)
		if (add_symbol(live, settings->streams.symbols[i]) != 0)
			return -1;
	return 0;
}

static int
open_net(struct live *live)
{
	struct net_options options = {
		.ca = live->settings->ca, .on_log = on_log,
		.links = LINKS_A_SHARD * (STREAMS_ALL_MAX / STREAMS_MAX),
	};

	options.wake_fd = outlet_open(&live->outlet, live->intake.filter,
	    live->settings->buffer, reload_fd(&live->reload));
	if (options.wake_fd == -1)
		return -1;
	live->net = net_open(&options);
	live->resolve = resolve_open(live->settings->url.host);
	if (live->net != NULL && live->resolve != NULL)
		return 0;
	errno = ENOMEM;
	return -1;
}

static enum status
begin(struct live *live, struct filter *filter)
{
	const struct settings *settings = live->settings;
	enum status status = intake_open(&live->intake, filter, settings);

	if (status != STATUS_OK)
		return status;
	if (sidefile_open(&live->stats, settings->stats) != 0) {
		msg_error("%s: %s", settings->stats, strerror(errno));
		return filter_file_status(errno);
	}
	live->stats_due_us = clock_monotonic_us() +
	    settings->stats_interval_us;
	outage_init(&live->stream, &settings->url);
	outage_init(&live->rest, &settings->rest);
	if (reload_open(&live->reload, settings->nfiles > 0) != 0 ||
	    open_net(live) != 0 || open_heal(live) != 0 ||
	    open_feed(live) != 0) {
		msg_error("set-up: %s", strerror(errno));
		return STATUS_WORLD;
	}
	return settings->resume == NULL ? STATUS_OK : resume_read(
	    live->intake.sequence, settings->resume,
	    settings->common.max_line, clock_monotonic_us());
}

static void
end(struct live *live)
{
	heal_close(live->heal);
	feed_close(live->feed);
	resolve_close(live->resolve);
	if (live->net != NULL)
		net_close(live->net);
	roster_free(&live->roster);
	reload_close(&live->reload);
}

enum flow_result
live_run(struct filter *filter, const struct settings *settings,
    enum status *status)
{
	struct live *live = calloc(1, sizeof *live);
	enum flow_result result = FLOW_READY;
	int error;

	if (live == NULL) {
		msg_error("set-up: %s", strerror(errno));
		*status = STATUS_WORLD;
		return FLOW_END;
	}
	live->settings = settings;
	live->reload.fd = -1;
	*status = begin(live, filter);
	while (*status == STATUS_OK && result == FLOW_READY && !stop_asked())
		result = turn(live);
	error = errno;
	if (*status == STATUS_OK && result == FLOW_READY) {
		intake_end(&live->intake);
		write_stats(live);
		say_counts(live);
	}
	intake_close(&live->intake);
	if (result == FLOW_READY)
		result = live->intake.result;
	if (live->intake.error != 0)
		error = live->intake.error;
	if (sidefile_close(&live->stats) != 0 && result == FLOW_READY) {
		error = errno;
		filter->flow.failed_at = settings->stats;
		result = FLOW_FAILED;
	}
	end(live);
	free(live);
	errno = error;
	return result == FLOW_READY ? FLOW_END : result;
}
