#ifndef EXCHANGE_FAULTS_H
#define EXCHANGE_FAULTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Which faults there are, and when each comes, by the seed.  One that has
 * come waits until there is something it can happen to.  No I/O, no clock.
 */

enum fault_kind {
	/* of a connection */
	FAULT_DROP, FAULT_RESET, FAULT_CLOSE, FAULT_STALL, FAULT_HALF_OPEN,
	FAULT_BEHIND, FAULT_GARBAGE, FAULT_BINARY, FAULT_UTF8, FAULT_LONG,
	FAULT_SHUTDOWN,
	/* of a trade */
	FAULT_CUT, FAULT_LOSE, FAULT_DUPLICATE, FAULT_REORDER, FAULT_PIECES,
	FAULT_HOLE,
	/* of a handshake */
	FAULT_SLOW_HANDSHAKE, FAULT_REFUSE, FAULT_TOO_MANY,
	FAULT_CERTIFICATE,
	/* of a request */
	FAULT_REST_429, FAULT_REST_418, FAULT_REST_500, FAULT_REST_SLOW,
	FAULT_REST_CUT, FAULT_REST_GARBAGE, FAULT_REST_REFUSE,
	FAULT_REST_EMPTY, FAULT_REST_SHORT,
	FAULT_KINDS,
	FAULT_NONE = FAULT_KINDS,
};

struct faults_options {
	int64_t count;    /* in all */
	int64_t every_us; /* mean time between two */
	int64_t after_us; /* before the first one */
	const char *kinds; /* separated by commas; NULL: all that can be */
	bool tls;         /* certificates can be at fault */
	uint64_t seed;
};

struct faults {
	int64_t left, every_us, after_us;
	uint64_t random;
	int64_t due_us; /* 0: not begun */
	enum fault_kind deck[FAULT_KINDS];
	int ndeck, next; /* deck[next..ndeck) is still to come */
	uint64_t waiting[FAULT_KINDS], happened[FAULT_KINDS];
	int64_t since_us[FAULT_KINDS]; /* the first one of those waiting */
};

/* -1: a kind that there is not. */
int faults_init(struct faults *faults, const struct faults_options *options);
const char *fault_name(enum fault_kind kind);

/* Time passes; the first call is the beginning. */
void faults_tick(struct faults *faults, int64_t now_us);

/*
 * The one that has waited longest of the kinds from `first` to `last`;
 * FAULT_NONE: none waits.
 */
enum fault_kind faults_waiting(const struct faults *faults,
    enum fault_kind first, enum fault_kind last);

/* One that waited has happened. */
void faults_happened(struct faults *faults, enum fault_kind kind);

/* How many of all have come and not happened yet. */
uint64_t faults_all_waiting(const struct faults *faults);

/* {"drop":3,...}: how often each kind that has come happened. */
void faults_print(const struct faults *faults, FILE *to);

#endif
