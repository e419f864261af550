#include "feed.h"

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libwebsockets.h>

#include "backoff.h"
#include "clock.h"

#define SECOND_US INT64_C(1000000)

/*
 * Binance bans an address after 300 connections in 5 minutes: attempts are at
 * least so far apart, whatever ended the last one.
 */
#define ATTEMPT_GAP_US (SECOND_US * 11 / 10)
#define BACKOFF_CAP_US (30 * SECOND_US)
/* A connection that lived so long was a success: back off from anew. */
#define LIVED_US (30 * SECOND_US)

#define CONNECT_TIMEOUT_S 20
/* Messages out are limited to 5 a second, pings and pongs included. */
#define MESSAGE_GAP_US (SECOND_US * 3 / 10)
/* The exchange pings every 20 s; a link silent for so long is asked, then
 * given up. */
#define SILENT_ASK_US (30 * SECOND_US)
#define SILENT_END_US (60 * SECOND_US)
#define WATCH_GAP_US (5 * SECOND_US)

#define DESCRIPTORS 32         /* that the context ever has to know */
#define HEADERS_MAX 4096       /* bytes: STREAMS_PATH_MAX and more */
#define READ_MAX (64 * 1024)   /* bytes a read */
#define ASSEMBLY_FIRST 4096

struct feed {
	struct feed_options options;
	struct lws_context *context;
	struct lws_vhost *vhost;
	struct lws *wsi;     /* the connection or the attempt; NULL: none */
	bool attempting, up, paused, closing;
	bool ask;            /* send a ping when writable */
	int64_t attempt_us, up_us, heard_us;
	struct backoff backoff;
	lws_sorted_usec_list_t retry, watch, next_message;
	char *path;
	char *host; /* with the port, as HTTP wants it */
	char **messages; /* SUBSCRIBE for streams that are not in the path */
	size_t nmessages, messages_sent;
	char *text; /* a message in pieces */
	size_t text_len, text_cap;
	const char *why; /* it really ended, in words; a constant, or NULL */
	const char *certificate; /* what is wrong with the peer's, likewise */
};

static void connect_now(lws_sorted_usec_list_t *sul);

static void
tell(struct feed *feed, enum feed_event event, const char *detail)
{
	if (!feed->closing)
		feed->options.on_event(feed->options.arg, event, detail);
}

/* The connection or the attempt is over: say so and try again later. */
static void
ended(struct feed *feed, enum feed_event event, const char *detail)
{
	int64_t now = clock_monotonic_us(), wait_us;

	feed->wsi = NULL;
	feed->attempting = false;
	if (feed->why != NULL)
		detail = feed->why;
	feed->why = feed->certificate = NULL;
	tell(feed, event, detail);
	lws_sul_schedule(feed->context, 0, &feed->watch, NULL,
	    LWS_SET_TIMER_USEC_CANCEL);
	lws_sul_schedule(feed->context, 0, &feed->next_message, NULL,
	    LWS_SET_TIMER_USEC_CANCEL);
	if (feed->closing)
		return;
	if (feed->up && now - feed->up_us >= LIVED_US)
		backoff_reset(&feed->backoff);
	feed->up = false;
	wait_us = backoff_next_us(&feed->backoff);
	if (now + wait_us < feed->attempt_us + ATTEMPT_GAP_US)
		wait_us = feed->attempt_us + ATTEMPT_GAP_US - now;
	lws_sul_schedule(feed->context, 0, &feed->retry, connect_now,
	    wait_us);
}

static void
connect_now(lws_sorted_usec_list_t *sul)
{
	struct feed *feed = lws_container_of(sul, struct feed, retry);
	struct lws_client_connect_info info = {
		.context = feed->context,
		.vhost = feed->vhost,
		.address = feed->options.url->host,
		.port = feed->options.url->port,
		.path = feed->path,
		.host = feed->host,
		.alpn = "http/1.1",
		.local_protocol_name = "feed",
		.pwsi = &feed->wsi,
		/* A redirect could lead anywhere. */
		.ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT |
		    (feed->options.url->tls ? LCCSCF_USE_SSL : 0),
	};

	feed->attempting = true;
	feed->attempt_us = clock_monotonic_us();
	feed->messages_sent = 0;
	feed->text_len = 0;
	feed->ask = false;
	/* It may have called back already, or not at all. */
	if (lws_client_connect_via_info(&info) == NULL && feed->attempting)
		ended(feed, FEED_FAILED, "no address to be had for the name");
}

/*
 * This side ends the connection; the answer for libwebsockets' callback.
 * Without a close frame: the library would wait for the peer's and meanwhile
 * read what still comes into a buffer that is full, and beyond its end
 * (libwebsockets issue 3412).
 */
static int
give_up(struct feed *feed, const char *why)
{
	feed->why = why;
	return -1;
}

/* Every few seconds: is the peer still there? */
static void
watch(lws_sorted_usec_list_t *sul)
{
	struct feed *feed = lws_container_of(sul, struct feed, watch);
	int64_t silent_us = clock_monotonic_us() - feed->heard_us;

	/* While this side does not read, silence means nothing. */
	if (feed->paused) {
		feed->heard_us = clock_monotonic_us();
	} else if (silent_us >= SILENT_END_US) {
		feed->why = "silent for a minute";
		lws_set_timeout(feed->wsi, PENDING_TIMEOUT_USER_OK,
		    LWS_TO_KILL_ASYNC);
		return;
	} else if (silent_us >= SILENT_ASK_US) {
		feed->ask = true;
		lws_callback_on_writable(feed->wsi);
	}
	lws_sul_schedule(feed->context, 0, &feed->watch, watch, WATCH_GAP_US);
}

static void
message_due(lws_sorted_usec_list_t *sul)
{
	struct feed *feed = lws_container_of(sul, struct feed, next_message);

	lws_callback_on_writable(feed->wsi);
}

static int
write_message(struct feed *feed, const char *text, size_t len,
    enum lws_write_protocol how)
{
	unsigned char *out = malloc(LWS_PRE + len + 1);
	int written;

	if (out == NULL)
		return give_up(feed, "out of memory");
	memcpy(out + LWS_PRE, text, len);
	written = lws_write(feed->wsi, out + LWS_PRE, len, how);
	free(out);
	return written < (int)len ? -1 : 0;
}

static int
on_writable(struct feed *feed)
{
	const char *text;

	if (feed->ask) {
		feed->ask = false;
		return write_message(feed, "tickpipe", 8, LWS_WRITE_PING);
	}
	if (feed->messages_sent == feed->nmessages)
		return 0;
	text = feed->messages[feed->messages_sent++];
	lws_sul_schedule(feed->context, 0, &feed->next_message, message_due,
	    MESSAGE_GAP_US);
	return write_message(feed, text, strlen(text), LWS_WRITE_TEXT);
}

static void
on_up(struct feed *feed)
{
	feed->attempting = false;
	feed->up = true;
	feed->up_us = feed->heard_us = clock_monotonic_us();
	lws_sul_schedule(feed->context, 0, &feed->watch, watch, WATCH_GAP_US);
	if (feed->nmessages > 0)
		lws_sul_schedule(feed->context, 0, &feed->next_message,
		    message_due, MESSAGE_GAP_US);
	if (feed->paused)
		lws_rx_flow_control(feed->wsi, 0);
	tell(feed, FEED_UP, NULL);
}

/* Room for a message that comes in pieces, doubling up to the bound. */
static bool
reserve(struct feed *feed, size_t len)
{
	size_t cap = feed->text_cap == 0 ? ASSEMBLY_FIRST : feed->text_cap;
	char *text;

	while (cap < len)
		cap *= 2;
	if (cap == feed->text_cap)
		return true;
	text = realloc(feed->text, cap);
	if (text == NULL)
		return false;
	feed->text = text;
	feed->text_cap = cap;
	return true;
}

static int
on_piece(struct feed *feed, const char *in, size_t len)
{
	bool last = lws_is_final_fragment(feed->wsi) != 0;

	feed->heard_us = clock_monotonic_us();
	if (lws_frame_is_binary(feed->wsi))
		return give_up(feed, "it sent a binary frame");
	if (feed->text_len + len > feed->options.max_frame)
		return give_up(feed, "it sent a frame longer than --max-line");
	if (last && feed->text_len == 0) {
		feed->options.on_frame(feed->options.arg, in, len);
		return 0;
	}
	if (!reserve(feed, feed->text_len + len))
		return give_up(feed, "out of memory");
	memcpy(feed->text + feed->text_len, in, len);
	feed->text_len += len;
	if (last) {
		len = feed->text_len;
		feed->text_len = 0;
		feed->options.on_frame(feed->options.arg, feed->text, len);
	}
	return 0;
}

/* The peer's close frame: a status and perhaps a text, RFC 6455 section 5.5. */
static void
on_peer_close(struct feed *feed, const unsigned char *in, size_t len)
{
	if (len >= 2 && feed->why == NULL)
		feed->why = (in[0] << 8 | in[1]) == 1001 ?
		    "it is going away" : "it closed the connection";
}

/* The library's text says little where the reason is known better. */
static void
on_failure(struct feed *feed, struct lws *wsi, const char *text)
{
	unsigned status = lws_http_client_http_response(wsi);
	char detail[160];

	if (feed->certificate != NULL) {
		snprintf(detail, sizeof detail, "its certificate: %s",
		    feed->certificate);
		text = detail;
	} else if (status >= 200) {
		snprintf(detail, sizeof detail, "HTTP status %u", status);
		text = detail;
	}
	ended(feed, FEED_FAILED, text != NULL ? text : "no connection");
}

static int
on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user,
    void *in, size_t len)
{
	struct feed *feed = lws_context_user(lws_get_context(wsi));

	switch (reason) {
	case LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION:
		/* len: whether OpenSSL takes it; that stays decisive */
		if (len == 0)
			feed->certificate = X509_verify_cert_error_string(
			    X509_STORE_CTX_get_error(user));
		return 0;
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		on_up(feed);
		return 0;
	case LWS_CALLBACK_CLIENT_RECEIVE:
		return on_piece(feed, in, len);
	case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
		feed->heard_us = clock_monotonic_us();
		return 0;
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		return on_writable(feed);
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		on_peer_close(feed, in, len);
		return 0;
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		on_failure(feed, wsi, in);
		return 0;
	case LWS_CALLBACK_CLIENT_CLOSED:
		ended(feed, FEED_DOWN, "the connection broke");
		return 0;
	default:
		return 0;
	}
}

static int
make_context(struct feed *feed)
{
	static const struct lws_protocols protocols[] = {
		{ "feed", on_lws, 0, READ_MAX, 0, NULL, 0 },
		{ NULL, NULL, 0, 0, 0, NULL, 0 },
	};
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols,
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
		.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
		    LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
		.ssl_client_options_set = SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 |
		    SSL_OP_NO_TLSv1_1,
		/*
		 * Without a file the library would trust ../share as a folder
		 * of CAs, a relative path.  An empty file adds nothing to the
		 * system's store.
		 */
		.client_ssl_ca_filepath = feed->options.ca != NULL ?
		    feed->options.ca : "/dev/null",
		.connect_timeout_secs = CONNECT_TIMEOUT_S,
		.timeout_secs = CONNECT_TIMEOUT_S,
		.fd_limit_per_thread = DESCRIPTORS,
		.max_http_header_data = HEADERS_MAX,
		.pt_serv_buf_size = READ_MAX,
		.user = feed,
	};

	if (feed->options.ca != NULL)
		info.options |= LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
	/* It would call the empty file an error. */
	lws_set_log_level(feed->options.ca != NULL ? LLL_ERR : 0,
	    feed->options.on_log);
	feed->context = lws_create_context(&info);
	if (feed->context != NULL)
		feed->vhost = lws_create_vhost(feed->context, &info);
	lws_set_log_level(LLL_ERR | LLL_WARN, feed->options.on_log);
	return feed->vhost == NULL ? -1 : 0;
}

static char *
make_host(const struct streams_url *url)
{
	size_t size = STREAMS_HOST_MAX + 16;
	char *host = malloc(size);
	bool v6 = strchr(url->host, ':') != NULL;

	if (host != NULL)
		snprintf(host, size, v6 ? "[%s]:%d" : "%s:%d", url->host,
		    url->port);
	return host;
}

static int
make_requests(struct feed *feed)
{
	const struct streams *streams = feed->options.streams;
	size_t next;

	feed->host = make_host(feed->options.url);
	feed->path = streams_path(streams, feed->options.url, &next);
	feed->messages = calloc(streams->count, sizeof *feed->messages);
	if (feed->host == NULL || feed->path == NULL || feed->messages == NULL)
		return -1;
	while (next < streams->count) {
		char *text = streams_subscribe(streams, &next);

		if (text == NULL)
			return -1;
		feed->messages[feed->nmessages++] = text;
	}
	return 0;
}

struct feed *
feed_open(const struct feed_options *options)
{
	struct feed *feed = calloc(1, sizeof *feed);
	lws_sock_file_fd_type wake = { .filefd = options->wake_fd };

	if (feed == NULL)
		goto failed;
	feed->options = *options;
	backoff_init(&feed->backoff, SECOND_US, BACKOFF_CAP_US);
	if (make_requests(feed) != 0 || make_context(feed) != 0)
		goto failed;
	if (lws_adopt_descriptor_vhost(feed->vhost, LWS_ADOPT_RAW_FILE_DESC,
	    wake, "feed", NULL) == NULL)
		goto failed;
	lws_sul_schedule(feed->context, 0, &feed->retry, connect_now, 1);
	return feed;
failed:
	close(options->wake_fd);
	if (feed != NULL)
		feed_close(feed);
	return NULL;
}

void
feed_library(char *out, size_t cap)
{
	snprintf(out, cap, "libwebsockets %s", lws_get_library_version());
}

void
feed_close(struct feed *feed)
{
	feed->closing = true;
	if (feed->context != NULL)
		lws_context_destroy(feed->context);
	for (size_t i = 0; i < feed->nmessages; i++)
		free(feed->messages[i]);
	free(feed->messages);
	free(feed->path);
	free(feed->host);
	free(feed->text);
	free(feed);
}

int
feed_serve(struct feed *feed)
{
	return lws_service(feed->context, 0) < 0 ? -1 : 0;
}

bool
feed_ready(const struct feed *feed)
{
	struct pollfd p = { .events = POLLIN };

	if (!feed->up || feed->wsi == NULL || feed->paused)
		return false;
	p.fd = lws_get_socket_fd(feed->wsi);
	return p.fd >= 0 && poll(&p, 1, 0) > 0;
}

void
feed_pause(struct feed *feed, bool paused)
{
	if (feed->paused == paused)
		return;
	feed->paused = paused;
	if (feed->up && feed->wsi != NULL)
		lws_rx_flow_control(feed->wsi, paused ? 0 : 1);
}
