#ifndef OHLC_WINDOW_ROLLUP_H
#define OHLC_WINDOW_ROLLUP_H

#include <stdint.h>

#include "candle.h"

/*
 * One window made of candles of smaller windows, its parts.  Of each part the
 * newest version counts, so all of them are kept until the window closes.  All
 * parts have one width; what comes out does not depend on the order in which
 * they went in.
 */
struct rollup;

enum rollup_result {
	ROLLUP_COUNTED,
	ROLLUP_OLD,       /* no larger (trades, closed) than the version that
	                     is there: nothing changed */
	ROLLUP_OVERFLOW,  /* trades would be beyond 2^63-1: nothing changed */
	ROLLUP_NO_MEMORY, /* nothing changed */
};

/* NULL: ENOMEM. */
struct rollup *rollup_new(void);
void rollup_free(struct rollup *rollup);

/*
 * Puts in a part, which is copied, or a newer version of one.  The widths of
 * parts and window are the caller's business; sums stay within their bounds
 * for up to 86,400 parts.
 */
enum rollup_result rollup_add(struct rollup *rollup,
    const struct candle *part);

/*
 * The candle of all parts, of which there is at least one.  Sets prices, sums,
 * trades and ids.
 */
void rollup_candle(struct rollup *rollup, struct candle *candle);

#endif
