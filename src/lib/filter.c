#include "filter.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "msg.h"
#include "provenance.h"
#include "stop.h"

enum status
filter_file_status(int error)
{
	return error == ENOENT || error == ENOTDIR || error == EISDIR ||
	    error == EACCES || error == EPERM ? STATUS_USAGE : STATUS_WORLD;
}

enum status
filter_begin(struct filter *filter, const struct opt_common *common,
    char *const *files, size_t nfiles)
{
	/* Before anything is allocated: the caller only leaves. */
	if (rejects_open(&filter->rejects, common->rejects) == -1) {
		msg_error("%s: %s", common->rejects, strerror(errno));
		return filter_file_status(errno);
	}
	if (stop_init(common->drain_us) == -1 ||
	    lineout_init(&filter->out, STDOUT_FILENO) == -1 ||
	    flow_init(&filter->flow, files, nfiles, &filter->out,
	    common->max_line) == -1) {
		msg_error("set-up: %s", strerror(errno));
		return STATUS_WORLD;
	}
	flow_writes(&filter->flow, filter->rejects.fd);
	progress_begin(&filter->progress, common->progress, files, nfiles);
	return STATUS_OK;
}

enum flow_result
filter_refuse(struct filter *filter, const struct line *line,
    const char *reason, const struct record_reader *reader)
{
	char text[PROVENANCE_MAX];
	struct reject reject = {
		.reason = reason, .file = filter->flow.file,
		.line = line->number, .text = line->text, .len = line->len,
		.whole_len = line->len,
	};

	if (line->text == filter->flow.in.head &&
	    line->len > LINEIN_LONG_HEAD)
		reject.len = LINEIN_LONG_HEAD;
	msg_status_wipe(); /* the line may go to standard error */
	if (rejects_put(&filter->rejects, &reject) == -1) {
		filter->flow.failed_at = filter->rejects.path != NULL ?
		    filter->rejects.path : "standard error";
		return FLOW_FAILED;
	}
	/* A failure of standard output is told by the next flow_next(). */
	if (reader != NULL && reader->has_provenance) {
		lineout_put(&filter->out, text, provenance_write_line(text,
		    &reader->provenance));
	}
	return FLOW_READY;
}

enum flow_result
filter_refuse_long(struct filter *filter, const struct line *line)
{
	return filter_refuse(filter, line, "longer than --max-line", NULL);
}

/* The message and the status of what ended the loop. */
static enum status
status_of(const struct filter *filter, enum flow_result how)
{
	int error = errno;

	switch (how) {
	case FLOW_OVERDUE:
		msg_error("asked to stop, and the input did not end within "
		    "--drain");
		return STATUS_WORLD;
	case FLOW_CIRCLE:
		msg_error("%s: " FLOW_CIRCLE_TEXT, flow_where(&filter->flow));
		return STATUS_USAGE;
	case FLOW_FAILED:
		msg_error("%s: %s", flow_where(&filter->flow),
		    strerror(error));
		return flow_where(&filter->flow) == filter->flow.file ?
		    filter_file_status(error) : STATUS_WORLD;
	default:
		return STATUS_OK;
	}
}

enum status
filter_end(struct filter *filter, enum flow_result how)
{
	enum status status = status_of(filter, how);

	progress_end(&filter->progress, &filter->flow);
	if (lineout_close(&filter->out) == -1) {
		if (errno == EPIPE)
			how = FLOW_GONE;
		else if (status == STATUS_OK)
			msg_error("standard output: %s", strerror(errno));
		status = STATUS_WORLD;
	}
	if (filter->rejects.count > 0)
		status = status_worse(status, STATUS_DATA);
	if (rejects_close(&filter->rejects) == -1) {
		msg_error("%s: %s", filter->rejects.path, strerror(errno));
		status = STATUS_WORLD;
	}
	flow_free(&filter->flow);
	lineout_free(&filter->out);
	if (how == FLOW_GONE)
		stop_by_sigpipe();
	return status;
}
