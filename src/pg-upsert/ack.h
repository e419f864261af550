#ifndef PG_UPSERT_ACK_H
#define PG_UPSERT_ACK_H

#include <poll.h>
#include <stdint.h>

#include "marks.h"

/*
 * Acknowledgements to the source: a line {"_kafka":{...}} per partition,
 * written to a FIFO whose reader may come late, read slowly, or be gone.
 * Only the last of a partition is kept, so memory is bounded by the number of
 * partitions.  Never blocks.
 */
struct ack {
	const char *path; /* NULL: nobody asked, everything is a no-op */
	int fd;           /* -1: no reader yet, or none any more */
	struct marks pending;
	int64_t retry_us; /* monotonic: when to look for a reader again */
	uint64_t written; /* lines */
};

/*
 * -1 with errno when path cannot be what it should be: it does not exist, may
 * not be written, is a directory.  A FIFO without a reader is no error.
 */
int ack_open(struct ack *ack, const char *path);
void ack_close(struct ack *ack);

/* The lines these came from are safe.  Clears from.  -1: ENOMEM. */
int ack_add(struct ack *ack, struct marks *from);

/*
 * Looks for a reader while there is none, and writes what can be written.  -1
 * with errno on a real error.
 */
int ack_flush(struct ack *ack);

/* Whether something is still to be written. */
bool ack_waiting(const struct ack *ack);

/*
 * What to wait for before the next ack_flush(): sets *pollfd (fd -1: nothing)
 * and returns a monotonic deadline, INT64_MAX for none.
 */
int64_t ack_wait(const struct ack *ack, struct pollfd *pollfd);

#endif
