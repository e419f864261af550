/*
 * The end of a handle, in a thread that may be left behind.
 */
#include "kafkaend.h"

#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"

#define DESTROY_US (2 * 1000000LL)

struct ending {
	rd_kafka_t *rk;
	int done_fd; /* closed at its end */
};

static void *
end_handle(void *arg)
{
	struct ending *ending = arg;

	rd_kafka_destroy_flags(ending->rk,
	    RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	close(ending->done_fd);
	free(ending);
	return NULL;
}

/* Whether the other end of the pipe is closed before the deadline. */
static bool
wait_closed(int fd, int64_t deadline_us)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do {
		n = poll(&p, 1, clock_poll_ms(deadline_us));
	} while (n <= 0 && clock_monotonic_us() < deadline_us);
	return n > 0;
}

bool
kafkaend(rd_kafka_t *rk)
{
	struct ending *ending = malloc(sizeof *ending);
	pthread_t thread;
	bool gone;
	int fds[2];

	if (ending == NULL || pipe(fds) == -1) {
		free(ending);
		return false;
	}
	*ending = (struct ending){ .rk = rk, .done_fd = fds[1] };
	if (pthread_create(&thread, NULL, end_handle, ending) != 0) {
		close(fds[0]);
		close(fds[1]);
		free(ending);
		return false;
	}
	gone = wait_closed(fds[0], clock_monotonic_us() + DESTROY_US);
	if (gone)
		pthread_join(thread, NULL);
	else
		pthread_detach(thread);
	close(fds[0]);
	return gone;
}
