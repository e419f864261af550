#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "exchange-peer.h"
#include "exchange-rest.h"
#include "exchange-ws.h"

#define PATH_SIZE 16384

/* An answer that is put into the queue at once, or later. */
struct answer {
	int status;
	const char *type, *headers;
	const void *body;
	size_t len;
	size_t cut_at; /* bytes of the body that are sent; then the end */
	int64_t due_us;
	bool close;
};

static void
respond(struct peer *peer, const struct answer *answer)
{
	char head[HTTP_HEAD_MAX];
	bool cut = answer->cut_at < answer->len;
	size_t len = http_head(head, answer->status, answer->type,
	    answer->len, answer->headers, answer->close);

	peer_put_raw(peer, head, len, answer->due_us, QUEUE_GO_ON);
	peer_put_raw(peer, answer->body, cut ? answer->cut_at : answer->len,
	    answer->due_us, cut ? QUEUE_END :
	    answer->close ? QUEUE_FINISH : QUEUE_GO_ON);
	if (cut || answer->close)
		peer->state = PEER_ENDING;
}

/* A handshake or a path that is refused. */
static void
refuse(struct serve *serve, struct peer *peer, int status,
    const char *headers)
{
	static const char body[] = "<html>refused</html>";

	serve->counts.refused++;
	event_line(serve->options.events, "refused", ",\"status\":%d", status);
	respond(peer, &(struct answer){ .status = status,
		.type = "text/html", .headers = headers, .body = body,
		.len = strlen(body), .cut_at = strlen(body), .close = true });
}

/* A fault of this handshake's: the status it gets, 0: none. */
static int
handshake_fault(struct serve *serve, struct peer *peer)
{
	int64_t now = serve->now_us, until = now + serve->options.fault_for_us;
	enum fault_kind kind = faults_waiting(&serve->faults,
	    FAULT_SLOW_HANDSHAKE, FAULT_TOO_MANY);

	if (now >= serve->refuse_until_us && now >= serve->too_many_until_us &&
	    kind != FAULT_NONE) {
		harm_happened(serve, kind, "%s", "");
		if (kind == FAULT_SLOW_HANDSHAKE)
			peer->open_due_us = until;
		else if (kind == FAULT_REFUSE)
			serve->refuse_until_us = until;
		else
			serve->too_many_until_us = until;
	}
	return now < serve->refuse_until_us ? 503 :
	    now < serve->too_many_until_us ? 429 : 0;
}

/* The path after the prefix that it must have; NULL: it has not. */
static const char *
after_prefix(const struct serve *serve, const char *path)
{
	size_t len = strlen(serve->options.path);

	return strncmp(path, serve->options.path, len) == 0 ? path + len :
	    NULL;
}

/* The streams are in the URL: /ws/NAME[/NAME...], /stream[?streams=...] */
static int
subscribe(struct serve *serve, struct peer *peer, const char *path,
    const char *query)
{
	static char streams[PATH_SIZE];
	struct client *client = &peer->client;
	char unit[32];

	if (path == NULL)
		return 404;
	if (client_init(client, serve->market) != 0)
		return 503;
	*streams = '\0';
	client->combined = strcmp(path, "/stream") == 0;
	client->microseconds =
	    http_param(query, "timeUnit", unit, sizeof(unit)) &&
	    strcasecmp(unit, "MICROSECOND") == 0;
	if (client->combined)
		http_param(query, "streams", streams, sizeof(streams));
	else if (strncmp(path, "/ws/", 4) == 0)
		strcpy(streams, path + 4);
	else if (strcmp(path, "/ws") != 0)
		return 404;
	if (client_subscribe_all(client, serve->market, streams) != 0) {
		serve->counts.over_streams += client->refused_streams;
		return 400;
	}
	if (client->nstreams > serve->counts.streams_max)
		serve->counts.streams_max = client->nstreams;
	return 0;
}

static void
open_websocket(struct serve *serve, struct peer *peer, const char *key)
{
	char accept[WS_ACCEPT_SIZE], head[256];
	int len;

	ws_accept(key, accept);
	len = snprintf(head, sizeof(head), "HTTP/1.1 101 Switching Protocols"
	    "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
	peer_put_raw(peer, head, (size_t)len, peer->open_due_us, QUEUE_GO_ON);
	peer->state = PEER_OPEN;
	peer->number = ++serve->numbers;
	peer->since_us = serve->now_us;
	peer->opened_event_us = serve->market->time_us;
	/* Pings overtake what is queued, and the answer must come first. */
	peer->ping_due_us = serve->options.ping_us +
	    (peer->open_due_us > serve->now_us ? peer->open_due_us :
	    serve->now_us);
	peer->client.cut_in = serve->options.cut_after;
	serve->counts.connections++;
	serve->had_client = true;
	event_line(serve->options.events, "open", ",\"connection\":%" PRIu64
	    ",\"streams\":%zu", peer->number, peer->client.nstreams);
}

static void
upgrade(struct serve *serve, struct peer *peer, struct http_request *request)
{
	static char path[PATH_SIZE];
	int status;

	snprintf(path, sizeof(path), "%s", request->path);
	http_decode(path);
	if (!limits_connect(&serve->limits, peer->address, serve->now_us)) {
		refuse(serve, peer, 403, "");
		return;
	}
	status = handshake_fault(serve, peer);
	if (status == 0)
		status = subscribe(serve, peer, after_prefix(serve, path),
		    request->query);
	if (status != 0)
		refuse(serve, peer, status,
		    status == 429 ? "Retry-After: 1\r\n" : "");
	else
		open_websocket(serve, peer, request->key);
}

/*
 * What a request meets on its way to an answer, and its answer.
 */
struct rest {
	struct rest_query query;
	struct rest_answer answer;
	struct answer out;
	int retry_after_s;
};

/* A page of trades that is not what it ought to be. */
static bool
spoil_page(struct serve *serve, struct rest *rest, enum fault_kind kind)
{
	size_t rows = rest_available(&rest->query, &serve->tape);

	if (rest->query.endpoint != REST_TRADES ||
	    rest->query.from_id == -1 ||
	    rows < (kind == FAULT_REST_EMPTY ? 1 : 2))
		return false;
	if (kind == FAULT_REST_EMPTY) {
		rest_text(&rest->answer, 200, "[]");
		return true;
	}
	rest->query.limit = 1 + (size_t)harm_draw(serve, (int64_t)rows - 1);
	rest_write(&rest->query, &serve->tape, 0, &rest->answer);
	return true;
}

static void
refuse_for(struct serve *serve, struct peer *peer, struct rest *rest,
    int status, int seconds)
{
	limits_refuse(peer->address, status, (int64_t)seconds * 1000000,
	    serve->now_us);
	rest->retry_after_s = seconds;
	rest_error(&rest->answer, status, -1003, "Too many requests.");
}

/* false: it could not happen to this answer. */
static bool
spoil(struct serve *serve, struct peer *peer, struct rest *rest,
    enum fault_kind kind)
{
	switch (kind) {
	case FAULT_REST_429:
		refuse_for(serve, peer, rest, 429, 1);
		return true;
	case FAULT_REST_418:
		refuse_for(serve, peer, rest, 418, 2);
		return true;
	case FAULT_REST_500:
		rest_error(&rest->answer, 500, -1000,
		    "An unknown error occurred while processing the request.");
		return true;
	case FAULT_REST_SLOW:
		rest->out.due_us = serve->now_us + serve->options.fault_for_us;
		return true;
	case FAULT_REST_CUT:
		rest->out.cut_at = (size_t)harm_draw(serve,
		    (int64_t)rest->answer.len);
		return true;
	case FAULT_REST_GARBAGE:
		rest_text(&rest->answer, 200,
		    "<html><body>Please wait.</body></html>");
		rest->out.type = "text/html";
		return true;
	case FAULT_REST_REFUSE:
		peer_gone(serve, peer);
		return true;
	default:
		return spoil_page(serve, rest, kind);
	}
}

/* The first fault that waits and fits. */
static void
rest_fault(struct serve *serve, struct peer *peer, struct rest *rest)
{
	enum fault_kind kind = faults_waiting(&serve->faults, FAULT_REST_429,
	    FAULT_REST_SHORT);

	for (int i = 0; i < 2 && kind != FAULT_NONE; i++) {
		if (spoil(serve, peer, rest, kind)) {
			harm_happened(serve, kind, "%s", "");
			return;
		}
		kind = faults_waiting(&serve->faults, FAULT_REST_429,
		    FAULT_REST_REFUSE);
	}
}

static int64_t
clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void
answer_request(struct serve *serve, struct peer *peer, struct rest *rest,
    const struct http_request *request, enum rest_endpoint endpoint)
{
	struct limits_verdict verdict = limits_request(&serve->limits,
	    peer->address, rest_weight(endpoint), serve->now_us);

	rest->retry_after_s = verdict.retry_after_s;
	if (verdict.status != 200) {
		event_line(serve->options.events, "limited",
		    ",\"status\":%d,\"retry_after\":%d", verdict.status,
		    verdict.retry_after_s);
		rest_error(&rest->answer, verdict.status, -1003,
		    "Too much request weight used; please use WebSocket "
		    "Streams for live updates to avoid polling the API.");
		return;
	}
	if (rest_parse(endpoint, request->query, request->time_unit,
	    serve->market, &rest->query, &rest->answer) != 0)
		return;
	rest_write(&rest->query, &serve->tape, clock_us(), &rest->answer);
	rest->out.cut_at = SIZE_MAX;
	rest_fault(serve, peer, rest);
}

static void
serve_rest(struct serve *serve, struct peer *peer,
    const struct http_request *request, enum rest_endpoint endpoint)
{
	struct rest rest = { .out = { .type = "application/json",
		.cut_at = SIZE_MAX, .close = request->close } };
	char headers[256];
	int len;

	serve->counts.requests++;
	answer_request(serve, peer, &rest, request, endpoint);
	len = snprintf(headers, sizeof(headers),
	    "x-mbx-used-weight: %" PRId64 "\r\n"
	    "x-mbx-used-weight-1m: %" PRId64 "\r\n", peer->address->used,
	    peer->address->used);
	if (rest.retry_after_s > 0)
		snprintf(headers + len, sizeof(headers) - (size_t)len,
		    "Retry-After: %d\r\n", rest.retry_after_s);
	rest.out.status = rest.answer.status;
	rest.out.headers = headers;
	rest.out.body = rest.answer.body;
	rest.out.len = rest.answer.len;
	if (peer->state != PEER_GONE)
		respond(peer, &rest.out);
	rest_free(&rest.answer);
}

void
peer_request(struct serve *serve, struct peer *peer,
    struct http_request *request)
{
	const char *path = after_prefix(serve, request->path);
	enum rest_endpoint endpoint = rest_endpoint(request->path);

	if (endpoint == REST_NONE && path != NULL)
		endpoint = rest_endpoint(path);
	peer->asked = true;
	if (strcmp(request->method, "GET") != 0)
		refuse(serve, peer, 405, "");
	else if (request->upgrade && request->key != NULL)
		upgrade(serve, peer, request);
	else if (endpoint != REST_NONE)
		serve_rest(serve, peer, request, endpoint);
	else
		refuse(serve, peer, 404, "");
}
