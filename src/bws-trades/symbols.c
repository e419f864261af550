#include "symbols.h"

#include <stdlib.h>
#include <string.h>

#define TABLE_FIRST 64 /* slots; a power of two */

/* --- By name. --- */

static char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Without the bit that tells the cases of a letter apart. */
static uint64_t
hash_of(const char *name, size_t len)
{
	uint64_t hash = len, word;

	for (size_t n; len > 0; name += n, len -= n) {
		n = len < sizeof word ? len : sizeof word;
		word = 0;
		memcpy(&word, name, n);
		hash = (hash ^ (word & 0xdfdfdfdfdfdfdfdfu)) *
		    0x9e3779b97f4a7c15u;
		hash ^= hash >> 32;
	}
	return hash;
}

static bool
is_named(const struct sequence_symbol *sym, const char *name, size_t len)
{
	if (sym->len != len)
		return false;
	if (memcmp(sym->name, name, len) == 0)
		return true;
	for (size_t i = 0; i < len; i++) {
		if (sym->name[i] != upper(name[i]))
			return false;
	}
	return true;
}

struct sequence_symbol *
symbols_find(const struct symbols *symbols, const char *name, size_t len)
{
	uint64_t hash = hash_of(name, len);
	size_t mask = symbols->cap - 1, i = hash & mask;

	while (symbols->slot[i].symbol != NULL) {
		if (symbols->slot[i].hash == hash &&
		    is_named(symbols->slot[i].symbol, name, len))
			break;
		i = (i + 1) & mask;
	}
	return symbols->slot[i].symbol;
}

static void
add_slot(struct symbols_slot *slots, size_t cap, struct symbols_slot slot)
{
	size_t i = slot.hash & (cap - 1);

	while (slots[i].symbol != NULL)
		i = (i + 1) & (cap - 1);
	slots[i] = slot;
}

/* Slots, and room in each heap for as many symbols as they may hold. */
static bool
grow(struct symbols *symbols, size_t cap)
{
	struct symbols_slot *slot;

	for (int i = 0; i < SYMBOL_STATES; i++) {
		struct sequence_symbol **item = realloc(symbols->heap[i].item,
		    cap / 4 * 3 * sizeof *item);

		if (item == NULL)
			return false;
		symbols->heap[i].item = item;
	}
	slot = calloc(cap, sizeof *slot);
	if (slot == NULL)
		return false;
	for (size_t i = 0; i < symbols->cap; i++) {
		if (symbols->slot[i].symbol != NULL)
			add_slot(slot, cap, symbols->slot[i]);
	}
	free(symbols->slot);
	symbols->slot = slot;
	symbols->cap = cap;
	return true;
}

bool
symbols_init(struct symbols *symbols)
{
	memset(symbols, 0, sizeof *symbols);
	return grow(symbols, TABLE_FIRST);
}

static void
free_symbol(struct sequence_symbol *sym)
{
	struct waiting_trade *trade;

	while ((trade = sym->waiting.first) != NULL) {
		waiting_take(&sym->waiting, trade);
		free(trade);
	}
	free(sym);
}

void
symbols_free(struct symbols *symbols)
{
	for (size_t i = 0; i < symbols->cap; i++) {
		if (symbols->slot[i].symbol != NULL)
			free_symbol(symbols->slot[i].symbol);
	}
	for (int i = 0; i < SYMBOL_STATES; i++)
		free(symbols->heap[i].item);
	free(symbols->slot);
}

struct sequence_symbol *
symbols_add(struct symbols *symbols, const char *name, size_t len)
{
	struct sequence_symbol *sym;

	if (symbols->count == symbols->cap / 4 * 3 &&
	    !grow(symbols, 2 * symbols->cap))
		return NULL;
	sym = calloc(1, sizeof *sym + len);
	if (sym == NULL)
		return NULL;
	sym->state = SYMBOL_LIVE;
	sym->len = len;
	for (size_t i = 0; i < len; i++)
		sym->name[i] = upper(name[i]);
	add_slot(symbols->slot, symbols->cap, (struct symbols_slot){
	    hash_of(name, len), sym });
	symbols->count++;
	return sym;
}

/* --- By what comes first: a binary heap for each state. --- */

static void
put(struct sequence_symbol **heap, size_t at, struct sequence_symbol *sym)
{
	heap[at] = sym;
	sym->place = at;
}

/* From where it is to where it belongs, up or down. */
static void
settle(struct sequence_symbol **heap, size_t count,
    struct sequence_symbol *sym)
{
	size_t at = sym->place, child;

	while (at > 0 && sym->key < heap[(at - 1) / 2]->key) {
		put(heap, at, heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	while ((child = 2 * at + 1) < count) {
		if (child + 1 < count &&
		    heap[child + 1]->key < heap[child]->key)
			child++;
		if (heap[child]->key >= sym->key)
			break;
		put(heap, at, heap[child]);
		at = child;
	}
	put(heap, at, sym);
}

static void
leave(struct symbols *symbols, struct sequence_symbol *sym)
{
	struct sequence_symbol **heap = symbols->heap[sym->state].item, *last;
	size_t count = --symbols->heap[sym->state].count;

	last = heap[count];
	if (last == sym)
		return;
	last->place = sym->place;
	settle(heap, count, last);
}

void
symbols_move(struct symbols *symbols, struct sequence_symbol *sym,
    enum symbol_state state, int64_t key)
{
	if (sym->state == state && (state == SYMBOL_LIVE || sym->key == key))
		return;
	if (sym->state != state) {
		if (sym->state != SYMBOL_LIVE)
			leave(symbols, sym);
		sym->state = state;
		if (state == SYMBOL_LIVE)
			return;
		sym->place = symbols->heap[state].count++;
	}
	sym->key = key;
	settle(symbols->heap[state].item, symbols->heap[state].count, sym);
}
