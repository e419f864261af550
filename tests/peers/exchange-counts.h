#ifndef EXCHANGE_COUNTS_H
#define EXCHANGE_COUNTS_H

#include <stdint.h>
#include <stdio.h>

#include "exchange-faults.h"
#include "exchange-limits.h"

/*
 * What the exchange simulator saw, for tests to assert on, and the file of
 * its events.
 */

struct counts {
	uint64_t connections, refused, messages, pings, pongs;
	uint64_t trades, frames; /* made; sent to any client */
	uint64_t too_many_messages, no_pong, slow, cut;
	uint64_t requests, messages_max_second, streams_max;
	uint64_t over_messages, over_streams;
	uint64_t day_ended, pongs_late;
};

/* One line of JSON; its faults stand in front of all other counts. */
void counts_print(const struct counts *counts,
    const struct limits_counts *limits, const struct faults *faults,
    FILE *to);

/*
 * A line for an event: {"ms":...,"event":"fault",...} with further members by
 * a format, each begun by a comma; "" for none.  events: NULL for none.
 */
void event_line(FILE *events, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
