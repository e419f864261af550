#include "sequence.h"

#include <stdlib.h>
#include <string.h>

#include "order.h"

/*
 * An id that is too low for its event time, by that much, is one of a series
 * that began anew: within a series ids and times rise together.
 */
#define ANEW_US INT64_C(60000000)

struct sequence *
sequence_new(const struct sequence_options *options)
{
	struct sequence *seq = calloc(1, sizeof *seq);

	if (seq == NULL)
		return NULL;
	seq->options = *options;
	if (options->page_max == 0)
		seq->options.page_max = SEQUENCE_PAGE_BYTES;
	seq->failing_us = SYMBOL_NEVER;
	seq->online = true;
	if (!symbols_init(&seq->symbols)) {
		sequence_free(seq);
		return NULL;
	}
	return seq;
}

void
sequence_free(struct sequence *seq)
{
	if (seq != NULL)
		symbols_free(&seq->symbols);
	free(seq);
}

const struct sequence_counts *
sequence_counts(struct sequence *seq)
{
	size_t holes = seq->symbols.heap[SYMBOL_SETTLING].count;

	for (size_t i = 0; i < seq->symbols.heap[SYMBOL_HOLE].count; i++)
		holes += order_has_hole(seq->symbols.heap[SYMBOL_HOLE].item[i]);
	seq->counts.holes = holes;
	return &seq->counts;
}

/* --- Symbols. --- */

/* What is known of a symbol that has had no trade yet. */
static void
begin(const struct sequence *seq, struct sequence_symbol *sym)
{
	sym->next = sym->seen = SYMBOL_FRESH;
	sym->time_us = sym->seen_time_us = SEQUENCE_NO_TIME;
	sym->heard = sym->open = sym->suspect = false;
	sym->healable = seq->options.healable;
	sym->why = SEQUENCE_NO_REST;
	sym->known_us = sym->ask_us = INT64_MIN;
	sym->asked_us = sym->suspect_us = INT64_MIN;
	sym->pause_us = 0;
	sym->vain_us = SYMBOL_NEVER;
	sym->gone_first = SYMBOL_FRESH;
}

struct sequence_symbol *
sequence_add(struct sequence *seq, const char *name, size_t len)
{
	struct sequence_symbol *sym = symbols_find(&seq->symbols, name, len);

	if (sym == NULL)
		sym = symbols_add(&seq->symbols, name, len);
	if (sym == NULL || sym->active)
		return sym;
	begin(seq, sym);
	sym->active = true;
	return sym;
}

struct sequence_symbol *
sequence_find(const struct sequence *seq, const char *name, size_t len)
{
	struct sequence_symbol *sym = symbols_find(&seq->symbols, name, len);

	return sym != NULL && sym->active ? sym : NULL;
}

const char *
sequence_name(const struct sequence_symbol *sym, size_t *len)
{
	*len = sym->len;
	return sym->name;
}

bool
sequence_heard(const struct sequence_symbol *sym)
{
	return sym->heard;
}

int
sequence_drop(struct sequence *seq, struct sequence_symbol *sym,
    int64_t now_us)
{
	if (!sym->active)
		return 0;
	order_time(seq, now_us);
	if (order_stop(seq, sym, SEQUENCE_STOPPED) == -1)
		return -1;
	begin(seq, sym);
	sym->active = false;
	return order_go_on(seq, sym);
}

void
sequence_resume(struct sequence *seq, struct sequence_symbol *sym,
    int64_t last_id, int64_t time_us, int64_t now_us)
{
	if (!sym->active || sym->heard || last_id < 0 ||
	    last_id < sym->next || last_id >= ORDER_ID_MAX)
		return;
	order_time(seq, now_us);
	sym->next = last_id + 1;
	sym->seen = last_id;
	sym->time_us = time_us;
	sym->open = sym->healable;
	order_place(seq, sym);
}

int
sequence_unhealable(struct sequence *seq, struct sequence_symbol *sym,
    enum sequence_reason reason, int64_t now_us)
{
	if (!sym->active || (!sym->healable && sym->why == reason))
		return 0;
	order_time(seq, now_us);
	sym->healable = sym->open = sym->suspect = false;
	sym->why = reason;
	return order_go_on(seq, sym);
}

void
sequence_suspect(struct sequence *seq, struct sequence_symbol *sym,
    int64_t now_us)
{
	if (!sym->active || !sym->healable || sym->next == SYMBOL_FRESH)
		return;
	order_time(seq, now_us);
	sym->suspect = true;
	sym->suspect_us = now_us;
	order_place(seq, sym);
}

/* --- The stream. --- */

struct arrival {
	int64_t id, time_us;
	const char *record;
	size_t len;
	bool skipped;
};

/* It is next, and nothing waits. */
static int
pass_on(struct sequence *seq, struct sequence_symbol *sym,
    const struct arrival *a)
{
	sym->heard = true;
	sym->next = a->id + 1;
	sym->seen = a->id;
	if (!a->skipped) {
		sym->time_us = a->time_us;
		if (order_emit(seq, a->record, a->len, false) == -1)
			return -1;
	}
	if (sym->state == SYMBOL_LIVE)
		return 0;
	sym->open = sym->suspect = false;
	return order_go_on(seq, sym);
}

static int
say_restart(struct sequence *seq, const struct sequence_symbol *sym,
    int64_t last_id, int64_t id)
{
	struct sequence_restart restart = {
		.symbol = sym->name, .symbol_len = sym->len,
		.last_id = last_id, .id = id,
	};

	seq->counts.restarts++;
	return seq->options.restart == NULL ? 0 :
	    seq->options.restart(seq->options.arg, &restart);
}

static bool
is_anew(const struct arrival *a, int64_t time_us)
{
	return !a->skipped && time_us != SEQUENCE_NO_TIME &&
	    a->time_us > time_us + ANEW_US;
}

/* An id below the next one: a repetition, or the series began anew. */
static int
take_old(struct sequence *seq, struct sequence_symbol *sym,
    const struct arrival *a)
{
	int64_t last_id = sym->seen >= sym->next ? sym->seen : sym->next - 1;

	if (!is_anew(a, sym->time_us)) {
		seq->counts.duplicates += !a->skipped;
		if (sym->time_us == SEQUENCE_NO_TIME && !a->skipped)
			sym->time_us = a->time_us;
		return 0;
	}
	if (order_stop(seq, sym, SEQUENCE_RESTARTED) == -1 ||
	    say_restart(seq, sym, last_id, a->id) == -1)
		return -1;
	sym->gone_first = SYMBOL_FRESH;
	return pass_on(seq, sym, a);
}

/*
 * What waits behind a trade, or was seen, is older than it by its event time:
 * that was another series, or nonsense, and would stand in the way for ever.
 */
static int
forget_behind(struct sequence *seq, struct sequence_symbol *sym,
    struct waiting_trade *behind, const struct arrival *a)
{
	int64_t last_id = sym->seen;

	while (behind != NULL) {
		struct waiting_trade *after = behind->after;

		order_discard(seq, sym, behind);
		behind = after;
	}
	sym->seen = a->id - 1;
	sym->seen_time_us = a->time_us;
	order_place(seq, sym);
	return say_restart(seq, sym, last_id, a->id);
}

/* No room for it: it is missing, and can be asked for. */
static int
leave_out(struct sequence *seq, struct sequence_symbol *sym,
    const struct arrival *a)
{
	if (sym->healable || a->id < sym->seen) {
		seq->counts.discarded += !a->skipped;
		if (sym->seen < sym->next)
			sym->known_us = seq->now_us;
		if (a->id > sym->seen) {
			sym->seen = a->id;
			sym->seen_time_us = a->time_us;
		}
		order_place(seq, sym);
		return 0;
	}
	/* It cannot be asked for: whatever is missing before it is passed. */
	while (order_has_hole(sym)) {
		if (order_pass(seq, sym, sym->why) == -1)
			return -1;
	}
	if (a->id > sym->next && order_report(seq, sym, a->id - 1, sym->why,
	    a->time_us) == -1)
		return -1;
	return pass_on(seq, sym, a);
}

/* It waits, if there is room. */
static int
hold(struct sequence *seq, struct sequence_symbol *sym,
    const struct arrival *a)
{
	struct waiting_trade *behind = waiting_find(&sym->waiting, a->id);
	struct waiting_trade *trade = NULL;

	if (a->id == sym->next || order_has_room(seq, waiting_size(a->len)))
		trade = order_hold(seq, sym, behind, a->id, a->time_us,
		    a->record, a->len);
	if (trade == NULL)
		return leave_out(seq, sym, a);
	trade->skipped = a->skipped;
	trade->known_us = trade->after != NULL ? trade->after->known_us :
	    seq->now_us;
	return order_go_on(seq, sym);
}

/* An id beyond the next one, or one before which something waits. */
static int
take_early(struct sequence *seq, struct sequence_symbol *sym,
    const struct arrival *a)
{
	struct waiting_trade *at = waiting_find(&sym->waiting, a->id);
	struct waiting_trade *after;

	if (at != NULL && at->id == a->id) {
		seq->counts.duplicates += !a->skipped;
		return 0;
	}
	after = at != NULL ? at->after : sym->waiting.first;
	if (a->id <= sym->seen && is_anew(a, after != NULL ? after->time_us :
	    sym->seen_time_us) && forget_behind(seq, sym, after, a) == -1)
		return -1;
	/* The stream goes on, so what is missing before it is known. */
	if (a->id > sym->seen)
		sym->open = sym->suspect = false;
	if (a->id != sym->next &&
	    !order_has_room(seq, waiting_size(a->len)) &&
	    order_merge(seq, waiting_size(a->len)) == -1)
		return -1;
	if (a->id == sym->next && sym->seen < a->id)
		return pass_on(seq, sym, a);
	return hold(seq, sym, a);
}

/* Seldom: not a part of the function that takes. */
static __attribute__((noinline)) int
take(struct sequence *seq, struct sequence_symbol *sym,
    const struct arrival *a, int64_t now_us)
{
	if (!sym->active || a->id < 0)
		return 0;
	if (a->id > ORDER_ID_MAX) {
		seq->counts.discarded++;
		return 0;
	}
	order_time(seq, now_us);
	sym->heard = true;
	if (sym->next == SYMBOL_FRESH) {
		sym->next = a->id;
		sym->seen = a->id - 1;
	}
	return a->id < sym->next ? take_old(seq, sym, a) :
	    take_early(seq, sym, a);
}

/* Whether it is what comes next of a symbol of which nothing waits. */
static inline bool
is_next(const struct sequence_symbol *sym, int64_t id)
{
	return id == sym->next && sym->seen < id && id <= ORDER_ID_MAX;
}

int
sequence_take(struct sequence *seq, struct sequence_symbol *sym, int64_t id,
    int64_t event_time_us, const char *record, size_t len, int64_t now_us)
{
	struct arrival a = { id, event_time_us, record, len, false };

	if (is_next(sym, id))
		return pass_on(seq, sym, &a);
	return take(seq, sym, &a, now_us);
}

int
sequence_skip(struct sequence *seq, struct sequence_symbol *sym, int64_t id,
    int64_t now_us)
{
	struct arrival a = { id, SEQUENCE_NO_TIME, NULL, 0, true };

	return take(seq, sym, &a, now_us);
}

/* --- Time. --- */

void
sequence_online(struct sequence *seq, bool online, int64_t now_us)
{
	order_time(seq, now_us);
	seq->online = online;
}

static struct sequence_symbol *
find_overdue(const struct sequence *seq)
{
	for (size_t i = 0; i < seq->symbols.heap[SYMBOL_HOLE].count; i++) {
		struct sequence_symbol *sym =
		    seq->symbols.heap[SYMBOL_HOLE].item[i];

		if (order_give_up_us(seq, sym) <= seq->now_us)
			return sym;
	}
	return NULL;
}

int
sequence_tick(struct sequence *seq, int64_t now_us)
{
	struct sequence_symbol *sym;

	order_time(seq, now_us);
	while ((sym = symbols_first(&seq->symbols, SYMBOL_SETTLING)) != NULL &&
	    sym->key <= now_us) {
		if (order_pass(seq, sym, sym->why) == -1)
			return -1;
	}
	while ((sym = find_overdue(seq)) != NULL) {
		bool known = order_has_hole(sym);

		/* Where nothing is known to be missing nothing has to wait. */
		sym->suspect = sym->suspect || sym->open;
		sym->open = false;
		if ((known ? order_pass(seq, sym, SEQUENCE_GAVE_UP) :
		    order_go_on(seq, sym)) == -1)
			return -1;
	}
	return 0;
}

int
sequence_end(struct sequence *seq)
{
	struct sequence_symbol *sym;

	if (order_merge(seq, SIZE_MAX) == -1)
		return -1;
	for (size_t i = 0; i < seq->symbols.cap; i++) {
		sym = seq->symbols.slot[i].symbol;
		if (sym == NULL || !sym->active)
			continue;
		if (order_stop(seq, sym, SEQUENCE_STOPPED) == -1)
			return -1;
		order_place(seq, sym);
	}
	return 0;
}
