/*
 * The group's side: rebalances, explicit assignment, commits.
 */
#include "assign.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"

#define ASK_MS 1000                    /* one question to the brokers */
#define RETRY_US 200000LL              /* between two of them */
#define COMMIT_EVERY_US 1000000LL
#define COMMIT_LAST_US 3000000LL       /* for a commit before a revocation */
#define STEP_MS 50
#define EVENTS 16

static void
on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t what,
    rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct assign *assign = kafkaconf_user(opaque);

	if (assign->closing) {
		rd_kafka_assign(rk, NULL);
		return;
	}
	if (assign->wanted != NULL)
		rd_kafka_topic_partition_list_destroy(assign->wanted);
	assign->wanted = NULL;
	assign->retry_us = 0;
	assign->pending = what;
	if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
		assign->wanted = rd_kafka_topic_partition_list_copy(list);
}

/* Whether a failed commit means only that the partitions are another's. */
static bool
is_lost(rd_kafka_resp_err_t error)
{
	switch (error) {
	case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
	case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
	case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
	case RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST:
	case RD_KAFKA_RESP_ERR__NO_OFFSET:
		return true;
	default:
		return false;
	}
}

/* The answer to a commit: what the group has now. */
static void
on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t error,
    rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct assign *assign = kafkaconf_user(opaque);

	(void)rk;
	if (assign->committing > 0)
		assign->committing--;
	for (int i = 0; list != NULL && i < list->cnt; i++) {
		const rd_kafka_topic_partition_t *done = &list->elems[i];
		struct part *part = parts_find(&assign->parts, done->topic,
		    strlen(done->topic), done->partition);

		if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
			error = done->err;
		if (error == RD_KAFKA_RESP_ERR_NO_ERROR && part != NULL &&
		    done->offset > part->committed)
			part->committed = done->offset;
	}
	if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
		kafkaconf_up(assign->conf);
	else if (is_lost(error))
		assign->conf->info("commit: %s", rd_kafka_err2str(error));
	else
		kafkaconf_down(assign->conf, "commit: %s",
		    rd_kafka_err2str(error));
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
	rd_kafka_conf_set_rebalance_cb(conf->conf, on_rebalance);
	rd_kafka_conf_set_offset_commit_cb(conf->conf, on_commit);
}

void
assign_open(struct assign *assign)
{
	assign->group_queue = rd_kafka_queue_get_consumer(assign->conf->rk);
	assign->messages = rd_kafka_queue_new(assign->conf->rk);
	kafkaconf_watch(assign->conf, assign->group_queue);
	kafkaconf_watch(assign->conf, assign->messages);
}

int
assign_join(struct assign *assign, char *const *topics, size_t ntopics)
{
	rd_kafka_topic_partition_list_t *list =
	    rd_kafka_topic_partition_list_new((int)ntopics);
	rd_kafka_resp_err_t error;

	assign_open(assign);
	assign->group = true;
	for (size_t i = 0; i < ntopics; i++) {
		rd_kafka_topic_partition_list_add(list, topics[i],
		    RD_KAFKA_PARTITION_UA);
	}
	error = rd_kafka_subscribe(assign->conf->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	kafkaconf_fail(assign->conf, STATUS_USAGE, "subscribe: %s",
	    rd_kafka_err2str(error));
	return -1;
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

/*
 * The end of a partition as it is now, so that -e ends on a topic that grows
 * all the time; there the library never reports an end.  -1: not known.
 */
static int64_t
ask_end(struct assign *assign, const rd_kafka_topic_partition_t *p)
{
	int64_t low, high;

	if (!assign->until_end || rd_kafka_query_watermark_offsets(
	    assign->conf->rk, p->topic, p->partition, &low, &high, ASK_MS) !=
	    RD_KAFKA_RESP_ERR_NO_ERROR)
		return -1;
	return high;
}

void
assign_take_up(struct assign *assign, rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_resp_err_t error;

	parts_renew(&assign->parts, clock_realtime_us() / 1000);
	for (int i = 0; i < list->cnt; i++) {
		rd_kafka_topic_partition_t *p = &list->elems[i];

		if (parts_add(&assign->parts, p->topic, p->partition,
		    assign->group && p->offset >= 0 ? p->offset : -1) == -1) {
			kafkaconf_fail(assign->conf, STATUS_WORLD,
			    "out of memory");
			return;
		}
		assign->parts.part[i].end = ask_end(assign, p);
		route(assign, p);
		assign->conf->info("%s [%" PRId32 "] from %s%" PRId64,
		    p->topic, p->partition, p->offset < 0 ? "origin " : "",
		    p->offset);
	}
	error = rd_kafka_assign(assign->conf->rk, list);
	if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
		kafkaconf_fail(assign->conf, STATUS_WORLD, "assign: %s",
		    rd_kafka_err2str(error));
		return;
	}
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

	error = rd_kafka_committed(assign->conf->rk, list, ASK_MS);
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
	kafkaconf_up(assign->conf);
	for (int i = 0; i < list->cnt; i++) {
		if (list->elems[i].offset < 0)
			list->elems[i].offset = RD_KAFKA_OFFSET_BEGINNING;
	}
	return true;
}

/* Whether a commit may be tried: the partitions are not another's by now. */
static bool
may_commit(const struct assign *assign)
{
	return !rd_kafka_assignment_lost(assign->conf->rk) &&
	    rd_kafka_fatal_error(assign->conf->rk, NULL, 0) ==
	    RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* Our partitions are to go: what is safe is committed first. */
static void
give_up(struct assign *assign)
{
	assign_commit(assign, clock_monotonic_us() + COMMIT_LAST_US);
	assign->ready = false;
	parts_clear(&assign->parts);
	rd_kafka_assign(assign->conf->rk, NULL);
}

/* Does what a callback noted; true when partitions changed. */
static bool
do_pending(struct assign *assign)
{
	rd_kafka_topic_partition_list_t *wanted = assign->wanted;

	if (assign->pending == RD_KAFKA_RESP_ERR_NO_ERROR ||
	    clock_monotonic_us() < assign->retry_us)
		return false;
	if (assign->pending == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
		if (!ask_committed(assign, wanted)) {
			assign->retry_us = clock_monotonic_us() + RETRY_US;
			return false;
		}
		assign_take_up(assign, wanted);
		rd_kafka_topic_partition_list_destroy(wanted);
		assign->wanted = NULL;
	} else {
		give_up(assign);
	}
	assign->pending = RD_KAFKA_RESP_ERR_NO_ERROR;
	return true;
}

/* What is safe and not yet committed; NULL: nothing. */
static rd_kafka_topic_partition_list_t *
list_due(struct assign *assign)
{
	rd_kafka_topic_partition_list_t *list = NULL;

	for (size_t i = 0; assign->group && i < assign->parts.n; i++) {
		const struct part *part = &assign->parts.part[i];

		if (!part_is_due(part))
			continue;
		if (list == NULL)
			list = rd_kafka_topic_partition_list_new(
			    (int)assign->parts.n);
		rd_kafka_topic_partition_list_add(list, part->topic,
		    part->partition)->offset = part->safe;
	}
	return list;
}

/* Refused messages count as done once the disk has them. */
static bool
sync_rejects(struct assign *assign)
{
	if (assign->rejects->count == assign->synced)
		return true;
	if (rejects_sync(assign->rejects) == -1) {
		kafkaconf_fail(assign->conf, STATUS_WORLD, "rejects: %s",
		    strerror(errno));
		return false;
	}
	assign->synced = assign->rejects->count;
	return true;
}

static void
commit_if_due(struct assign *assign)
{
	int64_t now_us = clock_monotonic_us();
	rd_kafka_topic_partition_list_t *list;

	if (!assign->group || !assign->ready || now_us < assign->commit_us ||
	    assign->committing > 0 || assign->pending !=
	    RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	assign->commit_us = now_us + COMMIT_EVERY_US;
	list = list_due(assign);
	if (list == NULL)
		return;
	if (sync_rejects(assign) && may_commit(assign) &&
	    rd_kafka_commit(assign->conf->rk, list, 1) ==
	    RD_KAFKA_RESP_ERR_NO_ERROR)
		assign->committing++;
	rd_kafka_topic_partition_list_destroy(list);
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

/* The offsets that the broker has, for a message; "" when it does not say. */
static const char *
range(struct assign *assign, const char *topic, int32_t partition,
    char *out, size_t cap)
{
	int64_t low, high;

	out[0] = '\0';
	if (rd_kafka_query_watermark_offsets(assign->conf->rk, topic,
	    partition, &low, &high, ASK_MS) == RD_KAFKA_RESP_ERR_NO_ERROR) {
		snprintf(out, cap, ": the broker has %" PRId64 " to %" PRId64,
		    low, high);
	}
	return out;
}

/* The broker no longer has (or not yet) what we wanted to read. */
static void
out_of_range(struct assign *assign, const rd_kafka_message_t *message)
{
	const char *topic = rd_kafka_topic_name(message->rkt);
	char text[100];

	range(assign, topic, message->partition, text, sizeof text);
	kafkaconf_fail(assign->conf, STATUS_WORLD, "%s [%" PRId32 "]: %s "
	    "offset %" PRId64 " is not there%s", topic, message->partition,
	    assign->group ? "the group's" : "the", message->offset, text);
}

bool
assign_error(struct assign *assign, const rd_kafka_message_t *message)
{
	struct part *part;
	char text[300];

	switch (message->err) {
	case RD_KAFKA_RESP_ERR__PARTITION_EOF:
		part = parts_find(&assign->parts,
		    rd_kafka_topic_name(message->rkt),
		    strlen(rd_kafka_topic_name(message->rkt)),
		    message->partition);
		if (part != NULL)
			part->ended = true;
		break;
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
		out_of_range(assign, message);
		break;
	case RD_KAFKA_RESP_ERR__FATAL:
		rd_kafka_fatal_error(assign->conf->rk, text, sizeof text);
		kafkaconf_fail(assign->conf, STATUS_WORLD, "%s", text);
		break;
	case RD_KAFKA_RESP_ERR__BAD_MSG:
	case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
		/* To go on would be to skip it. */
		kafkaconf_fail(assign->conf, STATUS_WORLD, "%s",
		    rd_kafka_message_errstr(message));
		break;
	default:
		if (!assign->served && kafkaconf_hopeless(message->err)) {
			kafkaconf_fail(assign->conf, STATUS_USAGE, "%s",
			    rd_kafka_message_errstr(message));
			break;
		}
		if (assign->group || message->err !=
		    RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
			kafkaconf_down(assign->conf, "%s",
			    rd_kafka_message_errstr(message));
		break;
	}
	return assign->conf->failed == STATUS_OK;
}

bool
assign_serve(struct assign *assign)
{
	rd_kafka_message_t *events[EVENTS];
	bool changed = do_pending(assign);
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
	commit_if_due(assign);
	return changed;
}

int64_t
assign_deadline_us(const struct assign *assign)
{
	int64_t at_us = clock_monotonic_us() + COMMIT_EVERY_US;

	if (assign->pending != RD_KAFKA_RESP_ERR_NO_ERROR &&
	    assign->retry_us < at_us)
		at_us = assign->retry_us;
	if (assign->group && assign->ready && assign->committing == 0 &&
	    assign->commit_us < at_us && parts_due(&assign->parts))
		at_us = assign->commit_us;
	return at_us;
}

bool
assign_commit(struct assign *assign, int64_t deadline_us)
{
	rd_kafka_topic_partition_list_t *list = list_due(assign);
	rd_kafka_queue_t *queue;
	rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__FAIL;

	if (list == NULL)
		return true;
	if (!may_commit(assign)) {
		rd_kafka_topic_partition_list_destroy(list);
		return false;
	}
	queue = rd_kafka_queue_new(assign->conf->rk);
	if (sync_rejects(assign))
		error = rd_kafka_commit_queue(assign->conf->rk, list, queue,
		    on_commit, assign->conf);
	assign->committing += error == RD_KAFKA_RESP_ERR_NO_ERROR;
	while (assign->committing > 0 && clock_monotonic_us() < deadline_us) {
		rd_kafka_queue_poll_callback(queue, STEP_MS);
		rd_kafka_poll(assign->conf->rk, 0);
	}
	assign->committing = 0; /* a later answer finds no queue */
	rd_kafka_queue_destroy(queue);
	rd_kafka_topic_partition_list_destroy(list);
	return !parts_due(&assign->parts);
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
	if (assign->pending != RD_KAFKA_RESP_ERR_NO_ERROR)
		rd_kafka_assign(assign->conf->rk, NULL);
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
	parts_free(&assign->parts);
}
