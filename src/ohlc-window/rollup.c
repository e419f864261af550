#include "rollup.h"

#include <stdlib.h>
#include <string.h>

/* What a window of smaller ones needs of a candle. */
struct part {
	int64_t start_us, trades, first_trade_id, last_trade_id;
	bool closed, has_volume, has_taker_buy_volume, has_trade_ids;
	struct decimal open, high, low, close;
	struct decimal_sum volume, quote_volume, taker_buy_volume;
};

struct rollup {
	struct part *part;  /* as they came */
	uint32_t *order;    /* their places, by start */
	size_t count, cap;
	int64_t trades;     /* of all parts */
	struct part sum;    /* of the first ones by start, */
	size_t summed;      /* so many; the last is never among them */
};

struct rollup *
rollup_new(void)
{
	return calloc(1, sizeof(struct rollup));
}

void
rollup_free(struct rollup *r)
{
	if (r == NULL)
		return;
	free(r->part);
	free(r->order);
	free(r);
}

static struct part
part_of(const struct candle *c)
{
	struct part p = {
		.start_us = c->window_start_us, .trades = c->trades,
		.closed = c->closed, .has_volume = c->has_volume,
		.has_taker_buy_volume = c->has_taker_buy_volume,
		.has_trade_ids = c->has_trade_ids,
		.open = c->open, .high = c->high, .low = c->low,
		.close = c->close,
	};

	if (c->has_volume) {
		p.volume = c->volume;
		p.quote_volume = c->quote_volume;
	}
	if (c->has_taker_buy_volume)
		p.taker_buy_volume = c->taker_buy_volume;
	if (c->has_trade_ids) {
		p.first_trade_id = c->first_trade_id;
		p.last_trade_id = c->last_trade_id;
	}
	return p;
}

/* Adds a part that is later than all that *sum has. */
static void
add_later(struct part *sum, const struct part *p)
{
	if (decimal_compare(&p->high, &sum->high) > 0)
		sum->high = p->high;
	if (decimal_compare(&p->low, &sum->low) < 0)
		sum->low = p->low;
	sum->close = p->close;
	sum->trades += p->trades;
	/* What is not known of one part is not known of the whole. */
	sum->has_volume = sum->has_volume && p->has_volume;
	sum->has_taker_buy_volume = sum->has_taker_buy_volume &&
	    p->has_taker_buy_volume;
	sum->has_trade_ids = sum->has_trade_ids && p->has_trade_ids;
	if (sum->has_volume) {
		decimal_sum_add_sum(&sum->volume, &p->volume);
		decimal_sum_add_sum(&sum->quote_volume, &p->quote_volume);
	}
	if (sum->has_taker_buy_volume)
		decimal_sum_add_sum(&sum->taker_buy_volume,
		    &p->taker_buy_volume);
	if (p->first_trade_id < sum->first_trade_id)
		sum->first_trade_id = p->first_trade_id;
	if (p->last_trade_id > sum->last_trade_id)
		sum->last_trade_id = p->last_trade_id;
}

/* Behind all parts that start at or before start_us. */
static size_t
find(const struct rollup *r, int64_t start_us)
{
	size_t low = 0, high = r->count;

	/* Candles come mostly in order. */
	if (high > 0 && r->part[r->order[high - 1]].start_us <= start_us)
		return high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->part[r->order[middle]].start_us <= start_us)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
make_room(struct rollup *r)
{
	size_t cap = r->cap + r->cap / 2 + 4;
	uint32_t *order;
	struct part *part;

	if (r->count < r->cap)
		return true;
	order = realloc(r->order, cap * sizeof *order);
	if (order == NULL)
		return false;
	r->order = order;
	part = realloc(r->part, cap * sizeof *part);
	if (part == NULL)
		return false;
	r->part = part;
	r->cap = cap;
	return true;
}

/* A part at `at` has changed: a sum that has it is of no use. */
static void
forget_sum(struct rollup *r, size_t at)
{
	if (at < r->summed)
		r->summed = 0;
}

static enum rollup_result
replace(struct rollup *r, size_t at, const struct candle *c)
{
	struct part *old = &r->part[r->order[at]];

	if (c->trades < old->trades || (c->trades == old->trades &&
	    c->closed <= old->closed))
		return ROLLUP_OLD;
	if (c->trades > INT64_MAX - (r->trades - old->trades))
		return ROLLUP_OVERFLOW;
	r->trades += c->trades - old->trades;
	*old = part_of(c);
	forget_sum(r, at);
	return ROLLUP_COUNTED;
}

enum rollup_result
rollup_add(struct rollup *r, const struct candle *c)
{
	size_t at = find(r, c->window_start_us);

	if (at > 0 && r->part[r->order[at - 1]].start_us ==
	    c->window_start_us)
		return replace(r, at - 1, c);
	if (c->trades > INT64_MAX - r->trades)
		return ROLLUP_OVERFLOW;
	if (!make_room(r))
		return ROLLUP_NO_MEMORY;
	memmove(r->order + at + 1, r->order + at,
	    (r->count - at) * sizeof *r->order);
	r->order[at] = (uint32_t)r->count;
	r->part[r->count++] = part_of(c);
	r->trades += c->trades;
	forget_sum(r, at);
	return ROLLUP_COUNTED;
}

/*
 * The last part is the one that changes from line to line, so that updates of
 * a long window need not add up all of it each time.
 */
static struct part
sum_of(struct rollup *r)
{
	struct part sum;

	for (; r->summed + 1 < r->count; r->summed++) {
		const struct part *p = &r->part[r->order[r->summed]];

		if (r->summed == 0)
			r->sum = *p;
		else
			add_later(&r->sum, p);
	}
	if (r->summed == 0)
		return r->part[r->order[0]];
	sum = r->sum;
	add_later(&sum, &r->part[r->order[r->count - 1]]);
	return sum;
}

void
rollup_candle(struct rollup *r, struct candle *c)
{
	struct part sum = sum_of(r);

	c->open = sum.open;
	c->high = sum.high;
	c->low = sum.low;
	c->close = sum.close;
	c->trades = sum.trades;
	c->has_volume = sum.has_volume;
	c->has_taker_buy_volume = sum.has_taker_buy_volume;
	c->has_trade_ids = sum.has_trade_ids;
	c->volume = sum.volume;
	c->quote_volume = sum.quote_volume;
	c->taker_buy_volume = sum.taker_buy_volume;
	c->first_trade_id = sum.first_trade_id;
	c->last_trade_id = sum.last_trade_id;
}
