#ifndef TICKPIPE_KAFKAASK_H
#define TICKPIPE_KAFKAASK_H

#include "kafkaconf.h"

/*
 * Questions to the brokers that block, KAFKAASK_MS at the most for each request
 * that they make: the caller looks at its signals, and reports what fails,
 * between two of them.
 *
 * rd_kafka_query_watermark_offsets() is not among them: before librdkafka 2.3
 * it ignores its timeout and waits as long as a leader is unreachable.
 */
#define KAFKAASK_MS 1000

/*
 * How many partitions a topic has.  Any answer sets conf->reached, also one
 * that is an error of the topic's.
 */
rd_kafka_resp_err_t kafkaask_partitions(struct kafkaconf *conf,
    const char *topic, int *partitions);

/*
 * The offset of each partition in the list: RD_KAFKA_OFFSET_BEGINNING or _END
 * as they are now, or that of the first message at a time in milliseconds
 * (RD_KAFKA_OFFSET_END where there is none).  The list is unchanged, or
 * useless, after an error; who leads them is asked then too, for the next try.
 */
rd_kafka_resp_err_t kafkaask_offsets(struct kafkaconf *conf,
    rd_kafka_topic_partition_list_t *list, int64_t when);

#endif
