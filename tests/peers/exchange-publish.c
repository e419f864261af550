#include <inttypes.h>
#include <string.h>

#include "exchange-peer.h"
#include "exchange-ws.h"

#define HOLE_MAX 50    /* ids */
#define REORDER_MAX 3  /* trades that come before */
#define OLD_MAX 1000   /* trades back */

/* A trade's frame, made when it is first wanted, in either unit of time. */
struct frame {
	const struct market_trade *trade;
	struct {
		size_t len;
		char text[MARKET_TEXT_MAX];
	} units[2];
};

static void
put_frame(struct serve *serve, struct peer *peer, struct frame *frame,
    enum client_frame kind)
{
	bool microseconds = peer->client.microseconds;
	char stream[MARKET_SYMBOL_MAX + 16];
	char *text = frame->units[microseconds].text;
	size_t *len = &frame->units[microseconds].len;

	if (*len == 0)
		*len = market_frame(serve->market, frame->trade, microseconds,
		    text);
	snprintf(stream, sizeof(stream), "%s@trade",
	    serve->market->symbols[frame->trade->symbol].stream);
	peer_put(serve, peer, stream, text, *len, kind);
	peer->client.trades++;
}

/* Something that is no trade, in the stream's own form. */
static void
put_noise(struct serve *serve, struct peer *peer,
    const struct market_trade *trade)
{
	static const char *const plain[] = {
		"{\"result\":null,\"id\":7}",
		"{\"id\":null,\"error\":{\"code\":3,\"msg\":\"Invalid JSON\"}}",
		"{\"result\":[\"btcusdt@aggTrade\"],\"id\":3}",
	};
	const char *name = serve->market->symbols[trade->symbol].stream;
	char stream[MARKET_SYMBOL_MAX + 16], text[MARKET_TEXT_MAX];
	uint64_t kind = market_random(&serve->random) % 5;
	size_t len;

	if (kind < 3) {
		peer_put(serve, peer, NULL, plain[kind], strlen(plain[kind]),
		    CLIENT_TEXT);
		return;
	}
	if (kind == 3) {
		snprintf(stream, sizeof(stream), "%s@aggTrade", name);
		len = market_agg_trade(serve->market, trade, text);
	} else {
		snprintf(stream, sizeof(stream), "%s@blockTrade", name);
		len = market_block_trade(serve->market, trade, text);
	}
	peer_put(serve, peer, stream, text, len, CLIENT_PIECES);
}

/* Some of a frame's bytes, and the end. */
static void
put_cut(struct serve *serve, struct peer *peer, struct frame *frame)
{
	char text[MARKET_TEXT_MAX], wire[WS_HEAD_MAX + MARKET_TEXT_MAX];
	size_t len = market_frame(serve->market, frame->trade,
	    peer->client.microseconds, text);

	len = ws_frame(wire, true, WS_TEXT, text, len);
	peer_put_raw(peer, wire, 1 + (size_t)harm_draw(serve,
	    (int64_t)len - 1), 0, QUEUE_END);
	peer->state = PEER_ENDING;
}

/* The same frame again, or one from a while ago on this connection. */
static void
put_duplicate(struct serve *serve, struct peer *peer, struct frame *frame)
{
	size_t symbol = frame->trade->symbol;
	size_t end = tape_count(&serve->tape, symbol);
	size_t begin = tape_from_time(&serve->tape, symbol,
	    peer->opened_event_us + 1);
	struct market_trade old;
	struct frame again = { .trade = &old };

	if (begin >= end || harm_draw(serve, 2) == 0) {
		put_frame(serve, peer, frame, CLIENT_TEXT);
		return;
	}
	if (end - begin > OLD_MAX)
		begin = end - OLD_MAX;
	tape_get(&serve->tape, symbol, begin + (size_t)harm_draw(serve,
	    (int64_t)(end - begin)), &old);
	put_frame(serve, peer, &again, CLIENT_TEXT);
}

static void
hold(struct serve *serve, struct peer *peer, const struct market_trade *trade)
{
	peer->held = (struct held){ .trade = *trade,
		.left = 1 + (int)harm_draw(serve, REORDER_MAX),
		.until_us = serve->now_us + serve->options.fault_for_us };
}

void
publish_held(struct serve *serve, struct peer *peer)
{
	struct frame frame = { .trade = &peer->held.trade };

	peer->held.left = 0;
	put_frame(serve, peer, &frame, CLIENT_TEXT);
}

/* Whether the exchange will go on making trades for a while. */
static bool
goes_on(const struct serve *serve)
{
	return serve->options.trades == 0 || serve->counts.trades +
	    serve->options.trades / 20 + 1 < (uint64_t)serve->options.trades;
}

/*
 * A fault that waits for a trade.  One that nobody could tell from a trade
 * that was never made, the symbol's first on a connection or the last ones of
 * all, does not go missing.
 */
static enum fault_kind
trade_fault(struct serve *serve, struct peer *peer,
    const struct market_trade *trade)
{
	enum fault_kind kind = faults_waiting(&serve->faults, FAULT_CUT,
	    FAULT_PIECES);

	if (kind == FAULT_NONE ||
	    peer->client.wants[trade->symbol] != CLIENT_HAS_SEEN ||
	    !goes_on(serve) || harm_draw(serve, 4) != 0 ||
	    (kind == FAULT_REORDER && peer->held.left > 0))
		return FAULT_NONE;
	harm_happened(serve, kind, ",\"connection\":%" PRIu64
	    ",\"symbol\":\"%s\",\"trade_id\":%" PRId64, peer->number,
	    serve->market->symbols[trade->symbol].name, trade->id);
	return kind;
}

static void
put_faulty(struct serve *serve, struct peer *peer, struct frame *frame,
    enum fault_kind kind)
{
	switch (kind) {
	case FAULT_CUT:
		put_cut(serve, peer, frame);
		break;
	case FAULT_DUPLICATE:
		put_frame(serve, peer, frame, CLIENT_TEXT);
		put_duplicate(serve, peer, frame);
		break;
	case FAULT_REORDER:
		hold(serve, peer, frame->trade);
		break;
	case FAULT_PIECES:
		serve->counts.pings++;
		put_frame(serve, peer, frame, CLIENT_PINGED);
		break;
	default: /* FAULT_LOSE */
		break;
	}
}

static void
put_trade(struct serve *serve, struct peer *peer, struct frame *frame)
{
	const struct market_trade *trade = frame->trade;
	enum client_frame kind = CLIENT_TEXT;
	enum fault_kind fault;

	if (serve->options.noise && market_random(&serve->random) % 8 == 0)
		put_noise(serve, peer, trade);
	if (serve->options.noise && market_random(&serve->random) % 4 == 0)
		kind = CLIENT_PIECES;
	if (!peer_is_open(peer))
		return;
	fault = trade_fault(serve, peer, trade);
	if (fault != FAULT_NONE) {
		put_faulty(serve, peer, frame, fault);
		return;
	}
	peer->client.wants[trade->symbol] = CLIENT_HAS_SEEN;
	put_frame(serve, peer, frame, kind);
	if (peer->held.left > 0 && peer->held.trade.symbol == trade->symbol &&
	    --peer->held.left == 0)
		publish_held(serve, peer);
}

/* Ids that no trade ever has, behind this one. */
static void
make_hole(struct serve *serve, const struct market_trade *trade)
{
	int64_t count = 1 + harm_draw(serve, HOLE_MAX);

	market_skip_ids(serve->market, trade->symbol, count);
	harm_happened(serve, FAULT_HOLE, ",\"symbol\":\"%s\",\"first\":%"
	    PRId64 ",\"last\":%" PRId64,
	    serve->market->symbols[trade->symbol].name, trade->id + 1,
	    trade->id + count);
}

void
publish(struct serve *serve, const struct market_trade *trade)
{
	struct frame frame = { .trade = trade };
	char text[MARKET_TEXT_MAX];

	if (serve->options.log != NULL) {
		market_record(serve->market, trade,
		    serve->options.microseconds, text);
		fprintf(serve->options.log, "%s\n", text);
	}
	for (struct peer *peer = serve->peers; peer != NULL;
	    peer = peer->next)
		if (peer_is_open(peer) &&
		    peer->client.wants[trade->symbol] != CLIENT_WANTS_NOT &&
		    serve->now_us >= peer->open_due_us)
			put_trade(serve, peer, &frame);
	tape_add(&serve->tape, trade);
	serve->counts.trades++;
	if (serve->faults.waiting[FAULT_HOLE] > 0 && goes_on(serve))
		make_hole(serve, trade);
}
