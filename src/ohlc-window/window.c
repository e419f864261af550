#include "window.h"

#include <stdlib.h>
#include <string.h>

int64_t
window_start_us(int64_t time_us, int64_t width_us)
{
	int64_t rest_us = time_us % width_us;

	return time_us - rest_us - (rest_us < 0 ? width_us : 0);
}

void
window_init(struct window *window, int64_t start_us)
{
	memset(window, 0, sizeof *window);
	window->start_us = start_us;
	window->has_volume = true;
	window->has_taker_buy_volume = true;
	window->has_trade_ids = true;
}

void
window_free(struct window *window)
{
	free(window->ids.stretch);
	window->ids.stretch = NULL;
}

/* How many stretches begin at or before id. */
static size_t
count_before(const struct id_set *ids, int64_t id)
{
	size_t low = 0, high = ids->count;

	/* Trades come mostly in order. */
	if (high > 0 && ids->stretch[high - 1].first <= id)
		return high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ids->stretch[middle].first <= id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
insert_stretch(struct id_set *ids, size_t at, int64_t id)
{
	if (ids->count == ids->cap) {
		size_t cap = ids->cap ? ids->cap * 2 : 1;
		struct id_stretch *stretch = realloc(ids->stretch,
		    cap * sizeof *stretch);

		if (stretch == NULL)
			return false;
		ids->stretch = stretch;
		ids->cap = cap;
	}
	memmove(ids->stretch + at + 1, ids->stretch + at,
	    (ids->count - at) * sizeof *ids->stretch);
	ids->stretch[at] = (struct id_stretch){ id, id };
	ids->count++;
	return true;
}

/* Two stretches met: the one at `at` takes in the one behind it. */
static void
join_stretches(struct id_set *ids, size_t at)
{
	ids->stretch[at].last = ids->stretch[at + 1].last;
	ids->count--;
	memmove(ids->stretch + at + 1, ids->stretch + at + 2,
	    (ids->count - at - 1) * sizeof *ids->stretch);
}

static enum window_result
add_id(struct id_set *ids, int64_t id)
{
	size_t n = count_before(ids, id);
	struct id_stretch *before = n > 0 ? &ids->stretch[n - 1] : NULL;
	bool touches_next = n < ids->count && ids->stretch[n].first - 1 == id;

	if (before != NULL && id <= before->last)
		return WINDOW_DUPLICATE;
	if (before != NULL && id - 1 == before->last) {
		before->last = id;
		if (touches_next)
			join_stretches(ids, n - 1);
		return WINDOW_COUNTED;
	}
	if (touches_next) {
		ids->stretch[n].first = id;
		return WINDOW_COUNTED;
	}
	return insert_stretch(ids, n, id) ? WINDOW_COUNTED :
	    WINDOW_NO_MEMORY;
}

/* Open, high, low and close. */
static void
add_price(struct window *w, const struct trade *t)
{
	int64_t id = t->has_trade_id ? t->trade_id : 0;
	bool first = w->trades == 0;

	if (first || t->event_time_us < w->open_time_us ||
	    (t->event_time_us == w->open_time_us && id < w->open_id)) {
		w->open = t->price;
		w->open_time_us = t->event_time_us;
		w->open_id = id;
	}
	/* Without ids the later to arrive is the later one. */
	if (first || t->event_time_us > w->close_time_us ||
	    (t->event_time_us == w->close_time_us && id >= w->close_id)) {
		w->close = t->price;
		w->close_time_us = t->event_time_us;
		w->close_id = id;
	}
	if (first || decimal_compare(&t->price, &w->high) > 0)
		w->high = t->price;
	if (first || decimal_compare(&t->price, &w->low) < 0)
		w->low = t->price;
}

/* Sums; what one trade does not say cannot be known of the window. */
static void
add_quantity(struct window *w, const struct trade *t)
{
	if (!t->has_quantity)
		w->has_volume = w->has_taker_buy_volume = false;
	if (!t->has_buyer_maker)
		w->has_taker_buy_volume = false;
	if (w->has_volume) {
		decimal_sum_add(&w->volume, &t->quantity);
		decimal_sum_add_product(&w->quote_volume, &t->price,
		    &t->quantity);
	}
	if (w->has_taker_buy_volume && !t->buyer_maker)
		decimal_sum_add(&w->taker_buy_volume, &t->quantity);
}

enum window_result
window_add(struct window *w, const struct trade *t)
{
	if (t->has_trade_id) {
		enum window_result result = add_id(&w->ids, t->trade_id);

		if (result != WINDOW_COUNTED)
			return result;
	} else {
		w->has_trade_ids = false;
	}
	add_price(w, t);
	add_quantity(w, t);
	w->trades++;
	w->changed = true;
	return WINDOW_COUNTED;
}

void
window_candle(struct window *w, int64_t width_us, struct record_text symbol,
    struct candle *candle)
{
	candle->window_start_us = w->start_us;
	candle->window_end_us = w->start_us + width_us;
	candle->symbol = symbol;
	candle->open = w->open;
	candle->high = w->high;
	candle->low = w->low;
	candle->close = w->close;
	candle->trades = w->trades;
	candle->has_volume = w->has_volume;
	candle->has_taker_buy_volume = w->has_taker_buy_volume;
	candle->has_trade_ids = w->has_trade_ids;
	candle->volume = w->volume;
	candle->quote_volume = w->quote_volume;
	candle->taker_buy_volume = w->taker_buy_volume;
	if (w->has_trade_ids) {
		candle->first_trade_id = w->ids.stretch[0].first;
		candle->last_trade_id =
		    w->ids.stretch[w->ids.count - 1].last;
	}
	w->changed = false;
}
