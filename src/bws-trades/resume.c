#include "resume.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decimal.h"
#include "filter.h"
#include "json.h"
#include "msg.h"
#include "timestamp.h"

struct resume {
	struct sequence *sequence;
	struct json json;
	struct msg_limit limit;
	const char *path;
	uint64_t line, used, bad;
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
read_all(struct resume *resume, FILE *file)
{
	const char *wrong;
	char *text = NULL;
	size_t cap = 0;
	ssize_t len;

	while ((len = getline(&text, &cap, file)) != -1) {
		resume->line++;
		wrong = read_line(resume, text, (size_t)len);
		if (wrong == NULL)
			continue;
		resume->bad++;
		msg_warn_limited(&resume->limit, "%s: line %" PRIu64
		    ": passed over: %s", resume->path, resume->line, wrong);
	}
	free(text);
}

enum status
resume_read(struct sequence *sequence, const char *path, int64_t now_us)
{
	struct resume resume = { .sequence = sequence, .path = path,
		.now_us = now_us };
	FILE *file = fopen(path, "re");
	int error;

	if (file == NULL) {
		msg_error("%s: %s", path, strerror(errno));
		return filter_file_status(errno);
	}
	json_init(&resume.json);
	errno = 0;
	read_all(&resume, file);
	error = ferror(file) ? errno : 0;
	fclose(file);
	json_free(&resume.json);
	msg_limit_flush(&resume.limit);
	if (error != 0) {
		msg_error("%s: %s", path, strerror(error));
		return filter_file_status(error);
	}
	msg_info("%s: %" PRIu64 " lines, %" PRIu64 " of symbols that are asked "
	    "for, %" PRIu64 " of no use", path, resume.line, resume.used,
	    resume.bad);
	return STATUS_OK;
}
