#ifndef FEEDLOAD_FRAMES_H
#define FEEDLOAD_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Trade frames of the symbols that were asked for, in turn, made once and
 * patched in place: the id, which rises by one per symbol, and both times.
 */
struct frames {
	struct frame *all;
	size_t count, cap, next;
	bool combined; /* wrapped in {"stream":...,"data":...} */
};

/* Adds every NAME@trade of a path or of a SUBSCRIBE message.  -1: no memory. */
int frames_ask(struct frames *frames, const char *text);

/*
 * The next frame with its header, both its times those given, in microseconds
 * since the epoch; good until the next call.  There must be one.
 */
const char *frames_next(struct frames *frames, int64_t now_us, size_t *len);

void frames_free(struct frames *frames);

#endif
