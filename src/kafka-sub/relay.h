#ifndef KAFKA_SUB_RELAY_H
#define KAFKA_SUB_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "ackin.h"
#include "assign.h"
#include "emit.h"
#include "lineout.h"
#include "rejects.h"

/*
 * Messages to standard output, in one thread and one poll(2): standard
 * output, acknowledgements, librdkafka's events and the stop signal.  While
 * standard output takes nothing, no message is taken from the queue, and
 * everything else goes on.
 */

#define RELAY_BATCH 1000 /* messages taken at once */

enum relay_end {
	RELAY_ON,      /* not yet */
	RELAY_DONE,    /* -c or -e */
	RELAY_STOPPED, /* asked to */
	RELAY_GONE,    /* standard output's reader has gone */
	RELAY_FAILED,  /* assign->conf->failed, or out->error */
};

struct relay {
	struct assign *assign;
	struct ackin *ack;
	struct emit *emit;
	struct rejects *rejects;
	struct lineout out;
	int64_t count;     /* -c: lines still to come, -1 without end */
	bool until_end;    /* -e */
	bool filling;      /* else the output is written until it is empty */
	bool blocked;      /* it takes nothing now */
	bool regular;      /* a file: written at once, never polled */
	enum relay_end end;
	rd_kafka_message_t *batch[RELAY_BATCH];
	size_t at, n;      /* of batch: the next one, and how many */
	size_t taken;      /* bytes of batch handed out */
	bool closed;       /* standard output is */
	uint64_t not_rising;
	struct msg_limit limit;
};

/* -1: ENOMEM. */
int relay_init(struct relay *relay, struct assign *assign, struct ackin *ack,
    struct emit *emit, struct rejects *rejects);

/* Until something ends it. */
enum relay_end relay_run(struct relay *relay);

/*
 * After the end: writes what is held, closes standard output, and reads
 * acknowledgements until the sink has closed the FIFO.  The wait for the sink
 * ends when drain_us pass without a word from it, or at stop_overdue().
 * False: the output failed or the end did not come in time.
 */
bool relay_drain(struct relay *relay, int64_t drain_us);

void relay_free(struct relay *relay);

#endif
