#include "series.h"

#include <stdlib.h>
#include <string.h>

#include "word.h"

#define TABLE_FIRST 64 /* slots; a power of two */
#define NOT_OPEN INT64_MAX

/* Odd numbers without a pattern, for mixing. */
#define SALT_HEAD 0x9e3779b97f4a7c15u
#define SALT_TAIL 0xd6e8feb86659fd93u

void
series_partition_init(struct partition *p)
{
	memset(p, 0, sizeof *p);
	p->watermark_us = SERIES_NO_WATERMARK;
	p->next_end_us = INT64_MAX;
}

void
series_partition_drop(struct partition *p)
{
	while (p->queue.count > 0)
		series_close(queue_take(&p->queue));
	p->next_end_us = INT64_MAX;
}

/* --- Keys. --- */

static uint64_t
load4(const char *p)
{
	uint32_t x;

	memcpy(&x, p, sizeof x);
	return x;
}

/* Loads overlap, so that none goes beyond the text. */
static inline __attribute__((always_inline)) struct series_key
key_of(struct record_text symbol)
{
	const char *p = symbol.text;
	size_t len = symbol.len;
	struct series_key key = { .len = len };

	if (len >= 8) {
		key.head = word_load(p);
		key.tail = word_load(p + len - 8);
	} else if (len >= 4) {
		key.head = load4(p) | load4(p + len - 4) << 32;
	} else if (len > 0) {
		key.head = (uint64_t)(unsigned char)p[0] |
		    (uint64_t)(unsigned char)p[len / 2] << 8 |
		    (uint64_t)(unsigned char)p[len - 1] << 16;
	}
	return key;
}

/* Both halves of a product depend on all bits of both factors. */
static uint64_t
mix(uint64_t a, uint64_t b)
{
	decimal_coef product = (decimal_coef)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t
hash_of(const struct partition *of, struct record_text symbol,
    const struct series_key *key)
{
	uint64_t h = mix(key->head ^ SALT_HEAD ^ (uint64_t)(uintptr_t)of,
	    key->tail ^ SALT_TAIL ^ key->len);

	for (size_t i = 8; i + 8 < key->len; i += 8)
		h = mix(h ^ word_load(symbol.text + i), SALT_HEAD);
	return h;
}

/* Seldom: not a part of the function that finds. */
static __attribute__((noinline)) bool
same_long(const struct series *s, struct record_text symbol)
{
	return memcmp(s->symbol, symbol.text, symbol.len) == 0;
}

static bool
is_series(const struct series *s, const struct partition *of,
    struct record_text symbol, const struct series_key *key)
{
	return s->key.head == key->head && s->key.tail == key->tail &&
	    s->key.len == key->len && s->of == of &&
	    (key->len <= 16 || same_long(s, symbol));
}

int
series_compare(const struct series *a, const struct series *b)
{
	size_t len = a->key.len < b->key.len ? a->key.len : b->key.len;
	int order = memcmp(a->symbol, b->symbol, len);

	return order != 0 ? order : (a->key.len > b->key.len) -
	    (a->key.len < b->key.len);
}

/* --- The table. --- */

bool
series_table_init(struct series_table *table)
{
	table->count = 0;
	table->cap = TABLE_FIRST;
	table->slot = calloc(table->cap, sizeof *table->slot);
	return table->slot != NULL;
}

void
series_table_free(struct series_table *table)
{
	for (size_t i = 0; i < table->cap; i++) {
		struct series *s = table->slot[i].series;

		if (s != NULL && s->older != s->few)
			free(s->older);
		if (s != NULL)
			queue_free(&s->own.queue);
		free(s);
	}
	free(table->slot);
}

static void
add_slot(struct series_slot *slots, size_t cap, struct series_slot slot)
{
	size_t i = slot.hash & (cap - 1);

	while (slots[i].series != NULL)
		i = (i + 1) & (cap - 1);
	slots[i] = slot;
}

static bool
grow_table(struct series_table *table)
{
	size_t cap = table->cap * 2;
	struct series_slot *slot = calloc(cap, sizeof *slot);

	if (slot == NULL)
		return false;
	for (size_t i = 0; i < table->cap; i++) {
		if (table->slot[i].series != NULL)
			add_slot(slot, cap, table->slot[i]);
	}
	free(table->slot);
	table->slot = slot;
	table->cap = cap;
	return true;
}

/* Seldom, too. */
static __attribute__((noinline)) struct series *
add_series(struct series_table *table, struct partition *of,
    struct record_text symbol)
{
	struct series *s;
	size_t size;

	if ((table->count + 1) * 4 > table->cap * 3 && !grow_table(table))
		return NULL;
	size = (sizeof *s + symbol.len + SERIES_LINE - 1) / SERIES_LINE *
	    SERIES_LINE;
	s = aligned_alloc(SERIES_LINE, size);
	if (s == NULL)
		return NULL;
	memset(s, 0, size);
	s->newest.start_us = NOT_OPEN;
	series_partition_init(&s->own);
	s->of = of;
	s->partition = of != NULL ? of : &s->own;
	s->key = key_of(symbol);
	s->older = s->few;
	s->cap = sizeof s->few / sizeof *s->few;
	memcpy(s->symbol, symbol.text, symbol.len);
	add_slot(table->slot, table->cap, (struct series_slot){
	    hash_of(of, symbol, &s->key), s });
	table->count++;
	return s;
}

struct series *
series_find(struct series_table *table, struct partition *of,
    struct record_text symbol)
{
	struct series_key key = key_of(symbol);
	uint64_t hash = hash_of(of, symbol, &key);
	size_t mask = table->cap - 1;
	const struct series_slot *slot = &table->slot[hash & mask];

	while (slot->series != NULL) {
		if (slot->hash == hash &&
		    is_series(slot->series, of, symbol, &key))
			return slot->series;
		slot = &table->slot[(size_t)(slot + 1 - table->slot) & mask];
	}
	return add_series(table, of, symbol);
}

/*
 * --- Ahead of series_find(), which would wait for memory twice: for the slot,
 * and for the series that it leads to. ---
 */

uint64_t
series_expect_slot(const struct series_table *table,
    const struct partition *of, struct record_text symbol)
{
	struct series_key key = key_of(symbol);
	uint64_t hash = hash_of(of, symbol, &key);

	__builtin_prefetch(&table->slot[hash & (table->cap - 1)]);
	return hash;
}

void
series_expect(const struct series_table *table, uint64_t hash)
{
	size_t mask = table->cap - 1;
	const struct series_slot *slot = &table->slot[hash & mask];
	const char *series;

	while (slot->series != NULL && slot->hash != hash)
		slot = &table->slot[(size_t)(slot + 1 - table->slot) & mask];
	series = (const char *)slot->series;
	if (series == NULL)
		return;
	for (size_t at = 0; at < sizeof *slot->series; at += SERIES_LINE)
		__builtin_prefetch(series + at, 1);
}

/* --- The open windows of a series. --- */

/* The slot that a window is looked for in first. */
static size_t
home(const struct series *s, int64_t start_us)
{
	return (size_t)mix((uint64_t)start_us, SALT_HEAD) & (s->cap - 1);
}

/* The slot of the window that starts there, or the free one for it. */
static size_t
find(const struct series *s, int64_t start_us)
{
	size_t i = home(s, start_us);

	while (s->older[i].window != NULL && s->older[i].start_us != start_us)
		i = (i + 1) & (s->cap - 1);
	return i;
}

static void
add(struct series *s, struct series_older older)
{
	s->older[find(s, older.start_us)] = older;
	s->nolder++;
}

/* What stands behind a slot that becomes free must still be found. */
static void
take_out(struct series *s, int64_t start_us)
{
	size_t mask = s->cap - 1, hole = find(s, start_us), i = hole;

	while (s->older[i = (i + 1) & mask].window != NULL) {
		size_t from = home(s, s->older[i].start_us);

		if (((i - from) & mask) < ((i - hole) & mask))
			continue;
		s->older[hole] = s->older[i];
		hole = i;
	}
	s->older[hole].window = NULL;
	s->nolder--;
}

/* Room for one more. */
static bool
make_room(struct series *s)
{
	struct series_older *old = s->older;
	size_t cap = s->cap;

	if ((s->nolder + 1) * 4 <= cap * 3)
		return true;
	s->older = calloc(2 * cap, sizeof *s->older);
	if (s->older == NULL) {
		s->older = old;
		return false;
	}
	s->cap = 2 * cap;
	s->nolder = 0;
	for (size_t i = 0; i < cap; i++) {
		if (old[i].window != NULL)
			add(s, old[i]);
	}
	if (old != s->few)
		free(old);
	return true;
}

struct window *
series_window(struct series *s, int64_t start_us)
{
	if (start_us >= s->newest.start_us)
		return start_us == s->newest.start_us ? &s->newest : NULL;
	return s->older[find(s, start_us)].window;
}

/* The newest window makes room for one that is newer. */
static bool
move_out(struct series *s)
{
	struct window *w = malloc(sizeof *w);

	if (w == NULL)
		return false;
	*w = s->newest;
	add(s, (struct series_older){ w->start_us, w });
	queue_moved(&s->partition->queue, w);
	return true;
}

struct window *
series_open(struct series *s, int64_t start_us, bool of_candles,
    int64_t offset)
{
	bool some = s->newest.start_us != NOT_OPEN;
	bool is_older = some && start_us < s->newest.start_us;
	struct window *w = &s->newest;

	if (some && !make_room(s))
		return NULL;
	if (is_older)
		w = malloc(sizeof *w);
	else if (some && !move_out(s))
		return NULL;
	if (w == NULL || !window_init(w, start_us, of_candles))
		return NULL;
	w->series = s;
	w->first_offset = offset;
	if (is_older)
		add(s, (struct series_older){ start_us, w });
	return queue_put(&s->partition->queue, w) ? w : NULL;
}

void
series_close(struct window *w)
{
	struct series *s = w->series;

	window_clear(w);
	if (w == &s->newest) {
		w->start_us = NOT_OPEN;
		return;
	}
	take_out(s, w->start_us);
	free(w);
}
