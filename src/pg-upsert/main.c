/*
 * pg-upsert: writes the objects on standard input to a table of PostgreSQL.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ackout.h"
#include "batch.h"
#include "binding.h"
#include "clock.h"
#include "db.h"
#include "filter.h"
#include "flow.h"
#include "msg.h"
#include "opt.h"
#include "record.h"
#include "rejects.h"
#include "status.h"
#include "stop.h"
#include "writer.h"

enum { OPT_KEY = OPT_OWN, OPT_NEWER, OPT_IGNORE, OPT_ACK, OPT_EXTRA };

static const struct opt_command command = {
	.name = "pg-upsert",
	.usage = "[-d CONNINFO] [--newer COLUMNS | --ignore] [option...] "
	    "TABLE",
	.help =
	    "Inserts the JSON objects on standard input into TABLE, or\n"
	    "updates the rows that have their keys.\n\n"
	    "  -d, --database CONNINFO\n"
	    "                      libpq's way to it (TICKPIPE_DATABASE)\n"
	    "  --key COLUMNS       a unique index's columns (the primary key)\n"
	    "  --newer COLUMNS     update only if these, compared as a row,\n"
	    "                      are at least what is stored\n"
	    "  --ignore            leave rows that are there as they are\n"
	    "  --ack PATH          say to this FIFO what is committed\n"
	    "  --extra refuse|ignore\n"
	    "                      members that are no columns (refuse)\n"
	    OPT_COMMON_HELP,
	.library = db_library,
	.h_hint = "-h is help here, and goes alone: the host belongs into "
	    "-d 'host=... dbname=...' or PGHOST",
};

struct settings {
	struct opt_common common;
	struct db_options db;
	const char *ack;
	bool extra_ignored;
};

/* Everything that moves. */
struct sink {
	const struct settings *settings;
	struct flow flow;
	struct record_reader reader;
	struct binding binding;
	struct batch batches[2];
	struct batch *forming;
	struct db *db;
	struct ackout ack;
	struct rejects rejects;
	struct writer writer;
	bool bound;   /* the table is known, binding and batches are there */
	bool ready;   /* the writer takes a batch */
	bool held;    /* binding holds a row that forming does not take */
	struct line line; /* the row's, if held */
	bool dry, ended;
	enum status status;
};

static void
parse_names(struct names *names, const char *option, const char *text)
{
	const char *wrong;

	names_free(names);
	wrong = names_read(names, text);
	if (wrong != NULL)
		opt_usage(&command, "%s '%s': %s", option, text, wrong);
}

/* One option of the command's own; false if it is a common one. */
static bool
parse_option(struct settings *settings, int c)
{
	switch (c) {
	case 'd':
		settings->db.conninfo = optarg;
		if (db_has_password(optarg))
			msg_warn("a password on the command line is there "
			    "for every user to see: use a password file, a "
			    "service or PGPASSWORD");
		return true;
	case OPT_KEY:
		parse_names(&settings->db.wanted.key, "--key", optarg);
		return true;
	case OPT_NEWER:
		parse_names(&settings->db.wanted.newer, "--newer", optarg);
		return true;
	case OPT_IGNORE:
		settings->db.mode = STATEMENT_IGNORE;
		return true;
	case OPT_ACK:
		settings->ack = optarg;
		return true;
	case OPT_EXTRA:
		settings->extra_ignored = strcmp(optarg, "ignore") == 0;
		if (!settings->extra_ignored && strcmp(optarg, "refuse") != 0)
			opt_usage(&command, "--extra is refuse or ignore, "
			    "not '%s'", optarg);
		return true;
	default:
		return false;
	}
}

static void
parse_options(struct settings *settings, int argc, char **argv)
{
	static const struct option options[] = {
		OPT_COMMON_LONG,
		{ "database", required_argument, NULL, 'd' },
		{ "key", required_argument, NULL, OPT_KEY },
		{ "newer", required_argument, NULL, OPT_NEWER },
		{ "ignore", no_argument, NULL, OPT_IGNORE },
		{ "ack", required_argument, NULL, OPT_ACK },
		{ "extra", required_argument, NULL, OPT_EXTRA },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	opt_init(&settings->common, &command);
	settings->db.conninfo = getenv("TICKPIPE_DATABASE");
	while ((c = getopt_long(argc, argv, ":d:" OPT_COMMON_SHORT, options,
	    NULL)) != -1) {
		if (!parse_option(settings, c))
			opt_common(&settings->common, &command, c, argc, argv);
	}
	if (optind == argc)
		opt_usage(&command, "which TABLE?");
	if (optind + 1 < argc)
		opt_usage(&command, "one TABLE only, not also '%s'",
		    argv[optind + 1]);
	if (settings->db.mode == STATEMENT_IGNORE &&
	    settings->db.wanted.newer.count > 0)
		opt_usage(&command, "--newer and --ignore exclude each other");
	settings->db.wanted.table = argv[optind];
}

/* Ends the reading: what was read so far is still committed. */
static void
end_input(struct sink *sink, enum status status)
{
	sink->ended = true;
	sink->status = status_worse(sink->status, status);
}

static void
out_of_memory(struct sink *sink)
{
	msg_error("out of memory");
	end_input(sink, STATUS_WORLD);
}

/* The line counts as done, with the batch that is forming, for its source. */
static void
mark_line(struct sink *sink)
{
	if (sink->reader.has_provenance && marks_put(&sink->forming->marks,
	    &sink->reader.provenance) == -1)
		out_of_memory(sink);
}

static void
refuse_line(struct sink *sink, const struct line *line, const char *reason,
    size_t len)
{
	struct reject reject = {
		.reason = reason,
		.line = line->number,
		.text = line->text,
		.len = len,
		.whole_len = line->len,
	};

	if (rejects_put(&sink->rejects, &reject) == -1) {
		msg_error("%s: %s", sink->rejects.path ?
		    sink->rejects.path : "standard error", strerror(errno));
		end_input(sink, STATUS_WORLD);
		return;
	}
	mark_line(sink);
}

/* Adds the row that binding holds, unless it has to wait for the next batch. */
static void
add_row(struct sink *sink)
{
	sink->held = !batch_takes(sink->forming, &sink->binding);
	if (sink->held)
		return;
	if (batch_add(sink->forming, &sink->binding, sink->line.text,
	    sink->line.len, sink->line.number) == -1) {
		out_of_memory(sink);
		return;
	}
	mark_line(sink);
}

static void
take_line(struct sink *sink, const struct line *line)
{
	switch (record_read(&sink->reader, line->text, line->len)) {
	case RECORD_BAD:
		refuse_line(sink, line, sink->reader.reason, line->len);
		return;
	case RECORD_PROVENANCE:
		mark_line(sink);
		return;
	case RECORD_NO_MEMORY:
		out_of_memory(sink);
		return;
	case RECORD_GOOD:
		break;
	}
	if (!binding_row(&sink->binding, &sink->reader.object)) {
		if (sink->reader.object.no_memory)
			out_of_memory(sink);
		else
			refuse_line(sink, line, sink->binding.reason,
			    line->len);
		return;
	}
	sink->line = *line;
	add_row(sink);
}

static void
take_long_line(struct sink *sink, const struct line *line)
{
	sink->reader.has_provenance = false;
	refuse_line(sink, line, "line too long", line->len <
	    LINEIN_LONG_HEAD ? line->len : LINEIN_LONG_HEAD);
}

/* Whether there is room for what is read. */
static bool
may_read(const struct sink *sink)
{
	return sink->bound && !sink->ended && !sink->held &&
	    !batch_full(sink->forming) && !db_sending(sink->db);
}

/* Reads until input would block or the batch is full. */
static void
read_lines(struct sink *sink)
{
	struct line line;

	sink->dry = false;
	while (may_read(sink) && !sink->dry) {
		switch (flow_next(&sink->flow, &line)) {
		case FLOW_LINE:
			take_line(sink, &line);
			break;
		case FLOW_LONG:
			take_long_line(sink, &line);
			break;
		case FLOW_DRY:
			sink->dry = true;
			break;
		case FLOW_END:
			end_input(sink, STATUS_OK);
			break;
		case FLOW_OVERDUE:
			msg_error("the end of the input did not come in time");
			end_input(sink, STATUS_WORLD);
			break;
		case FLOW_CIRCLE:
			msg_error("%s: " FLOW_CIRCLE_TEXT,
			    flow_where(&sink->flow));
			end_input(sink, STATUS_USAGE);
			break;
		default:
			msg_error("%s: %s", flow_where(&sink->flow),
			    strerror(errno));
			end_input(sink, STATUS_WORLD);
		}
	}
}

/* The table has become known: what depends on it. */
static int
bind(struct sink *sink)
{
	const struct table *table = db_table(sink->db);
	const struct settings *settings = sink->settings;

	if (sink->bound || table == NULL)
		return 0;
	if (binding_init(&sink->binding, table, settings->extra_ignored,
	    settings->db.mode == STATEMENT_IGNORE) == -1)
		return -1;
	for (int i = 0; i < 2; i++) {
		if (batch_init(&sink->batches[i], table) == -1)
			return -1;
	}
	sink->forming = &sink->batches[0];
	sink->bound = true;
	return 0;
}

/* Where no version is to be chosen, rows are sorted here and not there. */
static void
sort_batch(struct sink *sink)
{
	if (sink->settings->db.mode == STATEMENT_IGNORE &&
	    batch_sort(sink->forming) == -1)
		out_of_memory(sink);
}

/* Hands the forming batch to the writer and begins another. */
static void
submit(struct sink *sink)
{
	struct batch *batch = sink->forming;

	sort_batch(sink);
	sink->forming = &sink->batches[batch == &sink->batches[0]];
	sink->ready = false;
	writer_submit(&sink->writer, batch);
	if (sink->held)
		add_row(sink);
}

/* Takes the writer's work further; false ends the run. */
static bool
step(struct sink *sink, short revents)
{
	switch (writer_step(&sink->writer, revents)) {
	case WRITER_BUSY:
		sink->ready = false;
		return true;
	case WRITER_READY:
		sink->ready = true;
		if (bind(sink) == 0)
			return true;
		/* fall through */
	case WRITER_MEMORY:
		out_of_memory(sink);
		return false;
	case WRITER_HOPELESS:
		msg_error("database: %s", db_message(sink->db));
		end_input(sink, STATUS_USAGE);
		return false;
	case WRITER_REJECTS:
		msg_error("%s: %s", sink->rejects.path ?
		    sink->rejects.path : "standard error", strerror(errno));
		end_input(sink, STATUS_WORLD);
		return false;
	}
	return false;
}

/* Writes acknowledgements; a path that fails ends the reading. */
static void
flush_acks(struct sink *sink)
{
	if (ackout_flush(&sink->ack) == 0)
		return;
	msg_error("%s: %s", sink->settings->ack, strerror(errno));
	end_input(sink, STATUS_WORLD);
	sink->ack.path = NULL;
}

/* Waits for input, the database or the reader of acknowledgements. */
static enum flow_result
await(struct sink *sink, short *revents)
{
	struct pollfd extra[2] = {
		{ .fd = db_fd(sink->db), .events = db_events(sink->db) },
	};
	int64_t ack_us = ackout_wait(&sink->ack, &extra[1]);
	int64_t db_us = db_deadline_us(sink->db);
	enum flow_result result = flow_wait(&sink->flow, extra, 2,
	    ack_us < db_us ? ack_us : db_us, may_read(sink));

	*revents = result == FLOW_READY ? extra[0].revents : 0;
	return result;
}

/* Whether everything that was read is done. */
static bool
all_done(const struct sink *sink)
{
	return sink->ended && sink->bound && !sink->held &&
	    sink->writer.batch == NULL && sink->forming->nrows == 0 &&
	    sink->forming->marks.nset == 0;
}

/* Why the wait came to nothing. */
static void
say_overdue(const struct sink *sink, enum flow_result result)
{
	if (result == FLOW_FAILED)
		msg_error("%s: %s", flow_where(&sink->flow), strerror(errno));
	else if (sink->writer.batch == NULL && sink->bound &&
	    sink->forming->nrows == 0)
		msg_error("asked to stop, and the input did not end in time; "
		    "what came of it is committed");
	else
		msg_error("asked to stop, and not everything was committed "
		    "in time");
}

static void
run(struct sink *sink)
{
	short revents = 0;
	enum flow_result result;

	while (step(sink, revents)) {
		flush_acks(sink);
		read_lines(sink);
		if (all_done(sink))
			return;
		/* While the last batch is on its way. */
		if (sink->bound && batch_full(sink->forming))
			sort_batch(sink);
		revents = 0;
		if (sink->ready && (sink->forming->nrows > 0 ||
		    sink->forming->marks.nset > 0)) {
			submit(sink);
			continue;
		}
		result = await(sink, &revents);
		if (result == FLOW_OVERDUE || result == FLOW_FAILED) {
			say_overdue(sink, result);
			end_input(sink, STATUS_WORLD);
			return;
		}
	}
}

/* The last acknowledgements: their reader has until the drain bound. */
static void
finish_acks(struct sink *sink)
{
	int64_t end_us = clock_monotonic_us() +
	    sink->settings->common.drain_us;
	struct pollfd extra;

	sink->ack.retry_us = 0;
	flush_acks(sink);
	while (ackout_waiting(&sink->ack) && sink->ack.fd != -1 &&
	    clock_monotonic_us() < end_us) {
		ackout_wait(&sink->ack, &extra);
		if (flow_wait(&sink->flow, &extra, 1, end_us, false) !=
		    FLOW_READY)
			break;
		flush_acks(sink);
	}
	if (ackout_waiting(&sink->ack))
		msg_warn("%s: the last acknowledgements were not read",
		    sink->ack.path);
}

/* What can fail before anything moves. */
static enum status
begin(struct sink *sink)
{
	const struct settings *settings = sink->settings;

	if (rejects_open(&sink->rejects, settings->common.rejects) == -1) {
		msg_error("%s: %s", settings->common.rejects,
		    strerror(errno));
		return filter_file_status(errno);
	}
	if (ackout_open(&sink->ack, settings->ack) == -1) {
		msg_error("%s: %s", settings->ack, strerror(errno));
		return filter_file_status(errno);
	}
	record_reader_init(&sink->reader);
	sink->db = db_new(&settings->db);
	if (sink->db == NULL || stop_init(settings->common.drain_us) == -1 ||
	    flow_init(&sink->flow, NULL, 0, NULL,
	    settings->common.max_line) == -1) {
		msg_error("%s", strerror(errno));
		return STATUS_WORLD;
	}
	flow_writes(&sink->flow, sink->rejects.fd);
	writer_init(&sink->writer, sink->db, &sink->ack, &sink->rejects);
	return STATUS_OK;
}

static enum status
end(struct sink *sink)
{
	finish_acks(sink);
	msg_info("%llu rows in, %llu inserted or updated, %llu lines refused, "
	    "%llu acknowledgements", (unsigned long long)sink->writer.rows,
	    (unsigned long long)db_written(sink->db),
	    (unsigned long long)sink->rejects.count,
	    (unsigned long long)sink->ack.written);
	if (sink->rejects.count > 0)
		sink->status = status_worse(sink->status, STATUS_DATA);
	if (rejects_close(&sink->rejects) == -1) {
		msg_error("%s: %s", sink->rejects.path, strerror(errno));
		sink->status = STATUS_WORLD;
	}
	ackout_close(&sink->ack);
	db_free(sink->db);
	for (int i = 0; i < 2 && sink->bound; i++)
		batch_free(&sink->batches[i]);
	binding_free(&sink->binding);
	record_reader_free(&sink->reader);
	flow_free(&sink->flow);
	return sink->status;
}

int
main(int argc, char **argv)
{
	struct settings settings = { .db.mode = STATEMENT_UPDATE };
	struct sink sink = { .settings = &settings };
	enum status status;

	parse_options(&settings, argc, argv);
	status = begin(&sink);
	if (status == STATUS_OK) {
		run(&sink);
		status = end(&sink);
	}
	names_free(&settings.db.wanted.key);
	names_free(&settings.db.wanted.newer);
	return status;
}
