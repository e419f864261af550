#ifndef KAFKA_PUB_DELIVER_H
#define KAFKA_PUB_DELIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kafkaconf.h"
#include "rejects.h"
#include "suspects.h"

/*
 * Messages on their way.  Every message sent is heard of again: it is
 * acknowledged by all in-sync replicas, refused by the broker (to the
 * rejects), or lost with the connection, which ends the command.
 *
 * One batch at a time: it is filled, sent whole, and settled before the next
 * one begins.  A broker refuses a batch as a whole even if one record is bad;
 * its good messages are sent again then, and nothing may have overtaken them.
 * librdkafka would go on with the next batch of a partition at once, so it
 * never has one.  linger.ms is far away for the library, and honoured here:
 * that a batch is sent by rd_kafka_flush() alone keeps the messages of each
 * partition in one request.
 */
struct deliver_line {
	uint64_t number;
	int64_t time_ms;
};

struct deliver {
	struct kafkaconf *conf;
	struct rejects *rejects;
	rd_kafka_topic_t *topic;
	uint64_t sent, acked, refused; /* lines; sent counts the others too */
	uint64_t unheard; /* lowest line number that failed otherwise, or 0 */
	int rejects_error; /* errno of a rejects file that failed */

	struct deliver_line *batch;  /* its lines, in order */
	size_t lines, bytes;         /* of the batch being filled */
	size_t cap;                  /* of batch */
	size_t max_lines, max_bytes; /* of any */
	int64_t begun_us;            /* monotonic: when its first line came */
	int64_t linger_us;           /* how long to wait for others */
	struct suspects suspects;    /* of the batch that is being settled */
	bool settling;               /* messages in flight are suspects */
};

/* One line as a message; everything is borrowed. */
struct deliver_message {
	const char *text;
	size_t len;
	const char *key; /* NULL: none */
	size_t key_len;
	int64_t time_ms; /* since the epoch; 0: the time of sending */
	uint64_t line;
};

enum deliver_result {
	DELIVER_SENT,    /* a copy is in the batch */
	DELIVER_FULL,    /* no room in the batch: flush it, try again */
	DELIVER_REFUSED, /* too large for Kafka; counted and in the rejects */
	DELIVER_FAILED,  /* conf->failed is set */
};

/*
 * Before kafkaconf_create(): puts the callback into the configuration, and
 * takes linger.ms and the limits of batches from it.  -1: conf->failed is set.
 */
int deliver_init(struct deliver *deliver, struct kafkaconf *conf,
    struct rejects *rejects);

/* After it.  -1: conf->failed is set. */
int deliver_open(struct deliver *deliver, const char *topic);

/* Adds to the batch.  Never blocks. */
enum deliver_result deliver_send(struct deliver *deliver,
    const struct deliver_message *message);

/* When the batch should be flushed: monotonic, INT64_MAX when it is empty. */
int64_t deliver_due_us(const struct deliver *deliver);

/* Serves errors and logs.  Never blocks. */
void deliver_serve(struct deliver *deliver);

/*
 * Sends the batch and waits until each of its messages is acknowledged or
 * refused alone, for ever or until stop_overdue() or a failure.
 */
void deliver_flush(struct deliver *deliver);

/* Lines that are neither acknowledged nor refused. */
uint64_t deliver_missing(const struct deliver *deliver);

void deliver_free(struct deliver *deliver);

#endif
