#ifndef PG_UPSERT_ACKOUT_H
#define PG_UPSERT_ACKOUT_H

#include <poll.h>
#include <stdint.h>

#include "marks.h"

/*
 * Acknowledgements to the source: a line {"_kafka":{...}} per partition,
 * written to a FIFO whose reader may come late, read slowly, or be gone.
 * Only the last of a partition is kept, so memory is bounded by the number of
 * partitions.  Never blocks.
 */
struct ackout {
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
int ackout_open(struct ackout *ack, const char *path);
void ackout_close(struct ackout *ack);

/* The lines these came from are safe.  Clears from.  -1: ENOMEM. */
int ackout_add(struct ackout *ack, struct marks *from);

/*
 * Looks for a reader while there is none, and writes what can be written.  -1
 * with errno on a real error.
 */
int ackout_flush(struct ackout *ack);

/* Whether something is still to be written. */
bool ackout_waiting(const struct ackout *ack);

/*
 * What to wait for before the next ackout_flush(): sets *pollfd (fd -1: none)
 * and returns a monotonic deadline, INT64_MAX for none.
 */
int64_t ackout_wait(const struct ackout *ack, struct pollfd *pollfd);

#endif
