#ifndef BWS_ORDER_H
#define BWS_ORDER_H

#include "sequence.h"
#include "symbols.h"

/*
 * The inside of a sequence, for its files alone: sequence.c (the stream, and
 * time), answers.c (REST), and here what goes out and when.
 */

#define ORDER_ID_MAX (INT64_MAX - 1) /* there is always a next one */

struct order_page {
	struct sequence_symbol *symbol; /* NULL: of no use any more */
	int64_t from, last; /* last: the highest id that was handed in */
	bool useful;    /* it had a trade that was missing */
	bool truncated; /* there was no room for all of it */
};

struct sequence {
	struct sequence_options options;
	struct sequence_counts counts;
	struct symbols symbols;
	struct order_page page;
	int64_t now_us;  /* of the last call that was told */
	int64_t idle_us; /* time that does not count for patience */
	int64_t failing_us; /* the first failure since the last answer, by the
	                       clock of patience; SYMBOL_NEVER */
	bool online;
};

/* A call was told the time. */
void order_time(struct sequence *seq, int64_t now_us);

/*
 * The clock by which patience ends: it stands still while no connection is up
 * and while nobody calls.
 */
static inline int64_t
order_patience(const struct sequence *seq)
{
	return seq->now_us - seq->idle_us;
}

/*
 * So long between two calls still counts; while there is something to be
 * patient with there has to be a call as often.
 */
static inline int64_t
order_call_us(const struct sequence *seq)
{
	int64_t share_us = seq->options.heal_wait_us / 8;

	return share_us > 1000 ? share_us : 1000;
}

/* When patience with a hole ends, as it looks now.  SYMBOL_NEVER: not yet. */
int64_t order_give_up_us(const struct sequence *seq,
    const struct sequence_symbol *sym);

/* Whether ids are known to be missing at the front. */
static inline bool
order_has_hole(const struct sequence_symbol *sym)
{
	return sym->seen >= sym->next && (sym->waiting.first == NULL ||
	    sym->waiting.first->id > sym->next);
}

/* The last of them. */
static inline int64_t
order_hole_last(const struct sequence_symbol *sym)
{
	return sym->waiting.first != NULL ? sym->waiting.first->id - 1 :
	    sym->seen;
}

/* Since when they are known to be. */
static inline int64_t
order_hole_known_us(const struct sequence_symbol *sym)
{
	return sym->waiting.first != NULL ? sym->waiting.first->known_us :
	    sym->known_us;
}

/* Whether that many bytes more may wait. */
static inline bool
order_has_room(const struct sequence *seq, size_t size)
{
	return size <= seq->options.held_max &&
	    seq->counts.waiting_bytes <= seq->options.held_max - size;
}

/* The symbol has changed: what is it waiting for now? */
void order_place(struct sequence *seq, struct sequence_symbol *sym);

/* A record that is next. */
int order_emit(struct sequence *seq, const char *record, size_t len,
    bool healed);

/*
 * Puts a trade among those that wait, behind the one that waiting_find() gave.
 * NULL: no memory.
 */
struct waiting_trade *order_hold(struct sequence *seq,
    struct sequence_symbol *sym, struct waiting_trade *behind, int64_t id,
    int64_t time_us, const char *record, size_t len);

/* Discards a waiting trade. */
void order_discard(struct sequence *seq, struct sequence_symbol *sym,
    struct waiting_trade *trade);

/*
 * Emits what is ready, by event time, as far as no hole may hide an earlier
 * trade; beyond that as long as there is no room for size bytes more.
 */
int order_merge(struct sequence *seq, size_t size);

/* The symbol has changed: order_place(), and what can go out does. */
int order_go_on(struct sequence *seq, struct sequence_symbol *sym);

/* Reports the ids from next to last, and passes them. */
int order_report(struct sequence *seq, struct sequence_symbol *sym,
    int64_t last, enum sequence_reason reason, int64_t after_us);

/* Reports the hole at the front and goes on behind it. */
int order_pass(struct sequence *seq, struct sequence_symbol *sym,
    enum sequence_reason reason);

/* What is ready goes out, what is missing or behind it is one gap. */
int order_stop(struct sequence *seq, struct sequence_symbol *sym,
    enum sequence_reason reason);

#endif
