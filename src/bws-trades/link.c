#include "link.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>

#include "clock.h"
#include "net-lws.h"

#define ASSEMBLY_FIRST 4096
#define DRAIN_MAX 1000 /* records: some 3 ms */
#define DRAIN_BYTES (512 * 1024) /* of them, so that output stays bounded */
#define MESSAGES_MAX 1024 /* waiting to be sent */

struct link {
	struct net_object object;
	struct link *next; /* of the net's list */
	struct net *net;
	struct link_options options;
	struct lws *wsi; /* NULL: none yet, or no more */
	char *address, *path, *host;
	bool up, over, closed, paused;
	size_t drained;   /* bytes, in this turn */
	int64_t heard_us; /* it was up, paused or had input, monotonic */
	lws_sorted_usec_list_t begin, timeout, pace;
	char **messages; /* to be sent */
	size_t nmessages;
	char *text; /* a message in pieces */
	size_t text_len, text_cap;
	const char *why; /* it really ended, in words; a constant, or NULL */
};

static int link_on_lws(struct net_object *object, struct lws *wsi,
    enum lws_callback_reasons reason, void *user, void *in, size_t len);

static void
cancel_timers(struct link *link)
{
	net_timer(link->net, &link->begin, NULL, 0);
	net_timer(link->net, &link->timeout, NULL, 0);
	net_timer(link->net, &link->pace, NULL, 0);
}

/* The connection or the attempt is over. */
static void
ended(struct link *link, enum link_event event, const char *detail,
    enum net_telling telling)
{
	if (link->over)
		return;
	link->over = true;
	link->wsi = NULL;
	cancel_timers(link);
	net_look(link->net);
	if (link->why != NULL)
		detail = link->why;
	link->options.on_event(link->options.arg, link, event, detail,
	    telling);
}

static void
too_late(lws_sorted_usec_list_t *timer)
{
	struct link *link = lws_container_of(timer, struct link, timeout);

	link->why = "no answer within --connect-timeout";
	if (link->wsi != NULL)
		net_kill(link->wsi);
}

static void
connect_now(lws_sorted_usec_list_t *timer)
{
	struct link *link = lws_container_of(timer, struct link, begin);
	struct lws_client_connect_info info = {
		.context = link->net->context,
		.vhost = link->net->vhost,
		.address = link->address,
		.port = link->options.url->port,
		.path = link->path,
		.host = link->host,
		.alpn = "http/1.1",
		.local_protocol_name = "net",
		.opaque_user_data = link,
		/* A redirect could lead anywhere. */
		.ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT |
		    (link->options.url->tls ? LCCSCF_USE_SSL : 0),
	};
	struct lws *wsi;

	net_timer(link->net, &link->timeout, too_late,
	    link->options.timeout_us);
	wsi = lws_client_connect_via_info(&info);
	/* It may have called back already, or not at all. */
	if (wsi == NULL)
		ended(link, LINK_FAILED, "no connection", NET_UNREACHED);
	else if (!link->over)
		link->wsi = wsi;
}

struct link *
link_open(struct net *net, const struct link_options *options)
{
	struct link *link = calloc(1, sizeof *link);

	if (link == NULL)
		return NULL;
	link->object.on_lws = link_on_lws;
	link->net = net;
	link->options = *options;
	link->address = strdup(options->address);
	link->path = strdup(options->path);
	link->host = malloc(URL_AUTHORITY_MAX);
	link->next = net->links;
	net->links = link;
	if (link->address == NULL || link->path == NULL ||
	    link->host == NULL) {
		link_close(link);
		return NULL;
	}
	url_authority(options->url, link->host);
	net_timer(net, &link->begin, connect_now, 1);
	return link;
}

void
link_close(struct link *link)
{
	struct link **at = &link->net->links;

	cancel_timers(link);
	link->over = link->closed = true;
	if (link->wsi != NULL) {
		lws_set_opaque_user_data(link->wsi, NULL);
		net_kill(link->wsi);
		link->wsi = NULL;
	}
	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	link->next = link->net->dead;
	link->net->dead = link;
}

static void
bury(struct link *link)
{
	for (size_t i = 0; i < link->nmessages; i++)
		free(link->messages[i]);
	free(link->messages);
	free(link->address);
	free(link->path);
	free(link->host);
	free(link->text);
	free(link);
}

void
link_bury(struct net *net)
{
	struct link *next;

	for (; net->dead != NULL; net->dead = next) {
		next = net->dead->next;
		bury(net->dead);
	}
}

/* Whole records are in OpenSSL's buffer, of which poll(2) knows nothing. */
static bool
holds_records(const struct link *link)
{
	SSL *ssl;

	if (!link->up || link->wsi == NULL || link->paused)
		return false;
	ssl = lws_get_ssl(link->wsi);
	/* After SSL_ERROR_WANT_READ what it holds is only part of a record. */
	return ssl != NULL && SSL_has_pending(ssl) && !SSL_want_read(ssl);
}

/*
 * At most so many records in a turn, so that timers, pongs and the other links
 * have theirs.  Returns how many.
 */
static int
drain(struct net *net, struct link *link)
{
	int i;

	link->drained = 0;
	for (i = 0; i < DRAIN_MAX && link->drained < DRAIN_BYTES &&
	    holds_records(link); i++) {
		struct lws_pollfd p = {
			.fd = lws_get_socket_fd(link->wsi),
			.events = LWS_POLLIN, .revents = LWS_POLLIN,
		};

		/* This may close the link, or have it closed. */
		if (lws_service_fd(net->context, &p) < 0)
			return -1;
	}
	return i;
}

int
link_read_ahead(struct net *net)
{
	struct link *next;
	int all = 0, some;

	for (struct link *link = net->links; link != NULL; link = next) {
		next = link->next;
		some = drain(net, link);
		if (some < 0)
			return -1;
		all += some;
		if (link->closed)
			break; /* the others have their turn next time */
	}
	return all;
}

bool
link_holds(const struct net *net)
{
	const struct link *link = net->links;

	while (link != NULL && !holds_records(link))
		link = link->next;
	return link != NULL;
}

/*
 * This side ends the connection; the answer for libwebsockets' callback.
 * Without a close frame: the library would wait for the peer's and meanwhile
 * read what still comes into a buffer that is full, and beyond its end
 * (libwebsockets issue 3412).
 */
static int
give_up(struct link *link, const char *why)
{
	link->why = why;
	return -1;
}

static void
message_due(lws_sorted_usec_list_t *timer)
{
	struct link *link = lws_container_of(timer, struct link, pace);

	if (link->wsi != NULL && link->nmessages > 0)
		lws_callback_on_writable(link->wsi);
}

static void
pace(struct link *link)
{
	if (link->up && link->nmessages > 0)
		net_timer(link->net, &link->pace, message_due,
		    LINK_MESSAGE_GAP_US);
}

int
link_send(struct link *link, char *text)
{
	char **messages;

	if (link->nmessages == MESSAGES_MAX) {
		free(text);
		return -1;
	}
	messages = realloc(link->messages,
	    (link->nmessages + 1) * sizeof *messages);
	if (messages == NULL) {
		free(text);
		return -1;
	}
	link->messages = messages;
	messages[link->nmessages++] = text;
	if (link->nmessages == 1)
		pace(link);
	return 0;
}

static int
write_message(struct link *link, const char *text)
{
	size_t len = strlen(text);
	unsigned char *out = malloc(LWS_PRE + len + 1);
	int written;

	if (out == NULL)
		return give_up(link, "out of memory");
	memcpy(out + LWS_PRE, text, len);
	written = lws_write(link->wsi, out + LWS_PRE, len, LWS_WRITE_TEXT);
	free(out);
	return written < (int)len ? -1 : 0;
}

/* libwebsockets asks for it also when a pong was written. */
static int
on_writable(struct link *link)
{
	char *text;
	int result;

	if (link->nmessages == 0 || !lws_dll2_is_detached(&link->pace.list))
		return 0;
	text = link->messages[0];
	link->nmessages--;
	memmove(link->messages, link->messages + 1,
	    link->nmessages * sizeof *link->messages);
	result = write_message(link, text);
	free(text);
	net_timer(link->net, &link->pace, message_due, LINK_MESSAGE_GAP_US);
	return result;
}

static void
on_up(struct link *link, struct lws *wsi)
{
	SSL *ssl = lws_get_ssl(wsi);

	/*
	 * One read(2) for many records, in place of two for each.  Not earlier:
	 * libwebsockets asks SSL_pending() alone, which does not see whole
	 * records that were read ahead; drain() does.
	 */
	if (ssl != NULL)
		SSL_set_read_ahead(ssl, 1);
	link->wsi = wsi;
	link->up = true;
	link->heard_us = clock_monotonic_us();
	net_timer(link->net, &link->timeout, NULL, 0);
	pace(link);
	if (link->paused)
		lws_rx_flow_control(link->wsi, 0);
	link->options.on_event(link->options.arg, link, LINK_UP, NULL,
	    NET_UNREACHED);
}

/* Room for a message that comes in pieces, doubling up to the bound. */
static bool
reserve(struct link *link, size_t len)
{
	size_t cap = link->text_cap == 0 ? ASSEMBLY_FIRST : link->text_cap;
	char *text;

	while (cap < len)
		cap *= 2;
	if (cap == link->text_cap)
		return true;
	text = realloc(link->text, cap);
	if (text == NULL)
		return false;
	link->text = text;
	link->text_cap = cap;
	return true;
}

static int
on_frame(struct link *link, const char *text, size_t len)
{
	const char *why = link->options.on_frame(link->options.arg, link,
	    text, len);

	if (link->closed)
		return -1;
	return why != NULL ? give_up(link, why) : 0;
}

static int
on_piece(struct link *link, const char *in, size_t len)
{
	bool last = lws_is_final_fragment(link->wsi) != 0;

	link->drained += len;
	if (lws_frame_is_binary(link->wsi))
		return give_up(link, "it sent a binary frame");
	if (link->text_len + len > link->options.max_frame)
		return give_up(link, "it sent a frame longer than --max-line");
	if (last && link->text_len == 0)
		return on_frame(link, in, len);
	if (!reserve(link, link->text_len + len))
		return give_up(link, "out of memory");
	memcpy(link->text + link->text_len, in, len);
	link->text_len += len;
	if (!last)
		return 0;
	len = link->text_len;
	link->text_len = 0;
	return on_frame(link, link->text, len);
}

/* The peer's close frame: a status and perhaps a text, RFC 6455 section 5.5. */
static void
on_peer_close(struct link *link, const unsigned char *in, size_t len)
{
	if (len >= 2 && link->why == NULL)
		link->why = (in[0] << 8 | in[1]) == 1001 ?
		    "it is going away" : "it closed the connection";
}

static void
on_failure(struct link *link, struct lws *wsi, const char *text)
{
	char detail[NET_FAILURE_MAX];
	enum net_telling telling = net_failure(&link->object, wsi, text,
	    detail);

	ended(link, LINK_FAILED, detail, telling);
}

static int
link_on_lws(struct net_object *object, struct lws *wsi,
    enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct link *link = (struct link *)object;

	(void)user;
	if (link->over)
		return 0;
	switch (reason) {
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		on_up(link, wsi);
		return link->closed ? -1 : 0;
	case LWS_CALLBACK_CLIENT_RECEIVE:
		return on_piece(link, in, len);
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		return on_writable(link);
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		on_peer_close(link, in, len);
		return 0;
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		lws_set_opaque_user_data(wsi, NULL);
		on_failure(link, wsi, in);
		return 0;
	case LWS_CALLBACK_CLIENT_CLOSED:
	case LWS_CALLBACK_WSI_DESTROY:
		lws_set_opaque_user_data(wsi, NULL);
		ended(link, link->up ? LINK_DOWN : LINK_FAILED,
		    "the connection broke", link->object.requested ?
		    NET_REACHED : NET_UNREACHED);
		return 0;
	default:
		return 0;
	}
}

int64_t
link_silent_us(struct link *link, int64_t now_us)
{
	struct tcp_info info;
	socklen_t size = sizeof info;
	int fd = link->wsi == NULL ? -1 : lws_get_socket_fd(link->wsi);
	int64_t silent_us;

	/* When it came is not known: it lay there while nobody read. */
	if (link->paused || link_readable(link))
		link->heard_us = now_us;
	silent_us = now_us - link->heard_us;
	if (fd >= 0 && getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info,
	    &size) == 0 && (int64_t)info.tcpi_last_data_recv * 1000 <
	    silent_us)
		silent_us = (int64_t)info.tcpi_last_data_recv * 1000;
	return silent_us;
}

bool
link_readable(const struct link *link)
{
	struct pollfd p = { .events = POLLIN };

	if (!link->up || link->wsi == NULL || link->paused)
		return false;
	if (holds_records(link))
		return true;
	p.fd = lws_get_socket_fd(link->wsi);
	return p.fd >= 0 && poll(&p, 1, 0) > 0;
}

void
link_pause(struct link *link, bool paused)
{
	if (link->paused == paused)
		return;
	link->paused = paused;
	link->heard_us = clock_monotonic_us();
	if (link->up && link->wsi != NULL)
		lws_rx_flow_control(link->wsi, paused ? 0 : 1);
}
