/*
 * Fuzz target: each line of the input is read as a frame, as a kept frame and
 * as an answer of REST.  What is a trade gives a good record of the same
 * values; the stream and REST give the same record of the same values; what is
 * kept is read as it was; and nothing depends on what was read before.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/bws-trades/frame.h"
#include "../../src/bws-trades/keep.h"
#include "../../src/bws-trades/page.h"
#include "trade.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FRAME_MAX 4096 /* bytes of a frame or a page made of one trade */
#define TIME_US INT64_C(1795810530123456)

#define CHECK(condition) \
	((condition) ? (void)0 : fail(__LINE__, #condition))

/* What has read the lines before. */
struct readers {
	struct frame_reader frame;
	struct page page;
	struct keep keep;
	struct record_reader record;
};

static _Noreturn void
fail(int line, const char *what)
{
	fprintf(stderr, "frames.c:%d: not so: %s\n", line, what);
	abort();
}

static bool
same_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

static void *
allocate(size_t size)
{
	void *p = malloc(size > 0 ? size : 1);

	if (p == NULL)
		abort();
	return p;
}

/* A page that has read nothing; its memory would take most of the time. */
static struct page *
fresh_page(void)
{
	static struct page page;
	struct frame_trade *trades = page.trades;

	page.trades = NULL;
	page_free(&page);
	page.trades = trades;
	return &page;
}

/* The same value. */
static bool
same_number(const struct decimal *a, const struct record_text *text)
{
	struct decimal b;

	return decimal_read(text->text, text->len, &b) == DECIMAL_OK &&
	    decimal_compare(a, &b) == 0;
}

/* A record is a line, and is what ndjson-validate -t trade calls good. */
static size_t
check_record(struct readers *r, const struct frame_trade *trade, char *out)
{
	size_t n = frame_record(out, trade, TIME_US);
	struct trade read;

	CHECK(n > 0 && n <= FRAME_RECORD_MAX);
	for (size_t i = 0; i < n; i++)
		CHECK((unsigned char)out[i] >= 0x20 && out[i] != 0x7f);
	CHECK(trade_read(&r->record, out, n, &read) == RECORD_GOOD);
	CHECK(!r->record.has_provenance);
	CHECK(same_text(read.symbol.text, read.symbol.len, trade->symbol.text,
	    trade->symbol.len));
	CHECK(same_number(&read.price, &trade->price));
	CHECK(read.has_quantity &&
	    same_number(&read.quantity, &trade->quantity));
	CHECK(read.event_time_us == trade->event_time_us);
	CHECK(read.processed_time_us == TIME_US);
	CHECK(read.has_trade_id && read.trade_id == trade->trade_id);
	CHECK(read.has_buyer_maker && read.buyer_maker == trade->buyer_maker);
	return n;
}

/* The time in the digits it came in. */
static int64_t
digits_of(const struct frame_trade *trade)
{
	return trade->time_digits == 3 ? trade->event_time_us / 1000 :
	    trade->event_time_us;
}

/* A page of one trade gives the record of the frame. */
static void
check_healed(const struct frame_trade *trade, const char *record, size_t len)
{
	char text[FRAME_MAX], out[FRAME_RECORD_MAX];
	size_t n = (size_t)snprintf(text, sizeof text, "[{\"id\":%" PRId64
	    ",\"price\":\"%.*s\",\"qty\":\"%.*s\",\"time\":%" PRId64
	    ",\"isBuyerMaker\":%s}]", trade->trade_id, (int)trade->price.len,
	    trade->price.text, (int)trade->quantity.len, trade->quantity.text,
	    digits_of(trade), trade->buyer_maker ? "true" : "false");
	struct page *page = fresh_page();

	CHECK(page_read(page, trade->symbol.text, trade->symbol.len,
	    trade->trade_id, text, n) == PAGE_GOOD && page->ntrades == 1);
	n = frame_record(out, &page->trades[0], TIME_US);
	CHECK(same_text(out, n, record, len));
}

/* A frame of a page's trade gives its record. */
static void
check_streamed(const struct frame_trade *trade, const char *record,
    size_t len)
{
	char text[FRAME_MAX], out[FRAME_RECORD_MAX];
	size_t n = (size_t)snprintf(text, sizeof text,
	    "{\"stream\":\"x\",\"data\":{\"e\":\"trade\",\"s\":\"%.*s\","
	    "\"t\":%" PRId64 ",\"p\":\"%.*s\",\"q\":\"%.*s\",\"T\":%" PRId64
	    ",\"m\":%s}}", (int)trade->symbol.len, trade->symbol.text,
	    trade->trade_id, (int)trade->price.len, trade->price.text,
	    (int)trade->quantity.len, trade->quantity.text, digits_of(trade),
	    trade->buyer_maker ? "true" : "false");
	struct frame_reader reader;
	struct frame_trade streamed;

	frame_reader_init(&reader);
	CHECK(frame_read(&reader, text, n, &streamed) == FRAME_TRADE);
	n = frame_record(out, &streamed, TIME_US);
	CHECK(same_text(out, n, record, len));
	frame_reader_free(&reader);
}

/* Whatever was read before, a frame is what it is. */
static enum frame_result
check_frame(struct readers *r, const char *text, size_t len)
{
	struct frame_reader fresh;
	struct frame_trade trade, again;
	enum frame_result result = frame_read(&r->frame, text, len, &trade);
	char record[FRAME_RECORD_MAX], other[FRAME_RECORD_MAX];
	size_t n;

	frame_reader_init(&fresh);
	CHECK(frame_read(&fresh, text, len, &again) == result);
	CHECK(result != FRAME_NO_MEMORY);
	CHECK(r->frame.answer_id == fresh.answer_id);
	CHECK(r->frame.answer_id >= -1);
	CHECK(r->frame.not_utf8 == !json_is_utf8(text, len));
	CHECK(result == FRAME_BAD || !r->frame.not_utf8);
	if (result == FRAME_BAD)
		CHECK(strcmp(r->frame.reason, fresh.reason) == 0);
	if (result == FRAME_SKIPPED) {
		CHECK(trade.futures && again.trade_id == trade.trade_id);
		CHECK(same_text(trade.symbol.text, trade.symbol.len,
		    again.symbol.text, again.symbol.len));
	}
	if (result == FRAME_TRADE) {
		n = check_record(r, &trade, record);
		CHECK(same_text(record, n, other, frame_record(other, &again,
		    TIME_US)));
		CHECK(frame_replay_time_us(&trade) >= trade.event_time_us);
		check_healed(&trade, record, n);
	}
	frame_reader_free(&fresh);
	return result;
}

static void
check_page(struct readers *r, const char *text, size_t len)
{
	char record[FRAME_RECORD_MAX];
	struct record_text msg;
	int64_t before = -1, code;
	struct page *fresh = fresh_page();
	enum page_result result;

	result = page_read(&r->page, "A", 1, 0, text, len);
	CHECK(result != PAGE_NO_MEMORY);
	CHECK(page_read(fresh, "A", 1, 0, text, len) == result);
	CHECK(fresh->ntrades == r->page.ntrades);
	if (result == PAGE_BAD)
		CHECK(strcmp(fresh->reason, r->page.reason) == 0);
	for (size_t i = 0; result == PAGE_GOOD && i < fresh->ntrades; i++) {
		const struct frame_trade *trade = &r->page.trades[i];
		size_t n = check_record(r, trade, record);

		CHECK(trade->trade_id > before);
		before = trade->trade_id;
		check_streamed(trade, record, n);
	}
	if (page_error(&r->page, text, len, &code, &msg)) {
		CHECK(result == PAGE_BAD && json_is_utf8(msg.text, msg.len));
		CHECK(code >= -INT64_MAX);
	}
}

/* A line of the keeper's: one line, JSON, and as long as promised. */
static void
check_line(const char *line, size_t n, size_t len)
{
	struct json_error error;

	CHECK(n <= KEEP_MAX(len));
	CHECK(memchr(line, '\n', n) == NULL && memchr(line, '\r', n) == NULL);
	CHECK(json_check(line, n, &error) == 0);
}

/* Keeps a text, reads it again, and finds it as it was. */
static void
check_kept(struct readers *r, const char *text, size_t len,
    enum frame_result result)
{
	char *line = allocate(KEEP_MAX(len));
	struct frame_trade trade;
	struct kept kept;
	size_t n = keep_write(line, TIME_US, text, len);

	check_line(line, n, len);
	CHECK(keep_read(&r->keep, line, n, &kept) == KEEP_FRAME);
	CHECK(kept.received_us == TIME_US);
	if (json_is_utf8(text, len)) {
		CHECK(same_text(kept.text, kept.len, text, len));
		CHECK(frame_read(&r->frame, kept.text, kept.len, &trade) ==
		    result);
	}
	n = keep_write_page(line, TIME_US, "\"\n", 2, text, len);
	check_line(line, n, len);
	CHECK(keep_read(&r->keep, line, n, &kept) == KEEP_PAGE);
	CHECK(same_text(kept.symbol.text, kept.symbol.len, "\"\n", 2));
	CHECK(!json_is_utf8(text, len) ||
	    same_text(kept.text, kept.len, text, len));
	free(line);
}

/* A text that was read of a line is kept as it is. */
static void
check_keep(struct readers *r, const char *text, size_t len)
{
	struct keep other;
	struct kept kept, again;
	enum keep_result result = keep_read(&r->keep, text, len, &kept);
	char *line;
	size_t n;

	CHECK(result != KEEP_NO_MEMORY);
	if (result != KEEP_FRAME && result != KEEP_PAGE)
		return;
	keep_init(&other);
	line = allocate(KEEP_MAX(kept.len));
	n = result == KEEP_FRAME ?
	    keep_write(line, kept.received_us, kept.text, kept.len) :
	    keep_write_page(line, kept.received_us, kept.symbol.text,
	    kept.symbol.len, kept.text, kept.len);
	check_line(line, n, kept.len);
	CHECK(keep_read(&other, line, n, &again) == result);
	CHECK(again.received_us == kept.received_us);
	CHECK(same_text(again.text, again.len, kept.text, kept.len));
	CHECK(result == KEEP_FRAME || same_text(again.symbol.text,
	    again.symbol.len, kept.symbol.text, kept.symbol.len));
	free(line);
	keep_free(&other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size;
	static struct frame_trade trades[PAGE_MAX];
	struct readers r;

	frame_reader_init(&r.frame);
	page_init(&r.page);
	r.page.trades = trades; /* as above */
	keep_init(&r.keep);
	record_reader_init(&r.record);
	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((lf != NULL ? lf : end) - p);
		char *line = allocate(len);

		/* A block of its length, for the address sanitizer. */
		memcpy(line, p, len);
		check_kept(&r, line, len, check_frame(&r, line, len));
		check_page(&r, line, len);
		check_keep(&r, line, len);
		free(line);
		p += len + 1;
	}
	frame_reader_free(&r.frame);
	r.page.trades = NULL;
	page_free(&r.page);
	keep_free(&r.keep);
	record_reader_free(&r.record);
	return 0;
}
