#ifndef EXCHANGE_SERVE_H
#define EXCHANGE_SERVE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "exchange-market.h"

/*
 * The exchange simulator's server: everything that knows libwebsockets.
 */

struct serve_options {
	int port;              /* of 127.0.0.1; 0: any that is free */
	const char *cert, *key; /* PEM files: wss; NULL: ws */
	int64_t ping_us;       /* between pings to each client */
	int64_t pong_us;       /* a client that answers later is dropped */
	double rate;           /* trades a second; 0: as fast as they are read */
	double speed;          /* event time to wall clock */
	int64_t trades;        /* make so many; 0: without end */
	int64_t wait_streams;  /* begin when so many are subscribed */
	int64_t cut_after;     /* trades, then a connection is cut; 0: never */
	int64_t drop_every_us; /* cut all connections; 0: never */
	bool noise;            /* what is no trade, and fragments */
	bool stop_when_idle;   /* end when all is made and the last client left */
	uint64_t seed;         /* of the noise */
	FILE *log;             /* a record for every trade made, or NULL */
	int wake_fd;           /* pollable: call woken() */
	bool (*woken)(void);   /* true: end */
};

/* What was seen, for tests to assert on. */
struct serve_counts {
	uint64_t connections, refused, messages, pings, pongs;
	uint64_t trades, frames;  /* made; sent to any client */
	uint64_t too_many_messages, no_pong, slow, cut;
};

struct serve;

/* NULL: said on standard error. */
struct serve *serve_open(const struct serve_options *options,
    struct market *market);
int serve_port(const struct serve *serve);

/* Until woken() says so or, with stop_when_idle, until all is done. */
void serve_run(struct serve *serve);
const struct serve_counts *serve_counts(const struct serve *serve);
void serve_close(struct serve *serve);

#endif
