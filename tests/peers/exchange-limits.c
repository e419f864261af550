#include <string.h>

#include "exchange-limits.h"

#define GRACE_US 500000      /* what was sent before the answer was read */
#define IGNORED_MAX 3        /* requests in spite of a 429: then a ban */
#define OFFENCES_MAX 5       /* ended connections in the connect window */
#define BAN_MAX_US (INT64_C(3) * 86400 * 1000000)

void
limits_init(struct limits *limits, const struct limits_options *options)
{
	memset(limits, 0, sizeof(*limits));
	limits->options = *options;
}

void
limits_free(struct limits *limits)
{
	for (int i = 0; i < limits->naddresses; i++) {
		window_free(&limits->addresses[i].weights);
		window_free(&limits->addresses[i].connections);
		window_free(&limits->addresses[i].offences);
	}
	limits->naddresses = 0;
}

struct limits_address *
limits_find(struct limits *limits, uint32_t ip)
{
	struct limits_address *address = limits->addresses;
	int i;

	for (i = 0; i < limits->naddresses; i++, address++)
		if (address->ip == ip || i == LIMITS_ADDRESSES - 1)
			return address;
	limits->naddresses++;
	address->ip = ip;
	window_init(&address->weights, limits->options.minute_us);
	window_init(&address->connections, limits->options.connect_window_us);
	window_init(&address->offences, limits->options.connect_window_us);
	return address;
}

static struct limits_verdict
later(int status, int64_t left_us)
{
	return (struct limits_verdict){ .status = status,
		.retry_after_s = (int)((left_us + 999999) / 1000000) };
}

static void
impose(struct limits *limits, struct limits_ban *ban, int64_t now_us)
{
	ban->length_us = ban->length_us == 0 ? limits->options.ban_us :
	    2 * ban->length_us;
	if (ban->length_us > BAN_MAX_US)
		ban->length_us = BAN_MAX_US;
	ban->until_us = now_us + ban->length_us;
	limits->counts.banned++;
}

/* Whoever asks during a ban makes it longer. */
static struct limits_verdict
request_banned(struct limits *limits, struct limits_address *address,
    int64_t now_us)
{
	if (now_us > address->grace_us) {
		limits->counts.over_retry++;
		impose(limits, &address->requests, now_us);
		address->grace_us = now_us + GRACE_US;
	}
	return later(418, address->requests.until_us - now_us);
}

static struct limits_verdict
request_early(struct limits *limits, struct limits_address *address,
    int64_t now_us)
{
	if (now_us > address->grace_us) {
		limits->counts.over_retry++;
		if (++address->ignored > IGNORED_MAX) {
			impose(limits, &address->requests, now_us);
			address->grace_us = now_us + GRACE_US;
			return later(418, address->requests.length_us);
		}
	}
	return later(429, address->retry_until_us - now_us);
}

struct limits_verdict
limits_request(struct limits *limits, struct limits_address *address,
    int64_t weight, int64_t now_us)
{
	int64_t minute_us = limits->options.minute_us, sum;

	if (now_us / minute_us != address->minute) {
		address->minute = now_us / minute_us;
		address->used = 0;
	}
	if (now_us < address->requests.until_us)
		return request_banned(limits, address, now_us);
	if (now_us < address->retry_until_us)
		return request_early(limits, address, now_us);
	address->ignored = 0;
	address->used += weight;
	sum = window_add(&address->weights, now_us, now_us, weight);
	if ((uint64_t)sum > limits->counts.weight_max_minute)
		limits->counts.weight_max_minute = (uint64_t)sum;
	if (address->used <= limits->options.weight_max)
		return (struct limits_verdict){ .status = 200 };
	limits->counts.over_weight++;
	limits_refuse(address, 429, minute_us - now_us % minute_us, now_us);
	return later(429, address->retry_until_us - now_us);
}

void
limits_refuse(struct limits_address *address, int status, int64_t for_us,
    int64_t now_us)
{
	if (status == 418)
		address->requests.until_us = now_us + for_us;
	else
		address->retry_until_us = now_us + for_us;
	address->grace_us = now_us + GRACE_US;
	address->ignored = 0;
}

bool
limits_connect(struct limits *limits, struct limits_address *address,
    int64_t now_us)
{
	int64_t sum = window_add(&address->connections, now_us, now_us, 1);

	if ((uint64_t)sum > limits->counts.connections_max_window)
		limits->counts.connections_max_window = (uint64_t)sum;
	if (sum > limits->options.connections_max) {
		limits->counts.over_connections++;
		if (now_us >= address->handshakes.until_us)
			impose(limits, &address->handshakes, now_us);
	}
	return now_us >= address->handshakes.until_us;
}

void
limits_offence(struct limits *limits, struct limits_address *address,
    int64_t now_us)
{
	if (window_add(&address->offences, now_us, now_us, 1) >=
	    OFFENCES_MAX && now_us >= address->handshakes.until_us)
		impose(limits, &address->handshakes, now_us);
}
