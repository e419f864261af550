#ifndef KAFKA_PUB_TOPIC_H
#define KAFKA_PUB_TOPIC_H

#include "kafkaconf.h"

/* --create PARTITIONS[:REPLICAS] */
struct topic_create {
	int partitions; /* 0: do not create */
	int replicas;   /* -1: what the brokers are configured for */
};

/* Reads the option's argument; false when it is not of that form. */
bool topic_create_read(const char *text, struct topic_create *out);

/*
 * Makes sure that the topic is there before a line is read: creates it if
 * asked (one that is there already is fine; another number of partitions is
 * warned of), else gives a cluster that creates topics on demand a few seconds
 * to do so.  Waits for brokers that are down, for ever or until
 * stop_overdue().  STATUS_OK, or the status to exit with and conf->error.
 */
enum status topic_prepare(struct kafkaconf *conf, const char *topic,
    const struct topic_create *create);

#endif
