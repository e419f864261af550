/*
 * Questions to the brokers, none without a bound.
 */
#include "kafkaask.h"

#include <string.h>

rd_kafka_resp_err_t
kafkaask_partitions(struct kafkaconf *conf, const char *topic,
    int *partitions)
{
	const struct rd_kafka_metadata *metadata;
	rd_kafka_topic_t *handle = rd_kafka_topic_new(conf->rk, topic, NULL);
	rd_kafka_resp_err_t error;

	if (handle == NULL)
		return rd_kafka_last_error();
	error = rd_kafka_metadata(conf->rk, 0, handle, &metadata,
	    KAFKAASK_MS);
	rd_kafka_topic_destroy(handle);
	if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
		return error;
	conf->reached = true;
	error = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
	if (metadata->topic_cnt == 1) {
		error = metadata->topics[0].err;
		*partitions = metadata->topics[0].partition_cnt;
	}
	rd_kafka_metadata_destroy(metadata);
	return error;
}

/* The library asks for a leader that is back only when somebody needs it. */
static void
refresh_leaders(struct kafkaconf *conf,
    const rd_kafka_topic_partition_list_t *list)
{
	int partitions;

	for (int i = 0; i < list->cnt; i++) {
		if (i == 0 || strcmp(list->elems[i].topic,
		    list->elems[i - 1].topic) != 0)
			kafkaask_partitions(conf, list->elems[i].topic,
			    &partitions);
	}
}

rd_kafka_resp_err_t
kafkaask_offsets(struct kafkaconf *conf, rd_kafka_topic_partition_list_t *list,
    int64_t when)
{
	rd_kafka_resp_err_t error;

	if (list->cnt == 0)
		return RD_KAFKA_RESP_ERR_NO_ERROR;
	for (int i = 0; i < list->cnt; i++)
		list->elems[i].offset = when;
	error = rd_kafka_offsets_for_times(conf->rk, list, KAFKAASK_MS);
	for (int i = 0; i < list->cnt; i++) {
		if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
			error = list->elems[i].err;
	}
	if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
		refresh_leaders(conf, list);
	return error;
}
