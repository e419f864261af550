#include "partition.h"

#include <stdlib.h>
#include <string.h>

#include "queue.h"
#include "series.h"
#include "timestamp.h"
#include "window.h"

#define RECENT 32 /* partitions of Kafka found without a search */

/* A partition of Kafka. */
struct kafka {
	struct partition partition;
	struct kafka *next;   /* in the order they came */
	struct provenance at; /* offset is the last one read */
	int64_t safe_offset;  /* as a line last carried it */
	char topic[PROVENANCE_TOPIC_MAX];
};

struct partitions {
	struct partitions_settings settings;
	partitions_emit *emit;
	void *arg;
	struct series_table series;
	struct kafka *kafka;          /* list */
	struct kafka *recent[RECENT]; /* of that list, by number */
	struct window **open;         /* scratch for what is being emitted */
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

static void
drop_windows(struct partition *p)
{
	while (p->queue.count > 0) {
		struct window *w = queue_take(&p->queue);

		series_clear(w->series);
		window_free(w);
	}
	p->next_end_us = INT64_MAX;
}

void
partitions_free(struct partitions *ps)
{
	struct kafka *next;

	if (ps == NULL)
		return;
	for (size_t i = 0; i < ps->series.cap; i++) {
		if (ps->series.slot[i].series != NULL)
			drop_windows(ps->series.slot[i].series->partition);
	}
	for (struct kafka *k = ps->kafka; k != NULL; k = next) {
		next = k->next;
		queue_free(&k->partition.queue);
		free(k);
	}
	series_table_free(&ps->series);
	free(ps->open);
	free(ps);
}

/* --- Partitions of Kafka. --- */

static bool
is_at(const struct kafka *k, const struct provenance *v)
{
	return k->at.partition == v->partition &&
	    k->at.topic_len == v->topic_len &&
	    memcmp(k->topic, v->topic, v->topic_len) == 0;
}

/*
 * A new assignment of the partition: whatever another member did meanwhile is
 * not in our state, so the state goes.
 */
static void
restart(struct kafka *k, const struct provenance *v)
{
	drop_windows(&k->partition);
	k->partition.watermark_us = SERIES_NO_WATERMARK;
	memcpy(k->topic, v->topic, v->topic_len);
	k->at = *v;
	k->at.topic = k->topic;
	k->at.offset = v->offset - 1;
	k->safe_offset = k->at.offset;
}

static struct kafka *
find_in_list(struct partitions *ps, const struct provenance *v)
{
	struct kafka **last = &ps->kafka;

	for (; *last != NULL; last = &(*last)->next) {
		if (is_at(*last, v))
			return *last;
	}
	*last = calloc(1, sizeof **last);
	if (*last == NULL)
		return NULL;
	series_partition_init(&(*last)->partition);
	(*last)->partition.kafka = *last;
	restart(*last, v);
	return *last;
}

static struct kafka *
find_kafka(struct partitions *ps, const struct provenance *v)
{
	struct kafka **recent = &ps->recent[(uint32_t)v->partition % RECENT];

	if (*recent == NULL || !is_at(*recent, v))
		*recent = find_in_list(ps, v);
	return *recent;
}

enum passing { PASSING_NEW, PASSING_REPEATED, PASSING_NO_MEMORY };

/* Moves the partition to a line's offset. */
static enum passing
pass(struct partitions *ps, const struct provenance *v,
    struct partition **out)
{
	struct kafka *k = find_kafka(ps, v);

	if (k == NULL)
		return PASSING_NO_MEMORY;
	*out = &k->partition;
	if (k->at.start != v->start)
		restart(k, v);
	if (v->offset <= k->at.offset)
		return PASSING_REPEATED;
	k->at.offset = v->offset;
	return PASSING_NEW;
}

bool
partitions_pass(struct partitions *ps, const struct provenance *v)
{
	struct partition *p;

	return pass(ps, v, &p) != PASSING_NO_MEMORY;
}

/* Offsets rise, so the oldest window was opened at the lowest one. */
static int64_t
safe_offset(const struct kafka *k)
{
	const struct window *oldest = k->partition.queue.oldest;

	return oldest != NULL ? oldest->first_offset - 1 : k->at.offset;
}

/* --- Emission. --- */

static void
emit_window(struct partitions *ps, struct window *w, bool closed)
{
	const struct series *s = w->series;
	const struct kafka *k = s->partition->kafka;
	struct record_text symbol = { s->symbol, s->key.len };
	struct candle candle;

	window_candle(w, ps->settings.width_us, symbol, &candle);
	candle.closed = closed;
	candle.has_provenance = k != NULL;
	if (k != NULL) {
		candle.provenance = k->at;
		candle.provenance.offset = k->safe_offset;
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
	while (p->watermark_us >= p->next_end_us) {
		struct window *w = queue_take(&p->queue);

		series_shift(w->series);
		p->next_end_us = next_end_us(ps, p);
		/* Only behind the last of them all are safe. */
		if (p->kafka != NULL && p->watermark_us < p->next_end_us)
			p->kafka->safe_offset = safe_offset(p->kafka);
		emit_window(ps, w, true);
		window_free(w);
	}
}

/* By topic and number; without provenance all are one. */
static int
compare_partitions(const struct kafka *p, const struct kafka *q)
{
	size_t len = p->at.topic_len < q->at.topic_len ? p->at.topic_len :
	    q->at.topic_len;
	int order = memcmp(p->topic, q->topic, len);

	if (order == 0)
		order = (p->at.topic_len > q->at.topic_len) -
		    (p->at.topic_len < q->at.topic_len);
	return order != 0 ? order : (p->at.partition > q->at.partition) -
	    (p->at.partition < q->at.partition);
}

static int
compare_windows(const void *a, const void *b)
{
	const struct window *x = *(struct window *const *)a;
	const struct window *y = *(struct window *const *)b;
	const struct kafka *p = x->series->partition->kafka;
	const struct kafka *q = y->series->partition->kafka;
	int order;

	if (x->start_us != y->start_us)
		return x->start_us < y->start_us ? -1 : 1;
	order = series_compare(x->series, y->series);
	if (order != 0)
		return order;
	if (p == NULL || q == NULL)
		return (p != NULL) - (q != NULL);
	return compare_partitions(p, q);
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

/* Gathers open windows of all partitions, in order; SIZE_MAX: ENOMEM. */
static size_t
gather_open(struct partitions *ps, bool all)
{
	size_t count = 0;

	for (size_t i = 0; i < ps->series.cap; i++) {
		const struct series *s = ps->series.slot[i].series;

		for (size_t k = s != NULL ? s->begin : 0;
		    s != NULL && k < s->end; k++) {
			if ((all || s->open[k]->changed) &&
			    !add_open(ps, &count, s->open[k]))
				return SIZE_MAX;
		}
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
		struct kafka *k = ps->open[i]->series->partition->kafka;

		if (k != NULL)
			k->safe_offset = safe_offset(k);
		emit_window(ps, ps->open[i], false);
	}
	return true;
}

void
partitions_emit_safe(struct partitions *ps)
{
	struct candle alone = { .has_provenance = true };

	for (struct kafka *k = ps->kafka; k != NULL; k = k->next) {
		int64_t safe = safe_offset(k);

		if (safe == k->safe_offset)
			continue;
		k->safe_offset = safe;
		alone.provenance = k->at;
		alone.provenance.offset = safe;
		ps->emit(&alone, ps->arg);
	}
}

/* --- Trades. --- */

static struct window *
open_window(struct partitions *ps, struct series *s, int64_t start_us)
{
	struct partition *p = s->partition;
	struct window *w = window_new(start_us);

	if (w == NULL)
		return NULL;
	w->series = s;
	w->first_offset = p->kafka != NULL ? p->kafka->at.offset : 0;
	if (!series_put(s, w)) {
		window_free(w);
		return NULL;
	}
	if (!queue_put(&p->queue, w))
		return NULL;
	p->next_end_us = next_end_us(ps, p);
	return w;
}

/* The window of a time that is not in the newest one: found or opened. */
static enum trade_fate
other_window(struct partitions *ps, struct series *s, int64_t time_us,
    struct window **out)
{
	int64_t start_us = window_start_us(time_us, ps->settings.width_us);

	if (start_us + ps->settings.width_us <= s->partition->watermark_us)
		return TRADE_LATE;
	*out = series_window(s, start_us);
	if (*out == NULL)
		*out = open_window(ps, s, start_us);
	return *out == NULL ? TRADE_NO_MEMORY : TRADE_COUNTED;
}

static enum trade_fate
count(struct partitions *ps, struct series *s, const struct trade *trade)
{
	struct window *w = s->newest;
	enum trade_fate fate;

	/* What is open is not late. */
	if (w == NULL || trade->event_time_us < w->start_us ||
	    trade->event_time_us - w->start_us >= ps->settings.width_us) {
		fate = other_window(ps, s, trade->event_time_us, &w);
		if (fate != TRADE_COUNTED)
			return fate;
	}
	switch (window_add(w, trade)) {
	case WINDOW_COUNTED:
		return TRADE_COUNTED;
	case WINDOW_DUPLICATE:
		return TRADE_DUPLICATE;
	case WINDOW_NO_MEMORY:
		break;
	}
	return TRADE_NO_MEMORY;
}

enum trade_fate
partitions_trade(struct partitions *ps, const struct trade *trade,
    const struct provenance *v)
{
	struct partition *p = NULL;
	struct series *s;
	enum trade_fate fate;
	int64_t watermark_us = trade->event_time_us -
	    ps->settings.lateness_us;

	if (v != NULL) {
		switch (pass(ps, v, &p)) {
		case PASSING_NEW:
			break;
		case PASSING_REPEATED:
			return TRADE_REPEATED;
		case PASSING_NO_MEMORY:
			return TRADE_NO_MEMORY;
		}
	}
	if (trade->event_time_us > trade->processed_time_us +
	    ps->settings.max_ahead_us)
		return TRADE_AHEAD;
	/* Windows are aligned to days, and so is the end of that year. */
	if (trade->event_time_us >= TIMESTAMP_END_US - ps->settings.width_us)
		return TRADE_BEYOND;
	s = series_find(&ps->series, p, trade->symbol);
	if (s == NULL)
		return TRADE_NO_MEMORY;
	fate = count(ps, s, trade);
	p = s->partition;
	if (watermark_us > p->watermark_us) {
		p->watermark_us = watermark_us;
		if (fate != TRADE_NO_MEMORY)
			close_due(ps, p);
	}
	return fate;
}
