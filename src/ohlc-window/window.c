#include "window.h"

int64_t
window_start_us(int64_t time_us, int64_t width_us)
{
	int64_t rest_us = time_us % width_us;

	return time_us - rest_us - (rest_us < 0 ? width_us : 0);
}

bool
window_init(struct window *w, int64_t start_us, bool of_candles)
{
	*w = (struct window){ .start_us = start_us, .has_volume = true,
	    .has_taker_buy_volume = true, .has_trade_ids = true };
	idset_init(&w->ids);
	if (of_candles)
		w->parts = rollup_new();
	return !of_candles || w->parts != NULL;
}

void
window_clear(struct window *w)
{
	rollup_free(w->parts);
	idset_free(&w->ids);
}

/* The first trade of all. */
static void
begin(struct window *w, const struct trade *t, int64_t id)
{
	w->open = w->close = w->high = w->low = t->price;
	w->open_time_us = w->close_time_us = t->event_time_us;
	w->open_id = w->close_id = id;
	/* A sum of the scale that the others will have too is quick. */
	if (t->has_quantity) {
		w->volume.scale = w->taker_buy_volume.scale =
		    t->quantity.scale;
		w->quote_volume.scale = t->price.scale + t->quantity.scale;
	}
}

/* Open, high, low and close. */
static void
add_price(struct window *w, const struct trade *t, int64_t id)
{
	if (t->event_time_us < w->open_time_us ||
	    (t->event_time_us == w->open_time_us && id < w->open_id)) {
		w->open = t->price;
		w->open_time_us = t->event_time_us;
		w->open_id = id;
	}
	/* Without ids the later to arrive is the later one. */
	if (t->event_time_us > w->close_time_us ||
	    (t->event_time_us == w->close_time_us && id >= w->close_id)) {
		w->close = t->price;
		w->close_time_us = t->event_time_us;
		w->close_id = id;
	}
	if (decimal_compare(&t->price, &w->high) > 0)
		w->high = t->price;
	else if (decimal_compare(&t->price, &w->low) < 0)
		w->low = t->price;
}

/* What one trade does not say cannot be known of the window. */
static void
add_unknown(struct window *w, const struct trade *t)
{
	w->has_taker_buy_volume = false;
	if (!t->has_quantity)
		w->has_volume = false;
}

static void
add_quantity(struct window *w, const struct trade *t)
{
	if (!t->has_quantity || !t->has_buyer_maker)
		add_unknown(w, t);
	if (!w->has_volume)
		return;
	decimal_sum_add(&w->volume, &t->quantity);
	decimal_sum_add_product(&w->quote_volume, &t->price, &t->quantity);
	if (w->has_taker_buy_volume && !t->buyer_maker)
		decimal_sum_add(&w->taker_buy_volume, &t->quantity);
}

enum window_result
window_add(struct window *w, const struct trade *t)
{
	int64_t id = t->has_trade_id ? t->trade_id : 0;

	if (t->has_trade_id) {
		switch (idset_add(&w->ids, id)) {
		case IDSET_NEW:
			break;
		case IDSET_THERE:
			return WINDOW_DUPLICATE;
		case IDSET_NO_MEMORY:
			return WINDOW_NO_MEMORY;
		}
	} else {
		w->has_trade_ids = false;
	}
	if (w->trades == 0)
		begin(w, t, id);
	else
		add_price(w, t, id);
	add_quantity(w, t);
	w->trades++;
	w->changed = true;
	return WINDOW_COUNTED;
}

enum window_result
window_add_candle(struct window *w, const struct candle *candle)
{
	switch (rollup_add(w->parts, candle)) {
	case ROLLUP_COUNTED:
		break;
	case ROLLUP_OLD:
		return WINDOW_DUPLICATE;
	case ROLLUP_OVERFLOW:
		return WINDOW_OVERFLOW;
	case ROLLUP_NO_MEMORY:
		return WINDOW_NO_MEMORY;
	}
	w->changed = true;
	return WINDOW_COUNTED;
}

static void
candle_of_trades(const struct window *w, struct candle *candle)
{
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
		candle->first_trade_id = idset_first(&w->ids);
		candle->last_trade_id = idset_last(&w->ids);
	}
}

void
window_candle(struct window *w, int64_t width_us, struct record_text symbol,
    struct candle *candle)
{
	candle->window_start_us = w->start_us;
	candle->window_end_us = w->start_us + width_us;
	candle->symbol = symbol;
	if (w->parts != NULL)
		rollup_candle(w->parts, candle);
	else
		candle_of_trades(w, candle);
	w->changed = false;
}
