#ifndef BWS_WAITING_H
#define BWS_WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The trades of one symbol that wait, by rising ids, each id once.  At first
 * all zero.
 */

struct waiting_trade {
	struct waiting_trade *before, *after;
	int64_t id, time_us; /* event time, or SEQUENCE_NO_TIME */
	int64_t known_us; /* since when what may be missing before it is known
	                     to be */
	uint32_t len;
	bool healed;   /* came by a page */
	bool skipped;  /* an id without a record */
	char record[];
};

struct waiting {
	struct waiting_trade *first, *last;
	struct waiting_trade *cursor; /* where the last search ended */
};

/* Bytes that a trade with such a record takes. */
size_t waiting_size(size_t len);

/* NULL: out of memory. */
struct waiting_trade *waiting_trade_new(const char *record, size_t len);

/* The last trade whose id is not above this one; NULL: none. */
struct waiting_trade *waiting_find(struct waiting *waiting, int64_t id);

/* Puts a trade behind the one that waiting_find() gave for its id. */
void waiting_put(struct waiting *waiting, struct waiting_trade *behind,
    struct waiting_trade *trade);

/* Takes a trade out, which is the caller's to free then. */
void waiting_take(struct waiting *waiting, struct waiting_trade *trade);

#endif
