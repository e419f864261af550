/*
 * Histories by chance: a market of several symbols, two connections that lose,
 * repeat, reorder and break, and a REST that lags, answers short or not at
 * all.  What comes out, trades and gaps, is each symbol's ids from the first
 * to the last without a step left out; no gap of the exchange holds a trade;
 * and when the faults have ended everything is there.
 */
#include "../../src/bws-trades/sequence.h"

#include <stdlib.h>

#include "tap.h"

#define CASES 20000
#define SYMBOLS 4
#define MADE 120  /* trades of a symbol, at most */
#define QUEUE 400
#define SECOND INT64_C(1000000)

struct made {
	int64_t id, time_us;
};

struct market {
	struct made made[MADE];
	int n, known; /* known: to REST */
	int64_t next; /* the next to come out or to be reported; -1: any */
	bool on;
	struct sequence_symbol *sym;
};

struct connection {
	struct {
		int symbol, trade;
	} queue[QUEUE];
	int from, to;
	bool up;
};

struct question {
	struct sequence_want want;
	bool open;
	int symbol;
	int64_t answer_us;
};

static struct market market[SYMBOLS];
static struct connection line[2];
static struct question question;
static struct sequence_options options;
static struct sequence *seq;
static uint64_t seed, trades, healed, missing, gaps;
static int64_t now, clock_us;
static int nsymbols, page_limit;
static bool good, faulty;
static bool lossy; /* ids may be missing in the end */
static const char *wrong;

static int
below(int n)
{
	return (int)(tap_random(&seed) % (uint64_t)n);
}

static void
check(bool holds, const char *what)
{
	if (!holds && good) {
		good = false;
		wrong = what;
	}
}

/* --- What should come out. --- */

static struct market *
market_of(const char *name, size_t len)
{
	return &market[len == 1 ? name[0] - 'A' : 0];
}

/* The record: as long as its id makes it, and its own. */
static size_t
record_of(char *record, int symbol, int64_t id)
{
	size_t len = (size_t)sprintf(record, "%c %" PRId64 " ", 'A' + symbol,
	    id);

	while (len < (size_t)(id * 7 % 40))
		record[len++] = '.';
	return len;
}

static int
find(const struct market *m, int64_t id)
{
	for (int i = 0; i < m->n; i++) {
		if (m->made[i].id >= id)
			return i;
	}
	return m->n;
}

static int
on_emit(void *arg, const char *record, size_t len, bool was_healed)
{
	char want[80], text[80];
	struct market *m;
	int64_t id;
	int i;

	(void)arg;
	memcpy(text, record, len);
	text[len] = '\0';
	id = strtoll(text + 2, NULL, 10);
	m = market_of(text, 1);
	i = find(m, id);
	check(i < m->n && m->made[i].id == id, "a trade that was never made");
	check(record_of(want, text[0] - 'A', id) == len &&
	    memcmp(want, record, len) == 0, "another record");
	check(m->on, "a trade of a dropped symbol");
	check(m->next == -1 || m->next == id, "a trade out of order");
	m->next = id + 1;
	trades++;
	healed += was_healed;
	return 0;
}

static int
on_gap(void *arg, const struct sequence_gap *gap)
{
	struct market *m = market_of(gap->symbol, gap->symbol_len);
	int i = find(m, gap->first_id);

	(void)arg;
	check(m->next == gap->first_id && gap->last_id >= gap->first_id,
	    "a gap out of order");
	check(gap->reason != SEQUENCE_EXCHANGE || i == m->n ||
	    m->made[i].id > gap->last_id,
	    "a gap of the exchange where there is a trade");
	check(gap->reason != SEQUENCE_RESTARTED, "a restart");
	m->next = gap->last_id + 1;
	gaps++;
	if (gap->reason != SEQUENCE_EXCHANGE)
		missing += (uint64_t)(gap->last_id - gap->first_id) + 1;
	return 0;
}

static int
on_restart(void *arg, const struct sequence_restart *restart)
{
	(void)arg;
	(void)restart;
	check(false, "a restart");
	return 0;
}

/* --- The exchange. --- */

static void
send(struct connection *c, int symbol, int trade)
{
	if (c->to == QUEUE)
		return;
	c->queue[c->to].symbol = symbol;
	c->queue[c->to++].trade = trade;
}

static void
swap_last(struct connection *c)
{
	if (c->to - c->from < 2)
		return;
	c->queue[QUEUE - 1] = c->queue[c->to - 1];
	c->queue[c->to - 1] = c->queue[c->to - 2];
	c->queue[c->to - 2] = c->queue[QUEUE - 1];
}

/* A trade is made and sent. */
static void
make(int symbol)
{
	struct market *m = &market[symbol];
	struct made *last = &m->made[m->n];

	if (m->n == MADE)
		return;
	clock_us += below(3) * 1000;
	last->time_us = clock_us;
	last->id = m->n == 0 ? 100 + below(9) : m->made[m->n - 1].id + 1 +
	    (faulty && below(15) == 0 ? below(4) : 0);
	m->n++;
	for (int i = 0; i < 2; i++) {
		if (!line[i].up || (faulty && below(12) == 0))
			continue;
		send(&line[i], symbol, m->n - 1);
		if (faulty && below(15) == 0)
			swap_last(&line[i]);
		if (faulty && below(20) == 0)
			send(&line[i], symbol, below(m->n));
	}
}

static void
deliver(struct connection *c)
{
	char record[80];
	int symbol, trade;
	size_t len;

	if (c->from == c->to)
		return;
	symbol = c->queue[c->from].symbol;
	trade = c->queue[c->from++].trade;
	if (c->from == c->to)
		c->from = c->to = 0;
	if (!market[symbol].on)
		return;
	len = record_of(record, symbol, market[symbol].made[trade].id);
	sequence_take(seq, market[symbol].sym, market[symbol].made[trade].id,
	    market[symbol].made[trade].time_us, record, len, now);
}

static void
suspect_all(void)
{
	for (int i = 0; i < nsymbols; i++)
		sequence_suspect(seq, market[i].sym, now);
}

static void
break_or_mend(struct connection *c)
{
	c->up = !c->up;
	c->from = c->to = 0;
	if (c->up)
		suspect_all();
	sequence_online(seq, line[0].up || line[1].up, now);
}

/* --- REST. --- */

static void
ask(void)
{
	size_t len;

	if (question.open || !sequence_want(seq, now, &question.want))
		return;
	question.open = true;
	question.symbol = *sequence_name(question.want.symbol, &len) - 'A';
	question.answer_us = now + (faulty ? below(3) * 300000 : 1000);
	check(market[question.symbol].on, "a dropped symbol is asked for");
}

static void
send_page(const struct market *m, int limit)
{
	int symbol = question.symbol, n = 0;
	int64_t from = question.want.from_id;

	sequence_page_begin(seq, question.want.symbol, from, now);
	for (int i = find(m, from); i < m->known && n < limit; i++, n++) {
		char record[80];
		size_t len = record_of(record, symbol, m->made[i].id);

		sequence_page_trade(seq, m->made[i].id, m->made[i].time_us,
		    record, len);
	}
	sequence_page_end(seq, n == page_limit);
}

static void
refuse(void)
{
	lossy = true;
	sequence_refused(seq, question.want.symbol, now);
}

static void
answer(void)
{
	struct market *m = &market[question.symbol];
	int fault = faulty ? below(10) : 9;

	if (!question.open || now < question.answer_us)
		return;
	question.open = false;
	if (m->known < m->n && (!faulty || below(3) > 0))
		m->known = m->n;
	if (fault == 0)
		sequence_failed(seq, question.want.symbol, now);
	else if (fault == 1 && below(40) == 0)
		refuse();
	else
		send_page(m, fault == 2 ? 0 : fault == 3 ? below(page_limit) :
		    page_limit);
}

/* --- A history. --- */

static void
drop_or_add(struct market *m)
{
	size_t len;
	char name = (char)('a' + (m - market));

	if (m->on) {
		lossy = true;
		sequence_drop(seq, m->sym, now);
		m->next = -1;
		m->on = false;
		check(sequence_find(seq, &name, 1) == NULL,
		    "a dropped symbol is found");
		return;
	}
	m->on = true;
	m->sym = sequence_add(seq, &name, 1);
	check(*sequence_name(m->sym, &len) == name - 'a' + 'A' && len == 1,
	    "another name");
}

static void
begin(void)
{
	options.held_max = below(3) ? 1 << 20 : (size_t)below(1000);
	options.page_max = below(3) ? 1 << 20 : 1 + (size_t)below(1000);
	options.settle_us = below(2) * SECOND;
	options.confirm_us = below(2) * SECOND;
	options.heal_wait_us = below(2) ? 3600 * SECOND :
	    (1 + below(10)) * SECOND;
	options.healable = below(5) > 0;
	lossy = !options.healable || options.heal_wait_us < 3600 * SECOND;
	now = 1;
	clock_us = 1700000000 * SECOND;
	trades = healed = missing = gaps = 0;
	faulty = true;
	question.open = false;
	nsymbols = 1 + below(SYMBOLS);
	page_limit = 1 + below(8);
	seq = sequence_new(&options);
	memset(market, 0, sizeof market);
	for (int i = 0; i < 2; i++)
		line[i] = (struct connection){ .up = true };
	for (int i = 0; i < nsymbols; i++) {
		struct market *m = &market[i];

		m->next = -1;
		drop_or_add(m);
		if (below(3) > 0)
			continue;
		make(i);
		for (int n = below(20); n > 0; n--)
			make(i);
		m->next = m->made[0].id + 1;
		sequence_resume(seq, m->sym, m->made[0].id, below(2) ?
		    m->made[0].time_us : SEQUENCE_NO_TIME, now);
	}
}

static void
check_counts(void)
{
	const struct sequence_counts *c = sequence_counts(seq);

	check(c->trades == trades && c->healed == healed && c->gaps == gaps &&
	    c->missing == missing, "a count that is wrong");
	check(c->waiting_bytes <= options.held_max + options.page_max,
	    "more waits than may");
	check((c->waiting == 0) == (c->waiting_bytes == 0),
	    "waiting trades without bytes");
}

static void
step(void)
{
	int what = below(40);

	now += below(4) ? below(1000) : below(400000);
	if (what < 12)
		make(below(nsymbols));
	else if (what < 30)
		deliver(&line[what % 2]);
	else if (what < 34)
		answer();
	else if (what < 37)
		ask();
	else if (what < 38)
		sequence_tick(seq, now);
	else if (below(4) == 0)
		break_or_mend(&line[below(2)]);
	else if (below(40) == 0)
		drop_or_add(&market[below(nsymbols)]);
	check_counts();
}

/* The faults end, and time goes on until nothing is due. */
static void
come_to_rest(void)
{
	int turns = 0;

	faulty = false;
	for (int i = 0; i < 2; i++) {
		if (!line[i].up)
			break_or_mend(&line[i]);
	}
	for (int i = 0; i < nsymbols; i++) {
		if (!market[i].on)
			drop_or_add(&market[i]);
		if (below(2) || market[i].n == MADE)
			continue;
		make(i);
	}
	while (line[0].from < line[0].to || line[1].from < line[1].to)
		deliver(&line[below(2)]);
	if (question.open) {
		now = now > question.answer_us ? now : question.answer_us;
		answer();
	}
	suspect_all();
	while (sequence_due(seq, true) != INT64_MAX && turns++ < 5000) {
		int64_t due = sequence_due(seq, !question.open);

		if (question.open && question.answer_us < due)
			due = question.answer_us;
		if (due > now)
			now = due;
		answer();
		ask();
		sequence_tick(seq, now);
		check_counts();
	}
	check(turns < 5000, "it does not come to rest");
}

/* Everything is there. */
static void
check_rest(void)
{
	const struct sequence_counts *c = sequence_counts(seq);

	check(c->waiting == 0 && c->holes == 0, "something waits at rest");
	check(lossy || c->missing == 0, "ids are missing");
	for (int i = 0; i < nsymbols; i++) {
		struct market *m = &market[i];

		check(!options.healable || m->next == -1 ||
		    m->next == m->made[m->n - 1].id + 1,
		    "the last trades are not there");
	}
}

static void
run(void)
{
	bool rest = below(4) > 0;

	begin();
	for (int n = 50 + below(400); n > 0; n--)
		step();
	if (rest) {
		come_to_rest();
		check_rest();
	}
	sequence_end(seq);
	check_counts();
	check(sequence_counts(seq)->waiting == 0, "something waits at the end");
	sequence_free(seq);
}

int
main(int argc, char **argv)
{
	int from = 1, to = CASES, failed = 0;
	uint64_t all = 0, all_healed = 0, all_missing = 0, all_gaps = 0;

	/* One history by its number, or as many as wanted. */
	if (argc == 2)
		from = to = atoi(argv[1]);
	else if (argc == 3)
		to = atoi(argv[2]);
	options.emit = on_emit;
	options.gap = on_gap;
	options.restart = on_restart;
	for (int i = from; i <= to; i++) {
		seed = (uint64_t)i * 0x9e3779b97f4a7c15u;
		good = true;
		run();
		all += trades;
		all_healed += healed;
		all_missing += missing;
		all_gaps += gaps;
		if (!good && failed++ < 5)
			printf("# history %d: %s\n", i, wrong);
	}
	printf("# %" PRIu64 " trades, %" PRIu64 " of them healed, %" PRIu64
	    " gaps, %" PRIu64 " ids missing\n", all, all_healed, all_gaps,
	    all_missing);
	tap_int(failed, 0, "histories that came out wrong");
	return tap_done();
}
