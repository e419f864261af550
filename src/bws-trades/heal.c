#include "heal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backoff.h"
#include "clock.h"
#include "page.h"
#include "resolve.h"
#include "rest.h"

#define SECOND_US INT64_C(1000000)

#define BODY_MAX (1024 * 1024) /* bytes; a full page has some 160,000 */
/* Where the exchange says to wait and not how long: its limits' minute. */
#define WAIT_DEFAULT_S 60
#define WAIT_MAX_S (3 * 86400) /* its longest ban */
#define UNKNOWN_SYMBOL (-1121)
/* Requests that may find nothing leave a fifth of the weight to others. */
#define LOW_LEAVES 5

struct heal {
	struct heal_options options;
	struct rest *rest;
	struct resolve *resolve;
	struct page page;
	struct backoff backoff;
	struct sequence_want asked; /* while it is busy */
	struct sequence_symbol *more; /* of whom the last page was full */
	char *address;              /* that answered last, or NULL */
	int64_t not_before_us;
	bool troubled;              /* the last answer was none of use */
	uint64_t requests;
};

static void
tell(struct heal *heal, enum heal_event event, const char *detail)
{
	heal->options.on_event(heal->options.arg, event, detail, NET_TOLD);
}

static void
check(struct heal *heal, int result)
{
	if (result != 0)
		heal->options.on_error(heal->options.arg);
}

/* Symbol and id of what was asked, for a message. */
static void
asked_text(const struct heal *heal, char *out, size_t cap)
{
	size_t len;
	const char *symbol = sequence_name(heal->asked.symbol, &len);

	snprintf(out, cap, "%.*s from %" PRId64, (int)len, symbol,
	    heal->asked.from_id);
}

static void
failed(struct heal *heal, const char *why, enum net_telling telling)
{
	int64_t now = clock_monotonic_us();

	heal->troubled = true;
	heal->not_before_us = now + SECOND_US / 5 +
	    backoff_next_us(&heal->backoff);
	free(heal->address);
	heal->address = NULL;
	heal->options.on_event(heal->options.arg, HEAL_FAILED, why, telling);
	sequence_failed(heal->options.sequence, heal->asked.symbol, now);
}

/* 429, 418 and 403: the exchange says no, and goes on until asked less. */
static void
limited(struct heal *heal, const struct rest_answer *answer)
{
	int64_t wait_s = answer->retry_after_s, now = clock_monotonic_us();
	char detail[96];

	if (wait_s < 0)
		wait_s = WAIT_DEFAULT_S;
	if (wait_s > WAIT_MAX_S)
		wait_s = WAIT_MAX_S;
	/*
	 * It counts in whole seconds, perhaps rounded down; and who is told so
	 * again and again had better wait longer each time.
	 */
	heal->not_before_us = now + (wait_s + 1) * SECOND_US +
	    (heal->troubled ? backoff_next_us(&heal->backoff) : 0);
	heal->troubled = true;
	snprintf(detail, sizeof detail, "HTTP status %d, waiting for %" PRId64
	    " s", answer->status, wait_s + 1);
	tell(heal, HEAL_LIMITED, detail);
	sequence_failed(heal->options.sequence, heal->asked.symbol, now);
}

static int
hand_in(struct heal *heal, int64_t read_us, bool full)
{
	struct sequence *sequence = heal->options.sequence;
	char record[FRAME_RECORD_MAX];

	sequence_page_begin(sequence, heal->asked.symbol, heal->asked.from_id,
	    clock_monotonic_us());
	for (size_t i = 0; i < heal->page.ntrades; i++) {
		const struct frame_trade *trade = &heal->page.trades[i];

		if (sequence_page_trade(sequence, trade->trade_id,
		    trade->event_time_us, record,
		    frame_record(record, trade, read_us)) != 0)
			return -1;
	}
	return sequence_page_end(sequence, full);
}

static void
take_page(struct heal *heal, const struct rest_answer *answer)
{
	size_t symbol_len;
	const char *symbol = sequence_name(heal->asked.symbol, &symbol_len);
	int64_t read_us = clock_realtime_us();
	char detail[256];

	if (page_read(&heal->page, symbol, symbol_len, heal->asked.from_id,
	    answer->body, answer->len) != PAGE_GOOD) {
		snprintf(detail, sizeof detail, "an answer of no use: %s",
		    heal->page.reason);
		failed(heal, detail, NET_TOLD);
		return;
	}
	if (heal->troubled)
		tell(heal, HEAL_WELL, NULL);
	heal->troubled = false;
	backoff_reset(&heal->backoff);
	snprintf(detail, sizeof detail, "%.*s from %" PRId64 ": %zu trades",
	    (int)symbol_len, symbol, heal->asked.from_id,
	    heal->page.ntrades);
	tell(heal, HEAL_PAGE, detail);
	if (heal->page.ntrades > 0)
		check(heal, heal->options.on_page(heal->options.arg, symbol,
		    symbol_len, answer->body, answer->len, read_us));
	heal->more = heal->page.ntrades == PAGE_MAX ? heal->asked.symbol :
	    NULL;
	check(heal, hand_in(heal, read_us, heal->more != NULL));
}

static void
take_error(struct heal *heal, const struct rest_answer *answer)
{
	struct record_text msg;
	char detail[256];
	int64_t code;

	if (!page_error(&heal->page, answer->body, answer->len, &code, &msg)) {
		snprintf(detail, sizeof detail, "HTTP status %d",
		    answer->status);
		failed(heal, detail, NET_TOLD);
	} else if (code == UNKNOWN_SYMBOL) {
		asked_text(heal, detail, sizeof detail);
		tell(heal, HEAL_REFUSED, detail);
		check(heal, sequence_refused(heal->options.sequence,
		    heal->asked.symbol, clock_monotonic_us()));
	} else {
		snprintf(detail, sizeof detail, "HTTP status %d: %" PRId64
		    " %.*s", answer->status, code,
		    (int)(msg.len < 120 ? msg.len : 120), msg.text);
		failed(heal, detail, NET_TOLD);
	}
}

/* What others behind the same address have used counts as well. */
static void
count_others(struct heal *heal, int64_t weight)
{
	int64_t now = clock_monotonic_us();
	int64_t ours = limit_used(heal->options.weight, now);

	if (weight > ours)
		limit_count(heal->options.weight, now, weight - ours);
}

static void
on_answer(void *arg, const struct rest_answer *answer)
{
	struct heal *heal = arg;

	if (answer->weight >= 0)
		count_others(heal, answer->weight);
	if (answer->status == 0)
		failed(heal, answer->why, answer->telling);
	else if (answer->status == 200)
		take_page(heal, answer);
	else if (answer->status == 429 || answer->status == 418 ||
	    answer->status == 403)
		limited(heal, answer);
	else
		take_error(heal, answer);
}

struct heal *
heal_open(const struct heal_options *options)
{
	struct heal *heal = calloc(1, sizeof *heal);
	struct rest_options rest = {
		.url = options->url, .microseconds = options->microseconds,
		.max_body = BODY_MAX, .timeout_us = options->timeout_us,
		.arg = heal, .on_answer = on_answer,
	};

	if (heal == NULL)
		return NULL;
	heal->options = *options;
	page_init(&heal->page);
	backoff_init(&heal->backoff, SECOND_US, options->retry_max_us);
	heal->rest = rest_open(options->net, &rest);
	heal->resolve = resolve_open(options->url->host);
	if (heal->rest == NULL || heal->resolve == NULL) {
		heal_close(heal);
		return NULL;
	}
	return heal;
}

void
heal_close(struct heal *heal)
{
	if (heal == NULL)
		return;
	rest_close(heal->rest);
	resolve_close(heal->resolve);
	page_free(&heal->page);
	free(heal->address);
	free(heal);
}

static int
ask(struct heal *heal, int64_t now_us)
{
	char path[3 * RECORD_SYMBOL_MAX + 128], detail[160];
	size_t len, n;
	const char *symbol = sequence_name(heal->asked.symbol, &len);

	n = (size_t)sprintf(path, "/api/v3/historicalTrades?symbol=");
	n += url_encode(path + n, symbol, len);
	sprintf(path + n, "&fromId=%" PRId64 "&limit=%d",
	    heal->asked.from_id, PAGE_MAX);
	limit_count(heal->options.weight, now_us, HEAL_REQUEST_WEIGHT);
	heal->requests++;
	asked_text(heal, detail, sizeof detail);
	tell(heal, HEAL_ASKED, detail);
	return rest_get(heal->rest, heal->address, path);
}

/* An address that has answered is kept. */
static enum resolve_result
find_address(struct heal *heal, const char **why)
{
	enum resolve_result result;

	if (heal->address != NULL)
		return RESOLVE_OK;
	result = resolve_next(heal->resolve, why);
	if (result != RESOLVE_OK)
		return result;
	heal->address = strdup(*why);
	*why = "out of memory";
	return heal->address == NULL ? RESOLVE_FAILED : RESOLVE_OK;
}

/* How long the limits have a request wait. */
static int64_t
limits_us(struct heal *heal, int64_t now_us, bool low_priority)
{
	struct limit *weight = heal->options.weight;
	int64_t need = HEAL_REQUEST_WEIGHT;

	if (low_priority) {
		need = weight->max / LOW_LEAVES;
		if (need < HEAL_REQUEST_WEIGHT)
			need = HEAL_REQUEST_WEIGHT;
	}
	return limit_wait_us(weight, now_us, need);
}

int64_t
heal_tick(struct heal *heal, int64_t now_us, bool paused)
{
	struct sequence *sequence = heal->options.sequence;
	const char *why;
	int64_t wait_us;

	if (paused || rest_busy(heal->rest))
		return INT64_MAX;
	if (now_us < heal->not_before_us)
		return heal->not_before_us;
	if (!sequence_want(sequence, now_us, &heal->asked))
		return sequence_due(sequence, true);
	/* After a full page something is known to be missing. */
	wait_us = limits_us(heal, now_us, heal->asked.low_priority &&
	    heal->asked.symbol != heal->more);
	if (wait_us > 0) {
		/* What is known to be missing may be wanted before. */
		return now_us + (wait_us < SECOND_US ? wait_us : SECOND_US);
	}
	switch (find_address(heal, &why)) {
	case RESOLVE_WAIT:
		return now_us + RESOLVE_WAIT_US;
	case RESOLVE_FAILED:
		failed(heal, why, NET_UNREACHED);
		return heal->not_before_us;
	case RESOLVE_OK:
		break;
	}
	if (ask(heal, now_us) != 0) {
		failed(heal, "out of memory", NET_UNREACHED);
		return heal->not_before_us;
	}
	return INT64_MAX;
}

uint64_t
heal_requests(const struct heal *heal)
{
	return heal->requests;
}

bool
heal_has_more(const struct heal *heal)
{
	return resolve_has_more(heal->resolve);
}
