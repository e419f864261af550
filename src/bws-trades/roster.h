#ifndef BWS_ROSTER_H
#define BWS_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sequence.h"
#include "streams.h"

/*
 * The symbols that are asked for now, and which of them were never heard of:
 * the exchange accepts names that do not exist.  No I/O, no clock.
 */
struct roster_entry {
	char *symbol;      /* lower case */
	struct sequence_symbol *sequence;
	int64_t since_us;  /* subscribed, monotonic; INT64_MAX: not yet */
	bool named;        /* it was said that it is quiet, or never need be */
};

struct roster {
	struct roster_entry *entries;
	size_t count, cap;
	size_t hint;       /* where the last search ended */
	int64_t due_us;    /* no entry is quiet for long before */
};

void roster_free(struct roster *roster);

/* Adds one that is not there.  -1: no memory. */
int roster_add(struct roster *roster, const char *symbol,
    struct sequence_symbol *sequence);

void roster_remove(struct roster *roster, struct roster_entry *entry);

/* It was subscribed to; counts once. */
void roster_subscribed(struct roster *roster,
    const struct sequence_symbol *sequence, int64_t now_us);

/*
 * The next symbol of which nothing was heard for quiet_us after it was
 * subscribed to, each once; NULL: none.  After NULL roster->due_us says when
 * to ask again.
 */
const char *roster_quiet(struct roster *roster, int64_t now_us,
    int64_t quiet_us);

#endif
