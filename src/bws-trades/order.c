#include "order.h"

#include <stdlib.h>

void
order_time(struct sequence *seq, int64_t now_us)
{
	int64_t step = now_us - seq->now_us;
	int64_t most = order_call_us(seq);

	if (!seq->online)
		seq->idle_us += step;
	else if (step > most)
		seq->idle_us += step - most;
	seq->now_us = now_us;
}

int64_t
order_give_up_us(const struct sequence *seq,
    const struct sequence_symbol *sym)
{
	int64_t since = seq->failing_us;

	if (since < sym->moved_us)
		since = sym->moved_us;
	if (since > sym->vain_us)
		since = sym->vain_us;
	return since == SYMBOL_NEVER ? SYMBOL_NEVER :
	    since + seq->options.heal_wait_us + seq->idle_us;
}

static enum symbol_state
state_of(const struct sequence_symbol *sym)
{
	if (!sym->active || sym->next == SYMBOL_FRESH)
		return SYMBOL_LIVE;
	if (order_has_hole(sym))
		return sym->healable ? SYMBOL_HOLE : SYMBOL_SETTLING;
	if (sym->waiting.first != NULL)
		return SYMBOL_READY;
	if (sym->open)
		return SYMBOL_HOLE;
	return sym->suspect ? SYMBOL_SUSPECT : SYMBOL_LIVE;
}

void
order_place(struct sequence *seq, struct sequence_symbol *sym)
{
	enum symbol_state state = state_of(sym);
	int64_t key = sym->time_us;

	if (state == SYMBOL_READY)
		key = sym->waiting.first->time_us;
	else if (state == SYMBOL_SETTLING)
		key = order_hole_known_us(sym) + seq->options.settle_us;
	if (state == SYMBOL_LIVE) {
		sym->ask_us = INT64_MIN;
		sym->pause_us = 0;
	}
	if (state != sym->state) {
		sym->moved_us = order_patience(seq);
		sym->vain_us = SYMBOL_NEVER;
	}
	symbols_move(&seq->symbols, sym, state, key);
}

int
order_emit(struct sequence *seq, const char *record, size_t len, bool healed)
{
	seq->counts.trades++;
	seq->counts.healed += healed;
	return seq->options.emit(seq->options.arg, record, len, healed);
}

/* --- What waits. --- */

struct waiting_trade *
order_hold(struct sequence *seq, struct sequence_symbol *sym,
    struct waiting_trade *behind, int64_t id, int64_t time_us,
    const char *record, size_t len)
{
	struct waiting_trade *trade = waiting_trade_new(record, len);

	if (trade == NULL)
		return NULL;
	trade->id = id;
	trade->time_us = time_us;
	waiting_put(&sym->waiting, behind, trade);
	seq->counts.waiting++;
	seq->counts.waiting_bytes += waiting_size(len);
	if (id > sym->seen) {
		sym->seen = id;
		sym->seen_time_us = time_us;
	}
	return trade;
}

static void
take_out(struct sequence *seq, struct sequence_symbol *sym,
    struct waiting_trade *trade)
{
	waiting_take(&sym->waiting, trade);
	seq->counts.waiting--;
	seq->counts.waiting_bytes -= waiting_size(trade->len);
}

void
order_discard(struct sequence *seq, struct sequence_symbol *sym,
    struct waiting_trade *trade)
{
	take_out(seq, sym, trade);
	free(trade);
	seq->counts.discarded++;
}

static int
emit_first(struct sequence *seq, struct sequence_symbol *sym)
{
	struct waiting_trade *trade = sym->waiting.first;
	int result = 0;

	take_out(seq, sym, trade);
	sym->next = trade->id + 1;
	if (!trade->skipped) {
		sym->time_us = trade->time_us;
		result = order_emit(seq, trade->record, trade->len,
		    trade->healed);
	}
	free(trade);
	return result;
}

static int
emit_ready(struct sequence *seq, struct sequence_symbol *sym)
{
	while (sym->waiting.first != NULL &&
	    sym->waiting.first->id == sym->next) {
		if (emit_first(seq, sym) == -1)
			return -1;
	}
	return 0;
}

int
order_merge(struct sequence *seq, size_t size)
{
	struct sequence_symbol *ready, *hole;

	while ((ready = symbols_first(&seq->symbols, SYMBOL_READY)) != NULL) {
		hole = symbols_first(&seq->symbols, SYMBOL_HOLE);
		if (hole != NULL && hole->key < ready->key &&
		    order_has_room(seq, size))
			break;
		if (emit_first(seq, ready) == -1)
			return -1;
		order_place(seq, ready);
	}
	return 0;
}

int
order_go_on(struct sequence *seq, struct sequence_symbol *sym)
{
	/* Nothing waits for a symbol that is not healed, nor it for others. */
	if (!sym->healable && emit_ready(seq, sym) == -1)
		return -1;
	order_place(seq, sym);
	return order_merge(seq, 0);
}

/* --- What does not come out. --- */

int
order_report(struct sequence *seq, struct sequence_symbol *sym, int64_t last,
    enum sequence_reason reason, int64_t after_us)
{
	struct sequence_gap gap = {
		.symbol = sym->name, .symbol_len = sym->len,
		.first_id = sym->next, .last_id = last, .reason = reason,
		.before_us = sym->time_us, .after_us = after_us,
	};

	seq->counts.gaps++;
	if (reason != SEQUENCE_EXCHANGE)
		seq->counts.missing += (uint64_t)(last - sym->next) + 1;
	sym->next = last + 1;
	return seq->options.gap(seq->options.arg, &gap);
}

int
order_pass(struct sequence *seq, struct sequence_symbol *sym,
    enum sequence_reason reason)
{
	const struct waiting_trade *first = sym->waiting.first;

	if (order_report(seq, sym, order_hole_last(sym), reason,
	    first != NULL ? first->time_us : SEQUENCE_NO_TIME) == -1)
		return -1;
	if (first == NULL && sym->seen_time_us != SEQUENCE_NO_TIME)
		sym->time_us = sym->seen_time_us;
	return order_go_on(seq, sym);
}

int
order_stop(struct sequence *seq, struct sequence_symbol *sym,
    enum sequence_reason reason)
{
	struct waiting_trade *trade;

	if (emit_ready(seq, sym) == -1)
		return -1;
	while ((trade = sym->waiting.first) != NULL) {
		take_out(seq, sym, trade);
		free(trade);
	}
	return sym->seen < sym->next || sym->next == SYMBOL_FRESH ? 0 :
	    order_report(seq, sym, sym->seen, reason, SEQUENCE_NO_TIME);
}
