/* What a sequence asks REST, and what it makes of the answers. */

#include "order.h"

/* REST may be a little behind the stream. */
#define PAUSE_FIRST_US INT64_C(100000)
#define PAUSE_MAX_US INT64_C(5000000)

/* --- What to ask. --- */

/* Of a symbol with a hole, or one that may have more. */
static int64_t
ask_at(const struct sequence *seq, const struct sequence_symbol *sym)
{
	int64_t settled_us;

	if (!order_has_hole(sym))
		return sym->ask_us;
	settled_us = order_hole_known_us(sym) + seq->options.settle_us;
	return settled_us > sym->ask_us ? settled_us : sym->ask_us;
}

static struct sequence_symbol *
furthest_behind(const struct sequence *seq, enum symbol_state state)
{
	struct sequence_symbol *best = NULL;

	for (size_t i = 0; i < seq->symbols.heap[state].count; i++) {
		struct sequence_symbol *sym = seq->symbols.heap[state].item[i];

		if (ask_at(seq, sym) <= seq->now_us &&
		    (best == NULL || sym->key < best->key))
			best = sym;
	}
	return best;
}

bool
sequence_want(struct sequence *seq, int64_t now_us, struct sequence_want *out)
{
	struct sequence_symbol *sym;

	order_time(seq, now_us);
	sym = furthest_behind(seq, SYMBOL_HOLE);
	out->low_priority = sym == NULL;
	if (sym == NULL)
		sym = furthest_behind(seq, SYMBOL_SUSPECT);
	if (sym == NULL)
		return false;
	sym->asked_us = now_us;
	out->symbol = sym;
	out->from_id = sym->next;
	return true;
}

/* --- A page. --- */

void
sequence_page_begin(struct sequence *seq, struct sequence_symbol *sym,
    int64_t from_id, int64_t now_us)
{
	order_time(seq, now_us);
	seq->failing_us = SYMBOL_NEVER;
	seq->page = (struct order_page){
		.symbol = sym->active && sym->healable &&
		    sym->next != SYMBOL_FRESH ? sym : NULL,
		.from = from_id, .last = from_id - 1,
	};
}

/*
 * Room for a trade of a page.  What waits further on makes way for it: it can
 * be asked for again.
 */
static bool
make_room(struct sequence *seq, struct sequence_symbol *sym, int64_t id,
    size_t size)
{
	size_t bound = seq->options.held_max + seq->options.page_max;

	while (seq->counts.waiting_bytes + size > bound &&
	    sym->waiting.last != NULL && sym->waiting.last->id > id) {
		order_discard(seq, sym, sym->waiting.last);
		sym->known_us = INT64_MIN;
	}
	return seq->counts.waiting_bytes + size <= bound;
}

static bool
put_in(struct sequence *seq, struct sequence_symbol *sym, int64_t id,
    int64_t event_time_us, const char *record, size_t len)
{
	struct waiting_trade *behind, *trade;

	behind = waiting_find(&sym->waiting, id);
	if (behind != NULL && behind->id == id)
		return true;
	/* What is next always finds room: it can go out at once. */
	if (id != sym->next && !make_room(seq, sym, id, waiting_size(len)))
		return false;
	trade = order_hold(seq, sym, behind, id, event_time_us, record, len);
	if (trade == NULL)
		return false;
	trade->healed = true;
	/* A hole before it need not settle: the stream is past it. */
	trade->known_us = INT64_MIN;
	seq->page.useful = true;
	return true;
}

int
sequence_page_trade(struct sequence *seq, int64_t id, int64_t event_time_us,
    const char *record, size_t len)
{
	struct order_page *page = &seq->page;

	if (page->symbol == NULL || page->truncated || id <= page->last ||
	    id > ORDER_ID_MAX)
		return 0;
	page->last = id;
	if (id >= page->symbol->next && !put_in(seq, page->symbol, id,
	    event_time_us, record, len)) {
		page->truncated = true;
		if (id > page->symbol->seen) {
			page->symbol->seen = id;
			page->symbol->seen_time_us = event_time_us;
		}
	}
	return order_go_on(seq, page->symbol);
}

/* Asked in vain: the next time after a pause that grows. */
static void
was_vain(struct sequence *seq, struct sequence_symbol *sym)
{
	if (sym->vain_us == SYMBOL_NEVER)
		sym->vain_us = order_patience(seq);
	sym->pause_us = sym->pause_us == 0 ? PAUSE_FIRST_US :
	    sym->pause_us * 2;
	if (sym->pause_us > PAUSE_MAX_US)
		sym->pause_us = PAUSE_MAX_US;
	sym->ask_us = seq->now_us + sym->pause_us;
}

/*
 * The page went past trades that are missing, up to last, and had none of
 * them.  A second page that does so, a while later, says that there are none.
 */
static int
found_none(struct sequence *seq, struct sequence_symbol *sym, int64_t last)
{
	if (sym->gone_first == sym->next && last <= sym->gone_last) {
		sym->ask_us = sym->gone_us + seq->options.confirm_us;
		if (seq->now_us < sym->ask_us)
			return 0;
		if (last == order_hole_last(sym))
			return order_pass(seq, sym, SEQUENCE_EXCHANGE);
		if (order_report(seq, sym, last, SEQUENCE_EXCHANGE,
		    SEQUENCE_NO_TIME) == -1)
			return -1;
		return order_go_on(seq, sym);
	}
	sym->gone_first = sym->next;
	sym->gone_last = last;
	sym->gone_us = seq->now_us;
	sym->ask_us = seq->now_us + seq->options.confirm_us;
	return 0;
}

/* When to ask again for what the page did not reach. */
static void
ask_again(struct sequence *seq, struct sequence_symbol *sym, bool useful,
    bool full)
{
	if (useful)
		sym->pause_us = 0;
	if (full && useful)
		sym->ask_us = seq->now_us;
	else
		was_vain(seq, sym);
}

int
sequence_page_end(struct sequence *seq, bool full)
{
	const struct order_page page = seq->page;
	struct sequence_symbol *sym = page.symbol;
	int64_t last;

	seq->page.symbol = NULL;
	if (sym == NULL)
		return 0;
	/*
	 * That was all, if it brought nothing new.  Else it may have been cut
	 * short, or be of a server that lags: once more, when there is nothing
	 * better to do.
	 */
	if (!full && !page.truncated && page.from <= sym->next &&
	    page.last >= sym->seen && sym->asked_us >= sym->suspect_us) {
		sym->suspect = page.useful && (sym->open || sym->suspect);
		sym->open = false;
	}
	if (!order_has_hole(sym)) {
		if (sym->open || sym->suspect)
			ask_again(seq, sym, page.useful, full || page.useful);
		return order_go_on(seq, sym);
	}
	last = order_hole_last(sym) < page.last ? order_hole_last(sym) :
	    page.last - 1;
	if (page.from <= sym->next && last >= sym->next)
		return found_none(seq, sym, last);
	ask_again(seq, sym, page.useful, full);
	return 0;
}

int
sequence_refused(struct sequence *seq, struct sequence_symbol *sym,
    int64_t now_us)
{
	order_time(seq, now_us);
	seq->failing_us = SYMBOL_NEVER;
	if (!sym->active)
		return 0;
	sym->open = sym->suspect = false;
	return order_has_hole(sym) && sym->state == SYMBOL_HOLE ?
	    order_pass(seq, sym, SEQUENCE_REFUSED) : order_go_on(seq, sym);
}

void
sequence_failed(struct sequence *seq, struct sequence_symbol *sym,
    int64_t now_us)
{
	order_time(seq, now_us);
	if (seq->failing_us == SYMBOL_NEVER)
		seq->failing_us = order_patience(seq);
	if (sym->active)
		was_vain(seq, sym);
}

/* --- When something is due. --- */

static int64_t
lower(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
sequence_due(const struct sequence *seq, bool may_ask)
{
	const struct symbols *symbols = &seq->symbols;
	const struct sequence_symbol *settling =
	    symbols_first(symbols, SYMBOL_SETTLING);
	int64_t due = settling != NULL ? settling->key : INT64_MAX;
	size_t n = symbols->heap[SYMBOL_HOLE].count;

	for (size_t i = 0; i < n; i++) {
		const struct sequence_symbol *sym =
		    symbols->heap[SYMBOL_HOLE].item[i];

		due = lower(due, order_give_up_us(seq, sym));
		if (may_ask)
			due = lower(due, ask_at(seq, sym));
	}
	if (n > 0)
		due = lower(due, seq->now_us + order_call_us(seq));
	n = may_ask ? symbols->heap[SYMBOL_SUSPECT].count : 0;
	for (size_t i = 0; i < n; i++)
		due = lower(due,
		    symbols->heap[SYMBOL_SUSPECT].item[i]->ask_us);
	return due;
}
