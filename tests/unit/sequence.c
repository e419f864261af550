/*
 * Every trade comes out once, in the order of its ids, or is reported: rule by
 * rule.  sequencemodel.c has histories by chance.
 */
#include "../../src/bws-trades/sequence.h"

#include <stdlib.h>

#include "tap.h"

#define SECOND INT64_C(1000000)
#define SETTLE SECOND
#define HEAL_WAIT (300 * SECOND)
#define CONFIRM SECOND

/* What came out, as words: "A5", "A7h" (healed), "A6-6x" (a gap), "A!1". */
static char out[4000];
static struct sequence *seq;
static struct sequence_symbol *a, *b;
static int64_t now;

static void
say(const char *fmt, ...)
{
	va_list args;
	size_t len = strlen(out);

	va_start(args, fmt);
	vsnprintf(out + len, sizeof out - len, fmt, args);
	va_end(args);
}

static int
on_emit(void *arg, const char *record, size_t len, bool healed)
{
	(void)arg;
	say("%.*s%s ", (int)len, record, healed ? "h" : "");
	return 0;
}

#define MANY 100
#define EACH 20
static int64_t emitted, unsorted;

/* The record is its event time: one after another, from 1. */
static int
on_time(void *arg, const char *record, size_t len, bool healed)
{
	int64_t time;

	(void)arg;
	(void)healed;
	memcpy(&time, record, len);
	unsorted += time != ++emitted;
	return 0;
}

static int
on_gap(void *arg, const struct sequence_gap *gap)
{
	static const char reasons[] = "xnfrgsa";

	(void)arg;
	say("%.*s%" PRId64 "-%" PRId64 "%c ", (int)gap->symbol_len,
	    gap->symbol, gap->first_id, gap->last_id, reasons[gap->reason]);
	return 0;
}

static int
on_restart(void *arg, const struct sequence_restart *restart)
{
	(void)arg;
	say("%.*s%" PRId64 "!%" PRId64 " ", (int)restart->symbol_len,
	    restart->symbol, restart->last_id, restart->id);
	return 0;
}

static struct sequence_options options;

static void
begin(void)
{
	out[0] = '\0';
	now = 1000 * SECOND;
	seq = sequence_new(&options);
	a = sequence_add(seq, "a", 1);
	b = sequence_add(seq, "B", 1);
}

/* Since the last time. */
static void
came(const char *want, const char *name)
{
	size_t len = strlen(out);

	if (len > 0)
		len--;
	tap_text(out, len, want, name);
	out[0] = '\0';
}

static void
end(void)
{
	sequence_free(seq);
}

/* A trade at a second, its name for a record. */
static void
take(struct sequence_symbol *sym, int64_t id, int64_t second)
{
	char record[40];
	size_t len;

	snprintf(record, sizeof record, "%c%" PRId64,
	    *sequence_name(sym, &len), id);
	sequence_take(seq, sym, id, second * SECOND, record, strlen(record),
	    now);
}

/* A page from..to without those from not_first to not_last. */
static void
page(struct sequence_symbol *sym, int64_t from, int64_t to, bool full,
    int64_t not_first, int64_t not_last)
{
	char record[40];
	size_t len;

	sequence_page_begin(seq, sym, from, now);
	for (int64_t id = from; id <= to; id++) {
		if (id >= not_first && id <= not_last)
			continue;
		snprintf(record, sizeof record, "%c%" PRId64,
		    *sequence_name(sym, &len), id);
		sequence_page_trade(seq, id, id * SECOND, record,
		    strlen(record));
	}
	sequence_page_end(seq, full);
}

/* What REST is to be asked: "A7", "A7?" for low priority, or nothing. */
static void
wanted(const char *want, const char *name)
{
	struct sequence_want w;
	char text[40] = "";
	size_t len;

	if (sequence_want(seq, now, &w))
		snprintf(text, sizeof text, "%c%" PRId64 "%s",
		    *sequence_name(w.symbol, &len), w.from_id,
		    w.low_priority ? "?" : "");
	tap_text(text, strlen(text), want, name);
}

static int64_t
wanted_id(void)
{
	struct sequence_want w;

	return sequence_want(seq, now, &w) ? w.from_id : -1;
}

static const struct sequence_counts *
counts(void)
{
	return sequence_counts(seq);
}

static void
test_live(void)
{
	begin();
	take(a, 5, 5);
	take(a, 6, 6);
	take(b, 1, 1);
	take(a, 6, 6);
	take(a, 4, 4);
	take(a, 7, 7);
	came("A5 A6 B1 A7", "trades go out as they come, each once");
	tap_int((int64_t)counts()->duplicates, 2, "duplicates are counted");
	wanted("", "nothing is asked");
	tap_ok(sequence_due(seq, true) == INT64_MAX, "nothing is due");
	end();
}

static void
test_symbols(void)
{
	char name[24];
	int wrong = 0;
	size_t len;

	begin();
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof name, "s%dusdt", i);
		wrong += sequence_add(seq, name, strlen(name)) == NULL;
	}
	for (int i = 0; i < 3000; i++) {
		struct sequence_symbol *sym;

		snprintf(name, sizeof name, "S%dusdT", i);
		sym = sequence_find(seq, name, strlen(name));
		snprintf(name, sizeof name, "S%dUSDT", i);
		wrong += sym == NULL || memcmp(sequence_name(sym, &len), name,
		    strlen(name)) != 0 || len != strlen(name);
	}
	tap_int(wrong, 0, "each of many symbols is found, in either case");
	tap_ok(sequence_find(seq, "S3000USDT", 9) == NULL &&
	    sequence_find(seq, "\x13" "0USDT", 6) == NULL, "others are not");
	tap_ok(sequence_add(seq, "A", 1) == a && !sequence_heard(a),
	    "one that is there stays as it is");
	end();
}

static void
test_hole(void)
{
	begin();
	take(a, 5, 5);
	take(a, 8, 8);
	take(a, 9, 9);
	take(b, 1, 1);
	came("A5 B1", "what is behind a hole waits, others do not");
	tap_int((int64_t)counts()->waiting, 2, "it is counted");
	tap_int((int64_t)counts()->holes, 1, "and so is the hole");
	wanted("", "the stream may fill it");
	take(a, 7, 7);
	take(a, 6, 6);
	came("A6 A7 A8 A9", "and does");
	take(a, 12, 12);
	now += SETTLE;
	wanted("A10", "after a while REST is asked");
	page(a, 10, 14, false, 0, 0);
	came("A10h A11h A12 A13h A14h", "and heals it");
	take(a, 13, 13);
	take(a, 15, 15);
	came("A15", "what it had beyond does not come again");
	tap_int((int64_t)counts()->healed, 4, "healed trades are counted");
	tap_int((int64_t)counts()->waiting_bytes, 0, "nothing waits");
	end();
}

static void
test_lagging(void)
{
	begin();
	take(a, 5, 5);
	take(a, 8, 8);
	now += SETTLE;
	page(a, 6, 5, false, 0, 0);
	wanted("", "after an empty page a pause");
	now += SECOND / 10;
	wanted("A6", "of 100 ms");
	page(a, 6, 5, false, 0, 0);
	now += SECOND / 10;
	wanted("", "that grows");
	now += SECOND / 10;
	wanted("A6", "to 200 ms");
	page(a, 6, 6, false, 0, 0);
	came("A5 A6h", "a page that ends in the hole is taken");
	for (int i = 0; i < 20; i++)
		page(a, 7, 6, false, 0, 0);
	now += 5 * SECOND - 1;
	wanted("", "the pause grows");
	now++;
	wanted("A7", "to 5 s");
	end();
}

static void
test_exchange(void)
{
	begin();
	take(a, 5, 5);
	take(a, 8, 8);
	now += SETTLE;
	page(a, 6, 9, false, 6, 7);
	came("A5", "a page that goes past a hole is not believed");
	wanted("", "at once");
	now += CONFIRM - 1;
	page(a, 6, 9, false, 6, 7);
	came("", "twice in a moment is once");
	now++;
	wanted("A6", "it is asked again");
	page(a, 6, 9, false, 6, 7);
	came("A6-7x A8 A9h", "and reported");
	tap_int((int64_t)counts()->gaps, 1, "as a gap");
	tap_int((int64_t)counts()->missing, 0, "in which nothing is missing");
	page(a, 10, 20, false, 12, 13);
	came("A10h A11h", "a hole inside a page");
	now += CONFIRM;
	page(a, 12, 20, false, 12, 13);
	came("A12-13x A14h A15h A16h A17h A18h A19h A20h",
	    "needs one more answer");
	end();
}

static void
test_give_up(void)
{
	begin();
	take(a, 5, 5);
	take(a, 8, 8);
	now += HEAL_WAIT;
	sequence_tick(seq, now);
	came("A5", "a hole that was never asked for is not given up");
	sequence_failed(seq, a, now);
	for (int i = 0; i < 8; i++) {
		now += HEAL_WAIT / 8;
		if (i == 7)
			came("", "one that was is, after a while");
		tap_ok(sequence_due(seq, false) <= now, "a call is due");
		sequence_tick(seq, now);
	}
	came("A6-7g A8", "and then reported");
	tap_int((int64_t)counts()->missing, 2, "as missing");
	take(a, 10, 10);
	sequence_failed(seq, a, now);
	sequence_online(seq, false, now);
	now += 10 * HEAL_WAIT;
	sequence_tick(seq, now);
	sequence_online(seq, true, now);
	sequence_tick(seq, now);
	came("", "time without a connection does not count");
	now += 10 * HEAL_WAIT;
	sequence_tick(seq, now);
	came("", "nor does time in which the process stood still");
	take(a, 12, 12);
	page(a, 9, 9, false, 0, 0);
	came("A9h A10", "and then it is healed");
	end();
}

static void
test_refused(void)
{
	begin();
	take(a, 5, 5);
	take(a, 8, 8);
	take(a, 10, 10);
	now += SETTLE;
	sequence_refused(seq, a, now);
	came("A5 A6-7r A8", "REST does not know the symbol");
	wanted("A9", "each hole is asked for");
	end();
}

static void
test_resume(void)
{
	begin();
	sequence_resume(seq, a, 4, 4 * SECOND, now);
	sequence_resume(seq, b, 7, SEQUENCE_NO_TIME, now);
	wanted("B8", "one whose time is not known is asked first");
	page(b, 8, 7, false, 0, 0);
	wanted("A5", "then the other");
	page(a, 5, 7, true, 0, 0);
	came("A5h A6h A7h", "what it missed comes out");
	wanted("A8", "a full page: there may be more");
	page(a, 8, 8, false, 0, 0);
	wanted("A9?", "one that is not full: that was all, it seems");
	page(a, 9, 8, false, 0, 0);
	wanted("", "one with nothing says so");
	take(a, 9, 9);
	take(b, 8, 8);
	came("A8h A9 B8", "and the stream goes on");
	end();
	begin();
	for (int64_t id = 2; id <= 4; id++)
		sequence_resume(seq, a, id, id * SECOND, now);
	sequence_resume(seq, a, 3, 3 * SECOND, now);
	wanted("A5", "of several ids the highest one counts");
	end();
	begin();
	sequence_resume(seq, a, 4, 4 * SECOND, now);
	take(a, 5, 5);
	wanted("", "the stream goes on where it ended");
	take(a, 3, 3);
	came("A5", "without what had gone out");
	end();
	begin();
	sequence_resume(seq, a, 4, 4 * SECOND, now);
	sequence_failed(seq, a, now);
	for (int i = 0; i < 8; i++)
		sequence_tick(seq, now += HEAL_WAIT / 8);
	came("", "where nothing is known to be missing nothing is reported");
	wanted("A5?", "and nothing has to wait any longer");
	end();
}

static void
test_suspect(void)
{
	begin();
	sequence_suspect(seq, a, now);
	wanted("", "a symbol without a trade yet is asked nothing");
	take(a, 5, 5);
	take(b, 5, 5);
	sequence_suspect(seq, a, now);
	sequence_suspect(seq, b, now);
	take(b, 7, 7);
	wanted("A6?", "may have missed some");
	now += SETTLE;
	wanted("B6", "what is known to be missing comes first");
	page(b, 6, 6, false, 0, 0);
	wanted("A6?", "then the suspect");
	now += SETTLE;
	sequence_suspect(seq, a, now);
	page(a, 6, 5, false, 0, 0);
	now += SECOND / 10;
	wanted("A6?", "an answer to an older question does not settle it");
	page(a, 6, 6, false, 0, 0);
	wanted("A7?", "one that brings something makes curious");
	page(a, 7, 6, false, 0, 0);
	wanted("", "an answer does");
	sequence_suspect(seq, a, now);
	take(a, 7, 7);
	wanted("", "and a streamed trade");
	came("A5 B5 B6h B7 A6h A7", "nothing waited");
	end();
}

static void
test_merge(void)
{
	begin();
	take(a, 5, 5);
	take(b, 1, 4);
	take(a, 7, 7);
	take(b, 3, 9);
	now += SETTLE;
	wanted("B2", "the one furthest behind is asked first");
	page(a, 6, 6, false, 0, 0);
	came("A5 B1", "what is ready waits for what may be earlier");
	take(a, 8, 8);
	take(a, 9, 12);
	page(b, 2, 2, false, 0, 0);
	came("B2h A6h A7 A8 B3 A9", "and they come merged by event time");
	end();
	begin();
	take(a, 5, 5);
	take(b, 1, 4);
	take(a, 7, 7);
	take(b, 3, 9);
	sequence_unhealable(seq, b, SEQUENCE_FUTURES, now);
	page(a, 6, 6, false, 0, 0);
	came("A5 B1 A6h A7", "nothing waits for what cannot be healed");
	take(a, 10, 3);
	take(b, 2, 5);
	came("B2 B3", "nor does that for others");
	end();
}

/* Many symbols behind: event times rise over all of them. */
static void
test_merge_many(void)
{
	static int64_t times[MANY][EACH];
	struct sequence_want w;
	uint64_t seed = 1;
	int64_t time = 1;

	emitted = unsorted = 0;
	options.emit = on_time;
	begin();
	for (int i = 0; i < MANY * EACH; i++) {
		int m = (int)(tap_random(&seed) % MANY);

		while (times[m][EACH - 1] != 0)
			m = (m + 1) % MANY;
		for (int k = 0; ; k++) {
			if (times[m][k] == 0) {
				times[m][k] = time++;
				break;
			}
		}
	}
	for (int i = 0; i < MANY; i++) {
		char name[4] = { 'M', (char)(i / 10 + '0'),
		    (char)(i % 10 + '0'), '\0' };

		sequence_resume(seq, sequence_add(seq, name, 3), 0, 0, now);
	}
	while (sequence_want(seq, now, &w)) {
		size_t len;
		const char *name = sequence_name(w.symbol, &len);
		const int64_t *of = times[(name[1] - '0') * 10 + name[2] - '0'];
		int64_t last = w.from_id + 2 > EACH ? EACH : w.from_id + 2;

		sequence_page_begin(seq, w.symbol, w.from_id, now);
		for (int64_t id = w.from_id; id <= last; id++)
			sequence_page_trade(seq, id, of[id - 1],
			    (const char *)&of[id - 1], sizeof *of);
		sequence_page_end(seq, last == w.from_id + 2);
	}
	tap_int(emitted, MANY * EACH, "many symbols are healed");
	tap_int(unsorted, 0, "and come merged by event time");
	end();
	options.emit = on_emit;
}

static void
test_unhealable(void)
{
	begin();
	sequence_unhealable(seq, a, SEQUENCE_FUTURES, now);
	take(a, 5, 5);
	take(a, 8, 8);
	sequence_skip(seq, a, 9, now);
	take(a, 10, 10);
	wanted("", "REST is not asked");
	tap_int(sequence_due(seq, true), now + SETTLE, "a tick is due");
	take(a, 6, 6);
	came("A5 A6", "another connection may fill it");
	now += SETTLE;
	sequence_tick(seq, now);
	came("A7-7f A8 A10", "or it is reported, soon");
	sequence_skip(seq, a, 11, now);
	take(a, 12, 12);
	take(a, 14, 14);
	sequence_skip(seq, a, 13, now);
	sequence_skip(seq, a, 13, now);
	came("A12 A14", "an id without a record is none that is missing");
	tap_int((int64_t)counts()->duplicates, 0, "nor a duplicate");
	end();
	options.healable = false;
	begin();
	sequence_resume(seq, a, 3, 3 * SECOND, now);
	sequence_suspect(seq, a, now);
	wanted("", "nor is it where there is none");
	take(a, 5, 5);
	now += SETTLE;
	sequence_tick(seq, now);
	came("A4-4n A5", "a hole after a resume is reported");
	end();
	options.healable = true;
}

static void
test_anew(void)
{
	begin();
	take(a, 500, 100);
	take(a, 503, 103);
	take(a, 1, 161);
	take(a, 2, 160);
	came("A500 A501-503a A503!1 A1 A2",
	    "ids that begin anew a minute later are new trades");
	take(a, 1, 161);
	came("", "once");
	take(a, INT64_C(1000000000000), 162);
	take(a, 4, 163);
	take(a, 3, 163);
	came("A3 A4", "an absurd id stops nothing");
	take(a, 5, 223);
	came("A1000000000000!5 A5", "and is forgotten");
	take(a, INT64_MAX, 224);
	take(a, INT64_MAX - 1, 224);
	take(a, 6, 300);
	take(a, 7, 300);
	came("A9223372036854775806!6 A6 A7", "nor do the greatest ones");
	tap_int((int64_t)counts()->restarts, 3, "they are counted");
	take(a, 10, 300);
	take(a, 12, 400);
	take(a, 15, 500);
	came("", "what comes late behind a hole is no new beginning");
	end();
	options.held_max = 0;
	begin();
	take(a, 1, 1);
	take(a, 500, 2);
	take(a, 2, 63);
	came("A1 A500!2 A2", "nor does one without room for it stop anything");
	wanted("", "or is asked for");
	end();
	options.held_max = 1 << 20;
}

static void
test_room(void)
{
	options.held_max = 300;
	begin();
	take(a, 1, 1);
	for (int id = 3; id < 20; id++)
		take(a, id, id);
	tap_ok(counts()->waiting_bytes <= 300 && counts()->waiting > 1 &&
	    counts()->discarded + counts()->waiting == 17,
	    "what waits is bounded");
	take(b, 1, 1);
	take(b, 2, 2);
	came("A1 B1 B2", "live symbols go on");
	take(b, 4, 4);
	take(b, 3, 3);
	came("B3", "without room the stream is not held");
	now += SETTLE;
	page(b, 4, 4, false, 0, 0);
	came("B4h", "what is ready goes out to make room");
	take(a, 2, 2);
	now += SETTLE;
	for (int id = 3; id < 25; id += 5)
		page(a, id, id + 4, true, 0, 0);
	came("A2 A3 A4 A5 A6 A7 A8 A9h A10h A11h A12h A13h A14h A15h "
	    "A16h A17h A18h A19h A20h A21h A22h A23h A24h A25h A26h A27h",
	    "pages find room");
	end();
	options.held_max = 1 << 20;
}

static void
test_little_room(void)
{
	int64_t waiting, next;

	options.held_max = 300;
	begin();
	take(a, 1, 1);
	for (int id = 3; id < 20; id++)
		take(a, id, id);
	waiting = (int64_t)counts()->waiting;
	now += SETTLE;
	page(a, 2, 2, true, 0, 0);
	next = 3 + waiting;
	tap_int(wanted_id(), next, "what was discarded is asked for");
	page(a, next, 25, false, 0, 0);
	wanted("", "to the end");
	end();
	options.page_max = 1;
	begin();
	sequence_resume(seq, a, 1, SECOND, now);
	page(a, 2, 30, false, 2, 2);
	now += CONFIRM;
	page(a, 2, 30, false, 2, 2);
	tap_ok(strncmp(out, "A2-2x A3h", 9) == 0,
	    "a page that does not fit is used as far as it does");
	out[0] = '\0';
	tap_int(wanted_id(), next, "and then the rest is asked for");
	page(a, next, next, true, 0, 0);
	tap_int(wanted_id(), next + 1, "all of it");
	end();
	options.held_max = 0;
	begin();
	sequence_resume(seq, a, 1, SECOND, now);
	page(a, 2, 9, false, 2, 3);
	now += CONFIRM;
	page(a, 2, 9, false, 2, 3);
	page(a, 4, 9, false, 0, 0);
	came("A2-3x A4h A5h A6h A7h A8h A9h", "even where there is none");
	end();
	options.held_max = options.page_max = 1 << 20;
}

static void
test_end(void)
{
	begin();
	take(a, 5, 5);
	take(b, 1, 1);
	take(a, 7, 7);
	take(b, 3, 9);
	take(a, 9, 9);
	take(b, 4, 10);
	now += SETTLE;
	page(a, 6, 6, false, 0, 0);
	came("A5 B1", "something waits");
	sequence_end(seq);
	came("A6h A7 A8-9s B2-4s", "and goes out as far as there is no hole");
	tap_int((int64_t)counts()->waiting, 0, "nothing is left");
	end();
	begin();
	sequence_drop(seq, a, now);
	sequence_end(seq);
	came("", "of a symbol without a trade nothing is missing");
	end();
}

static void
test_drop(void)
{
	begin();
	take(a, 5, 5);
	take(b, 1, 1);
	take(a, 7, 7);
	take(b, 3, 9);
	now += SETTLE;
	page(a, 6, 6, false, 0, 0);
	sequence_drop(seq, b, now);
	came("A5 B1 B2-3s A6h A7", "a dropped symbol holds nobody up");
	tap_ok(sequence_find(seq, "B", 1) == NULL, "and is not found");
	take(b, 4, 10);
	page(b, 2, 8, false, 0, 0);
	sequence_suspect(seq, b, now);
	sequence_failed(seq, b, now);
	sequence_refused(seq, b, now);
	sequence_drop(seq, b, now);
	came("", "what comes of it is ignored");
	tap_ok(sequence_add(seq, "b", 1) == b, "it may come back");
	page(b, 2, 8, false, 0, 0);
	take(b, 2, 11);
	came("B2", "and begins fresh");
	end();
}

/* A callback that fails is heard of, wherever it was called from. */
static int
fail(void *arg, const struct sequence_gap *gap)
{
	(void)arg;
	(void)gap;
	return -1;
}

static void
test_failure(void)
{
	options.gap = fail;
	begin();
	take(a, 5, 5);
	take(a, 7, 7);
	tap_int(sequence_refused(seq, a, now), -1, "a failure is handed up");
	end();
	options.gap = on_gap;
}

int
main(void)
{
	options = (struct sequence_options){
		.held_max = 1 << 20, .page_max = 1 << 20,
		.settle_us = SETTLE, .heal_wait_us = HEAL_WAIT,
		.confirm_us = CONFIRM, .healable = true,
		.emit = on_emit, .gap = on_gap, .restart = on_restart,
	};
	test_live();
	test_symbols();
	test_hole();
	test_lagging();
	test_exchange();
	test_give_up();
	test_refused();
	test_resume();
	test_suspect();
	test_merge();
	test_merge_many();
	test_unhealable();
	test_anew();
	test_room();
	test_little_room();
	test_end();
	test_drop();
	test_failure();
	return tap_done();
}
