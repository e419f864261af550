/*
 * ndjson-validate: passes good lines byte for byte, refuses the rest.
 */
#include <getopt.h>
#include <string.h>

#include "candle.h"
#include "filter.h"
#include "json.h"
#include "msg.h"
#include "opt.h"
#include "record.h"
#include "status.h"
#include "trade.h"

enum { OPT_ANY = OPT_OWN };

static const struct opt_command command = {
	.name = "ndjson-validate",
	.usage = "[-t trade|candle | --any] [option...] [FILE...]",
	.help =
	    "Passes good lines of FILEs (or of standard input) on unchanged,\n"
	    "refuses the rest.  Good means: one JSON object.\n\n"
	    "  -t, --type TYPE     good means: a trade, or a candle\n"
	    "  --any               good means: any JSON value\n"
	    OPT_PROGRESS_HELP
	    OPT_COMMON_HELP,
	.library = json_library,
};

/* What a line must be to pass. */
enum kind { KIND_OBJECT, KIND_ANY, KIND_TRADE, KIND_CANDLE };

struct validator {
	enum kind kind;
	struct record_reader reader;
	struct filter filter;
};

/* An object of which nothing need be known. */
static const struct record_field no_fields[1];

static enum record_result
judge(struct validator *v, const struct line *line)
{
	struct trade trade;
	struct candle candle;
	struct json_error error;
	uint32_t present;

	switch (v->kind) {
	case KIND_TRADE:
		return trade_read(&v->reader, line->text, line->len, &trade);
	case KIND_CANDLE:
		return candle_read(&v->reader, line->text, line->len,
		    &candle);
	case KIND_OBJECT:
		return record_read_fields(&v->reader, line->text, line->len,
		    no_fields, 0, &trade, &present);
	case KIND_ANY:
		break;
	}
	if (json_check(line->text, line->len, &error) == 0)
		return RECORD_GOOD;
	if (error.at == JSON_NOWHERE)
		return record_bad(&v->reader, "%s", error.reason);
	return record_bad(&v->reader, "not JSON: %s at byte %zu",
	    error.reason, error.at + 1);
}

/* The length of the line at text where it is a usual one, and good; or 0. */
static size_t
scan(struct validator *v, const char *text, const char *limit)
{
	struct trade trade;
	struct candle candle;
	uint32_t present;

	switch (v->kind) {
	case KIND_TRADE:
		return trade_scan(&v->reader, text, limit, &trade);
	case KIND_CANDLE:
		return candle_scan(&v->reader, text, limit, &candle);
	case KIND_OBJECT:
		return recordscan_line(&v->reader, text, limit, no_fields,
		    &trade, &present);
	case KIND_ANY:
		break;
	}
	return 0;
}

/* Usual lines one after another, as many as are at hand, out at once. */
static void
pass_usual(struct validator *v)
{
	struct flow *flow = &v->filter.flow;
	const char *limit, *begin = flow_peek(flow, &limit), *p = begin;
	uint64_t lines = 0;
	size_t len;

	while ((len = scan(v, p, limit)) > 0 && len <= flow->in.max_line) {
		p += len + 1;
		lines++;
	}
	if (lines == 0)
		return;
	/* A failure of standard output is told by the next flow_next(). */
	lineout_put_lines(&v->filter.out, begin, (size_t)(p - begin), lines);
	flow_took(flow, (size_t)(p - begin), lines);
}

/* One line in, one line out. */
static enum flow_result
validate(struct validator *v, const struct line *line)
{
	switch (judge(v, line)) {
	case RECORD_BAD:
		return filter_refuse(&v->filter, line, v->reader.reason,
		    &v->reader);
	case RECORD_NO_MEMORY:
		return flow_no_memory(&v->filter.flow);
	case RECORD_GOOD:
	case RECORD_PROVENANCE:
		break;
	}
	/* A failure of standard output is told by the next flow_next(). */
	lineout_put(&v->filter.out, line->text, line->len);
	return FLOW_READY;
}

/* Until the input or the output ends. */
static enum flow_result
run(struct validator *v)
{
	struct flow *flow = &v->filter.flow;
	enum flow_result result;
	struct line line;

	do {
		filter_progress(&v->filter, NULL);
		pass_usual(v);
		result = flow_next(flow, &line);
		if (result == FLOW_LINE)
			result = validate(v, &line);
		else if (result == FLOW_LONG)
			result = filter_refuse_long(&v->filter, &line);
		else if (result == FLOW_DRY)
			result = flow_wait(flow, NULL, 0, INT64_MAX, true);
	} while (result == FLOW_READY);
	return result;
}

static void
parse_options(struct validator *v, struct opt_common *common, int argc,
    char **argv)
{
	static const struct option options[] = {
		OPT_COMMON_LONG,
		OPT_PROGRESS_LONG,
		{ "type", required_argument, NULL, 't' },
		{ "any", no_argument, NULL, OPT_ANY },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	opt_init(common, &command);
	while ((c = getopt_long(argc, argv, ":t:" OPT_COMMON_SHORT, options,
	    NULL)) != -1) {
		if (c == OPT_ANY)
			v->kind = KIND_ANY;
		else if (c == 't' && strcmp(optarg, "trade") == 0)
			v->kind = KIND_TRADE;
		else if (c == 't' && strcmp(optarg, "candle") == 0)
			v->kind = KIND_CANDLE;
		else if (c == 't')
			opt_usage(&command, "-t is trade or candle, not '%s'",
			    optarg);
		else
			opt_common(common, &command, c, argc, argv);
	}
}

int
main(int argc, char **argv)
{
	struct validator v = { .kind = KIND_OBJECT };
	struct opt_common common;
	enum status status;

	parse_options(&v, &common, argc, argv);
	status = filter_begin(&v.filter, &common, argv + optind,
	    (size_t)(argc - optind));
	if (status != STATUS_OK)
		return status;
	record_reader_init(&v.reader);
	status = filter_end(&v.filter, run(&v));
	msg_info("%llu lines passed, %llu refused",
	    (unsigned long long)v.filter.out.lines,
	    (unsigned long long)v.filter.rejects.count);
	record_reader_free(&v.reader);
	return status;
}
