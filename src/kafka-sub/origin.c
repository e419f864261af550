/*
 * -o: where reading begins without a group, as in kcat.
 */
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "assign.h"
#include "opt.h"
#include "stop.h"
#include "timestamp.h"

#define ASK_MS 1000 /* one question to the brokers */

bool
origin_read(const char *text, struct origin *out)
{
	int64_t time_us;

	if (strcmp(text, "beginning") == 0) {
		out->kind = ORIGIN_BEGINNING;
	} else if (strcmp(text, "end") == 0) {
		out->kind = ORIGIN_END;
	} else if (strncmp(text, "s@", 2) == 0) {
		out->kind = ORIGIN_TIME;
		if (opt_int(text + 2, 0, INT64_MAX, &out->value))
			return true;
		if (!timestamp_read(text + 2, strlen(text + 2), &time_us) ||
		    time_us < 0)
			return false;
		/* The first message at or after it: round up. */
		out->value = (time_us + 999) / 1000;
	} else if (text[0] == '-') {
		out->kind = ORIGIN_TAIL;
		return opt_int(text + 1, 1, 1000000000, &out->value);
	} else {
		out->kind = ORIGIN_OFFSET;
		return opt_int(text, 0, INT64_MAX, &out->value);
	}
	return true;
}

/* Between two tries of a question at the start. */
static void
pause_a_little(struct assign *assign)
{
	static const struct timespec t = { .tv_nsec = 100 * 1000000L };

	rd_kafka_poll(assign->conf->rk, 0);
	nanosleep(&t, NULL);
}

/* Adds the wanted partitions of a topic; 0, or an error. */
static rd_kafka_resp_err_t
list_topic(struct assign *assign, const char *topic,
    const struct origin *origin, rd_kafka_topic_partition_list_t *list)
{
	const struct rd_kafka_metadata *metadata;
	rd_kafka_topic_t *handle = rd_kafka_topic_new(assign->conf->rk, topic,
	    NULL);
	rd_kafka_resp_err_t error;
	int n = 0;

	if (handle == NULL)
		return rd_kafka_last_error();
	error = rd_kafka_metadata(assign->conf->rk, 0, handle, &metadata,
	    ASK_MS);
	rd_kafka_topic_destroy(handle);
	if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
		return error;
	kafkaconf_up(assign->conf);
	if (metadata->topic_cnt == 1) {
		error = metadata->topics[0].err;
		n = metadata->topics[0].partition_cnt;
	}
	rd_kafka_metadata_destroy(metadata);
	if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
		return error;
	if (origin->partition >= n)
		return RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
	for (int i = 0; i < n; i++) {
		if (origin->partition == -1 || origin->partition == i)
			rd_kafka_topic_partition_list_add(list, topic, i);
	}
	return error;
}

static void
set_origin(rd_kafka_topic_partition_list_t *list, const struct origin *origin)
{
	for (int i = 0; i < list->cnt; i++) {
		int64_t *offset = &list->elems[i].offset;

		switch (origin->kind) {
		case ORIGIN_BEGINNING:
			*offset = RD_KAFKA_OFFSET_BEGINNING;
			break;
		case ORIGIN_END:
			*offset = RD_KAFKA_OFFSET_END;
			break;
		case ORIGIN_TAIL:
			*offset = RD_KAFKA_OFFSET_TAIL(origin->value);
			break;
		case ORIGIN_OFFSET:
		case ORIGIN_TIME:
			*offset = origin->value;
			break;
		}
	}
}

/* Everything that must be asked first; 0, or an error of this try. */
static rd_kafka_resp_err_t
resolve(struct assign *assign, char *const *topics, size_t ntopics,
    const struct origin *origin, rd_kafka_topic_partition_list_t *list,
    const char **topic)
{
	rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;

	for (size_t i = 0; i < ntopics; i++) {
		*topic = topics[i];
		error = list_topic(assign, topics[i], origin, list);
		if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
			return error;
	}
	set_origin(list, origin);
	if (origin->kind != ORIGIN_TIME)
		return error;
	error = rd_kafka_offsets_for_times(assign->conf->rk, list, ASK_MS);
	for (int i = 0; i < list->cnt; i++) {
		if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
			error = list->elems[i].err;
	}
	return error;
}

int
assign_by_hand(struct assign *assign, char *const *topics, size_t ntopics,
    const struct origin *origin)
{
	rd_kafka_topic_partition_list_t *list;
	rd_kafka_resp_err_t error;
	const char *topic = "";

	assign_open(assign);
	while (assign->conf->failed == STATUS_OK && !stop_asked()) {
		list = rd_kafka_topic_partition_list_new(1);
		error = resolve(assign, topics, ntopics, origin, list, &topic);
		if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
			assign_take_up(assign, list);
		else if (kafkaconf_hopeless(error))
			kafkaconf_fail(assign->conf, STATUS_USAGE,
			    "topic %s: %s", topic, rd_kafka_err2str(error));
		else if (error != RD_KAFKA_RESP_ERR__TRANSPORT)
			kafkaconf_down(assign->conf, "topic %s: %s", topic,
			    rd_kafka_err2str(error));
		rd_kafka_topic_partition_list_destroy(list);
		if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
			break;
		pause_a_little(assign);
	}
	return assign->conf->failed == STATUS_OK ? 0 : -1;
}
