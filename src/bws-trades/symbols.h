#ifndef BWS_SYMBOLS_H
#define BWS_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sequence.h"
#include "waiting.h"

/*
 * The symbols of a sequence: found by name, and, of those that are behind,
 * which one comes first.
 */

/* What a symbol that is behind is waiting for. */
enum symbol_state {
	SYMBOL_READY,    /* its turn: the next trade is there */
	SYMBOL_HOLE,     /* REST: the next trade is not there, or there may be
	                    one */
	SYMBOL_SETTLING, /* the stream, for a while: REST cannot be asked */
	SYMBOL_SUSPECT,  /* nothing; REST is asked all the same */
	SYMBOL_STATES,
	SYMBOL_LIVE = SYMBOL_STATES, /* not behind, fresh or dropped */
};

#define SYMBOL_FRESH (-1) /* no id is known yet */
#define SYMBOL_NEVER INT64_MAX

struct sequence_symbol {
	/*
	 * next is wanted, seen is the highest id that is known to exist, or
	 * next - 1.  What waits lies between them; what is neither out nor
	 * waiting up to seen is missing.
	 */
	int64_t next, seen;
	int64_t time_us;      /* event time of the last that went out */
	int64_t seen_time_us; /* of seen, where seen >= next */
	struct waiting waiting;
	int64_t known_us; /* since when ids up to seen are known to be missing,
	                     where nothing waits */
	bool active, heard;
	bool open;    /* REST may have more than is known */
	bool suspect; /* likewise, but it is unlikely */
	bool healable;
	enum sequence_reason why; /* if not healable */

	/* REST */
	int64_t ask_us;     /* not to be asked before */
	int64_t pause_us;   /* after the next answer in vain */
	int64_t asked_us, suspect_us;
	int64_t moved_us;   /* when next moved; by the clock of patience */
	int64_t vain_us;    /* the first answer in vain since; SYMBOL_NEVER */
	int64_t gone_first, gone_last; /* a page went past these ids without
	                                  having one of them */
	int64_t gone_us;    /* when it did */

	enum symbol_state state;
	int64_t key;  /* the lowest of a state comes first */
	size_t place; /* in its heap, if not live */
	size_t len;
	char name[];  /* upper case */
};

struct symbols_slot {
	uint64_t hash;
	struct sequence_symbol *symbol; /* NULL: free */
};

struct symbols {
	struct symbols_slot *slot;
	size_t count, cap; /* of the slots: a power of two */
	struct {
		struct sequence_symbol **item; /* the lowest key first */
		size_t count;
	} heap[SYMBOL_STATES];
};

bool symbols_init(struct symbols *symbols); /* false: ENOMEM */
void symbols_free(struct symbols *symbols);

struct sequence_symbol *symbols_find(const struct symbols *symbols,
    const char *name, size_t len);

/* A symbol that is not there yet, live; the rest zero.  NULL: ENOMEM. */
struct sequence_symbol *symbols_add(struct symbols *symbols,
    const char *name, size_t len);

/* Puts a symbol into a state, with a key. */
void symbols_move(struct symbols *symbols, struct sequence_symbol *sym,
    enum symbol_state state, int64_t key);

/* The one with the lowest key; NULL: none. */
static inline struct sequence_symbol *
symbols_first(const struct symbols *symbols, enum symbol_state state)
{
	return symbols->heap[state].count > 0 ?
	    symbols->heap[state].item[0] : NULL;
}

#endif
