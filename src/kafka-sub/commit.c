/*
 * What is safe becomes what the group has.
 */
#include "commit.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "clock.h"
#include "kafkaask.h"

#define EVERY_US 1000000LL /* between two commits */
#define RETRY_US 200000LL  /* after one that failed, at the end */
#define STEP_MS 50

void
commit_open(struct assign *assign)
{
	assign->commits = rd_kafka_queue_new(assign->conf->rk);
	kafkaconf_watch(assign->conf, assign->commits);
}

void
commit_free(struct assign *assign)
{
	if (assign->commits != NULL)
		rd_kafka_queue_destroy(assign->commits);
	assign->commits = NULL;
}

void
commit_topic_gone(struct assign *assign, const char *topic, const char *how)
{
	parts_forsake(&assign->parts, topic);
	/* librdkafka 2.4 to 2.8 corrupts its metadata when the topic's id
	   changes, and crashes as it frees them. */
	assign->conf->abandoned = true;
	kafkaconf_fail(assign->conf, STATUS_WORLD, "topic %s was deleted, and "
	    "may be another one now (%s): nothing more is committed; start "
	    "again to read the new one from its beginning", topic, how);
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

/* The answer to a commit is good for one partition. */
static void
took(struct assign *assign, const rd_kafka_topic_partition_t *done)
{
	struct part *part = parts_find(&assign->parts, done->topic,
	    strlen(done->topic), done->partition);

	if (part != NULL && done->offset > part->committed)
		part->committed = done->offset;
}

/* The answer to a commit: what the group has now. */
static void
on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t error,
    rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct assign *assign = kafkaconf_user(opaque);

	(void)rk;
	assign->committing = false;
	for (int i = 0; list != NULL && i < list->cnt; i++) {
		const rd_kafka_topic_partition_t *done = &list->elems[i];

		if (done->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
			commit_topic_gone(assign, done->topic,
			    "it takes no commit");
		if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
			error = done->err;
		if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
			took(assign, done);
	}
	if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
		kafkaconf_up(assign->conf);
	} else if (is_lost(error)) {
		assign->no_commit = true;
		assign->conf->info("commit: %s", rd_kafka_err2str(error));
	} else {
		kafkaconf_down(assign->conf, "commit: %s",
		    rd_kafka_err2str(error));
	}
}

/* Whether a commit may be tried: the partitions are not another's by now. */
static bool
may_commit(const struct assign *assign)
{
	return !assign->no_commit && !rd_kafka_assignment_lost(assign->conf->rk) &&
	    rd_kafka_fatal_error(assign->conf->rk, NULL, 0) ==
	    RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* Offsets that the group has, by our word or its own; or those that are safe
   and that it has not.  NULL: none. */
static rd_kafka_topic_partition_list_t *
list_parts(struct assign *assign, bool due)
{
	rd_kafka_topic_partition_list_t *list = NULL;

	for (size_t i = 0; i < assign->parts.n; i++) {
		const struct part *part = &assign->parts.part[i];

		if (due ? !part_is_due(part) : part->committed < 0)
			continue;
		if (list == NULL)
			list = rd_kafka_topic_partition_list_new(
			    (int)assign->parts.n);
		rd_kafka_topic_partition_list_add(list, part->topic,
		    part->partition)->offset = due ? part->safe :
		    RD_KAFKA_OFFSET_INVALID;
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
		assign->no_commit = true;
		kafkaconf_fail(assign->conf, STATUS_WORLD, "rejects: %s",
		    strerror(errno));
		return false;
	}
	assign->synced = assign->rejects->count;
	return true;
}

/* Sends what is due; the answer comes to on_commit(). */
static void
send_due(struct assign *assign)
{
	rd_kafka_topic_partition_list_t *list;

	if (!may_commit(assign) || !sync_rejects(assign))
		return;
	list = list_parts(assign, true);
	if (list == NULL)
		return;
	if (rd_kafka_commit_queue(assign->conf->rk, list, assign->commits,
	    on_commit, assign->conf) == RD_KAFKA_RESP_ERR_NO_ERROR)
		assign->committing = true;
	rd_kafka_topic_partition_list_destroy(list);
}

/* What the group has is compared with what it was told. */
static void
compare(struct assign *assign, const rd_kafka_topic_partition_list_t *list)
{
	for (int i = 0; i < list->cnt; i++) {
		const rd_kafka_topic_partition_t *has = &list->elems[i];
		const struct part *part = parts_find(&assign->parts,
		    has->topic, strlen(has->topic), has->partition);

		if (has->err != RD_KAFKA_RESP_ERR_NO_ERROR || part == NULL ||
		    has->offset >= part->committed)
			continue;
		commit_topic_gone(assign, has->topic,
		    "the group's offset is gone");
	}
}

/*
 * Asks what the group has.  Whether that is known now.  (The admin API could
 * ask without blocking, but librdkafka 2.0.2 goes on asking a coordinator that
 * the group has left, and may abort when its connection fails.)
 */
static bool
ask(struct assign *assign, rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_resp_err_t error = rd_kafka_committed(assign->conf->rk, list,
	    KAFKAASK_MS);

	if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
		kafkaconf_down(assign->conf, "the group's offsets: %s",
		    rd_kafka_err2str(error));
		return false;
	}
	compare(assign, list);
	return true;
}

/* Commits what is due: the question first, where there is something to ask. */
static void
begin(struct assign *assign)
{
	rd_kafka_topic_partition_list_t *list;
	bool good = true;

	if (!parts_due(&assign->parts) || !may_commit(assign))
		return;
	list = list_parts(assign, false);
	if (list != NULL) {
		good = ask(assign, list);
		rd_kafka_topic_partition_list_destroy(list);
	}
	if (good)
		send_due(assign);
}

void
commit_serve(struct assign *assign)
{
	if (assign->group == NULL)
		return;
	rd_kafka_queue_poll_callback(assign->commits, 0);
	if (!assign->ready || clock_monotonic_us() < assign->commit_us ||
	    assign->committing ||
	    assign->pending != RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	begin(assign);
	assign->commit_us = clock_monotonic_us() + EVERY_US;
}

int64_t
commit_deadline_us(const struct assign *assign)
{
	int64_t at_us = clock_monotonic_us() + EVERY_US;

	if (assign->group != NULL && assign->ready &&
	    !assign->committing && assign->commit_us < at_us &&
	    parts_due(&assign->parts))
		at_us = assign->commit_us;
	return at_us;
}

bool
commit_all(struct assign *assign, int64_t deadline_us)
{
	int64_t now_us, begin_us = 0;

	if (assign->group == NULL)
		return true;
	while (parts_due(&assign->parts) && may_commit(assign) &&
	    (now_us = clock_monotonic_us()) < deadline_us) {
		if (!assign->committing && now_us >= begin_us) {
			begin(assign);
			begin_us = now_us + RETRY_US;
		}
		rd_kafka_queue_poll_callback(assign->commits, STEP_MS);
		rd_kafka_poll(assign->conf->rk, 0);
	}
	return !parts_due(&assign->parts);
}
