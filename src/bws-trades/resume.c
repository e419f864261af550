#include "resume.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "decimal.h"
#include "filter.h"
#include "json.h"
#include "linein.h"
#include "msg.h"
#include "stop.h"
#include "timestamp.h"

struct resume {
	struct sequence *sequence;
	struct json json;
	struct msg_limit limit;
	const char *path;
	uint64_t used, bad;
	int64_t now_us;
};

static void
take(struct resume *resume, struct json *json, const struct json_value *name,
    int64_t id)
{
	const struct json_member *time = json_find(json, "event_time");
	struct sequence_symbol *symbol;
	int64_t time_us = SEQUENCE_NO_TIME;
	const char *text;
	size_t len;

	if (time != NULL && time->value.type == JSON_STRING &&
	    !timestamp_read(time->value.text, time->value.len, &time_us))
		time_us = SEQUENCE_NO_TIME;
	if (json_string(json, name, &text, &len) != 0)
		return;
	symbol = sequence_find(resume->sequence, text, len);
	if (symbol == NULL)
		return;
	sequence_resume(resume->sequence, symbol, id, time_us,
	    resume->now_us);
	resume->used++;
}

/* What is wrong with the line, or NULL. */
static const char *
read_line(struct resume *resume, const char *text, size_t len)
{
	const struct json_member *symbol, *trade_id;
	struct json *json = &resume->json;
	struct json_error error;
	int64_t id;

	if (json_object(json, text, len, &error) != 0)
		return error.reason;
	symbol = json_find(json, "symbol");
	trade_id = json_find(json, "trade_id");
	if (symbol == NULL && trade_id == NULL)
		return NULL; /* provenance alone, and the like */
	if (symbol == NULL || symbol->value.type != JSON_STRING)
		return "no symbol";
	if (trade_id == NULL || trade_id->value.type != JSON_NUMBER ||
	    !decimal_read_int64(trade_id->value.text, trade_id->value.len,
	    &id))
		return "no trade_id that is a whole number from 0 to 2^63-1";
	take(resume, json, &symbol->value, id);
	return NULL;
}

static void
say_bad(struct resume *resume, uint64_t line, const char *wrong)
{
	resume->bad++;
	msg_warn_limited(&resume->limit, "%s: line %" PRIu64
	    ": passed over: %s", resume->path, line, wrong);
}

/* To the end, or until asked to stop.  -1 with errno. */
static int
read_all(struct resume *resume, struct linein *in)
{
	enum linein_result result;
	const char *wrong;
	struct line line;

	while ((result = linein_next(in, &line)) != LINEIN_END) {
		if (result == LINEIN_MORE && stop_asked())
			return 0;
		if (result == LINEIN_MORE) {
			if (linein_fill(in) == -1 && errno != EINTR)
				return -1;
			continue;
		}
		wrong = result == LINEIN_LONG ? "longer than --max-line" :
		    read_line(resume, line.text, line.len);
		if (wrong != NULL)
			say_bad(resume, line.number, wrong);
	}
	return 0;
}

static int
read_file(struct resume *resume, size_t max_line)
{
	int fd = open(resume->path, O_RDONLY | O_CLOEXEC), result = -1;
	struct linein in;

	if (fd == -1)
		return errno == EINTR && stop_asked() ? 0 : -1;
	if (linein_init(&in, fd, max_line) == 0) {
		result = read_all(resume, &in);
		if (result == 0)
			msg_info("%s: %" PRIu64 " lines, %" PRIu64 " of "
			    "symbols that are asked for, %" PRIu64 " of no use",
			    resume->path, in.number, resume->used,
			    resume->bad);
		linein_free(&in);
	}
	close(fd);
	return result;
}

enum status
resume_read(struct sequence *sequence, const char *path, size_t max_line,
    int64_t now_us)
{
	struct resume resume = { .sequence = sequence, .path = path,
		.now_us = now_us };
	int result, error;

	json_init(&resume.json);
	result = read_file(&resume, max_line);
	error = errno;
	json_free(&resume.json);
	msg_limit_flush(&resume.limit);
	if (result == 0)
		return STATUS_OK;
	msg_error("%s: %s", path, strerror(error));
	return filter_file_status(error);
}
