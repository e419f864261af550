/*
 * The topic: is it there, shall it be made.
 */
#include "topic.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "kafkaask.h"
#include "opt.h"
#include "stop.h"

#define CREATE_MS 5000                /* the brokers' time to create */
#define PATIENCE_US (5 * 1000000LL)   /* with a topic that is not there */
#define PARTITIONS_MAX 100000
#define REPLICAS_MAX 10000

bool
topic_create_read(const char *text, struct topic_create *out)
{
	const char *colon = strchr(text, ':');
	int64_t partitions, replicas = -1;
	char first[16];
	size_t len = colon != NULL ? (size_t)(colon - text) : strlen(text);

	if (len >= sizeof first)
		return false;
	memcpy(first, text, len);
	first[len] = '\0';
	if (!opt_int(first, 1, PARTITIONS_MAX, &partitions) ||
	    (colon != NULL && !opt_int(colon + 1, 1, REPLICAS_MAX, &replicas)))
		return false;
	out->partitions = (int)partitions;
	out->replicas = (int)replicas;
	return true;
}

static void
pause_a_little(void)
{
	static const struct timespec t = { .tv_nsec = 100 * 1000000L };

	nanosleep(&t, NULL);
}

/* Once the brokers have been silent for a while. */
static void
report_silence(struct kafkaconf *conf, int64_t begun_us)
{
	if (!conf->down && !conf->reached &&
	    clock_monotonic_us() - begun_us > PATIENCE_US)
		kafkaconf_down(conf, "no answer from the brokers yet");
}

/* Whether the brokers may yet say otherwise. */
static bool
passing(rd_kafka_resp_err_t error)
{
	switch (error) {
	case RD_KAFKA_RESP_ERR__TRANSPORT:
	case RD_KAFKA_RESP_ERR__TIMED_OUT:
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
	case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
	case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
	case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
	case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
		return true;
	default:
		return false;
	}
}

static enum status
overdue(struct kafkaconf *conf)
{
	kafkaconf_fail(conf, STATUS_WORLD, "asked to stop while waiting for "
	    "the brokers");
	return conf->failed;
}

/* Until the topic is there. */
static enum status
wait_for_topic(struct kafkaconf *conf, const char *topic, int *partitions)
{
	int64_t begun_us = clock_monotonic_us(), unknown_us = INT64_MAX;
	rd_kafka_resp_err_t error;

	while (conf->failed == STATUS_OK) {
		error = kafkaask_partitions(conf, topic, partitions);
		rd_kafka_poll(conf->rk, 0);
		if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
			kafkaconf_up(conf);
			return STATUS_OK;
		}
		if (stop_overdue())
			return overdue(conf);
		if (!passing(error) && unknown_us == INT64_MAX)
			unknown_us = clock_monotonic_us();
		if (!passing(error) && (clock_monotonic_us() - unknown_us >
		    PATIENCE_US ||
		    error != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)) {
			kafkaconf_fail(conf, STATUS_USAGE, "topic %s: %s",
			    topic, rd_kafka_err2str(error));
		}
		report_silence(conf, begun_us);
		pause_a_little();
	}
	return conf->failed;
}

/* One request; what became of the topic, or of the request. */
static rd_kafka_resp_err_t
create_once(struct kafkaconf *conf, rd_kafka_NewTopic_t *wanted,
    int64_t begun_us, char *text, size_t cap)
{
	rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(conf->rk,
	    RD_KAFKA_ADMIN_OP_CREATETOPICS);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(conf->rk);
	rd_kafka_event_t *event = NULL;
	const rd_kafka_topic_result_t **results;
	rd_kafka_resp_err_t error;
	size_t n;

	rd_kafka_AdminOptions_set_request_timeout(options, CREATE_MS, NULL, 0);
	rd_kafka_AdminOptions_set_operation_timeout(options, CREATE_MS, NULL,
	    0);
	rd_kafka_CreateTopics(conf->rk, &wanted, 1, options, queue);
	while (event == NULL && !stop_overdue()) {
		event = rd_kafka_queue_poll(queue, 100);
		rd_kafka_poll(conf->rk, 0);
		report_silence(conf, begun_us);
	}
	error = event == NULL ? RD_KAFKA_RESP_ERR__TIMED_OUT :
	    rd_kafka_event_error(event);
	snprintf(text, cap, "%s", event == NULL ? "" :
	    rd_kafka_event_error_string(event));
	if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
		results = rd_kafka_CreateTopics_result_topics(
		    rd_kafka_event_CreateTopics_result(event), &n);
		error = rd_kafka_topic_result_error(results[0]);
		if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
			snprintf(text, cap, "%s",
			    rd_kafka_topic_result_error_string(results[0]));
		}
	}
	if (event != NULL)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
	rd_kafka_AdminOptions_destroy(options);
	return error;
}

/*
 * With three copies or more an acknowledgement means at least two: Kafka's own
 * default would let it mean the leader's alone while the others are behind.
 */
static void
ask_for_two(rd_kafka_NewTopic_t *wanted, int replicas)
{
	if (replicas >= 3)
		rd_kafka_NewTopic_set_config(wanted, "min.insync.replicas",
		    "2");
}

static enum status
create_topic(struct kafkaconf *conf, const char *topic,
    const struct topic_create *create)
{
	int64_t begun_us = clock_monotonic_us();
	rd_kafka_NewTopic_t *wanted;
	rd_kafka_resp_err_t error;
	char text[300];

	wanted = rd_kafka_NewTopic_new(topic, create->partitions,
	    create->replicas, text, sizeof text);
	if (wanted == NULL) {
		kafkaconf_fail(conf, STATUS_USAGE, "--create: %s", text);
		return conf->failed;
	}
	ask_for_two(wanted, create->replicas);
	do {
		error = create_once(conf, wanted, begun_us, text,
		    sizeof text);
		if (stop_overdue() && passing(error))
			overdue(conf);
		else if (passing(error))
			pause_a_little();
	} while (passing(error) && conf->failed == STATUS_OK);
	rd_kafka_NewTopic_destroy(wanted);
	if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
		conf->info("topic %s created", topic);
	else if (error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS &&
	    /* a cluster that cannot create may have it all the same */
	    error != RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE &&
	    !passing(error))
		kafkaconf_fail(conf, STATUS_USAGE, "--create: topic %s: %s",
		    topic, text);
	return conf->failed;
}

enum status
topic_prepare(struct kafkaconf *conf, const char *topic,
    const struct topic_create *create)
{
	enum status status = STATUS_OK;
	int partitions = 0;

	if (create->partitions > 0)
		status = create_topic(conf, topic, create);
	if (status != STATUS_OK)
		return status;
	status = wait_for_topic(conf, topic, &partitions);
	if (status == STATUS_OK && create->partitions > 0 &&
	    partitions != create->partitions)
		conf->warn("topic %s has %d partitions, not %d", topic,
		    partitions, create->partitions);
	return status;
}
