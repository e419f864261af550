#ifndef EXCHANGE_SERVE_H
#define EXCHANGE_SERVE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "exchange-faults.h"
#include "exchange-limits.h"
#include "exchange-market.h"

/*
 * The exchange simulator's server.
 */

struct serve_options {
	int port;              /* of 127.0.0.1; 0: any that is free */
	const char *cert, *key; /* PEM files: TLS; NULL: none */
	const char *bad_cert, *bad_key; /* that do not fit, or NULL */
	const char *path;      /* before /ws, /stream and /api; "" */
	int64_t ping_us;       /* between pings to each client */
	int64_t pong_us;       /* a client that answers later is dropped */
	int64_t day_us;        /* a connection that is older is dropped */
	size_t queue;          /* bytes waiting: beyond, a client is slow */
	double rate;           /* trades a second; 0: as fast as they are read */
	double speed;          /* event time to wall clock */
	int64_t trades;        /* make so many; 0: without end */
	int64_t wait_streams;  /* begin when so many are subscribed */
	int64_t cut_after;     /* trades, then a connection is cut; 0: never */
	int64_t drop_every_us; /* cut all connections; 0: never */
	bool noise;            /* what is no trade, and fragments */
	bool stop_when_idle;   /* end when all is made and the last client left */
	uint64_t seed;         /* of the noise and of the faults */
	struct limits_options limits;
	struct faults_options faults;
	int64_t fault_for_us;  /* how long those that last do so */
	FILE *log;             /* a record for every trade made, or NULL */
	bool microseconds;     /* in the log */
	FILE *events;          /* a line for each, or NULL */
	int wake_fd;           /* pollable: call woken() */
	enum serve_wake { SERVE_GO_ON, SERVE_COUNTS, SERVE_NO_MORE, SERVE_END }
	    (*woken)(void);
	void (*say_counts)(void); /* on SERVE_COUNTS */
};

struct serve;

/* NULL: said on standard error. */
struct serve *serve_open(const struct serve_options *options,
    struct market *market);
int serve_port(const struct serve *serve);

/* Until woken() says so or, with stop_when_idle, until all is done. */
void serve_run(struct serve *serve);
void serve_print_counts(struct serve *serve, FILE *to);
void serve_close(struct serve *serve);

#endif
