#ifndef KAFKA_PUB_DELIVER_H
#define KAFKA_PUB_DELIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kafkaconf.h"
#include "rejects.h"

/*
 * Messages on their way.  Every message sent is heard of again: it is
 * acknowledged by all in-sync replicas, refused by the broker (to the
 * rejects), or lost with the connection, which ends the command.
 */
struct deliver {
	struct kafkaconf *conf;
	struct rejects *rejects;
	rd_kafka_topic_t *topic;
	uint64_t sent, acked, refused; /* lines; sent counts the others too */
	uint64_t unheard; /* lowest line number that failed otherwise, or 0 */
	int rejects_error; /* errno of a rejects file that failed */
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
	DELIVER_SENT,    /* a copy is queued */
	DELIVER_FULL,    /* no room: serve, wait for the event, try again */
	DELIVER_REFUSED, /* too large for Kafka; counted and in the rejects */
	DELIVER_FAILED,  /* conf->failed is set */
};

/* Before kafkaconf_create(): puts the callback into the configuration. */
void deliver_init(struct deliver *deliver, struct kafkaconf *conf,
    struct rejects *rejects);

/* After it.  -1: conf->failed is set. */
int deliver_open(struct deliver *deliver, const char *topic);

/* Never blocks. */
enum deliver_result deliver_send(struct deliver *deliver,
    const struct deliver_message *message);

/* Serves what came back: delivery reports, errors, logs.  Never blocks. */
void deliver_serve(struct deliver *deliver);

/*
 * Waits until all is acknowledged, for ever or until stop_overdue() or a
 * failure.  Returns the number of lines not acknowledged.
 */
uint64_t deliver_drain(struct deliver *deliver);

void deliver_free(struct deliver *deliver);

#endif
