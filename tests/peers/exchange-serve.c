#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libwebsockets.h>

#include "exchange-client.h"
#include "exchange-serve.h"

#define QUEUE_LIMIT (4u << 20) /* bytes waiting: beyond, a client is slow */
#define QUEUE_EAGER (64u << 10) /* rate 0: below this, more is made */
#define HEADERS_MAX 16384      /* bytes of a request's URL and headers */
#define TICK_US 1000
#define BATCH 1000             /* trades made in one go, at the most */

/* A connection, in libwebsockets' memory, zeroed. */
struct peer {
	struct client client;
	struct peer *next;
	struct lws *wsi;
	bool open;
	int64_t ping_sent_us; /* 0: none is on its way */
	int64_t ping_due_us;
	char ping[24];
};

struct serve {
	struct serve_options options;
	struct serve_counts counts;
	struct market *market;
	struct lws_context *context;
	struct lws_vhost *vhost;
	struct peer *peers;
	lws_sorted_usec_list_t tick;
	struct market_trade next; /* made, not yet due */
	bool has_next, begun, stopped, had_client;
	int64_t begun_us, drop_due_us;
	uint64_t random;
	unsigned char *scratch; /* LWS_PRE and a frame */
	size_t scratch_cap;
};

static int64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static struct serve *
serve_of(struct lws *wsi)
{
	return lws_context_user(lws_get_context(wsi));
}

static void
cut(struct peer *peer)
{
	peer->client.out_begin = peer->client.out_end;
	lws_set_timeout(peer->wsi, PENDING_TIMEOUT_USER_OK,
	    LWS_TO_KILL_ASYNC);
}

/* A peer that cannot keep up is dropped, as the real exchange does. */
static void
put(struct serve *serve, struct peer *peer, const char *stream,
    const char *event, size_t len, enum client_frame kind)
{
	if (!peer->open)
		return;
	if (client_put(&peer->client, stream, event, len, kind,
	    QUEUE_LIMIT) != 0) {
		serve->counts.slow++;
		peer->open = false;
		cut(peer);
		return;
	}
	lws_callback_on_writable(peer->wsi);
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
	uint64_t kind = market_random(&serve->random) % 6;
	size_t len;

	if (kind < 3) {
		put(serve, peer, NULL, plain[kind], strlen(plain[kind]),
		    CLIENT_TEXT);
		return;
	}
	if (kind == 3) {
		snprintf(stream, sizeof(stream), "%s@aggTrade", name);
		len = market_agg_trade(serve->market, trade, text);
	} else if (kind == 4) {
		snprintf(stream, sizeof(stream), "%s@blockTrade", name);
		len = market_block_trade(serve->market, trade, text);
	} else {
		snprintf(stream, sizeof(stream), "!serverShutdown");
		len = (size_t)snprintf(text, sizeof(text),
		    "{\"e\":\"serverShutdown\",\"E\":%" PRId64 "}",
		    trade->frame_time_us / 1000);
	}
	put(serve, peer, stream, text, len, CLIENT_PIECES);
}

static void
put_trade(struct serve *serve, struct peer *peer,
    const struct market_trade *trade, const char *frame, size_t len)
{
	char stream[MARKET_SYMBOL_MAX + 16];
	enum client_frame kind = CLIENT_TEXT;

	if (!peer->open || !peer->client.wants[trade->symbol])
		return;
	if (serve->options.noise && market_random(&serve->random) % 8 == 0)
		put_noise(serve, peer, trade);
	if (serve->options.noise && market_random(&serve->random) % 4 == 0)
		kind = CLIENT_PIECES;
	snprintf(stream, sizeof(stream), "%s@trade",
	    serve->market->symbols[trade->symbol].stream);
	put(serve, peer, stream, frame, len, kind);
	peer->client.trades++;
}

static void
publish(struct serve *serve, const struct market_trade *trade)
{
	char text[MARKET_TEXT_MAX];
	size_t len;

	if (serve->options.log != NULL) {
		market_record(serve->market, trade, text);
		fprintf(serve->options.log, "%s\n", text);
	}
	len = market_frame(serve->market, trade, text);
	for (struct peer *peer = serve->peers; peer != NULL; peer = peer->next)
		put_trade(serve, peer, trade, text, len);
	serve->counts.trades++;
}

static bool
may_begin(struct serve *serve)
{
	size_t streams = 0;

	for (struct peer *peer = serve->peers; peer != NULL; peer = peer->next)
		if (peer->open)
			streams += client_live_streams(&peer->client,
			    serve->market);
	return streams >= (size_t)serve->options.wait_streams;
}

static bool
all_made(const struct serve *serve)
{
	return serve->options.trades != 0 &&
	    serve->counts.trades >= (uint64_t)serve->options.trades;
}

/* Whether the next trade has happened by now. */
static bool
is_due(const struct serve *serve, int64_t elapsed_us)
{
	if (serve->options.rate > 0)
		return (double)(serve->next.time_us -
		    serve->market->start_us) <=
		    (double)elapsed_us * serve->options.speed;
	for (struct peer *peer = serve->peers; peer != NULL; peer = peer->next)
		if (peer->open && client_waiting(&peer->client) > QUEUE_EAGER)
			return false;
	return true;
}

static void
make_trades(struct serve *serve, int64_t now)
{
	if (!serve->begun) {
		if (!may_begin(serve))
			return;
		serve->begun = true;
		serve->begun_us = now;
	}
	for (int made = 0; made < BATCH && !all_made(serve); made++) {
		if (!serve->has_next)
			market_next(serve->market, &serve->next);
		serve->has_next = true;
		if (!is_due(serve, now - serve->begun_us))
			break;
		publish(serve, &serve->next);
		serve->has_next = false;
	}
	if (serve->options.log != NULL)
		fflush(serve->options.log);
}

static void
look_after(struct serve *serve, struct peer *peer, int64_t now)
{
	if (!peer->open)
		return;
	if (peer->ping_sent_us != 0 &&
	    now - peer->ping_sent_us > serve->options.pong_us) {
		serve->counts.no_pong++;
		peer->open = false;
		cut(peer);
	} else if (now >= peer->ping_due_us) {
		lws_callback_on_writable(peer->wsi);
	}
}

static void
tick(lws_sorted_usec_list_t *sul)
{
	struct serve *serve = lws_container_of(sul, struct serve, tick);
	int64_t now = now_us();
	bool drop = serve->drop_due_us != 0 && now >= serve->drop_due_us;

	make_trades(serve, now);
	for (struct peer *peer = serve->peers; peer != NULL;
	    peer = peer->next) {
		look_after(serve, peer, now);
		if (drop && peer->open) {
			serve->counts.cut++;
			peer->open = false;
			cut(peer);
		}
	}
	if (drop)
		serve->drop_due_us = now + serve->options.drop_every_us;
	if (serve->options.stop_when_idle && all_made(serve) &&
	    serve->had_client && serve->peers == NULL)
		serve->stopped = true;
	lws_sul_schedule(serve->context, 0, &serve->tick, tick, TICK_US);
}

static int
write_part(struct serve *serve, struct lws *wsi, const char *text, size_t len,
    int how)
{
	if (LWS_PRE + len > serve->scratch_cap) {
		unsigned char *grown = realloc(serve->scratch, LWS_PRE + len);

		if (grown == NULL)
			return -1;
		serve->scratch = grown;
		serve->scratch_cap = LWS_PRE + len;
	}
	memcpy(serve->scratch + LWS_PRE, text, len);
	return lws_write(wsi, serve->scratch + LWS_PRE, len,
	    (enum lws_write_protocol)how) < (int)len ? -1 : 0;
}

/* Three fragments, the second one empty. */
static int
write_pieces(struct serve *serve, struct lws *wsi, const char *text,
    size_t len)
{
	size_t head = len / 3;

	if (write_part(serve, wsi, text, head,
	    LWS_WRITE_TEXT | LWS_WRITE_NO_FIN) != 0 ||
	    write_part(serve, wsi, text + head, 0,
	    LWS_WRITE_CONTINUATION | LWS_WRITE_NO_FIN) != 0)
		return -1;
	return write_part(serve, wsi, text + head, len - head,
	    LWS_WRITE_CONTINUATION);
}

static int
write_ping(struct serve *serve, struct peer *peer, int64_t now)
{
	snprintf(peer->ping, sizeof(peer->ping), "%" PRId64, now / 1000);
	peer->ping_sent_us = now;
	peer->ping_due_us = now + serve->options.ping_us;
	serve->counts.pings++;
	return write_part(serve, peer->wsi, peer->ping, strlen(peer->ping),
	    LWS_WRITE_PING);
}

static int
on_writable(struct serve *serve, struct peer *peer)
{
	int64_t now = now_us(), limit = serve->options.cut_after;
	enum client_frame kind;
	const char *text;
	size_t len;

	if (peer->ping_sent_us == 0 && now >= peer->ping_due_us) {
		lws_callback_on_writable(peer->wsi);
		return write_ping(serve, peer, now);
	}
	while (peer->open && !lws_send_pipe_choked(peer->wsi) &&
	    (text = client_next(&peer->client, &len, &kind)) != NULL) {
		if ((kind == CLIENT_PIECES ?
		    write_pieces(serve, peer->wsi, text, len) :
		    write_part(serve, peer->wsi, text, len,
		    LWS_WRITE_TEXT)) != 0)
			return -1;
		serve->counts.frames++;
		if (limit != 0 && --peer->client.cut_in == 0) {
			serve->counts.cut++;
			return -1;
		}
	}
	if (client_waiting(&peer->client) > 0)
		lws_callback_on_writable(peer->wsi);
	return 0;
}

static int
count_message(struct serve *serve, struct peer *peer)
{
	serve->counts.messages++;
	if (client_may_send(&peer->client, now_us()))
		return 0;
	serve->counts.too_many_messages++;
	return -1;
}

static int
on_request(struct serve *serve, struct peer *peer, const void *in, size_t len)
{
	struct client *client = &peer->client;
	int result;

	if (client->request_len + len > CLIENT_REQUEST_MAX)
		return -1;
	memcpy(client->request + client->request_len, in, len);
	client->request_len += len;
	if (!lws_is_final_fragment(peer->wsi))
		return 0;
	if (count_message(serve, peer) != 0)
		return -1;
	result = client_request(client, serve->market, client->request,
	    client->request_len);
	client->request_len = 0;
	lws_callback_on_writable(peer->wsi);
	return result;
}

static int
on_pong(struct serve *serve, struct peer *peer, const char *in, size_t len)
{
	serve->counts.pongs++;
	if (len == strlen(peer->ping) && memcmp(in, peer->ping, len) == 0)
		peer->ping_sent_us = 0;
	return count_message(serve, peer);
}

static int
refuse(struct serve *serve, struct lws *wsi, unsigned status)
{
	serve->counts.refused++;
	lws_return_http_status(wsi, status, NULL);
	return -1;
}

/* The streams are in the URL: /ws/NAME[/NAME...], /stream[?streams=...] */
static int
on_handshake(struct serve *serve, struct peer *peer, struct lws *wsi)
{
	static char path[HEADERS_MAX], args[HEADERS_MAX];
	const char *streams = "";
	int n;

	if (lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI) < 0)
		return refuse(serve, wsi, 414);
	if (client_init(&peer->client, serve->market) != 0)
		return refuse(serve, wsi, 503);
	peer->client.combined = strcmp(path, "/stream") == 0;
	for (n = 0; peer->client.combined && lws_hdr_copy_fragment(wsi, args,
	    sizeof(args), WSI_TOKEN_HTTP_URI_ARGS, n) >= 0; n++)
		if (strncmp(args, "streams=", 8) == 0)
			streams = args + 8;
	if (strncmp(path, "/ws/", 4) == 0)
		streams = path + 4;
	else if (!peer->client.combined && strcmp(path, "/ws") != 0)
		return refuse(serve, wsi, 404);
	if (client_subscribe_all(&peer->client, serve->market, streams) != 0)
		return refuse(serve, wsi, 400);
	return 0;
}

static void
on_established(struct serve *serve, struct peer *peer, struct lws *wsi)
{
	peer->wsi = wsi;
	peer->open = true;
	peer->ping_due_us = now_us() + serve->options.ping_us;
	peer->client.cut_in = serve->options.cut_after;
	peer->next = serve->peers;
	serve->peers = peer;
	serve->counts.connections++;
	serve->had_client = true;
}

static void
on_gone(struct serve *serve, struct peer *peer)
{
	struct peer **link = &serve->peers;

	while (*link != NULL && *link != peer)
		link = &(*link)->next;
	if (*link == peer)
		*link = peer->next;
	peer->open = false;
	client_free(&peer->client);
}

static int
on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user,
    void *in, size_t len)
{
	struct serve *serve = serve_of(wsi);
	struct peer *peer = user;

	switch (reason) {
	case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
		return on_handshake(serve, peer, wsi);
	case LWS_CALLBACK_ESTABLISHED:
		on_established(serve, peer, wsi);
		return 0;
	case LWS_CALLBACK_RECEIVE:
		return on_request(serve, peer, in, len);
	case LWS_CALLBACK_RECEIVE_PONG:
		return on_pong(serve, peer, in, len);
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return on_writable(serve, peer);
	case LWS_CALLBACK_WSI_DESTROY:
		if (peer != NULL)
			on_gone(serve, peer);
		return 0;
	case LWS_CALLBACK_HTTP:
		return refuse(serve, wsi, 404);
	case LWS_CALLBACK_RAW_RX_FILE:
		serve->stopped |= serve->options.woken();
		return 0;
	default:
		return 0;
	}
}

static struct lws_context *
make_context(struct serve *serve)
{
	static const struct lws_protocols protocols[] = {
		{ "exchange", on_event, sizeof(struct peer), 65536, 0, NULL,
		  0 },
		{ NULL, NULL, 0, 0, 0, NULL, 0 },
	};
	struct lws_context_creation_info info = {
		.port = serve->options.port,
		.iface = "127.0.0.1",
		.protocols = protocols,
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
		.max_http_header_data = HEADERS_MAX,
		.pt_serv_buf_size = 65536,
		.options = LWS_SERVER_OPTION_DISABLE_IPV6 |
		    LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
		.user = serve,
	};

	if (serve->options.cert != NULL) {
		info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
		info.ssl_cert_filepath = serve->options.cert;
		info.ssl_private_key_filepath = serve->options.key;
	}
	serve->context = lws_create_context(&info);
	if (serve->context != NULL)
		serve->vhost = lws_create_vhost(serve->context, &info);
	return serve->context;
}

struct serve *
serve_open(const struct serve_options *options, struct market *market)
{
	struct serve *serve = calloc(1, sizeof(*serve));
	lws_sock_file_fd_type wake = { .filefd = options->wake_fd };

	if (serve == NULL)
		return NULL;
	serve->options = *options;
	serve->market = market;
	serve->random = options->seed ^ 0x6e6f697365;
	if (options->drop_every_us != 0)
		serve->drop_due_us = now_us() + options->drop_every_us;
	lws_set_log_level(LLL_ERR, lwsl_emit_stderr);
	if (make_context(serve) == NULL || serve->vhost == NULL ||
	    lws_adopt_descriptor_vhost(serve->vhost, LWS_ADOPT_RAW_FILE_DESC,
	    wake, "exchange", NULL) == NULL) {
		serve_close(serve);
		return NULL;
	}
	lws_sul_schedule(serve->context, 0, &serve->tick, tick, TICK_US);
	return serve;
}

int
serve_port(const struct serve *serve)
{
	return lws_get_vhost_listen_port(serve->vhost);
}

void
serve_run(struct serve *serve)
{
	while (!serve->stopped && lws_service(serve->context, 0) >= 0)
		;
}

const struct serve_counts *
serve_counts(const struct serve *serve)
{
	return &serve->counts;
}

void
serve_close(struct serve *serve)
{
	if (serve->context != NULL)
		lws_context_destroy(serve->context);
	free(serve->scratch);
	free(serve);
}
