#include "idset.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_FIRST 4 /* stretches; grows up to BLOCK_MAX */
#define BLOCK_MAX 256
#define EMPTY (-2) /* no id follows it */

/* A place among the stretches below the top one. */
struct place {
	size_t block;
	unsigned at;
};

void
idset_init(struct idset *ids)
{
	memset(ids, 0, sizeof *ids);
	ids->top.first = ids->top.last = EMPTY;
}

void
idset_free(struct idset *ids)
{
	for (size_t b = 0; b < ids->nblocks; b++)
		free(ids->block[b].stretch);
	free(ids->block);
}

int64_t
idset_first(const struct idset *ids)
{
	return ids->nblocks > 0 ? ids->block[0].stretch[0].first :
	    ids->top.first;
}

int64_t
idset_last(const struct idset *ids)
{
	return ids->top.last;
}

/* Makes room for a block at b, of which the array alone is set up. */
static bool
insert_block(struct idset *ids, size_t b)
{
	struct idset_block new = { .cap = BLOCK_FIRST };

	if (ids->nblocks == ids->cap) {
		size_t cap = ids->cap ? ids->cap * 2 : 1;
		struct idset_block *block = realloc(ids->block,
		    cap * sizeof *block);

		if (block == NULL)
			return false;
		ids->block = block;
		ids->cap = cap;
	}
	new.stretch = malloc(new.cap * sizeof *new.stretch);
	if (new.stretch == NULL)
		return false;
	memmove(ids->block + b + 1, ids->block + b,
	    (ids->nblocks - b) * sizeof *ids->block);
	ids->block[b] = new;
	ids->nblocks++;
	return true;
}

static bool
grow_block(struct idset_block *block, unsigned cap)
{
	struct idset_stretch *stretch = realloc(block->stretch,
	    cap * sizeof *stretch);

	if (stretch == NULL)
		return false;
	block->stretch = stretch;
	block->cap = cap;
	return true;
}

/* Room for one more stretch at *place, which moves when a block splits. */
static bool
make_room(struct idset *ids, struct place *place)
{
	struct idset_block *block, *upper;
	unsigned keep;

	if (ids->nblocks == 0 && !insert_block(ids, 0))
		return false;
	block = &ids->block[place->block];
	if (block->count < block->cap)
		return true;
	if (block->cap < BLOCK_MAX)
		return grow_block(block, block->cap * 2);
	if (!insert_block(ids, place->block + 1))
		return false;
	block = &ids->block[place->block];
	upper = block + 1;
	/* Behind all others: what is full stays so. */
	keep = place->at == block->count ? block->count : block->count / 2;
	if (keep < block->count && !grow_block(upper, BLOCK_MAX)) {
		/* An empty block must not stay. */
		free(upper->stretch);
		ids->nblocks--;
		memmove(upper, upper + 1, (ids->nblocks - place->block - 1) *
		    sizeof *upper);
		return false;
	}
	upper->count = block->count - keep;
	memcpy(upper->stretch, block->stretch + keep,
	    upper->count * sizeof *upper->stretch);
	block->count = keep;
	if (place->at >= keep)
		*place = (struct place){ place->block + 1, place->at - keep };
	return true;
}

static bool
insert(struct idset *ids, struct place place, struct idset_stretch stretch)
{
	struct idset_block *block;

	if (!make_room(ids, &place))
		return false;
	block = &ids->block[place.block];
	memmove(block->stretch + place.at + 1, block->stretch + place.at,
	    (block->count - place.at) * sizeof stretch);
	block->stretch[place.at] = stretch;
	block->count++;
	return true;
}

static void
remove_at(struct idset *ids, struct place place)
{
	struct idset_block *block = &ids->block[place.block];

	block->count--;
	memmove(block->stretch + place.at, block->stretch + place.at + 1,
	    (block->count - place.at) * sizeof *block->stretch);
	if (block->count > 0)
		return;
	free(block->stretch);
	ids->nblocks--;
	memmove(block, block + 1,
	    (ids->nblocks - place.block) * sizeof *block);
}

/* Behind all stretches that begin at or before id. */
static struct place
find(const struct idset *ids, int64_t id)
{
	size_t low = 0, high = ids->nblocks;
	unsigned from = 0, to;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ids->block[middle].stretch[0].first <= id)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return (struct place){ 0, 0 };
	to = ids->block[--low].count;
	while (from < to) {
		unsigned middle = from + (to - from) / 2;

		if (ids->block[low].stretch[middle].first <= id)
			from = middle + 1;
		else
			to = middle;
	}
	return (struct place){ low, from };
}

static struct idset_stretch *
stretch_at(const struct idset *ids, struct place *place)
{
	if (place->block < ids->nblocks &&
	    place->at == ids->block[place->block].count)
		*place = (struct place){ place->block + 1, 0 };
	return place->block < ids->nblocks ?
	    &ids->block[place->block].stretch[place->at] : NULL;
}

/* An id below the top stretch that does not touch it. */
static enum idset_result
add_below(struct idset *ids, int64_t id)
{
	struct place place = find(ids, id), behind = place;
	struct idset_stretch *before = place.at > 0 ?
	    &ids->block[place.block].stretch[place.at - 1] : NULL;
	struct idset_stretch *after = stretch_at(ids, &behind);
	bool touches = after != NULL && after->first - 1 == id;

	if (before != NULL && id <= before->last)
		return IDSET_THERE;
	if (before != NULL && id - 1 == before->last) {
		before->last = touches ? after->last : id;
		if (touches)
			remove_at(ids, behind);
		return IDSET_NEW;
	}
	if (touches) {
		after->first = id;
		return IDSET_NEW;
	}
	return insert(ids, place, (struct idset_stretch){ id, id }) ?
	    IDSET_NEW : IDSET_NO_MEMORY;
}

/* The top stretch may have come down to the one below it. */
static void
join_top(struct idset *ids)
{
	struct place place;
	struct idset_stretch *below;

	if (ids->nblocks == 0)
		return;
	place.block = ids->nblocks - 1;
	place.at = ids->block[place.block].count - 1;
	below = &ids->block[place.block].stretch[place.at];
	if (below->last != ids->top.first - 1)
		return;
	ids->top.first = below->first;
	remove_at(ids, place);
}

enum idset_result
idset_add_any(struct idset *ids, int64_t id)
{
	struct idset_stretch *top = &ids->top;

	if (id > top->last) {
		size_t b = ids->nblocks > 0 ? ids->nblocks - 1 : 0;
		struct place end = { b, ids->nblocks > 0 ?
		    ids->block[b].count : 0 };

		if (id - 1 == top->last) {
			top->last = id;
			return IDSET_NEW;
		}
		if (top->last != EMPTY && !insert(ids, end, *top))
			return IDSET_NO_MEMORY;
		*top = (struct idset_stretch){ id, id };
		return IDSET_NEW;
	}
	if (id >= top->first)
		return IDSET_THERE;
	if (id != top->first - 1)
		return add_below(ids, id);
	top->first = id;
	join_top(ids);
	return IDSET_NEW;
}
