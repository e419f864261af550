#include "partition.h"

#include <stdlib.h>
#include <string.h>

#include "timestamp.h"
#include "window.h"

#define TABLE_FIRST 64     /* slots; a power of two */
#define NO_WATERMARK INT64_MIN

struct partition {
	struct partition *next;  /* of Kafka's, in the order they came */
	int64_t watermark_us;
	int64_t next_end_us;     /* of the open windows; INT64_MAX: none */
	struct window **open;
	size_t nopen, open_cap;
	bool kafka;              /* the rest is set */
	struct provenance at;    /* offset is the last one read */
	int64_t safe_offset;     /* as a line last carried it */
	char topic[PROVENANCE_TOPIC_MAX];
};

/* One symbol in one partition. */
struct series {
	struct partition *partition;
	struct window *newest; /* of the open ones, by when they opened */
	uint64_t hash;
	size_t symbol_len;
	char symbol[];
};

struct partitions {
	struct partitions_settings settings;
	partitions_emit *emit;
	void *arg;
	struct partition *kafka;  /* list */
	struct partition *recent; /* of that list, the last one used */
	struct series **table;    /* open addressing, by (partition, symbol) */
	size_t nseries, table_cap;
	struct window **due;      /* scratch for what is being emitted */
	size_t due_cap;
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
	ps->table_cap = TABLE_FIRST;
	ps->table = calloc(ps->table_cap, sizeof *ps->table);
	if (ps->table == NULL) {
		free(ps);
		return NULL;
	}
	return ps;
}

static void
drop_windows(struct partition *p)
{
	for (size_t i = 0; i < p->nopen; i++) {
		window_free(p->open[i]);
		free(p->open[i]);
	}
	p->nopen = 0;
	p->next_end_us = INT64_MAX;
}

static void
free_partition(struct partition *p)
{
	drop_windows(p);
	free(p->open);
	free(p);
}

void
partitions_free(struct partitions *ps)
{
	struct partition *next;

	if (ps == NULL)
		return;
	for (size_t i = 0; i < ps->table_cap; i++) {
		struct series *s = ps->table[i];

		if (s != NULL && !s->partition->kafka)
			free_partition(s->partition);
		free(s);
	}
	for (struct partition *p = ps->kafka; p != NULL; p = next) {
		next = p->next;
		free_partition(p);
	}
	free(ps->table);
	free(ps->due);
	free(ps);
}

static struct partition *
new_partition(void)
{
	struct partition *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->watermark_us = NO_WATERMARK;
	p->next_end_us = INT64_MAX;
	return p;
}

/* --- Series: a hash table with linear probing. --- */

/* FNV-1a, 64 bits. */
static uint64_t
hash_of(const struct partition *p, struct record_text symbol)
{
	uint64_t h = 0xcbf29ce484222325u ^ (uint64_t)(uintptr_t)p;

	for (size_t i = 0; i < symbol.len; i++)
		h = (h ^ (unsigned char)symbol.text[i]) * 0x100000001b3u;
	return h ^ h >> 32;
}

/* The slot of a series, or the free one where it would go. */
static struct series **
find_slot(struct series **table, size_t cap, uint64_t hash,
    const struct partition *p, struct record_text symbol)
{
	size_t i = hash & (cap - 1);

	for (; table[i] != NULL; i = (i + 1) & (cap - 1)) {
		const struct series *s = table[i];

		if (s->hash == hash && s->symbol_len == symbol.len &&
		    (p != NULL ? s->partition == p : !s->partition->kafka) &&
		    memcmp(s->symbol, symbol.text, symbol.len) == 0)
			break;
	}
	return &table[i];
}

static bool
grow_table(struct partitions *ps)
{
	size_t cap = ps->table_cap * 2;
	struct series **table = calloc(cap, sizeof *table);

	if (table == NULL)
		return false;
	for (size_t i = 0; i < ps->table_cap; i++) {
		struct series *s = ps->table[i];
		size_t at;

		if (s == NULL)
			continue;
		at = s->hash & (cap - 1);
		while (table[at] != NULL)
			at = (at + 1) & (cap - 1);
		table[at] = s;
	}
	free(ps->table);
	ps->table = table;
	ps->table_cap = cap;
	return true;
}

static struct series *
new_series(struct partition *p, uint64_t hash, struct record_text symbol)
{
	struct series *s = calloc(1, sizeof *s + symbol.len);

	if (s == NULL)
		return NULL;
	s->partition = p != NULL ? p : new_partition();
	if (s->partition == NULL) {
		free(s);
		return NULL;
	}
	s->hash = hash;
	s->symbol_len = symbol.len;
	memcpy(s->symbol, symbol.text, symbol.len);
	return s;
}

/* p NULL: the symbol is a partition of its own. */
static struct series *
find_series(struct partitions *ps, struct partition *p,
    struct record_text symbol)
{
	uint64_t hash = hash_of(p, symbol);
	struct series **slot = find_slot(ps->table, ps->table_cap, hash, p,
	    symbol);

	if (*slot != NULL)
		return *slot;
	if ((ps->nseries + 1) * 2 > ps->table_cap) {
		if (!grow_table(ps))
			return NULL;
		slot = find_slot(ps->table, ps->table_cap, hash, p, symbol);
	}
	*slot = new_series(p, hash, symbol);
	ps->nseries += *slot != NULL;
	return *slot;
}

/* --- Partitions of Kafka. --- */

static bool
is_at(const struct partition *p, const struct provenance *v)
{
	return p->at.partition == v->partition &&
	    p->at.topic_len == v->topic_len &&
	    memcmp(p->topic, v->topic, v->topic_len) == 0;
}

/*
 * A new assignment of the partition: whatever another member did meanwhile is
 * not in our state, so the state goes.
 */
static void
restart(struct partition *p, const struct provenance *v)
{
	for (size_t i = 0; i < p->nopen; i++)
		p->open[i]->series->newest = NULL;
	drop_windows(p);
	p->watermark_us = NO_WATERMARK;
	memcpy(p->topic, v->topic, v->topic_len);
	p->at = *v;
	p->at.topic = p->topic;
	p->at.offset = v->offset - 1;
	p->safe_offset = p->at.offset;
}

static struct partition *
find_partition(struct partitions *ps, const struct provenance *v)
{
	struct partition **last = &ps->kafka;

	if (ps->recent != NULL && is_at(ps->recent, v))
		return ps->recent;
	for (; *last != NULL; last = &(*last)->next) {
		if (is_at(*last, v))
			return ps->recent = *last;
	}
	*last = new_partition();
	if (*last == NULL)
		return NULL;
	(*last)->kafka = true;
	restart(*last, v);
	return ps->recent = *last;
}

enum passing { PASSING_NEW, PASSING_REPEATED, PASSING_NO_MEMORY };

/* Moves the partition to a line's offset. */
static enum passing
pass(struct partitions *ps, const struct provenance *v,
    struct partition **out)
{
	struct partition *p = find_partition(ps, v);

	*out = p;
	if (p == NULL)
		return PASSING_NO_MEMORY;
	if (p->at.start != v->start)
		restart(p, v);
	if (v->offset <= p->at.offset)
		return PASSING_REPEATED;
	p->at.offset = v->offset;
	return PASSING_NEW;
}

bool
partitions_pass(struct partitions *ps, const struct provenance *v)
{
	struct partition *p;

	return pass(ps, v, &p) != PASSING_NO_MEMORY;
}

static int64_t
safe_offset(const struct partition *p)
{
	int64_t lowest = p->at.offset + 1;

	for (size_t i = 0; i < p->nopen; i++) {
		if (p->open[i]->first_offset < lowest)
			lowest = p->open[i]->first_offset;
	}
	return lowest - 1;
}

/* --- Emission. --- */

/* By topic and number; what has no provenance comes first. */
static int
compare_partitions(const struct partition *p, const struct partition *q)
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
	const struct series *s = x->series, *t = y->series;
	size_t len = s->symbol_len < t->symbol_len ? s->symbol_len :
	    t->symbol_len;
	int order;

	if (x->start_us != y->start_us)
		return x->start_us < y->start_us ? -1 : 1;
	order = memcmp(s->symbol, t->symbol, len);
	if (order == 0)
		order = (s->symbol_len > t->symbol_len) -
		    (s->symbol_len < t->symbol_len);
	if (order != 0)
		return order;
	return compare_partitions(s->partition, t->partition);
}

static bool
add_due(struct partitions *ps, size_t *ndue, struct window *w)
{
	if (*ndue == ps->due_cap) {
		size_t cap = ps->due_cap ? ps->due_cap * 2 : 16;
		struct window **due = realloc(ps->due, cap * sizeof *due);

		if (due == NULL)
			return false;
		ps->due = due;
		ps->due_cap = cap;
	}
	ps->due[(*ndue)++] = w;
	return true;
}

static void
emit_window(struct partitions *ps, struct window *w, bool closed)
{
	const struct series *s = w->series;
	const struct partition *p = s->partition;
	struct record_text symbol = { s->symbol, s->symbol_len };
	struct candle candle;

	window_candle(w, ps->settings.width_us, symbol, &candle);
	candle.closed = closed;
	candle.has_provenance = p->kafka;
	candle.provenance = p->at;
	candle.provenance.offset = p->safe_offset;
	ps->emit(&candle, ps->arg);
}

/* Takes a window out of its series. */
static void
unlink_window(struct window *w)
{
	struct window **link = &w->series->newest;

	while (*link != w)
		link = &(*link)->older;
	*link = w->older;
}

/* Splits p->open: what is due goes to ps->due, the rest stays. */
static bool
take_due(struct partitions *ps, struct partition *p, size_t *ndue)
{
	int64_t next_end_us = INT64_MAX;
	size_t kept = 0;

	/* Room first, so that nothing is half done without memory. */
	for (size_t i = 0; i < p->nopen; i++) {
		if (!add_due(ps, ndue, p->open[i]))
			return false;
	}
	*ndue = 0;
	for (size_t i = 0; i < p->nopen; i++) {
		struct window *w = p->open[i];
		int64_t end_us = w->start_us + ps->settings.width_us;

		if (end_us <= p->watermark_us) {
			ps->due[(*ndue)++] = w;
			continue;
		}
		p->open[kept++] = w;
		if (end_us < next_end_us)
			next_end_us = end_us;
	}
	p->nopen = kept;
	p->next_end_us = next_end_us;
	return true;
}

/* Closes what the watermark has passed. */
static bool
close_due(struct partitions *ps, struct partition *p)
{
	size_t ndue = 0;

	if (p->watermark_us < p->next_end_us)
		return true;
	if (!take_due(ps, p, &ndue))
		return false;
	qsort(ps->due, ndue, sizeof *ps->due, compare_windows);
	for (size_t i = 0; i < ndue; i++) {
		struct window *w = ps->due[i];

		/* Only behind the last of them all are safe. */
		if (i + 1 == ndue && p->kafka)
			p->safe_offset = safe_offset(p);
		emit_window(ps, w, true);
		unlink_window(w);
		window_free(w);
		free(w);
	}
	return true;
}

/* Gathers open windows of all partitions, in order; SIZE_MAX: ENOMEM. */
static size_t
gather_open(struct partitions *ps, bool all)
{
	size_t ndue = 0;

	for (size_t i = 0; i < ps->table_cap; i++) {
		struct series *s = ps->table[i];

		for (struct window *w = s != NULL ? s->newest : NULL;
		    w != NULL; w = w->older) {
			if ((all || w->changed) && !add_due(ps, &ndue, w))
				return SIZE_MAX;
		}
	}
	if (ndue > 1)
		qsort(ps->due, ndue, sizeof *ps->due, compare_windows);
	return ndue;
}

bool
partitions_emit_open(struct partitions *ps, bool all)
{
	size_t ndue = gather_open(ps, all);

	if (ndue == SIZE_MAX)
		return false;
	for (struct partition *p = ps->kafka; p != NULL && ndue > 0;
	    p = p->next) {
		bool has_line = false;

		for (size_t i = 0; i < ndue && !has_line; i++)
			has_line = ps->due[i]->series->partition == p;
		if (has_line)
			p->safe_offset = safe_offset(p);
	}
	for (size_t i = 0; i < ndue; i++)
		emit_window(ps, ps->due[i], false);
	return true;
}

void
partitions_emit_safe(struct partitions *ps)
{
	struct candle alone = { .has_provenance = true };

	for (struct partition *p = ps->kafka; p != NULL; p = p->next) {
		int64_t safe = safe_offset(p);

		if (safe == p->safe_offset)
			continue;
		p->safe_offset = safe;
		alone.provenance = p->at;
		alone.provenance.offset = safe;
		ps->emit(&alone, ps->arg);
	}
}

/* --- Trades. --- */

static struct window *
find_window(const struct series *s, int64_t start_us)
{
	struct window *w = s->newest;

	while (w != NULL && w->start_us != start_us)
		w = w->older;
	return w;
}

static struct window *
open_window(struct partitions *ps, struct series *s, int64_t start_us)
{
	struct partition *p = s->partition;
	struct window *w;
	int64_t end_us = start_us + ps->settings.width_us;

	if (p->nopen == p->open_cap) {
		size_t cap = p->open_cap ? p->open_cap * 2 : 2;
		struct window **open = realloc(p->open, cap * sizeof *open);

		if (open == NULL)
			return NULL;
		p->open = open;
		p->open_cap = cap;
	}
	w = malloc(sizeof *w);
	if (w == NULL)
		return NULL;
	window_init(w, start_us);
	w->first_offset = p->kafka ? p->at.offset : 0;
	w->series = s;
	w->older = s->newest;
	s->newest = w;
	p->open[p->nopen++] = w;
	if (end_us < p->next_end_us)
		p->next_end_us = end_us;
	return w;
}

static enum trade_fate
count(struct partitions *ps, struct series *s, const struct trade *trade)
{
	int64_t start_us = window_start_us(trade->event_time_us,
	    ps->settings.width_us);
	struct window *w;

	if (start_us + ps->settings.width_us <= s->partition->watermark_us)
		return TRADE_LATE;
	w = find_window(s, start_us);
	if (w == NULL)
		w = open_window(ps, s, start_us);
	if (w == NULL)
		return TRADE_NO_MEMORY;
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
	s = find_series(ps, p, trade->symbol);
	if (s == NULL)
		return TRADE_NO_MEMORY;
	fate = count(ps, s, trade);
	p = s->partition;
	if (watermark_us > p->watermark_us)
		p->watermark_us = watermark_us;
	if (fate != TRADE_NO_MEMORY && !close_due(ps, p))
		return TRADE_NO_MEMORY;
	return fate;
}
