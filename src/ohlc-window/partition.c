#include "partition.h"

#include <stdlib.h>
#include <string.h>

#include "assignment.h"
#include "queue.h"
#include "series.h"
#include "timestamp.h"
#include "window.h"

#define MANY 500 /* symbols: some 700 bytes each */

#define SECOND_US INT64_C(1000000)

struct partitions {
	struct partitions_settings settings;
	partitions_emit *emit;
	void *arg;
	int64_t part_width_us; /* of candles that go in; 0: none yet */
	struct series_table series;
	struct assignments assignments;
	struct window **open; /* scratch for what is being emitted */
	size_t open_cap;
};

struct partitions *
partitions_new(const struct partitions_settings *settings,
    partitions_emit *emit, void *arg)
{
	struct partitions *ps = calloc(1, sizeof *ps);

	if (ps == NULL)
		return NULL;
	ps->settings = *settings;
	ps->emit = emit;
	ps->arg = arg;
	if (!series_table_init(&ps->series)) {
		free(ps);
		return NULL;
	}
	return ps;
}

void
partitions_free(struct partitions *ps)
{
	if (ps == NULL)
		return;
	for (size_t i = 0; i < ps->series.cap; i++) {
		if (ps->series.slot[i].series != NULL)
			series_partition_drop(
			    ps->series.slot[i].series->partition);
	}
	assignments_free(&ps->assignments);
	series_table_free(&ps->series);
	free(ps->open);
	free(ps);
}

bool
partitions_pass(struct partitions *ps, const struct provenance *v)
{
	struct assignment *a;

	return assignments_pass(&ps->assignments, v, &a) !=
	    ASSIGNMENT_NO_MEMORY;
}

/* --- Emission. --- */

static void
emit_window(struct partitions *ps, struct window *w, bool closed)
{
	const struct series *s = w->series;
	const struct assignment *a = s->partition->assignment;
	struct record_text symbol = { s->symbol, s->key.len };
	struct candle candle;

	window_candle(w, ps->settings.width_us, symbol, &candle);
	candle.closed = closed;
	candle.has_provenance = a != NULL;
	if (a != NULL) {
		candle.provenance = a->at;
		candle.provenance.offset = a->safe_offset;
	}
	ps->emit(&candle, ps->arg);
}

static int64_t
next_end_us(const struct partitions *ps, const struct partition *p)
{
	return p->queue.count > 0 ? p->queue.heap[0]->start_us +
	    ps->settings.width_us : INT64_MAX;
}

/* Closes what the watermark has passed. */
static void
close_due(struct partitions *ps, struct partition *p)
{
	struct assignment *a = p->assignment;

	while (p->watermark_us >= p->next_end_us) {
		struct window *w = queue_take(&p->queue);

		p->next_end_us = next_end_us(ps, p);
		/* Only behind the last of them all are safe. */
		if (a != NULL && p->watermark_us < p->next_end_us)
			a->safe_offset = assignment_safe_offset(a);
		emit_window(ps, w, true);
		series_close(w);
	}
}

/* In the order of the output; without provenance all partitions are one. */
static int
compare_windows(const void *a, const void *b)
{
	const struct window *x = *(struct window *const *)a;
	const struct window *y = *(struct window *const *)b;
	const struct assignment *p = x->series->partition->assignment;
	const struct assignment *q = y->series->partition->assignment;
	int order;

	if (x->start_us != y->start_us)
		return x->start_us < y->start_us ? -1 : 1;
	order = series_compare(x->series, y->series);
	if (order != 0)
		return order;
	if (p == NULL || q == NULL)
		return (p != NULL) - (q != NULL);
	return assignment_compare(p, q);
}

static bool
add_open(struct partitions *ps, size_t *count, struct window *w)
{
	if (*count == ps->open_cap) {
		size_t cap = ps->open_cap ? ps->open_cap * 2 : 16;
		struct window **open = realloc(ps->open, cap * sizeof *open);

		if (open == NULL)
			return false;
		ps->open = open;
		ps->open_cap = cap;
	}
	ps->open[(*count)++] = w;
	return true;
}

/* What is open in one partition, in the order it opened. */
static bool
add_partition(struct partitions *ps, const struct partition *p, bool all,
    size_t *count)
{
	for (struct window *w = p->queue.oldest; w != NULL;
	    w = w->opened_after) {
		if ((all || w->changed) && !add_open(ps, count, w))
			return false;
	}
	return true;
}

/* Gathers open windows of all partitions, in order; SIZE_MAX: ENOMEM. */
static size_t
gather_open(struct partitions *ps, bool all)
{
	size_t count = 0;

	/* Those of Kafka, and those that a symbol is by itself. */
	for (const struct assignment *a = ps->assignments.first; a != NULL;
	    a = a->next) {
		if (!add_partition(ps, &a->partition, all, &count))
			return SIZE_MAX;
	}
	for (size_t i = 0; i < ps->series.cap; i++) {
		const struct series *s = ps->series.slot[i].series;

		if (s != NULL && s->of == NULL &&
		    !add_partition(ps, &s->own, all, &count))
			return SIZE_MAX;
	}
	if (count > 1)
		qsort(ps->open, count, sizeof *ps->open, compare_windows);
	return count;
}

bool
partitions_emit_open(struct partitions *ps, bool all)
{
	size_t count = gather_open(ps, all);

	if (count == SIZE_MAX)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct assignment *a =
		    ps->open[i]->series->partition->assignment;

		if (a != NULL)
			a->safe_offset = assignment_safe_offset(a);
		emit_window(ps, ps->open[i], false);
	}
	return true;
}

void
partitions_emit_safe(struct partitions *ps)
{
	struct candle alone = { .has_provenance = true };

	for (struct assignment *a = ps->assignments.first; a != NULL;
	    a = a->next) {
		int64_t safe = assignment_safe_offset(a);

		if (safe == a->safe_offset)
			continue;
		a->safe_offset = safe;
		alone.provenance = a->at;
		alone.provenance.offset = safe;
		ps->emit(&alone, ps->arg);
	}
}

/* --- Trades and candles. --- */

static struct window *
open_window(struct partitions *ps, struct series *s, int64_t start_us)
{
	struct partition *p = s->partition;
	struct window *w = series_open(s, start_us, ps->part_width_us != 0,
	    p->assignment != NULL ? p->assignment->at.offset : 0);

	p->next_end_us = next_end_us(ps, p);
	return w;
}

enum finding { FOUND, FOUND_CLOSED, FOUND_NO_MEMORY };

/* A time that the newest window does not have. */
static enum finding
find_other_window(struct partitions *ps, struct series *s, int64_t time_us,
    struct window **out)
{
	int64_t start_us = window_start_us(time_us, ps->settings.width_us);

	if (start_us + ps->settings.width_us <= s->partition->watermark_us)
		return FOUND_CLOSED;
	*out = series_window(s, start_us);
	if (*out == NULL)
		*out = open_window(ps, s, start_us);
	return *out == NULL ? FOUND_NO_MEMORY : FOUND;
}

/* The window that a time lies in: an open one, or a new one. */
static inline enum finding
find_window(struct partitions *ps, struct series *s, int64_t time_us,
    struct window **out)
{
	struct window *w = &s->newest;

	/* What is open is not late. */
	if (time_us < w->start_us ||
	    time_us - w->start_us >= ps->settings.width_us)
		return find_other_window(ps, s, time_us, out);
	*out = w;
	return FOUND;
}

static inline void
move_watermark(struct partitions *ps, struct partition *p,
    int64_t watermark_us)
{
	if (watermark_us <= p->watermark_us)
		return;
	p->watermark_us = watermark_us;
	if (watermark_us >= p->next_end_us)
		close_due(ps, p);
}

/* Windows are aligned to days, and so is the end of the year 9999. */
static bool
is_beyond(const struct partitions *ps, int64_t time_us)
{
	return time_us >= TIMESTAMP_END_US - ps->settings.width_us;
}

static enum trade_fate
count_trade(struct partitions *ps, struct series *s,
    const struct trade *trade)
{
	struct window *w;

	switch (find_window(ps, s, trade->event_time_us, &w)) {
	case FOUND:
		break;
	case FOUND_CLOSED:
		return TRADE_LATE;
	case FOUND_NO_MEMORY:
		return TRADE_NO_MEMORY;
	}
	switch (window_add(w, trade)) {
	case WINDOW_COUNTED:
		return TRADE_COUNTED;
	case WINDOW_DUPLICATE:
		return TRADE_DUPLICATE;
	case WINDOW_OVERFLOW:
	case WINDOW_NO_MEMORY:
		break;
	}
	return TRADE_NO_MEMORY;
}

bool
partitions_many(const struct partitions *ps)
{
	return ps->series.count > MANY;
}

uint64_t
partitions_expect(const struct partitions *ps, const struct trade *trade,
    const struct provenance *v)
{
	const struct assignment *a = v != NULL ?
	    assignments_expect(&ps->assignments, v) : NULL;

	return series_expect_slot(&ps->series, a != NULL ? &a->partition :
	    NULL, trade->symbol);
}

void
partitions_expect_more(const struct partitions *ps, uint64_t expected)
{
	series_expect(&ps->series, expected);
}

enum trade_fate
partitions_trade(struct partitions *ps, const struct trade *trade,
    const struct provenance *v)
{
	struct assignment *a = NULL;
	struct series *s;
	enum trade_fate fate;

	if (v != NULL) {
		switch (assignments_pass(&ps->assignments, v, &a)) {
		case ASSIGNMENT_NEW:
			break;
		case ASSIGNMENT_REPEATED:
			return TRADE_REPEATED;
		case ASSIGNMENT_NO_MEMORY:
			return TRADE_NO_MEMORY;
		}
	}
	if (trade->event_time_us > trade->processed_time_us +
	    ps->settings.max_ahead_us)
		return TRADE_AHEAD;
	if (is_beyond(ps, trade->event_time_us))
		return TRADE_BEYOND;
	s = series_find(&ps->series, a != NULL ? &a->partition : NULL,
	    trade->symbol);
	if (s == NULL)
		return TRADE_NO_MEMORY;
	fate = count_trade(ps, s, trade);
	if (fate != TRADE_NO_MEMORY)
		move_watermark(ps, s->partition, trade->event_time_us -
		    ps->settings.lateness_us);
	return fate;
}

/* What keeps a candle from being a part of the windows, or NULL. */
static const char *
check_part(const struct partitions *ps, const struct candle *c)
{
	int64_t width_us = c->window_end_us - c->window_start_us;

	if (ps->part_width_us != 0 && width_us != ps->part_width_us)
		return "a candle of another width";
	if (width_us < SECOND_US)
		return "a candle of less than 1s";
	if (ps->settings.width_us % width_us != 0)
		return "its width does not divide --width";
	if (c->window_start_us % width_us != 0)
		return "its window_start is not a multiple of its width";
	if (is_beyond(ps, c->window_start_us))
		return "its window would end after the year 9999";
	return NULL;
}

static enum candle_fate
count_candle(struct partitions *ps, struct series *s, const struct candle *c)
{
	struct window *w;

	switch (find_window(ps, s, c->window_start_us, &w)) {
	case FOUND:
		break;
	case FOUND_CLOSED:
		return CANDLE_LATE;
	case FOUND_NO_MEMORY:
		return CANDLE_NO_MEMORY;
	}
	switch (window_add_candle(w, c)) {
	case WINDOW_COUNTED:
		return CANDLE_COUNTED;
	case WINDOW_DUPLICATE:
		return CANDLE_OLD;
	case WINDOW_OVERFLOW:
		return CANDLE_REFUSED;
	case WINDOW_NO_MEMORY:
		break;
	}
	return CANDLE_NO_MEMORY;
}

enum candle_fate
partitions_candle(struct partitions *ps, const struct candle *c,
    const char **reason)
{
	enum candle_fate fate;
	struct series *s;

	*reason = check_part(ps, c);
	if (*reason != NULL)
		return CANDLE_REFUSED;
	ps->part_width_us = c->window_end_us - c->window_start_us;
	s = series_find(&ps->series, NULL, c->symbol);
	if (s == NULL)
		return CANDLE_NO_MEMORY;
	fate = count_candle(ps, s, c);
	if (fate == CANDLE_REFUSED)
		*reason = "trades of its window would be beyond 2^63-1";
	else if (fate != CANDLE_NO_MEMORY && c->closed)
		move_watermark(ps, s->partition, c->window_end_us -
		    ps->settings.candle_lateness_us);
	return fate;
}
