#ifndef BWS_FRAME_H
#define BWS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"
#include "members.h"
#include "record.h"

/*
 * From a frame of Binance's market data to a trade record.  No I/O, no clock.
 *
 * A frame is one JSON text, raw or in the envelope {"stream","data"} of a
 * combined stream.  It is a trade when its member "e" is "trade" and, where
 * there is an "X" (futures), that is "MARKET": the others are no trades of the
 * market and do not count in Binance's own candles.  Source: Binance's
 * "WebSocket Streams" pages for spot and for USD-M futures.
 */

enum frame_result {
	FRAME_TRADE,
	FRAME_SKIPPED,  /* a trade that is no record: it has an id of its
	                   symbol's series all the same */
	FRAME_ANSWER,   /* to a request: reader->answer_id */
	FRAME_SHUTDOWN, /* serverShutdown: the connection ends soon */
	FRAME_OTHER,    /* good JSON that is none of these */
	FRAME_ERROR,    /* the exchange reports an error; answer_id is that of
	                   the request, where it is one's */
	FRAME_BAD,      /* reader->reason says why */
	FRAME_NO_MEMORY, /* there was not enough to read it */
};

struct frame_reader {
	struct json envelope, event;
	struct members_map map;
	char reason[160];  /* of the last FRAME_BAD, ended by NUL */
	bool not_utf8;     /* FRAME_BAD: it is no text, which RFC 6455 section
	                      8.1 has a connection end for */
	int64_t answer_id; /* -1: none, or none that is a whole number */
};

_Static_assert(sizeof ((struct frame_reader *)0)->reason >= MEMBERS_REASON,
    "a reason fits");

/* Texts are lent until the reader's next frame or until the frame changes. */
struct frame_trade {
	struct record_text symbol;   /* 1 to RECORD_SYMBOL_MAX bytes */
	struct record_text price;    /* the exchange's digits: a JSON number */
	struct record_text quantity; /* likewise */
	int64_t event_time_us;       /* T */
	int64_t frame_time_us;       /* E; INT64_MIN: the frame had none */
	int time_digits;             /* of T's fraction of a second: 3 or 6 */
	int64_t trade_id;
	bool buyer_maker;
	bool futures;                /* the frame had an X */
};

void frame_reader_init(struct frame_reader *reader);
void frame_reader_free(struct frame_reader *reader);

/*
 * out is set after FRAME_TRADE; after FRAME_SKIPPED only symbol, trade_id and
 * futures are.
 */
enum frame_result frame_read(struct frame_reader *reader, const char *text,
    size_t len, struct frame_trade *out);

/*
 * When a frame whose time of receipt is not known was processed at the
 * earliest: the later of E and T.  The same frame always gives the same time.
 */
int64_t frame_replay_time_us(const struct frame_trade *trade);

/*
 * Writes the trade record, no LF, no NUL; out has FRAME_RECORD_MAX bytes.
 * processed_time gets time_digits fraction digits at the least.  Returns the
 * length.
 */
#define FRAME_RECORD_MAX 1024
size_t frame_record(char *out, const struct frame_trade *trade,
    int64_t processed_time_us);

#endif
