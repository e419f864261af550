#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "exchange-peer.h"
#include "exchange-ws.h"

#define OVERLAP_WAIT_US 10000000 /* behind: for two connections of a symbol */

int64_t
harm_draw(struct serve *serve, int64_t bound)
{
	return (int64_t)(market_random(&serve->chance) % (uint64_t)bound);
}

void
harm_happened(struct serve *serve, enum fault_kind kind, const char *format,
    ...)
{
	char text[512];
	va_list args;

	faults_happened(&serve->faults, kind);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	event_line(serve->options.events, "fault", ",\"kind\":\"%s\"%s",
	    fault_name(kind), text);
}

/* Open, with trades on it, and nothing the matter with it yet. */
static bool
is_well(const struct serve *serve, const struct peer *peer)
{
	return peer_is_open(peer) && peer->client.nlive > 0 &&
	    serve->now_us >= peer->open_due_us &&
	    serve->now_us >= peer->stalled_until_us &&
	    serve->now_us >= peer->behind_until_us && peer->close_due_us == 0;
}

static struct peer *
choose(struct serve *serve)
{
	int64_t count = 0;
	struct peer *chosen = NULL;

	for (struct peer *peer = serve->peers; peer != NULL;
	    peer = peer->next)
		if (is_well(serve, peer) && harm_draw(serve, ++count) == 0)
			chosen = peer;
	return chosen;
}

/* Another connection has some of the same symbols. */
static bool
overlaps(const struct serve *serve, const struct peer *peer)
{
	for (const struct peer *other = serve->peers; other != NULL;
	    other = other->next) {
		if (other == peer || !is_well(serve, other))
			continue;
		for (size_t i = 0; i < serve->market->nsymbols; i++)
			if (peer->client.wants[i] && other->client.wants[i])
				return true;
	}
	return false;
}

static void
put_garbage(struct serve *serve, struct peer *peer)
{
	static const char *const texts[] = {
		"this is no JSON",
		"{\"e\":\"trade\",\"E\":17",
		"<html><body>502 Bad Gateway</body></html>",
		"\033]0;title\a\033[2J[",
		"{\"e\":\"trade\",\"s\":\"BTCUSDT\",\"t\":-1,\"p\":1e999}}",
		"",
	};
	const char *text = texts[harm_draw(serve,
	    sizeof(texts) / sizeof(texts[0]))];

	peer_put(serve, peer, NULL, text, strlen(text), CLIENT_TEXT);
}

static void
put_binary(struct serve *serve, struct peer *peer)
{
	char noise[64];

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)harm_draw(serve, 256);
	peer_put(serve, peer, NULL, noise, sizeof(noise), CLIENT_BINARY);
}

static void
put_broken_utf8(struct serve *serve, struct peer *peer)
{
	static const char *const broken[] = { "\xc3(", "\xff", "\xed\xa0\x80",
		"\xe2\x82" };
	char text[128];

	snprintf(text, sizeof(text), "{\"e\":\"%s\",\"E\":1}",
	    broken[harm_draw(serve, 4)]);
	peer_put(serve, peer, NULL, text, strlen(text), CLIENT_TEXT);
}

/* A frame of a tebibyte begins. */
static void
put_long(struct peer *peer)
{
	char head[WS_HEAD_MAX];

	peer_put_raw(peer, head, ws_head(head, true, WS_TEXT,
	    UINT64_C(1) << 40), 0, QUEUE_GO_ON);
}

/* In either form, whichever the connection's own is. */
static void
put_shutdown(struct serve *serve, struct peer *peer)
{
	bool wrapped = harm_draw(serve, 2) != 0;
	char text[256];

	snprintf(text, sizeof(text), "%s{\"e\":\"serverShutdown\",\"E\":%"
	    PRId64 "}%s", wrapped ? "{\"stream\":\"!serverShutdown\",\"data\":" :
	    "", serve->market->time_us / (peer->client.microseconds ? 1 :
	    1000), wrapped ? "}" : "");
	peer_put(serve, peer, NULL, text, strlen(text), CLIENT_TEXT);
	peer->close_due_us = serve->now_us + serve->options.fault_for_us;
}

static void
inflict(struct serve *serve, struct peer *peer, enum fault_kind kind)
{
	int64_t lasts_us = serve->options.fault_for_us;

	switch (kind) {
	case FAULT_DROP: peer_gone(serve, peer); break;
	case FAULT_RESET:
		link_reset(&peer->link);
		peer_gone(serve, peer);
		break;
	case FAULT_CLOSE: peer_end(serve, peer, 1001); break;
	case FAULT_STALL:
		peer->stalled_until_us = serve->now_us + lasts_us;
		break;
	case FAULT_HALF_OPEN: peer_abandon(serve, peer); break;
	case FAULT_BEHIND:
		peer->behind_until_us = serve->now_us + lasts_us;
		peer->behind_us = lasts_us / 4 + harm_draw(serve,
		    lasts_us / 2 + 1);
		break;
	case FAULT_GARBAGE: put_garbage(serve, peer); break;
	case FAULT_BINARY: put_binary(serve, peer); break;
	case FAULT_UTF8: put_broken_utf8(serve, peer); break;
	case FAULT_LONG: put_long(peer); break;
	default: put_shutdown(serve, peer); break;
	}
}

static bool
may_happen(const struct serve *serve, const struct peer *peer,
    enum fault_kind kind)
{
	return kind != FAULT_BEHIND || overlaps(serve, peer) ||
	    serve->now_us - serve->faults.since_us[kind] > OVERLAP_WAIT_US;
}

void
harm(struct serve *serve)
{
	struct peer *peer;

	for (int i = FAULT_DROP; i <= FAULT_SHUTDOWN; i++) {
		enum fault_kind kind = (enum fault_kind)i;

		if (serve->faults.waiting[kind] == 0 ||
		    (peer = choose(serve)) == NULL ||
		    !may_happen(serve, peer, kind))
			continue;
		harm_happened(serve, kind, ",\"connection\":%" PRIu64,
		    peer->number);
		inflict(serve, peer, kind);
	}
}
