#ifndef OHLC_WINDOW_PARTITION_H
#define OHLC_WINDOW_PARTITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "candle.h"
#include "provenance.h"
#include "trade.h"

/*
 * All open windows, by partition.  A partition is what has one watermark: one
 * of Kafka's where trades come with provenance, otherwise each symbol.  So
 * what comes out does not depend on how partitions interleave.
 *
 * The watermark is the highest event_time seen minus the lateness; a window
 * closes when the watermark reaches its end, and a trade for a window that has
 * closed is late.
 *
 * Instead of trades, candles of smaller windows may go in, without provenance.
 * Their watermark is the highest window_end of those that have closed, minus a
 * lateness of their own.
 *
 * The safe offset of a Kafka partition is (the lowest offset that opened a
 * window still open) - 1, or the last offset read when none is open.  Reading
 * on from behind it rebuilds every open window and every watermark, so the log
 * is the checkpoint.
 */
struct partitions;

struct partitions_settings {
	int64_t width_us;     /* of windows, which are aligned to the epoch */
	int64_t lateness_us;
	int64_t max_ahead_us; /* of event_time over processed_time */
	int64_t candle_lateness_us;
};

/*
 * Where candles go.  A candle without a symbol carries provenance alone.  It
 * and what it borrows are valid during the call.
 */
typedef void partitions_emit(const struct candle *candle, void *arg);

enum trade_fate {
	TRADE_COUNTED,
	TRADE_DUPLICATE, /* counted already, in a window that is open */
	TRADE_LATE,      /* its window has closed */
	TRADE_AHEAD,     /* beyond max_ahead: it has touched nothing */
	TRADE_BEYOND,    /* its window would end after 9999: likewise */
	TRADE_REPEATED,  /* its offset was read before in this assignment */
	TRADE_NO_MEMORY, /* ENOMEM: nothing may be emitted any more */
};

/* NULL: ENOMEM. */
struct partitions *partitions_new(const struct partitions_settings *settings,
    partitions_emit *emit, void *arg);
void partitions_free(struct partitions *partitions);

/*
 * Takes in a trade; what closes by it is emitted before the call returns, in
 * the order of (window_start, symbol).  Of several the last alone carries the
 * new safe offset.  provenance may be NULL.
 */
enum trade_fate partitions_trade(struct partitions *partitions,
    const struct trade *trade, const struct provenance *provenance);

/*
 * With many symbols the state is larger than the cache, and a caller who knows
 * the next trades does well to announce them: first all of them, then with
 * what that returned all of them once more, then to take them in.
 */
bool partitions_many(const struct partitions *partitions);
uint64_t partitions_expect(const struct partitions *partitions,
    const struct trade *trade, const struct provenance *provenance);
void partitions_expect_more(const struct partitions *partitions,
    uint64_t expected);

enum candle_fate {
	CANDLE_COUNTED,
	CANDLE_OLD,     /* of this candle no older version is in already */
	CANDLE_LATE,    /* its window has closed */
	CANDLE_REFUSED, /* *reason says why: it has touched nothing */
	CANDLE_NO_MEMORY,
};

/*
 * Takes in a candle, as partitions_trade() does a trade; only one of the two
 * may be used.  All candles have the width of the first that was not refused,
 * at least 1s; it divides that of the windows, and their start.
 */
enum candle_fate partitions_candle(struct partitions *partitions,
    const struct candle *candle, const char **reason);

/*
 * Takes note of a line of which nothing but its provenance counts: a refused
 * one, or one that carries provenance alone.  False: ENOMEM.
 */
bool partitions_pass(struct partitions *partitions,
    const struct provenance *provenance);

/*
 * Emits the open windows that have changed since they were last emitted (all:
 * every open one), in the order of (window_start, symbol), closed false.
 * False: ENOMEM.
 */
bool partitions_emit_open(struct partitions *partitions, bool all);

/*
 * Emits provenance alone for every partition whose safe offset has moved since
 * a line last carried it.
 */
void partitions_emit_safe(struct partitions *partitions);

#endif
