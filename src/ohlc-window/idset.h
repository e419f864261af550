#ifndef OHLC_WINDOW_IDSET_H
#define OHLC_WINDOW_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The trade ids of one window, as stretches without a hole.  Ids come mostly
 * in order and without holes, so most sets are the highest stretch alone; the
 * stretches below it stand in rising order in blocks, so that an id costs
 * little wherever it falls.
 */

struct idset_stretch {
	int64_t first, last;
};

struct idset_block {
	struct idset_stretch *stretch;
	unsigned count, cap;
};

struct idset {
	struct idset_stretch top; /* last negative: the set is empty */
	struct idset_block *block;
	size_t nblocks, cap;
};

enum idset_result {
	IDSET_NEW,
	IDSET_THERE,     /* it is in already: nothing changed */
	IDSET_NO_MEMORY, /* nothing changed */
};

void idset_init(struct idset *ids);
void idset_free(struct idset *ids);

/* What idset_add() does with an id that is not the next one. */
enum idset_result idset_add_any(struct idset *ids, int64_t id);

/* Puts in an id, 0 to 2^63-1. */
static inline enum idset_result
idset_add(struct idset *ids, int64_t id)
{
	if (id - 1 != ids->top.last)
		return idset_add_any(ids, id);
	ids->top.last = id;
	return IDSET_NEW;
}

/* The lowest and the highest of a set that is not empty. */
int64_t idset_first(const struct idset *ids);
int64_t idset_last(const struct idset *ids);

#endif
