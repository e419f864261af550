#ifndef TICKPIPE_KAFKACONF_H
#define TICKPIPE_KAFKACONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

#include "msg.h"
#include "status.h"

/*
 * What the two Kafka commands share about librdkafka: its properties from
 * options, a file and the environment; the handle; its log and its errors as
 * messages; one descriptor that tells poll(2) when a queue has something.
 *
 * librdkafka's callbacks run in the thread that calls rd_kafka_poll() or
 * serves a queue: there are no locks here.
 */

#define KAFKACONF_SHORT "b:F:X:"
#define KAFKACONF_LONG                                                   \
	{ "brokers", required_argument, NULL, 'b' },                     \
	{ "properties", required_argument, NULL, 'F' },                  \
	{ "property", required_argument, NULL, 'X' }
#define KAFKACONF_HELP                                                   \
	"  -b, --brokers HOST[:PORT],...  the cluster"                   \
	" ($TICKPIPE_BROKERS)\n"                                         \
	"  -F, --properties FILE          read librdkafka's properties\n" \
	"  -X, --property NAME=VALUE      set one; goes before FILE\n"

struct kafkaconf_options {
	const char *brokers;     /* -b, or the environment, or NULL */
	const char *file;        /* -F or NULL */
	const char **properties; /* -X, in their order */
	size_t nproperties;
};

/* argc bounds the number of options.  -1: ENOMEM. */
int kafkaconf_options_init(struct kafkaconf_options *options, int argc);
void kafkaconf_options_free(struct kafkaconf_options *options);

/* Takes -b, -F and -X (their texts are kept, not copied); false: another. */
bool kafkaconf_option(struct kafkaconf_options *options, int c,
    const char *text);

/* A property that the command sets. */
enum {
	/* The command's promises rest on it: others may not set another value
	   ("": any). */
	KAFKACONF_FIXED = 1 << 0,
	/* Passed over where librdkafka does not know it yet. */
	KAFKACONF_NEWER = 1 << 1,
	/* Not set with group.protocol=consumer, where it is an error. */
	KAFKACONF_CLASSIC = 1 << 2,
};
struct kafkaconf_property {
	const char *name, *value;
	unsigned flags;
};

struct kafkaconf {
	rd_kafka_conf_t *conf; /* until kafkaconf_create() */
	rd_kafka_t *rk;        /* from then on */
	void *user;            /* the command's own; callbacks find it with
	                          kafkaconf_user() */
	/* Or NULL: has first sight of an error that is of no call, and returns
	   whether it has dealt with it. */
	bool (*take_error)(struct kafkaconf *conf, rd_kafka_resp_err_t error,
	    const char *reason);
	int event_fds[2];      /* poll [0]; -1 before kafkaconf_create() */

	/* How to speak: the functions of msg.h, or others. */
	void (*warn)(const char *fmt, ...);
	void (*info)(const char *fmt, ...);

	bool kip848;        /* group.protocol=consumer: partitions come and go
	                       one by one */
	bool reached;       /* a broker has served us once */
	bool down;          /* a failure was said and nothing went well since */
	bool abandoned;     /* the handle's memory is not to be trusted: it is
	                       left as it is at the end */
	int64_t said_us;    /* monotonic: when it was said last */
	uint64_t unsaid;    /* failures since */
	enum status failed; /* not STATUS_OK: it cannot go on; error says why */
	char error[512];
};

/*
 * Builds the configuration: ours first, then the file, then -X, then -b.
 * ours ends with a NULL name.  warn and info are called with messages, later
 * also from within librdkafka's functions.  STATUS_OK, or the status to exit
 * with and conf->error.
 */
enum status kafkaconf_init(struct kafkaconf *conf,
    const struct kafkaconf_options *options,
    const struct kafkaconf_property *ours,
    void (*warn)(const char *fmt, ...), void (*info)(const char *fmt, ...));

/*
 * Makes the handle.  The caller has set its own callbacks in conf->conf by
 * then.  STATUS_OK, or the status to exit with and conf->error.
 */
enum status kafkaconf_create(struct kafkaconf *conf, rd_kafka_type_t type);

/* Writes librdkafka's name and version. */
void kafkaconf_library(char *out, size_t cap);

/* Ends the handle; blocks until its threads have ended, at most two seconds. */
void kafkaconf_free(struct kafkaconf *conf);

/* For a callback's opaque argument. */
static inline void *
kafkaconf_user(void *opaque)
{
	return ((struct kafkaconf *)opaque)->user;
}

/* event_fds[0] becomes readable when the queue stops being empty. */
void kafkaconf_watch(struct kafkaconf *conf, rd_kafka_queue_t *queue);

/* Empties event_fds[0]; the caller then serves its queues until empty. */
void kafkaconf_clear_event(struct kafkaconf *conf);

/* Something went well: the brokers are there. */
void kafkaconf_up(struct kafkaconf *conf);

/*
 * A failure of the peer that will be tried again: the first is said at once,
 * then one a minute until kafkaconf_up().
 */
void kafkaconf_down(struct kafkaconf *conf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* It cannot go on; the first reason stays. */
void kafkaconf_fail(struct kafkaconf *conf, enum status status,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * Whether a retry cannot help with an error that comes before the first
 * success: a wrong password, no permission, no such topic.
 */
bool kafkaconf_hopeless(rd_kafka_resp_err_t error);

/* Kafka's rule for names of topics: 1 to 249 of [a-zA-Z0-9._-], not . or .. */
bool kafkaconf_topic_name(const char *name);

#endif
