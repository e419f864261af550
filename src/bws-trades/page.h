#ifndef BWS_PAGE_H
#define BWS_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "json.h"
#include "members.h"

/*
 * From an answer of GET /api/v3/historicalTrades to the trades in it.  No I/O,
 * no clock.
 *
 * The record of such a trade is byte for byte that of the streamed one, if the
 * request asked for the stream's unit of time (X-MBX-TIME-UNIT); only
 * processed_time differs.  Source: Binance's "Market Data endpoints" page for
 * spot.
 */

#define PAGE_MAX 1000 /* trades: the endpoint's own limit */

enum page_result {
	PAGE_GOOD,
	PAGE_BAD,       /* page->reason says why */
	PAGE_NO_MEMORY, /* there was not enough to read it */
};

/* Memory is kept from page to page. */
struct page {
	struct json object;
	struct members_map map;
	struct frame_trade *trades; /* has room for PAGE_MAX */
	size_t ntrades;
	char reason[160]; /* ended by NUL */
};

void page_init(struct page *page);
void page_free(struct page *page);

/*
 * Reads the answer to a request for a symbol's trades from from_id (0 or more)
 * on.  Their ids must rise, from_id being the lowest that there can be; there
 * may be no trade.  After
 * PAGE_GOOD the trades are lent until the page's next answer, or until text
 * or symbol changes; frame_time_us is INT64_MIN.  The symbol becomes that of
 * the trades as it is given.
 */
enum page_result page_read(struct page *page, const char *symbol,
    size_t symbol_len, int64_t from_id, const char *text, size_t len);

/*
 * Whether an answer is an error of the exchange's, {"code":-1121,"msg":"..."}.
 * msg came from the peer: not to be trusted; lent until the page's next answer
 * or until text changes.
 */
bool page_error(struct page *page, const char *text, size_t len,
    int64_t *code, struct record_text *msg);

#endif
