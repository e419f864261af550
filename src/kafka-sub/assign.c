/*
 * The group's side: rebalances, explicit assignment, errors.
 */
#include "assign.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "commit.h"
#include "kafkaask.h"

#define RETRY_US 200000LL              /* between two questions */
#define COMMIT_LAST_US 3000000LL       /* for a commit before a revocation */
#define STEP_MS 50
#define EVENTS 16

/*
 * Whether the group hands partitions out and takes them away one by one, as
 * with group.protocol=consumer; else always all of them.
 */
static bool
is_incremental(rd_kafka_t *rk)
{
	const char *protocol = rd_kafka_rebalance_protocol(rk);

	return protocol != NULL && strcmp(protocol, "COOPERATIVE") == 0;
}

/* The library no longer reads the listed partitions, or any. */
static void
let_go(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_error_t *error;

	if (!is_incremental(rk)) {
		rd_kafka_assign(rk, NULL);
		return;
	}
	error = rd_kafka_incremental_unassign(rk, list);
	if (error != NULL)
		rd_kafka_error_destroy(error); /* they are gone already */
}

static void
on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t what,
    rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct assign *assign = kafkaconf_user(opaque);

	if (assign->closing) {
		let_go(rk, list);
		return;
	}
	if (assign->wanted != NULL)
		rd_kafka_topic_partition_list_destroy(assign->wanted);
	assign->retry_us = 0;
	assign->pending = what;
	assign->wanted = rd_kafka_topic_partition_list_copy(list);
}

/* Whether it says that a topic is not there any more. */
static bool
is_gone(rd_kafka_resp_err_t error)
{
	return error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
	    error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
	    error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

/* The partition that a reason of the library's begins with, as `t [3]: '. */
static struct part *
find_named(struct assign *assign, const char *reason)
{
	char prefix[300];

	for (size_t i = 0; i < assign->parts.n; i++) {
		struct part *part = &assign->parts.part[i];

		snprintf(prefix, sizeof prefix, "%s [%" PRId32 "]: ",
		    part->topic, part->partition);
		if (strncmp(reason, prefix, strlen(prefix)) == 0)
			return part;
	}
	return NULL;
}

/* A partition that was being read and is gone is an error of no message. */
static bool
take_error(struct kafkaconf *conf, rd_kafka_resp_err_t error,
    const char *reason)
{
	struct assign *assign = conf->user;
	struct part *part = is_gone(error) ? find_named(assign, reason) : NULL;

	if (part == NULL)
		return false;
	commit_topic_gone(assign, part->topic, rd_kafka_err2str(error));
	return true;
}

void
assign_init(struct assign *assign, struct kafkaconf *conf,
    struct rejects *rejects)
{
	memset(assign, 0, sizeof *assign);
	parts_init(&assign->parts);
	assign->conf = conf;
	assign->rejects = rejects;
	assign->nudge = rd_kafka_version() < 0x02020000;
	conf->user = assign;
	conf->take_error = take_error;
	rd_kafka_conf_set_rebalance_cb(conf->conf, on_rebalance);
}

void
assign_open(struct assign *assign)
{
	assign->group_queue = rd_kafka_queue_get_consumer(assign->conf->rk);
	assign->messages = rd_kafka_queue_new(assign->conf->rk);
	kafkaconf_watch(assign->conf, assign->group_queue);
	kafkaconf_watch(assign->conf, assign->messages);
	commit_open(assign);
}

/* Messages of the partition come through our own queue from now on. */
static void
route(struct assign *assign, const rd_kafka_topic_partition_t *p)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_get_partition(
	    assign->conf->rk, p->topic, p->partition);

	if (queue == NULL)
		return; /* they come through the group's, which is read too */
	rd_kafka_queue_forward(queue, assign->messages);
	rd_kafka_queue_destroy(queue);
}

rd_kafka_resp_err_t
assign_ask_ends(struct assign *assign,
    const rd_kafka_topic_partition_list_t *list,
    rd_kafka_topic_partition_list_t **ends)
{
	rd_kafka_resp_err_t error;

	*ends = NULL;
	if (!assign->until_end || list->cnt == 0)
		return RD_KAFKA_RESP_ERR_NO_ERROR;
	*ends = rd_kafka_topic_partition_list_copy(list);
	error = kafkaask_offsets(assign->conf, *ends, RD_KAFKA_OFFSET_END);
	if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
		rd_kafka_topic_partition_list_destroy(*ends);
		*ends = NULL;
	}
	return error;
}

/* A partition of the assignment becomes ours.  -1: conf->failed is set. */
static int
take_part(struct assign *assign, const rd_kafka_topic_partition_t *p,
    bool exact, int64_t end)
{
	struct part *part;

	if (parts_add(&assign->parts, p->topic, p->partition,
	    assign->group != NULL && p->offset >= 0 ? p->offset : -1) == -1) {
		kafkaconf_fail(assign->conf, STATUS_WORLD, "out of memory");
		return -1;
	}
	part = &assign->parts.part[assign->parts.n - 1];
	part->begin = p->offset;
	part->exact = exact && p->offset >= 0;
	part->end = end;
	route(assign, p);
	assign->conf->info("%s [%" PRId32 "] from %s%" PRId64, p->topic,
	    p->partition, p->offset < 0 ? "origin " : "", p->offset);
	return 0;
}

/* The library reads them from there.  false: conf->failed is set. */
static bool
read_from(struct assign *assign, const rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_resp_err_t code;
	rd_kafka_error_t *error;

	if (is_incremental(assign->conf->rk)) {
		error = rd_kafka_incremental_assign(assign->conf->rk, list);
		code = rd_kafka_error_code(error);
		rd_kafka_error_destroy(error);
	} else {
		code = rd_kafka_assign(assign->conf->rk, list);
	}
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return true;
	kafkaconf_fail(assign->conf, STATUS_WORLD, "assign: %s",
	    rd_kafka_err2str(code));
	return false;
}

void
assign_take_up(struct assign *assign,
    const rd_kafka_topic_partition_list_t *list, bool exact,
    const rd_kafka_topic_partition_list_t *ends)
{
	if (!is_incremental(assign->conf->rk))
		parts_clear(&assign->parts);
	parts_renew(&assign->parts, clock_realtime_us() / 1000);
	assign->no_commit = false;
	for (int i = 0; i < list->cnt; i++) {
		if (take_part(assign, &list->elems[i], exact,
		    ends != NULL ? ends->elems[i].offset : -1) == -1)
			return;
	}
	if (!read_from(assign, list))
		return;
	assign->ready = true;
	assign->served |= list->cnt > 0;
	assign->rebalances++;
}

/*
 * Where the group is in each partition; where it has no offset, the beginning.
 * False: no answer yet.
 */
static bool
ask_committed(struct assign *assign, rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_resp_err_t error;

	error = rd_kafka_committed(assign->conf->rk, list,
	    KAFKAASK_MS);
	for (int i = 0; i < list->cnt; i++) {
		if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
			error = list->elems[i].err;
	}
	if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
		if (!assign->conf->reached && kafkaconf_hopeless(error))
			kafkaconf_fail(assign->conf, STATUS_USAGE, "%s",
			    rd_kafka_err2str(error));
		kafkaconf_down(assign->conf, "committed offsets: %s",
		    rd_kafka_err2str(error));
		return false;
	}
	for (int i = 0; i < list->cnt; i++) {
		if (list->elems[i].offset < 0)
			list->elems[i].offset = RD_KAFKA_OFFSET_BEGINNING;
	}
	return true;
}

/* Partitions of ours are to go: what is safe is committed first. */
static void
give_up(struct assign *assign)
{
	const rd_kafka_topic_partition_list_t *list = assign->wanted;

	commit_all(assign, clock_monotonic_us() + COMMIT_LAST_US);
	assign->moved = false;
	if (!is_incremental(assign->conf->rk))
		parts_clear(&assign->parts);
	for (int i = 0; i < list->cnt; i++) {
		parts_remove(&assign->parts, list->elems[i].topic,
		    list->elems[i].partition);
	}
	assign->ready = assign->parts.n > 0;
	let_go(assign->conf->rk, list);
}

/* Reads on where each partition is, or now begins. */
static void
read_again(struct assign *assign)
{
	rd_kafka_topic_partition_list_t *list =
	    rd_kafka_topic_partition_list_new((int)assign->parts.n);

	for (size_t i = 0; i < assign->parts.n; i++) {
		const struct part *part = &assign->parts.part[i];

		rd_kafka_topic_partition_list_add(list, part->topic,
		    part->partition)->offset = part_position(part);
	}
	read_from(assign, list);
	rd_kafka_topic_partition_list_destroy(list);
	assign->moved = false;
}

/* Takes up what the group gave us; false: no answer yet. */
static bool
take_wanted(struct assign *assign)
{
	rd_kafka_topic_partition_list_t *wanted = assign->wanted, *ends;
	rd_kafka_resp_err_t error;

	if (!ask_committed(assign, wanted))
		return false;
	error = assign_ask_ends(assign, wanted, &ends);
	if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
		kafkaconf_down(assign->conf, "where the partitions end: %s",
		    rd_kafka_err2str(error));
		return false;
	}
	kafkaconf_up(assign->conf);
	assign_take_up(assign, wanted, true, ends);
	if (ends != NULL)
		rd_kafka_topic_partition_list_destroy(ends);
	return true;
}

/* Does what a callback noted. */
static enum assign_change
do_pending(struct assign *assign)
{
	if (assign->pending == RD_KAFKA_RESP_ERR_NO_ERROR) {
		if (!assign->moved)
			return ASSIGN_SAME;
		read_again(assign);
		return ASSIGN_REREAD;
	}
	if (clock_monotonic_us() < assign->retry_us)
		return ASSIGN_SAME;
	if (assign->pending != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
		give_up(assign);
	} else if (!take_wanted(assign)) {
		assign->retry_us = clock_monotonic_us() + RETRY_US;
		return ASSIGN_SAME;
	}
	rd_kafka_topic_partition_list_destroy(assign->wanted);
	assign->wanted = NULL;
	assign->pending = RD_KAFKA_RESP_ERR_NO_ERROR;
	return ASSIGN_CHANGED;
}

/* A question whose answer nobody waits for: it wakes the leaders' threads. */
static void
wake_fetchers(struct assign *assign)
{
	rd_kafka_topic_partition_list_t *list =
	    rd_kafka_topic_partition_list_new((int)assign->parts.n);

	for (size_t i = 0; i < assign->parts.n; i++) {
		rd_kafka_topic_partition_list_add(list,
		    assign->parts.part[i].topic,
		    assign->parts.part[i].partition)->offset =
		    RD_KAFKA_OFFSET_END;
	}
	rd_kafka_offsets_for_times(assign->conf->rk, list, 1);
	rd_kafka_topic_partition_list_destroy(list);
}

void
assign_taken(struct assign *assign, size_t messages, size_t bytes)
{
	assign->taken += messages;
	assign->taken_bytes += bytes;
	if (assign->taken < ASSIGN_QUEUE_MESSAGES / 2 &&
	    assign->taken_bytes < ASSIGN_QUEUE_KBYTES * 1024 / 2)
		return;
	assign->taken = assign->taken_bytes = 0;
	if (assign->nudge && assign->ready)
		wake_fetchers(assign);
}

/* The first offset that the broker has of a partition, or the next one that
   it will; -1 when it does not say. */
static int64_t
ask_offset(struct assign *assign, const char *topic, int32_t partition,
    int64_t when)
{
	rd_kafka_topic_partition_list_t *list =
	    rd_kafka_topic_partition_list_new(1);
	int64_t offset = -1;

	rd_kafka_topic_partition_list_add(list, topic, partition);
	if (kafkaask_offsets(assign->conf, list, when) ==
	    RD_KAFKA_RESP_ERR_NO_ERROR)
		offset = list->elems[0].offset;
	rd_kafka_topic_partition_list_destroy(list);
	return offset;
}

/* The broker no longer has (or not yet) what we wanted to read. */
static void
out_of_range(struct assign *assign, const rd_kafka_message_t *message)
{
	const char *topic = rd_kafka_topic_name(message->rkt);
	int64_t low = ask_offset(assign, topic, message->partition,
	    RD_KAFKA_OFFSET_BEGINNING);
	int64_t high = ask_offset(assign, topic, message->partition,
	    RD_KAFKA_OFFSET_END);
	struct part *part = parts_find(&assign->parts, topic, strlen(topic),
	    message->partition);
	char text[100] = "";

	/* An offset behind one that was there, and not there yet. */
	if (part != NULL && part->last != -1 && message->offset > high &&
	    high >= 0) {
		commit_topic_gone(assign, topic, "it ends before what was "
		    "read");
		return;
	}
	/* Retention was faster than the first question for its messages; to
	   read one partition anew by itself is more than this is worth. */
	if (part != NULL && part->last == -1 && !part->exact &&
	    message->offset < low && !is_incremental(assign->conf->rk)) {
		part->begin = low;
		assign->moved = true;
		return;
	}
	if (low >= 0 && high >= 0)
		snprintf(text, sizeof text, ": the broker has %" PRId64
		    " to %" PRId64, low, high);
	kafkaconf_fail(assign->conf, STATUS_WORLD, "%s [%" PRId32 "]: %s "
	    "offset %" PRId64 " is not there%s", topic, message->partition,
	    assign->group != NULL ? "the group's" : "the", message->offset,
	    text);
}

/* An error of a topic that was being read, or of none that we know. */
static void
topic_error(struct assign *assign, const rd_kafka_message_t *message)
{
	const char *text = rd_kafka_message_errstr(message);

	if (!assign->served && kafkaconf_hopeless(message->err))
		kafkaconf_fail(assign->conf, STATUS_USAGE, "%s", text);
	else if (is_gone(message->err) && message->rkt != NULL)
		commit_topic_gone(assign, rd_kafka_topic_name(message->rkt),
		    rd_kafka_err2str(message->err));
	else if (assign->group != NULL || message->err !=
	    RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
		kafkaconf_down(assign->conf, "%s", text);
}

static void
fatal_error(struct assign *assign)
{
	char text[300];

	rd_kafka_fatal_error(assign->conf->rk, text, sizeof text);
	kafkaconf_fail(assign->conf, STATUS_WORLD, "%s", text);
}

static void
reached_end(struct assign *assign, const rd_kafka_message_t *message)
{
	const char *topic = rd_kafka_topic_name(message->rkt);
	struct part *part = parts_find(&assign->parts, topic, strlen(topic),
	    message->partition);

	if (part != NULL)
		part->ended = true;
}

bool
assign_error(struct assign *assign, const rd_kafka_message_t *message)
{
	switch (message->err) {
	case RD_KAFKA_RESP_ERR__PARTITION_EOF:
		reached_end(assign, message);
		break;
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
		out_of_range(assign, message);
		break;
	case RD_KAFKA_RESP_ERR__FATAL:
		fatal_error(assign);
		break;
	case RD_KAFKA_RESP_ERR__BAD_MSG:
	case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
		/* To go on would be to skip it. */
		kafkaconf_fail(assign->conf, STATUS_WORLD, "%s",
		    rd_kafka_message_errstr(message));
		break;
	default:
		topic_error(assign, message);
		break;
	}
	return assign->conf->failed == STATUS_OK;
}

enum assign_change
assign_serve(struct assign *assign)
{
	rd_kafka_message_t *events[EVENTS];
	enum assign_change change = do_pending(assign);
	ssize_t n;

	kafkaconf_clear_event(assign->conf);
	rd_kafka_poll(assign->conf->rk, 0);
	do {
		n = rd_kafka_consume_batch_queue(assign->group_queue, 0,
		    events, EVENTS);
		for (ssize_t i = 0; i < n; i++) {
			if (events[i]->err != RD_KAFKA_RESP_ERR_NO_ERROR)
				assign_error(assign, events[i]);
			else
				kafkaconf_fail(assign->conf, STATUS_WORLD,
				    "a message outside its queue");
			rd_kafka_message_destroy(events[i]);
		}
	} while (n == EVENTS);
	commit_serve(assign);
	return change;
}

int64_t
assign_deadline_us(const struct assign *assign)
{
	int64_t at_us = commit_deadline_us(assign);

	if (assign->moved)
		return 0;
	if (assign->pending != RD_KAFKA_RESP_ERR_NO_ERROR &&
	    assign->retry_us < at_us)
		at_us = assign->retry_us;
	return at_us;
}

void
assign_leave(struct assign *assign, int64_t deadline_us)
{
	rd_kafka_queue_t *queue;
	rd_kafka_error_t *error;

	if (assign->group_queue == NULL)
		return;
	assign->closing = true;
	queue = rd_kafka_queue_new(assign->conf->rk);
	/* The library waits for the end of a rebalance. */
	if (assign->pending != RD_KAFKA_RESP_ERR_NO_ERROR)
		let_go(assign->conf->rk, assign->wanted);
	error = rd_kafka_consumer_close_queue(assign->conf->rk, queue);
	if (error != NULL)
		rd_kafka_error_destroy(error);
	else while (!rd_kafka_consumer_closed(assign->conf->rk) &&
	    clock_monotonic_us() < deadline_us)
		rd_kafka_queue_poll_callback(queue, STEP_MS);
	rd_kafka_queue_destroy(queue);
}

void
assign_free(struct assign *assign)
{
	if (assign->wanted != NULL)
		rd_kafka_topic_partition_list_destroy(assign->wanted);
	if (assign->group_queue != NULL)
		rd_kafka_queue_destroy(assign->group_queue);
	if (assign->messages != NULL)
		rd_kafka_queue_destroy(assign->messages);
	assign->wanted = NULL;
	assign->group_queue = assign->messages = NULL;
	commit_free(assign);
	parts_free(&assign->parts);
}
