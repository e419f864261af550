#ifndef KAFKA_SUB_ACKIN_H
#define KAFKA_SUB_ACKIN_H

#include <stdbool.h>
#include <stdint.h>

#include "linein.h"
#include "msg.h"
#include "parts.h"
#include "record.h"

/*
 * Acknowledgements from the sink, through a FIFO: lines with nothing but
 * `_kafka`.  The FIFO is opened without blocking and without a writer; that
 * the last writer has gone is told by POLLHUP alone, for a read of 0 also
 * means that none has come yet.
 */
struct ackin {
	int fd;                /* -1: not asked for */
	struct linein in;
	struct record_reader reader;
	struct msg_limit limit;
	bool hung_up;          /* a writer was there, and none is left */
	int64_t quiet_until_us; /* hung up: POLLHUP would wake us for ever */
	uint64_t taken, ignored;
};

/* path NULL: fd stays -1.  -1 with errno: EINVAL when it is no FIFO. */
int ackin_open(struct ackin *ack, const char *path);
void ackin_close(struct ackin *ack);

/* The descriptor to poll for POLLIN now, or -1. */
int ackin_poll_fd(const struct ackin *ack, int64_t now_us);

/*
 * Reads what is there (revents is poll's word on the descriptor), never
 * blocking, and marks in parts what is safe.  Returns whether bytes came; -1
 * with errno when reading fails or there is no memory for it.
 */
int ackin_serve(struct ackin *ack, int revents, struct parts *parts);

#endif
