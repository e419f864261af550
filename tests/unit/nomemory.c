/*
 * Goal: memory that runs out while a line is taken apart is never the line's
 * fault: every reader says so, whichever piece of memory it was, and reads the
 * line when there is memory again.
 */
#include <stdbool.h>
#include <stdlib.h>

/* json.c, with memory that ends after so many pieces; -1: never. */
static int pieces_left = -1;

static void *
scarce_realloc(void *old, size_t size)
{
	if (pieces_left == 0)
		return NULL;
	if (pieces_left > 0)
		pieces_left--;
	return realloc(old, size);
}

#define realloc scarce_realloc
#include "../../src/lib/json.c"
#undef realloc

#include "../../src/bws-trades/frame.h"
#include "../../src/bws-trades/keep.h"
#include "../../src/bws-trades/page.h"
#include "../../src/kafka-sub/emit.h"
#include "../../src/pg-upsert/binding.h"
#include "candle.h"
#include "trade.h"

#include "tap.h"

#define K "\"_kafka\":{\"topic\":\"t\",\"partition\":3,\"offset\":12," \
	"\"start\":99}"
/* An escape in a name and one in a value, which both need memory. */
#define TRADE "{\"symbol\":\"\\u0041\",\"price\":1,\"event_time\":" \
	"\"2024-01-01T00:00:00Z\",\"processed\\u005ftime\":" \
	"\"2024-01-01T00:00:00Z\"," K "}"
/* The only escape stands in the value. */
#define SYMBOL "{\"symbol\":\"\\u0041\",\"price\":1,\"event_time\":" \
	"\"2024-01-01T00:00:00Z\",\"processed_time\":" \
	"\"2024-01-01T00:00:00Z\"}"
#define CANDLE "{\"window_start\":\"2024-01-01T00:00:00Z\",\"window_end\":" \
	"\"2024-01-01T00:01:00Z\",\"symbol\":\"\\u0041\",\"open\":1," \
	"\"high\":1,\"low\":1,\"close\":1,\"trades\":1,\"closed\":true}"
#define FRAME "{\"stream\":\"x\",\"data\":{\"e\":\"trade\"," \
	"\"E\":1721260800999," \
	"\"s\":\"\\u0041\",\"t\":1,\"p\":\"1\",\"q\":\"1\"," \
	"\"T\":1721260800999,\"m\":true}}"
#define PAGE "[{\"i\\u0064\":1,\"price\":\"1\",\"qty\":\"1\"," \
	"\"time\":1721260800999,\"isBuyerMaker\":true}]"
#define KEPT "{\"received\":\"2024-01-01T00:00:00Z\",\"frame\":\"\\n\"}"

enum answer { GOOD, BAD, NO_MEMORY };

static enum answer
answer_of(enum record_result result)
{
	return result == RECORD_NO_MEMORY ? NO_MEMORY :
	    result == RECORD_BAD ? BAD : GOOD;
}

static enum answer
read_object(const char *line)
{
	struct record_reader reader;
	enum record_result result;

	record_reader_init(&reader);
	result = record_read(&reader, line, strlen(line));
	record_reader_free(&reader);
	return answer_of(result);
}

static enum answer
read_trade(const char *line)
{
	struct record_reader reader;
	struct trade trade;
	enum record_result result;

	record_reader_init(&reader);
	result = trade_read(&reader, line, strlen(line), &trade);
	record_reader_free(&reader);
	return answer_of(result);
}

static enum answer
read_candle(const char *line)
{
	struct record_reader reader;
	struct candle candle;
	enum record_result result;

	record_reader_init(&reader);
	result = candle_read(&reader, line, strlen(line), &candle);
	record_reader_free(&reader);
	return answer_of(result);
}

static enum answer
read_frame(const char *text)
{
	struct frame_reader reader;
	struct frame_trade trade;
	enum frame_result result;

	frame_reader_init(&reader);
	result = frame_read(&reader, text, strlen(text), &trade);
	frame_reader_free(&reader);
	return result == FRAME_NO_MEMORY ? NO_MEMORY :
	    result == FRAME_TRADE ? GOOD : BAD;
}

static enum answer
read_page(const char *text)
{
	struct page page;
	enum page_result result;

	page_init(&page);
	result = page_read(&page, "A", 1, 0, text, strlen(text));
	page_free(&page);
	return result == PAGE_NO_MEMORY ? NO_MEMORY :
	    result == PAGE_GOOD ? GOOD : BAD;
}

static enum answer
read_kept(const char *line)
{
	struct keep keep;
	struct kept kept;
	enum keep_result result;

	keep_init(&keep);
	result = keep_read(&keep, line, strlen(line), &kept);
	keep_free(&keep);
	return result == KEEP_NO_MEMORY ? NO_MEMORY :
	    result == KEEP_FRAME ? GOOD : BAD;
}

/* A value that has to be taken apart to see that it has no `_kafka`. */
static enum answer
read_message(const char *value)
{
	static const struct provenance where = { .topic = "t",
	    .topic_len = 1 };
	struct emit emit;
	size_t len;
	const char *line;
	enum answer answer;

	emit_init(&emit, 1000, true);
	line = emit_line(&emit, value, strlen(value), &where, &len);
	answer = line != NULL ? GOOD : emit.reason[0] != '\0' ? BAD :
	    NO_MEMORY;
	emit_free(&emit);
	return answer;
}

/* A row of a table with one column of text. */
static enum answer
read_row(const char *line)
{
	struct column column = { .name = "s", .kind = COLUMN_OTHER };
	struct table table = { .columns = &column, .ncolumns = 1 };
	struct json object;
	struct json_error error;
	struct binding binding;
	bool good, no_memory;

	json_init(&object);
	binding_init(&binding, &table, false, false);
	good = json_object(&object, line, strlen(line), &error) == 0 &&
	    binding_row(&binding, &object);
	no_memory = object.no_memory;
	binding_free(&binding);
	json_free(&object);
	return no_memory ? NO_MEMORY : good ? GOOD : BAD;
}

/* Every piece of memory that the line takes is once the one too many. */
static void
starve(enum answer (*read)(const char *), const char *line, int least,
    const char *name)
{
	int pieces = 0;
	enum answer answer;

	for (;; pieces++) {
		pieces_left = pieces;
		answer = read(line);
		if (pieces_left > 0 || answer != NO_MEMORY)
			break;
	}
	tap_ok(answer == GOOD && pieces >= least, "%s: %d pieces of memory, "
	    "and good with all of them", name, pieces);
	pieces_left = -1;
}

/* A reader that could not read a line reads it later, and others as ever. */
static void
recover(void)
{
	struct record_reader reader;
	struct trade trade;

	record_reader_init(&reader);
	pieces_left = 1;
	tap_ok(trade_read(&reader, TRADE, strlen(TRADE), &trade) ==
	    RECORD_NO_MEMORY, "too little");
	pieces_left = -1;
	tap_ok(trade_read(&reader, "{}", 2, &trade) == RECORD_BAD,
	    "a bad line is bad again");
	tap_ok(trade_read(&reader, TRADE, strlen(TRADE), &trade) ==
	    RECORD_GOOD && reader.has_provenance, "and a good one good");
	record_reader_free(&reader);
}

int
main(void)
{
	starve(read_object, "{\"a\":1}", 2, "an object");
	starve(read_object, "{\"\\u0061\":1}", 3, "an escape in a name");
	starve(read_object, "{" K ",\"a\":1}", 4, "provenance");
	starve(read_object, "{" K "}", 4, "provenance alone");
	starve(read_trade, TRADE, 5, "a trade");
	starve(read_trade, SYMBOL, 3, "a trade's symbol");
	starve(read_candle, CANDLE, 3, "a candle");
	starve(read_frame, FRAME, 3, "a frame");
	starve(read_frame, " " FRAME, 5, "a frame in an unusual envelope");
	starve(read_page, PAGE, 3, "an answer of REST");
	starve(read_kept, KEPT, 3, "a kept frame");
	starve(read_message, "{\"\\u0061\":1}", 3, "a message");
	starve(read_row, "{\"s\":\"\\u0061\"}", 3, "a row");
	recover();
	return tap_done();
}
