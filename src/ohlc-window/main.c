/*
 * ohlc-window: trades, or candles of smaller windows, in; candles by event
 * time out.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "candle.h"
#include "clock.h"
#include "filter.h"
#include "json.h"
#include "msg.h"
#include "opt.h"
#include "status.h"

#include "intake.h"
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
	    "Turns trades (from FILEs or standard input) into candles by\n"
	    "event time, or candles into larger ones.\n\n"
	    "  -w, --width WIDTH   of a window; divides a day (1m)\n"
	    "  -l, --lateness D    how far behind trades (10s) or candles\n"
	    "                      (0s) may come\n"
	    "  --updates INTERVAL  also emit changed open candles this often;\n"
	    "                      0: whenever input runs dry\n"
	    "  --max-ahead D       refuse an event_time further ahead of its\n"
	    "                      processed_time (1m)\n"
	    "  --late FILE         append late lines to FILE\n"
	    OPT_PROGRESS_HELP
	    OPT_COMMON_HELP,
	.library = json_library,
};

struct ohlc {
	struct partitions_settings settings;
	int64_t updates_us; /* NO_UPDATES: none */
	const char *late_path;
	struct filter filter;
	struct intake intake;
	struct partitions *partitions;
	int64_t update_due_us, safe_due_us; /* monotonic; INT64_MAX: never */
	unsigned lines_since_clock;
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

/* What is due by the clock: updates, provenance alone. */
static enum flow_result
tick(struct ohlc *o)
{
	int64_t now_us = clock_monotonic_us();

	o->lines_since_clock = 0;
	if (now_us >= o->update_due_us) {
		if (!partitions_emit_open(o->partitions, false))
			return intake_no_memory(&o->intake);
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
		return intake_no_memory(&o->intake);
	result = flow_wait(&o->filter.flow, NULL, 0, deadline_us, true);
	return result == FLOW_READY ? tick(o) : result;
}

/* Lines until the clock is to be looked at again. */
static enum flow_result
take_lines(struct ohlc *o)
{
	struct line line;
	unsigned taken;
	enum flow_result result = intake_usual(&o->intake, CLOCK_LINES,
	    &taken);

	o->lines_since_clock += taken;
	if (result != FLOW_READY || taken >= CLOCK_LINES)
		return result;
	result = flow_next(&o->filter.flow, &line);
	o->lines_since_clock++;
	if (result == FLOW_LINE)
		return intake_line(&o->intake, &line);
	if (result == FLOW_LONG)
		return filter_refuse_long(&o->filter, &line);
	return result == FLOW_DRY ? wait_for_input(o) : result;
}

static enum flow_result
run(struct ohlc *o)
{
	enum flow_result result;

	do {
		result = take_lines(o);
		filter_progress(&o->filter, &o->intake.late);
		if (o->intake.reader.has_provenance &&
		    o->safe_due_us == INT64_MAX)
			o->safe_due_us = 0;
		if (result == FLOW_READY &&
		    o->lines_since_clock >= CLOCK_LINES)
			result = tick(o);
	} while (result == FLOW_READY);
	return result;
}

/* At the end of input everything open goes out as it stands. */
static enum flow_result
finish(struct ohlc *o)
{
	if (!partitions_emit_open(o->partitions, true))
		return intake_no_memory(&o->intake);
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
		OPT_PROGRESS_LONG,
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

	/* Before anything is allocated: the caller only leaves. */
	if (intake_init(&o->intake, &o->filter, o->late_path) == -1) {
		msg_error("%s: %s", o->late_path, strerror(errno));
		return filter_file_status(errno);
	}
	status = filter_begin(&o->filter, common, files, nfiles);
	if (status != STATUS_OK)
		return status;
	flow_writes(&o->filter.flow, o->intake.late_fd);
	o->partitions = partitions_new(&o->settings, emit, o);
	if (o->partitions == NULL) {
		msg_error("windows: %s", strerror(errno));
		return STATUS_WORLD;
	}
	o->intake.partitions = o->partitions;
	o->update_due_us = o->updates_us > 0 ?
	    clock_monotonic_us() + o->updates_us : INT64_MAX;
	o->safe_due_us = INT64_MAX; /* until there is provenance */
	return STATUS_OK;
}

static void
sum_up(const struct ohlc *o)
{
	const struct intake *in = &o->intake;
	const char *records = in->kind == INTAKE_CANDLES ? "candles" :
	    "trades";

	if (in->late > 0) {
		msg_warn("%llu late %s%s", (unsigned long long)in->late,
		    records, o->late_path != NULL ? "" :
		    " (--late FILE keeps them)");
	}
	msg_info("%llu %s counted, %llu duplicates, %llu offsets "
	    "repeated, %llu lines out", (unsigned long long)in->counted,
	    records, (unsigned long long)in->duplicate,
	    (unsigned long long)in->repeated,
	    (unsigned long long)o->filter.out.lines);
}

static enum status
end(struct ohlc *o, enum flow_result how)
{
	enum status status;

	if (how == FLOW_END && !o->intake.stage_twice)
		how = finish(o);
	status = filter_end(&o->filter, how);
	if (o->intake.stage_twice) {
		msg_error("candles with provenance: one stateful stage "
		    "per acknowledged pipeline");
		status = STATUS_USAGE;
	}
	sum_up(o);
	if (intake_free(&o->intake) == -1) {
		msg_error("%s: %s", o->late_path, strerror(errno));
		status = STATUS_WORLD;
	}
	partitions_free(o->partitions);
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
