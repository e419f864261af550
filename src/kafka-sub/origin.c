/*
 * Which topics there are, and where to begin in them: the group, or -o as in
 * kcat.
 */
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "assign.h"
#include "kafkaask.h"
#include "opt.h"
#include "stop.h"
#include "timestamp.h"

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
	int n = 0;
	rd_kafka_resp_err_t error = kafkaask_partitions(assign->conf, topic,
	    &n);

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
set_all(rd_kafka_topic_partition_list_t *list, int64_t offset)
{
	for (int i = 0; i < list->cnt; i++)
		list->elems[i].offset = offset;
}

/*
 * So many before the end, of those that there are: retention moves the first
 * one on.  (The library's own RD_KAFKA_OFFSET_TAIL may be before it.)
 */
static rd_kafka_resp_err_t
set_tail(struct assign *assign, rd_kafka_topic_partition_list_t *list,
    int64_t messages)
{
	rd_kafka_topic_partition_list_t *ends =
	    rd_kafka_topic_partition_list_copy(list);
	rd_kafka_resp_err_t error;

	error = kafkaask_offsets(assign->conf, ends, RD_KAFKA_OFFSET_END);
	if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
		error = kafkaask_offsets(assign->conf, list,
		    RD_KAFKA_OFFSET_BEGINNING);
	for (int i = 0; error == RD_KAFKA_RESP_ERR_NO_ERROR && i < list->cnt;
	    i++) {
		if (ends->elems[i].offset - messages > list->elems[i].offset)
			list->elems[i].offset = ends->elems[i].offset -
			    messages;
	}
	rd_kafka_topic_partition_list_destroy(ends);
	return error;
}

/* Where to begin in each partition; 0, or an error of this try. */
static rd_kafka_resp_err_t
set_origin(struct assign *assign, rd_kafka_topic_partition_list_t *list,
    const struct origin *origin)
{
	switch (origin->kind) {
	case ORIGIN_BEGINNING:
		set_all(list, RD_KAFKA_OFFSET_BEGINNING);
		break;
	case ORIGIN_END:
		set_all(list, RD_KAFKA_OFFSET_END);
		break;
	case ORIGIN_OFFSET:
		set_all(list, origin->value);
		break;
	case ORIGIN_TAIL:
		return set_tail(assign, list, origin->value);
	case ORIGIN_TIME:
		return kafkaask_offsets(assign->conf, list, origin->value);
	}
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* Everything that must be asked first; 0, or an error of this try, and what
   it is about. */
static rd_kafka_resp_err_t
resolve(struct assign *assign, char *const *topics, size_t ntopics,
    const struct origin *origin, rd_kafka_topic_partition_list_t *list,
    rd_kafka_topic_partition_list_t **ends, const char **about)
{
	rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;

	for (size_t i = 0; i < ntopics; i++) {
		*about = topics[i];
		error = list_topic(assign, topics[i], origin, list);
		if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
			return error;
	}
	if (ntopics > 1)
		*about = "...";
	error = assign_ask_ends(assign, list, ends);
	if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
		error = set_origin(assign, list, origin);
	return error;
}

/* What went wrong with a try, when it is worth a word. */
static void
report(struct assign *assign, const char *about, rd_kafka_resp_err_t error)
{
	if (kafkaconf_hopeless(error))
		kafkaconf_fail(assign->conf, STATUS_USAGE, "topic %s: %s",
		    about, rd_kafka_err2str(error));
	else if (error != RD_KAFKA_RESP_ERR__TRANSPORT)
		kafkaconf_down(assign->conf, "topic %s: %s", about,
		    rd_kafka_err2str(error));
}

/*
 * Until every topic is there: with group.protocol=consumer the group takes one
 * that is not, and waits for it without a word.
 */
static void
find_topics(struct assign *assign, char *const *topics, size_t ntopics)
{
	size_t i = 0;
	int partitions;

	while (i < ntopics && assign->conf->failed == STATUS_OK &&
	    !stop_asked()) {
		rd_kafka_resp_err_t error = kafkaask_partitions(assign->conf,
		    topics[i], &partitions);

		if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
			i++;
			continue;
		}
		report(assign, topics[i], error);
		pause_a_little(assign);
	}
}

int
assign_join(struct assign *assign, const char *group, char *const *topics,
    size_t ntopics)
{
	rd_kafka_topic_partition_list_t *list =
	    rd_kafka_topic_partition_list_new((int)ntopics);
	rd_kafka_resp_err_t error;

	assign_open(assign);
	assign->group = group;
	if (assign->conf->kip848)
		find_topics(assign, topics, ntopics);
	for (size_t i = 0; i < ntopics; i++) {
		rd_kafka_topic_partition_list_add(list, topics[i],
		    RD_KAFKA_PARTITION_UA);
	}
	error = rd_kafka_subscribe(assign->conf->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
		kafkaconf_fail(assign->conf, STATUS_USAGE, "subscribe: %s",
		    rd_kafka_err2str(error));
	return assign->conf->failed == STATUS_OK ? 0 : -1;
}

int
assign_by_hand(struct assign *assign, char *const *topics, size_t ntopics,
    const struct origin *origin)
{
	rd_kafka_topic_partition_list_t *list, *ends;
	rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__TRANSPORT;
	const char *about = "";

	assign_open(assign);
	while (error != RD_KAFKA_RESP_ERR_NO_ERROR &&
	    assign->conf->failed == STATUS_OK && !stop_asked()) {
		list = rd_kafka_topic_partition_list_new(1);
		ends = NULL;
		error = resolve(assign, topics, ntopics, origin, list, &ends,
		    &about);
		if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
			kafkaconf_up(assign->conf);
			assign_take_up(assign, list,
			    origin->kind == ORIGIN_OFFSET, ends);
		} else {
			report(assign, about, error);
			pause_a_little(assign);
		}
		if (ends != NULL)
			rd_kafka_topic_partition_list_destroy(ends);
		rd_kafka_topic_partition_list_destroy(list);
	}
	return assign->conf->failed == STATUS_OK ? 0 : -1;
}
