#ifndef EXCHANGE_REST_H
#define EXCHANGE_REST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exchange-market.h"
#include "exchange-tape.h"

/*
 * The exchange's REST: from a path and a query to an answer.  No I/O.
 */

enum rest_endpoint { REST_NONE, REST_TIME, REST_TRADES, REST_KLINES };

struct rest_query {
	enum rest_endpoint endpoint;
	size_t symbol;
	bool microseconds;
	size_t limit;
	int64_t from_id;          /* -1: the newest trades */
	int64_t width_us;         /* of candles */
	int64_t start_us, end_us; /* -1: not said */
};

/* Zero-initialised memory becomes an answer; rest_free() after use. */
struct rest_answer {
	int status;
	char *body;
	size_t len, cap;
};

/* By the path, after any prefix of it. */
enum rest_endpoint rest_endpoint(const char *path);
int rest_weight(enum rest_endpoint endpoint);

/* -1: the answer is an error. */
int rest_parse(enum rest_endpoint endpoint, const char *text,
    const char *time_unit, const struct market *market,
    struct rest_query *query, struct rest_answer *answer);

/* How many trades or candles an answer has at most. */
size_t rest_available(const struct rest_query *query,
    const struct tape *tape);

/* now_us: the exchange's clock. */
void rest_write(const struct rest_query *query, const struct tape *tape,
    int64_t now_us, struct rest_answer *answer);

/* A short text in place of the answer; an error as the exchange puts it. */
void rest_text(struct rest_answer *answer, int status, const char *text);
void rest_error(struct rest_answer *answer, int status, int code,
    const char *message);
void rest_free(struct rest_answer *answer);

#endif
