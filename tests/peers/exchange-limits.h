#ifndef EXCHANGE_LIMITS_H
#define EXCHANGE_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "exchange-window.h"

/*
 * What the exchange allows an address, by Binance's documentation: so much
 * weight of requests a minute, so many attempts to connect; and what comes to
 * those who go beyond.  No I/O, no clock: now_us is the caller's.
 */

#define LIMITS_ADDRESSES 64 /* the last one stands for all further ones */

struct limits_options {
	int64_t weight_max, minute_us;
	int64_t connections_max, connect_window_us;
	int64_t ban_us; /* the first ban; each further one is twice as long */
};

struct limits_counts {
	uint64_t weight_max_minute;      /* in any sliding minute */
	uint64_t connections_max_window; /* in any sliding window */
	uint64_t over_weight, over_connections;
	uint64_t over_retry; /* asked again before Retry-After was over */
	uint64_t banned;
};

struct limits_ban {
	int64_t until_us;
	int64_t length_us; /* of the last one */
};

struct limits_address {
	uint32_t ip;
	struct window weights, connections, offences;
	int64_t minute, used;   /* the current minute of the clock */
	int64_t retry_until_us; /* 429 until then */
	int64_t grace_us;       /* what was on its way comes by then */
	int ignored;            /* requests in spite of a 429 */
	struct limits_ban requests, handshakes;
};

struct limits {
	struct limits_options options;
	struct limits_counts counts;
	struct limits_address addresses[LIMITS_ADDRESSES];
	int naddresses;
};

void limits_init(struct limits *limits, const struct limits_options *options);
void limits_free(struct limits *limits);

/* Lent for as long as limits lives. */
struct limits_address *limits_find(struct limits *limits, uint32_t ip);

struct limits_verdict {
	int status;        /* 200, 429 or 418 */
	int retry_after_s; /* of the latter two */
};

/* A request of so much weight comes in. */
struct limits_verdict limits_request(struct limits *limits,
    struct limits_address *address, int64_t weight, int64_t now_us);

/* The exchange refuses requests for so long, for reasons of its own. */
void limits_refuse(struct limits_address *address, int status,
    int64_t for_us, int64_t now_us);

/* An attempt to connect; false: the address is banned. */
bool limits_connect(struct limits *limits, struct limits_address *address,
    int64_t now_us);

/* A connection was ended because of what it sent: too often, and a ban. */
void limits_offence(struct limits *limits, struct limits_address *address,
    int64_t now_us);

#endif
