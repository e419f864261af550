#ifndef KAFKA_PUB_SUSPECTS_H
#define KAFKA_PUB_SUSPECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

/*
 * Messages of refused batches.  A broker refuses a whole batch for one record
 * in it, so none of its messages is known to be bad until it was refused alone.
 * They are kept by partition, in the order in which they were first sent, and
 * sent again in parts: a part that is refused is halved, one that is accepted
 * doubles the next.
 */
struct suspect {
	struct suspect *next;
	uint64_t line;
	int64_t time_ms;
	rd_kafka_resp_err_t error; /* of the last try */
	bool has_key;
	size_t key_len, len;
	char bytes[]; /* the key, then the value */
};

struct suspects_part {
	int32_t partition;
	struct suspect *first, *last;
	size_t count;
	size_t take;   /* how many to send in the next try */
	size_t flying; /* how many of the first are being tried */
};

struct suspects {
	struct suspects_part *parts;
	size_t nparts;
	size_t count; /* of all parts */
};

/*
 * Copies a message of a delivery report, which says nothing of its time when
 * it was refused; -1: ENOMEM.
 */
int suspects_add(struct suspects *suspects, const rd_kafka_message_t *message,
    uint64_t line, int64_t time_ms);

/* How many of the part's first messages to send now. */
size_t suspects_take(const struct suspects_part *part);

/*
 * Judges a try: the part's first `flying' messages have their errors by now.
 * Drops those that were accepted.  Returns true when a single message was
 * refused: it is the part's first, and suspects_drop() is for when it has been
 * reported.
 */
bool suspects_judge(struct suspects *suspects, struct suspects_part *part);

/* Drops the first message of the part. */
void suspects_drop(struct suspects *suspects, struct suspects_part *part);

void suspects_free(struct suspects *suspects);

#endif
