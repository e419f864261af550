/*
 * ohlc-window: trades, or candles of smaller windows, in; candles by event
 * time out.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "append.h"
#include "candle.h"
#include "clock.h"
#include "filter.h"
#include "json.h"
#include "msg.h"
#include "opt.h"
#include "record.h"
#include "status.h"
#include "stop.h"
#include "trade.h"

#include "partition.h"

#define SECOND_US 1000000LL
#define DAY_US (86400 * SECOND_US)
#define SAFE_INTERVAL_US SECOND_US /* between lines of provenance alone */
#define NO_UPDATES (-1)

/* Lines between two looks at the clock while input never runs dry. */
#define CLOCK_LINES 256

enum { OPT_UPDATES = OPT_OWN, OPT_MAX_AHEAD, OPT_LATE };

static const struct opt_command command = {
	.name = "ohlc-window",
	.usage = "[-w WIDTH] [-l LATENESS] [option...] [FILE...]",
	.help =
	    "Turns trades, or candles into larger ones (from FILEs or standard\n"
	    "input), into candles by event time.\n\n"
	    "  -w, --width WIDTH   of a window; divides a day (1m)\n"
	    "  -l, --lateness D    how far behind trades (10s) or candles\n"
	    "                      (0s) may come\n"
	    "  --updates INTERVAL  also emit changed open candles this often;\n"
	    "                      0: whenever input runs dry\n"
	    "  --max-ahead D       refuse an event_time further ahead of its\n"
	    "                      processed_time (1m)\n"
	    "  --late FILE         append late lines to FILE\n"
	    OPT_COMMON_HELP,
	.library = json_library,
};

/* What the first good record decides. */
enum input { INPUT_UNKNOWN, INPUT_TRADES, INPUT_CANDLES };

struct ohlc {
	enum input input;
	struct partitions_settings settings;
	int64_t updates_us; /* NO_UPDATES: none */
	const char *late_path;
	int late_fd;        /* -1: not asked for */
	struct filter filter;
	struct record_reader reader;
	struct partitions *partitions;
	int64_t update_due_us, safe_due_us; /* monotonic; INT64_MAX: never */
	unsigned lines_since_clock;
	uint64_t counted, duplicate, late, repeated;
	bool stage_twice; /* candles came with provenance */
};

/* A candle, or provenance alone, to standard output. */
static void
emit(const struct candle *candle, void *arg)
{
	struct ohlc *o = arg;
	char line[CANDLE_LINE_MAX];
	size_t len = candle->symbol.len > 0 ? candle_write(line, candle) :
	    provenance_write_line(line, &candle->provenance);

	/* A failure of standard output is told by the next flow_next(). */
	lineout_put(&o->filter.out, line, len);
}

static enum flow_result
failed(struct ohlc *o, const char *where)
{
	o->filter.flow.failed_at = where;
	return FLOW_FAILED;
}

static enum flow_result
no_memory(struct ohlc *o)
{
	errno = ENOMEM;
	return failed(o, "windows");
}

/* A late line, untouched, before any later line goes out. */
static enum flow_result
keep_late(struct ohlc *o, const struct line *line)
{
	o->late++;
	/* With its LF in one write: others may append to the file. */
	if (o->late_fd != -1 && (stop_write(o->late_fd, line->text,
	    line->len + line->terminated) == -1 || (!line->terminated &&
	    stop_write(o->late_fd, "\n", 1) == -1)))
		return failed(o, o->late_path);
	return FLOW_READY;
}

/*
 * A refused line.  Its provenance does not go on alone, as in other filters:
 * what is safe in its partition is for the windows to say.
 */
static enum flow_result
refuse(struct ohlc *o, const struct line *line, const char *reason)
{
	return filter_refuse(&o->filter, line, reason, NULL);
}

/* Candles with provenance: one stateful stage fits in such a pipeline. */
static enum flow_result
end_twice(struct ohlc *o)
{
	o->stage_twice = true;
	return FLOW_END;
}

/* A line without a record; NULL for what the reader found wrong. */
static enum flow_result
refuse_bad(struct ohlc *o, const struct line *line, const char *reason)
{
	if (o->reader.has_provenance &&
	    !partitions_pass(o->partitions, &o->reader.provenance))
		return no_memory(o);
	return refuse(o, line, reason != NULL ? reason : o->reader.reason);
}

static enum flow_result
take_trade(struct ohlc *o, const struct line *line, const struct trade *trade)
{
	switch (partitions_trade(o->partitions, trade,
	    o->reader.has_provenance ? &o->reader.provenance : NULL)) {
	case TRADE_COUNTED:
		o->counted++;
		break;
	case TRADE_DUPLICATE:
		o->duplicate++;
		break;
	case TRADE_REPEATED:
		o->repeated++;
		break;
	case TRADE_LATE:
		return keep_late(o, line);
	case TRADE_AHEAD:
		return refuse(o, line, "event_time is more than --max-ahead "
		    "after processed_time");
	case TRADE_BEYOND:
		return refuse(o, line, "its window would end after the year "
		    "9999");
	case TRADE_NO_MEMORY:
		return no_memory(o);
	}
	return FLOW_READY;
}

static enum flow_result
take_candle(struct ohlc *o, const struct line *line,
    const struct candle *candle)
{
	const char *reason;

	if (o->reader.has_provenance)
		return end_twice(o);
	switch (partitions_candle(o->partitions, candle, &reason)) {
	case CANDLE_COUNTED:
		o->counted++;
		break;
	case CANDLE_OLD:
		o->duplicate++;
		break;
	case CANDLE_LATE:
		return keep_late(o, line);
	case CANDLE_REFUSED:
		return refuse(o, line, reason);
	case CANDLE_NO_MEMORY:
		return no_memory(o);
	}
	return FLOW_READY;
}

static enum flow_result
take_provenance(struct ohlc *o)
{
	return partitions_pass(o->partitions, &o->reader.provenance) ?
	    FLOW_READY : no_memory(o);
}

/* A line where candles are expected, or where nothing is known yet. */
static enum flow_result
take_candle_line(struct ohlc *o, const struct line *line)
{
	struct candle candle;

	switch (candle_read(&o->reader, line->text, line->len, &candle)) {
	case RECORD_GOOD:
		o->input = INPUT_CANDLES;
		return take_candle(o, line, &candle);
	case RECORD_PROVENANCE:
		return take_provenance(o);
	case RECORD_BAD:
		break;
	}
	if (json_find(&o->reader.object, "window_start") != NULL)
		return o->reader.has_provenance ? end_twice(o) :
		    refuse_bad(o, line, NULL);
	return refuse_bad(o, line, json_find(&o->reader.object, "event_time")
	    != NULL ? "a trade among candles" : NULL);
}

static enum flow_result
not_a_trade(struct ohlc *o, const struct line *line)
{
	if (json_find(&o->reader.object, "window_start") == NULL)
		return refuse_bad(o, line, NULL);
	if (o->input == INPUT_UNKNOWN)
		return take_candle_line(o, line);
	return o->reader.has_provenance ? end_twice(o) :
	    refuse_bad(o, line, "a candle among trades");
}

static enum flow_result
take_line(struct ohlc *o, const struct line *line)
{
	struct trade trade;

	if (o->input == INPUT_CANDLES)
		return take_candle_line(o, line);
	switch (trade_read(&o->reader, line->text, line->len, &trade)) {
	case RECORD_GOOD:
		o->input = INPUT_TRADES;
		return take_trade(o, line, &trade);
	case RECORD_PROVENANCE:
		return take_provenance(o);
	case RECORD_BAD:
		break;
	}
	return not_a_trade(o, line);
}

/* What is due by the clock: updates, provenance alone. */
static enum flow_result
tick(struct ohlc *o)
{
	int64_t now_us = clock_monotonic_us();

	o->lines_since_clock = 0;
	if (now_us >= o->update_due_us) {
		if (!partitions_emit_open(o->partitions, false))
			return no_memory(o);
		o->update_due_us = now_us + o->updates_us;
	}
	if (now_us >= o->safe_due_us) {
		partitions_emit_safe(o->partitions);
		o->safe_due_us = now_us + SAFE_INTERVAL_US;
	}
	return FLOW_READY;
}

/* Input has run dry: wait, but not beyond what is due. */
static enum flow_result
wait_for_input(struct ohlc *o)
{
	int64_t deadline_us = o->update_due_us < o->safe_due_us ?
	    o->update_due_us : o->safe_due_us;
	enum flow_result result;

	if (o->updates_us == 0 &&
	    !partitions_emit_open(o->partitions, false))
		return no_memory(o);
	result = flow_wait(&o->filter.flow, NULL, 0, deadline_us, true);
	return result == FLOW_READY ? tick(o) : result;
}

/* Usual lines one after another, as many as are at hand. */
static enum flow_result
take_usual(struct ohlc *o)
{
	struct flow *flow = &o->filter.flow;
	enum flow_result result = FLOW_READY;
	struct line line = { .terminated = true };
	struct trade trade;
	const char *limit;

	while (result == FLOW_READY) {
		line.text = flow_peek(flow, &limit);
		line.len = trade_scan(&o->reader, line.text, limit, &trade);
		if (line.len == 0 || line.len > flow->in.max_line)
			break;
		flow_took(flow, line.len + 1, 1);
		line.number = flow->in.number;
		result = take_trade(o, &line, &trade);
		if (result == FLOW_READY &&
		    ++o->lines_since_clock >= CLOCK_LINES)
			result = tick(o);
	}
	return result;
}

static enum flow_result
run(struct ohlc *o)
{
	enum flow_result result;
	struct line line;

	do {
		result = take_usual(o);
		if (result == FLOW_READY)
			result = flow_next(&o->filter.flow, &line);
		if (result == FLOW_LINE)
			result = take_line(o, &line);
		else if (result == FLOW_LONG)
			result = filter_refuse_long(&o->filter, &line);
		else if (result == FLOW_DRY)
			result = wait_for_input(o);
		if (o->reader.has_provenance && o->safe_due_us == INT64_MAX)
			o->safe_due_us = 0;
		if (result == FLOW_READY &&
		    ++o->lines_since_clock >= CLOCK_LINES)
			result = tick(o);
	} while (result == FLOW_READY);
	return result;
}

/* At the end of input everything open goes out as it stands. */
static enum flow_result
finish(struct ohlc *o)
{
	if (!partitions_emit_open(o->partitions, true))
		return no_memory(o);
	partitions_emit_safe(o->partitions);
	return FLOW_END;
}

static int64_t
duration(const char *option, const char *text, int64_t min_us,
    int64_t max_us)
{
	int64_t value_us;

	if (!opt_duration(text, min_us, max_us, &value_us)) {
		opt_usage(&command, "%s '%s' is not a duration within its "
		    "bounds, such as 250ms, 10s or 1m", option, text);
	}
	return value_us;
}

static void
parse_option(struct ohlc *o, struct opt_common *common, int c, int argc,
    char **argv)
{
	switch (c) {
	case 'w':
		o->settings.width_us = duration("--width", optarg, SECOND_US,
		    DAY_US);
		if (DAY_US % o->settings.width_us != 0)
			opt_usage(&command, "--width '%s' does not divide a "
			    "day", optarg);
		break;
	case 'l':
		o->settings.lateness_us = duration("--lateness", optarg, 0,
		    3650 * DAY_US);
		o->settings.candle_lateness_us = o->settings.lateness_us;
		break;
	case OPT_UPDATES:
		o->updates_us = duration("--updates", optarg, 0, DAY_US);
		break;
	case OPT_MAX_AHEAD:
		o->settings.max_ahead_us = duration("--max-ahead", optarg, 0,
		    3650 * DAY_US);
		break;
	case OPT_LATE:
		o->late_path = optarg;
		break;
	default:
		opt_common(common, &command, c, argc, argv);
	}
}

static void
parse_options(struct ohlc *o, struct opt_common *common, int argc,
    char **argv)
{
	static const struct option options[] = {
		OPT_COMMON_LONG,
		{ "width", required_argument, NULL, 'w' },
		{ "lateness", required_argument, NULL, 'l' },
		{ "updates", required_argument, NULL, OPT_UPDATES },
		{ "max-ahead", required_argument, NULL, OPT_MAX_AHEAD },
		{ "late", required_argument, NULL, OPT_LATE },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	opt_init(common, &command);
	while ((c = getopt_long(argc, argv, ":w:l:" OPT_COMMON_SHORT, options,
	    NULL)) != -1)
		parse_option(o, common, c, argc, argv);
}

/* Everything that must be there before the first line. */
static enum status
begin(struct ohlc *o, const struct opt_common *common, char **files,
    size_t nfiles)
{
	enum status status;

	o->late_fd = -1;
	if (o->late_path != NULL) {
		o->late_fd = append_open(o->late_path);
		if (o->late_fd == -1) {
			msg_error("%s: %s", o->late_path, strerror(errno));
			return filter_file_status(errno);
		}
	}
	status = filter_begin(&o->filter, common, files, nfiles);
	if (status != STATUS_OK)
		return status;
	record_reader_init(&o->reader);
	o->partitions = partitions_new(&o->settings, emit, o);
	if (o->partitions == NULL) {
		msg_error("windows: %s", strerror(errno));
		return STATUS_WORLD;
	}
	o->update_due_us = o->updates_us > 0 ?
	    clock_monotonic_us() + o->updates_us : INT64_MAX;
	o->safe_due_us = INT64_MAX; /* until there is provenance */
	return STATUS_OK;
}

static enum status
end(struct ohlc *o, enum flow_result how)
{
	const char *records = o->input == INPUT_CANDLES ? "candles" :
	    "trades";
	enum status status;

	if (how == FLOW_END && !o->stage_twice)
		how = finish(o);
	status = filter_end(&o->filter, how);
	if (o->stage_twice) {
		msg_error("candles with provenance: one stateful stage "
		    "per acknowledged pipeline");
		status = STATUS_USAGE;
	}
	if (o->late > 0) {
		msg_warn("%llu late %s%s", (unsigned long long)o->late,
		    records, o->late_path != NULL ? "" :
		    " (--late FILE keeps them)");
	}
	msg_info("%llu %s counted, %llu duplicates, %llu offsets "
	    "repeated, %llu lines out", (unsigned long long)o->counted,
	    records, (unsigned long long)o->duplicate,
	    (unsigned long long)o->repeated,
	    (unsigned long long)o->filter.out.lines);
	if (o->late_fd != -1 && close(o->late_fd) == -1) {
		msg_error("%s: %s", o->late_path, strerror(errno));
		status = STATUS_WORLD;
	}
	partitions_free(o->partitions);
	record_reader_free(&o->reader);
	return status;
}

int
main(int argc, char **argv)
{
	struct ohlc ohlc = {
		.settings = {
			.width_us = 60 * SECOND_US,
			.lateness_us = 10 * SECOND_US,
			.max_ahead_us = 60 * SECOND_US,
		},
		.updates_us = NO_UPDATES,
	};
	struct opt_common common;
	enum status status;

	parse_options(&ohlc, &common, argc, argv);
	status = begin(&ohlc, &common, argv + optind,
	    (size_t)(argc - optind));
	if (status != STATUS_OK)
		return status;
	return end(&ohlc, run(&ohlc));
}
