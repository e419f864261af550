#ifndef KAFKA_SUB_ASSIGN_H
#define KAFKA_SUB_ASSIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "kafkaconf.h"
#include "parts.h"
#include "rejects.h"

/* The bounds of the queue, as properties and in numbers. */
#define ASSIGN_QUEUE_MESSAGES 10000
#define ASSIGN_QUEUE_KBYTES 4096
#define ASSIGN_TEXT(number) ASSIGN_TEXT_(number)
#define ASSIGN_TEXT_(number) #number

/*
 * Which partitions are ours, where reading them begins, and what the group is
 * told.
 *
 * Messages come through a queue of their own, events of the group through
 * another: so a rebalance is heard of, and the group sees us poll, while no
 * message is taken because standard output is blocked.  Nothing is ever
 * paused (librdkafka before 2.1 may skip messages when batches meet a pause).
 *
 * The callbacks only note what is to be done; assign_serve() does it between
 * two batches, so no message of a lost partition is handed out after it.
 */
struct assign {
	struct kafkaconf *conf;
	struct rejects *rejects; /* synced before a commit goes beyond them */
	uint64_t synced;
	struct parts parts;
	rd_kafka_queue_t *group_queue, *messages;
	rd_kafka_queue_t *commits; /* their answers */
	const char *group;  /* NULL: partitions were chosen by hand */
	bool until_end;     /* partitions are asked where they end now */
	bool ready;         /* an assignment is in force */
	bool served;        /* there has been a partition to read */
	bool closing;
	rd_kafka_resp_err_t pending; /* ASSIGN or REVOKE, 0 nothing to do */
	rd_kafka_topic_partition_list_t *wanted; /* what comes or goes */
	bool moved;         /* the log began later by the time it was read */
	int64_t retry_us;   /* not before: monotonic */
	bool committing;    /* a commit is under way */
	int64_t commit_us;  /* when the next is due */
	bool no_commit;     /* none can be made any more */
	uint64_t rebalances;
	uint64_t taken, taken_bytes; /* messages, since assign_taken() last
	                                woke the fetcher */
	bool nudge;         /* this librdkafka has to be woken */
};

/* Where to begin without a group: -o. */
enum origin_kind { ORIGIN_BEGINNING, ORIGIN_END, ORIGIN_OFFSET, ORIGIN_TAIL,
	ORIGIN_TIME };
struct origin {
	enum origin_kind kind;
	int64_t value;     /* an offset, messages before the end, or ms */
	int32_t partition; /* -1: all */
};

/* Reads the argument of -o; false when it is not of its form. */
bool origin_read(const char *text, struct origin *out);

/* Before kafkaconf_create(): puts the callbacks into the configuration. */
void assign_init(struct assign *assign, struct kafkaconf *conf,
    struct rejects *rejects);

/* The queues, once there is a handle; the two below call it. */
void assign_open(struct assign *assign);

/*
 * Asks where the partitions of the list end, so that -e ends on a topic that
 * grows all the time; there the library never reports an end.  The ends are
 * the caller's to destroy; NULL where nobody wants to know, or after an error.
 */
rd_kafka_resp_err_t assign_ask_ends(struct assign *assign,
    const rd_kafka_topic_partition_list_t *list,
    rd_kafka_topic_partition_list_t **ends);

/*
 * Puts an assignment in force.  exact: what the broker no longer has, of an
 * offset in the list that is not negative, is an error; else reading begins at
 * what is left.  ends: of assign_ask_ends().
 */
void assign_take_up(struct assign *assign,
    const rd_kafka_topic_partition_list_t *list, bool exact,
    const rd_kafka_topic_partition_list_t *ends);

/*
 * After it: joins the group, whose name is lent.  With group.protocol=consumer
 * it waits for brokers that are down, for ever or until asked to stop.  -1:
 * conf->failed is set.
 */
int assign_join(struct assign *assign, const char *group,
    char *const *topics, size_t ntopics);

/*
 * After it: takes the partitions of the topics from an origin.  Waits for
 * brokers that are down, for ever or until asked to stop.
 */
int assign_by_hand(struct assign *assign, char *const *topics,
    size_t ntopics, const struct origin *origin);

/*
 * Events of the group, logs, errors, what is pending, and commits that are
 * due.  Blocks only while asking the coordinator something, about a second at
 * the most (a revocation: a few, for a last commit).
 */
enum assign_change {
	ASSIGN_SAME,
	ASSIGN_CHANGED, /* of messages taken before, those of partitions that
	                   are not held any more must not be handed out */
	ASSIGN_REREAD,  /* none of them may */
};
enum assign_change assign_serve(struct assign *assign);

/*
 * Whether the partitions are to go at the next assign_serve(): the caller
 * brings what it holds to safety before, and takes no more messages.
 */
static inline bool
assign_leaving(const struct assign *assign)
{
	return assign->pending == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS;
}

/* When assign_serve() wants to be called again, monotonic. */
int64_t assign_deadline_us(const struct assign *assign);

/*
 * An error that came in place of a message.  false: conf->failed is set.
 */
bool assign_error(struct assign *assign, const rd_kafka_message_t *message);

/*
 * So much was taken from the queue of messages.  librdkafka before 2.2 looks
 * only once a second whether a queue that was full has room again, unless
 * something wakes its thread; a question to the partitions' leaders does.
 * Blocks a millisecond once in some 5,000 messages.
 */
void assign_taken(struct assign *assign, size_t messages, size_t bytes);

/* Leaves the group; blocks until deadline_us at the most. */
void assign_leave(struct assign *assign, int64_t deadline_us);

void assign_free(struct assign *assign);

#endif
