#include "intake.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "gap.h"
#include "keep.h"

#define CONFIRM_US INT64_C(1000000)

void
intake_failed(struct intake *intake, const char *what, int error)
{
	if (intake->result != FLOW_READY)
		return;
	intake->result = FLOW_FAILED;
	intake->error = error;
	intake->filter->flow.failed_at = what;
}

/* --- What the sequence calls. --- */

/* A failure of standard output is seen by the loop. */
static int
emit(void *arg, const char *record, size_t len, bool healed)
{
	struct intake *intake = arg;

	(void)healed;
	lineout_put(&intake->filter->out, record, len);
	return 0;
}

/* Also with -q, where no file tells of it. */
static void
say_gap(struct intake *intake, const struct sequence_gap *gap)
{
	uint64_t count = (uint64_t)(gap->last_id - gap->first_id) + 1;
	char text[RECORD_SYMBOL_MAX + 160];

	snprintf(text, sizeof text, "%.*s: %" PRIu64 " trade%s missing, %"
	    PRId64 " to %" PRId64 ": %s", (int)gap->symbol_len, gap->symbol,
	    count, count == 1 ? " is" : "s are", gap->first_id, gap->last_id,
	    gap_phrase(gap->reason));
	if (msg_level() == MSG_QUIET && !intake->gaps.open)
		msg_error("%s", text);
	else
		msg_warn_limited(&intake->missing, "%s", text);
}

/* It is on disk's way before any later trade of the symbol goes out. */
static int
on_gap(void *arg, const struct sequence_gap *gap)
{
	struct intake *intake = arg;
	char line[GAP_LINE_MAX];

	say_gap(intake, gap);
	if (sidefile_put(&intake->gaps, line, gap_line(line, gap,
	    clock_realtime_us())) == 0 && sidefile_flush(&intake->gaps) == 0)
		return 0;
	intake_failed(intake, intake->gaps.path, errno);
	return -1;
}

static int
on_restart(void *arg, const struct sequence_restart *restart)
{
	(void)arg;
	msg_warn("%.*s: the trade ids began anew: %" PRId64 " after %" PRId64,
	    (int)restart->symbol_len, restart->symbol, restart->id,
	    restart->last_id);
	return 0;
}

/* --- Set-up and end. --- */

static enum status
open_file(struct sidefile *file, const char *path)
{
	if (sidefile_open(file, path) == 0)
		return STATUS_OK;
	msg_error("%s: %s", path, strerror(errno));
	return filter_file_status(errno);
}

enum status
intake_open(struct intake *intake, struct filter *filter,
    const struct settings *settings)
{
	struct sequence_options options = {
		.held_max = settings->buffer,
		.settle_us = settings->settle_us,
		.heal_wait_us = settings->heal_wait_us,
		.confirm_us = CONFIRM_US, .healable = settings->has_rest,
		.arg = intake, .emit = emit, .gap = on_gap,
		.restart = on_restart,
	};
	enum status status;

	memset(intake, 0, sizeof *intake);
	intake->filter = filter;
	intake->result = FLOW_READY;
	intake->microseconds = settings->microseconds;
	frame_reader_init(&intake->reader);
	stats_init(&intake->stats);
	status = open_file(&intake->gaps, settings->gaps);
	if (status == STATUS_OK)
		status = open_file(&intake->frames, settings->frames);
	if (status != STATUS_OK)
		return status;
	intake->sequence = sequence_new(&options);
	if (intake->sequence != NULL)
		return STATUS_OK;
	msg_error("set-up: %s", strerror(ENOMEM));
	return STATUS_WORLD;
}

static void
close_file(struct intake *intake, struct sidefile *file)
{
	if (sidefile_close(file) != 0)
		intake_failed(intake, file->path, errno);
}

void
intake_end(struct intake *intake)
{
	if (intake->result == FLOW_READY)
		sequence_end(intake->sequence);
}

void
intake_close(struct intake *intake)
{
	close_file(intake, &intake->gaps);
	close_file(intake, &intake->frames);
	msg_limit_flush(&intake->errors);
	msg_limit_flush(&intake->missing);
	sequence_free(intake->sequence);
	intake->sequence = NULL;
	frame_reader_free(&intake->reader);
	free(intake->kept);
}

/* --- Frames. --- */

static char *
kept_room(struct intake *intake, size_t len)
{
	char *kept;

	if (intake->kept_cap >= KEEP_MAX(len))
		return intake->kept;
	kept = realloc(intake->kept, KEEP_MAX(len));
	if (kept == NULL) {
		intake_failed(intake, intake->frames.path, ENOMEM);
		return NULL;
	}
	intake->kept = kept;
	intake->kept_cap = KEEP_MAX(len);
	return kept;
}

static void
put_kept(struct intake *intake, size_t len)
{
	if (sidefile_put(&intake->frames, intake->kept, len) != 0)
		intake_failed(intake, intake->frames.path, errno);
}

/* The exchange's own words, which may be anything. */
static void
say_error(struct intake *intake, const char *text, size_t len)
{
	msg_warn_limited(&intake->errors, "the exchange reports: %.*s",
	    (int)(len < 300 ? len : 300), text);
}

static void
refuse(struct intake *intake, const char *text, size_t len,
    const char *reason)
{
	struct line line = { .text = text, .len = len, .terminated = true };

	if (filter_refuse(intake->filter, &line, reason, NULL) != FLOW_READY)
		intake_failed(intake, intake->filter->flow.failed_at, errno);
}

static void
check(struct intake *intake, int result)
{
	if (result != 0)
		intake_failed(intake, "a trade", ENOMEM);
}

/* The symbol of a frame; NULL: it is not asked for. */
static struct sequence_symbol *
find_symbol(struct intake *intake, const struct frame_trade *trade,
    int64_t now_us)
{
	struct sequence_symbol *symbol = sequence_find(intake->sequence,
	    trade->symbol.text, trade->symbol.len);

	if (symbol != NULL && trade->futures)
		check(intake, sequence_unhealable(intake->sequence, symbol,
		    SEQUENCE_FUTURES, now_us));
	return symbol;
}

static void
take_trade(struct intake *intake, const struct frame_trade *trade,
    int64_t received_us)
{
	int64_t now_us = clock_monotonic_us();
	struct sequence_symbol *symbol = find_symbol(intake, trade, now_us);
	char record[FRAME_RECORD_MAX];

	stats_lag(&intake->stats, received_us - trade->event_time_us);
	if (symbol == NULL)
		intake->nothers++;
	else
		check(intake, sequence_take(intake->sequence, symbol,
		    trade->trade_id, trade->event_time_us, record,
		    frame_record(record, trade, received_us), now_us));
}

static void
skip_trade(struct intake *intake, const struct frame_trade *trade)
{
	int64_t now_us = clock_monotonic_us();
	struct sequence_symbol *symbol = find_symbol(intake, trade, now_us);

	intake->nothers++;
	if (symbol != NULL)
		check(intake, sequence_skip(intake->sequence, symbol,
		    trade->trade_id, now_us));
}

enum frame_result
intake_frame(struct intake *intake, const char *text, size_t len)
{
	struct frame_trade trade;
	int64_t received_us = clock_realtime_us();
	enum frame_result kind;

	intake->nframes++;
	if (intake->frames.open && kept_room(intake, len) != NULL)
		put_kept(intake, keep_write(intake->kept, received_us, text,
		    len));
	kind = frame_read(&intake->reader, text, len, &trade);
	switch (kind) {
	case FRAME_TRADE:
		take_trade(intake, &trade, received_us);
		break;
	case FRAME_SKIPPED:
		skip_trade(intake, &trade);
		break;
	case FRAME_ERROR:
		say_error(intake, text, len);
		/* FALLTHROUGH */
	case FRAME_ANSWER:
	case FRAME_SHUTDOWN:
	case FRAME_OTHER:
		intake->nothers++;
		break;
	case FRAME_NO_MEMORY:
		intake_failed(intake, "a frame", ENOMEM);
		break;
	case FRAME_BAD:
		refuse(intake, text, len, intake->reader.reason);
		break;
	}
	return kind;
}

int
intake_page(struct intake *intake, const char *symbol, size_t symbol_len,
    const char *body, size_t len, int64_t read_us)
{
	if (!intake->frames.open)
		return 0;
	if (kept_room(intake, len) != NULL)
		put_kept(intake, keep_write_page(intake->kept, read_us,
		    symbol, symbol_len, body, len));
	return intake->result == FLOW_READY ? 0 : -1;
}

int
intake_flush(struct intake *intake)
{
	if (sidefile_flush(&intake->frames) == 0)
		return 0;
	intake_failed(intake, intake->frames.path, errno);
	return -1;
}
