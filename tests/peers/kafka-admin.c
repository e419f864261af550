/*
 * kafka-admin: what an administrator does to a topic, and retention, without
 * the seconds that a JVM takes to start.
 */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EXIT_USAGE = 2, EXIT_WORLD = 3 };

#define ASK_MS 10000
#define TRIES 300 /* to make a topic whose name is not free yet */

struct admin {
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	rd_kafka_AdminOptions_t *options;
};

static void
usage(FILE *f)
{
	fputs("usage: kafka-admin BROKERS delete-records TOPIC PARTITION "
	    "OFFSET\n"
	    "       kafka-admin BROKERS delete-topic TOPIC\n"
	    "       kafka-admin BROKERS remake-topic TOPIC PARTITIONS "
	    "REPLICAS\n"
	    "       kafka-admin BROKERS committed TOPIC PARTITION GROUP\n"
	    "Deletes what is before OFFSET (-1: everything), a topic, or a "
	    "topic that is\nmade again at once; prints "
	    "the group's offset (-1: none). OFFSET,\nPARTITION, PARTITIONS "
	    "and REPLICAS are numbers.\n", f);
}

/* The answer's error, or that of its only part. */
static rd_kafka_resp_err_t
finish(struct admin *admin)
{
	rd_kafka_event_t *event = rd_kafka_queue_poll(admin->queue,
	    ASK_MS * 2);
	rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__TIMED_OUT;
	const rd_kafka_topic_result_t **topics = NULL;
	const rd_kafka_DeleteRecords_result_t *records;
	const rd_kafka_ListConsumerGroupOffsets_result_t *groups;
	int64_t offset;
	size_t n = 0;

	if (event == NULL)
		return error;
	error = rd_kafka_event_error(event);
	if (rd_kafka_event_DeleteTopics_result(event) != NULL)
		topics = rd_kafka_DeleteTopics_result_topics(
		    rd_kafka_event_DeleteTopics_result(event), &n);
	else if (rd_kafka_event_CreateTopics_result(event) != NULL)
		topics = rd_kafka_CreateTopics_result_topics(
		    rd_kafka_event_CreateTopics_result(event), &n);
	if (error == RD_KAFKA_RESP_ERR_NO_ERROR && n == 1)
		error = rd_kafka_topic_result_error(topics[0]);
	records = rd_kafka_event_DeleteRecords_result(event);
	if (error == RD_KAFKA_RESP_ERR_NO_ERROR && records != NULL)
		error = rd_kafka_DeleteRecords_result_offsets(records)->
		    elems[0].err;
	groups = rd_kafka_event_ListConsumerGroupOffsets_result(event);
	if (error == RD_KAFKA_RESP_ERR_NO_ERROR && groups != NULL) {
		offset = rd_kafka_group_result_partitions(
		    rd_kafka_ListConsumerGroupOffsets_result_groups(groups,
		    &n)[0])->elems[0].offset;
		printf("%" PRId64 "\n", offset < 0 ? -1 : offset);
	}
	rd_kafka_event_destroy(event);
	return error;
}

static rd_kafka_resp_err_t
delete_records(struct admin *admin, const char *topic, int partition,
    int64_t before)
{
	rd_kafka_topic_partition_list_t *list =
	    rd_kafka_topic_partition_list_new(1);
	rd_kafka_DeleteRecords_t *what;

	rd_kafka_topic_partition_list_add(list, topic, partition)->offset =
	    before;
	what = rd_kafka_DeleteRecords_new(list);
	rd_kafka_DeleteRecords(admin->rk, &what, 1, admin->options,
	    admin->queue);
	rd_kafka_DeleteRecords_destroy(what);
	rd_kafka_topic_partition_list_destroy(list);
	return finish(admin);
}

static rd_kafka_resp_err_t
delete_topic(struct admin *admin, const char *topic)
{
	rd_kafka_DeleteTopic_t *what = rd_kafka_DeleteTopic_new(topic);

	rd_kafka_DeleteTopics(admin->rk, &what, 1, admin->options,
	    admin->queue);
	rd_kafka_DeleteTopic_destroy(what);
	return finish(admin);
}

static rd_kafka_resp_err_t
remake_topic(struct admin *admin, const char *topic, int partitions,
    int replicas)
{
	static const struct timespec pause = { .tv_nsec = 10 * 1000000L };
	rd_kafka_resp_err_t error = delete_topic(admin, topic);
	rd_kafka_NewTopic_t *what;
	int tries = 0;

	if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
		return error;
	what = rd_kafka_NewTopic_new(topic, partitions, replicas, NULL, 0);
	do {
		if (tries > 0)
			nanosleep(&pause, NULL);
		rd_kafka_CreateTopics(admin->rk, &what, 1, admin->options,
		    admin->queue);
		error = finish(admin);
	} while (error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS &&
	    ++tries < TRIES);
	rd_kafka_NewTopic_destroy(what);
	return error;
}

static rd_kafka_resp_err_t
committed(struct admin *admin, const char *topic, int partition,
    const char *group)
{
	rd_kafka_topic_partition_list_t *list =
	    rd_kafka_topic_partition_list_new(1);
	rd_kafka_ListConsumerGroupOffsets_t *what;

	rd_kafka_topic_partition_list_add(list, topic, partition);
	what = rd_kafka_ListConsumerGroupOffsets_new(group, list);
	rd_kafka_ListConsumerGroupOffsets(admin->rk, &what, 1, NULL,
	    admin->queue);
	rd_kafka_ListConsumerGroupOffsets_destroy(what);
	rd_kafka_topic_partition_list_destroy(list);
	return finish(admin);
}

static rd_kafka_resp_err_t
run(struct admin *admin, int argc, char **argv)
{
	const char *verb = argv[2], *topic = argv[3];

	if (strcmp(verb, "delete-records") == 0 && argc == 6)
		return delete_records(admin, topic, atoi(argv[4]),
		    strtoll(argv[5], NULL, 10));
	if (strcmp(verb, "delete-topic") == 0 && argc == 4)
		return delete_topic(admin, topic);
	if (strcmp(verb, "remake-topic") == 0 && argc == 6)
		return remake_topic(admin, topic, atoi(argv[4]),
		    atoi(argv[5]));
	if (strcmp(verb, "committed") == 0 && argc == 6)
		return committed(admin, topic, atoi(argv[4]), argv[5]);
	return RD_KAFKA_RESP_ERR__INVALID_ARG;
}

static bool
start(struct admin *admin, const char *brokers)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char text[256];

	if (rd_kafka_conf_set(conf, "bootstrap.servers", brokers, text,
	    sizeof text) != RD_KAFKA_CONF_OK)
		return false;
	rd_kafka_conf_set_log_cb(conf, NULL);
	admin->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
	if (admin->rk == NULL)
		return false;
	admin->queue = rd_kafka_queue_new(admin->rk);
	admin->options = rd_kafka_AdminOptions_new(admin->rk,
	    RD_KAFKA_ADMIN_OP_ANY);
	rd_kafka_AdminOptions_set_request_timeout(admin->options, ASK_MS,
	    NULL, 0);
	rd_kafka_AdminOptions_set_operation_timeout(admin->options, ASK_MS,
	    NULL, 0);
	return true;
}

int
main(int argc, char **argv)
{
	struct admin admin;
	rd_kafka_resp_err_t error;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return 0;
	}
	if (argc < 4 || !start(&admin, argv[1])) {
		usage(stderr);
		return EXIT_USAGE;
	}
	error = run(&admin, argc, argv);
	if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
		fprintf(stderr, "kafka-admin: %s %s: %s\n", argv[2], argv[3],
		    rd_kafka_err2str(error));
	rd_kafka_AdminOptions_destroy(admin.options);
	rd_kafka_queue_destroy(admin.queue);
	rd_kafka_destroy(admin.rk);
	return error == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 :
	    error == RD_KAFKA_RESP_ERR__INVALID_ARG ? EXIT_USAGE : EXIT_WORLD;
}
