#include "rest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net-lws.h"
#include "opt.h"

#define BODY_FIRST (64 * 1024)

struct rest {
	struct net_object object;
	struct net *net;
	struct rest_options options;
	char host[URL_AUTHORITY_MAX];
	char *address, *path;
	struct lws *wsi;
	bool busy;
	struct rest_answer answer; /* as it forms */
	char *body;
	size_t len, cap;
	const char *why; /* it failed, a constant, or NULL */
	lws_sorted_usec_list_t begin, timeout;
};

static int rest_on_lws(struct net_object *object, struct lws *wsi,
    enum lws_callback_reasons reason, void *user, void *in, size_t len);

/*
 * However it ended; the connection closes by itself, or by the answer of the
 * callback that this is called from.
 */
static void
ended(struct rest *rest, const char *why, enum net_telling telling)
{
	struct rest_answer answer = rest->answer;

	if (!rest->busy)
		return;
	rest->busy = false;
	rest->wsi = NULL;
	net_timer(rest->net, &rest->begin, NULL, 0);
	net_timer(rest->net, &rest->timeout, NULL, 0);
	net_look(rest->net);
	if (why != NULL) {
		answer.status = 0;
		answer.why = rest->why != NULL ? rest->why : why;
		answer.telling = telling;
	} else {
		answer.body = rest->body;
		answer.len = rest->len;
	}
	rest->options.on_answer(rest->options.arg, &answer);
}

/* From outside of its callback. */
static void
abandon(struct rest *rest)
{
	if (rest->wsi == NULL)
		return;
	lws_set_opaque_user_data(rest->wsi, NULL);
	net_kill(rest->wsi);
	rest->wsi = NULL;
}

static void
too_late(lws_sorted_usec_list_t *timer)
{
	struct rest *rest = lws_container_of(timer, struct rest, timeout);

	abandon(rest);
	ended(rest, "no answer within --connect-timeout", NET_UNREACHED);
}

static void
connect_now(lws_sorted_usec_list_t *timer)
{
	struct rest *rest = lws_container_of(timer, struct rest, begin);
	struct lws_client_connect_info info = {
		.context = rest->net->context,
		.vhost = rest->net->vhost,
		.address = rest->address,
		.port = rest->options.url->port,
		.path = rest->path,
		.host = rest->host,
		.method = "GET",
		.alpn = "http/1.1",
		.protocol = "net",
		.local_protocol_name = "net",
		.opaque_user_data = rest,
		.ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT |
		    (rest->options.url->tls ? LCCSCF_USE_SSL : 0),
	};
	struct lws *wsi;

	net_timer(rest->net, &rest->timeout, too_late,
	    rest->options.timeout_us);
	wsi = lws_client_connect_via_info(&info);
	/* It may have called back already, or not at all. */
	if (wsi == NULL)
		ended(rest, "no connection", NET_UNREACHED);
	else if (rest->busy)
		rest->wsi = wsi;
}

struct rest *
rest_open(struct net *net, const struct rest_options *options)
{
	struct rest *rest = calloc(1, sizeof *rest);

	if (rest == NULL)
		return NULL;
	rest->object.on_lws = rest_on_lws;
	rest->net = net;
	rest->options = *options;
	url_authority(options->url, rest->host);
	return rest;
}

void
rest_close(struct rest *rest)
{
	if (rest == NULL)
		return;
	abandon(rest);
	net_timer(rest->net, &rest->begin, NULL, 0);
	net_timer(rest->net, &rest->timeout, NULL, 0);
	free(rest->address);
	free(rest->path);
	free(rest->body);
	free(rest);
}

bool
rest_busy(const struct rest *rest)
{
	return rest->busy;
}

int
rest_get(struct rest *rest, const char *address, const char *path)
{
	const char *base = rest->options.url->path;

	free(rest->address);
	free(rest->path);
	rest->address = strdup(address);
	rest->path = malloc(strlen(base) + strlen(path) + 1);
	if (rest->address == NULL || rest->path == NULL)
		return -1;
	sprintf(rest->path, "%s%s", base, path);
	rest->answer = (struct rest_answer){
		.retry_after_s = -1, .weight = -1 };
	rest->len = 0;
	rest->why = NULL;
	net_object_reset(&rest->object);
	rest->busy = true;
	net_timer(rest->net, &rest->begin, connect_now, 1);
	return 0;
}

static int
add_headers(struct rest *rest, struct lws *wsi, unsigned char **at,
    unsigned char *end)
{
	const char *unit = rest->options.microseconds ? "MICROSECOND" :
	    "MILLISECOND";

	return lws_add_http_header_by_name(wsi,
	    (const unsigned char *)"x-mbx-time-unit:",
	    (const unsigned char *)unit, (int)strlen(unit), at, end);
}

/* A number in a header, -1 when it is not there or none. */
static int64_t
header_number(struct lws *wsi, const char *name, enum lws_token_indexes token)
{
	char text[32];
	int64_t number;
	int n = name != NULL ? lws_hdr_custom_copy(wsi, text, sizeof text,
	    name, (int)strlen(name)) :
	    lws_hdr_copy(wsi, text, sizeof text, token);

	return n > 0 && opt_int(text, 0, INT32_MAX, &number) ? number : -1;
}

static void
on_headers(struct rest *rest, struct lws *wsi)
{
	rest->answer.status = (int)lws_http_client_http_response(wsi);
	rest->answer.retry_after_s = header_number(wsi, NULL,
	    WSI_TOKEN_HTTP_RETRY_AFTER);
	rest->answer.weight = header_number(wsi, "x-mbx-used-weight-1m:", 0);
}

static int
on_body(struct rest *rest, const char *in, size_t len)
{
	size_t cap = rest->cap == 0 ? BODY_FIRST : rest->cap;
	char *body;

	if (rest->len + len > rest->options.max_body) {
		rest->why = "its answer is too long";
		return -1;
	}
	while (cap < rest->len + len)
		cap *= 2;
	if (cap != rest->cap) {
		body = realloc(rest->body, cap);
		if (body == NULL) {
			rest->why = "out of memory";
			return -1;
		}
		rest->body = body;
		rest->cap = cap;
	}
	memcpy(rest->body + rest->len, in, len);
	rest->len += len;
	return 0;
}

static int
read_more(struct lws *wsi)
{
	char buffer[LWS_PRE + 16 * 1024], *text = buffer + LWS_PRE;
	int len = (int)(sizeof buffer - LWS_PRE);

	return lws_http_client_read(wsi, &text, &len) < 0 ? -1 : 0;
}

static void
on_failure(struct rest *rest, struct lws *wsi, const char *text)
{
	char detail[NET_FAILURE_MAX];
	enum net_telling telling = net_failure(&rest->object, wsi, text,
	    detail);

	ended(rest, detail, telling);
}

static int
rest_on_lws(struct net_object *object, struct lws *wsi,
    enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct rest *rest = (struct rest *)object;

	(void)user;
	switch (reason) {
	case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
		return add_headers(rest, wsi, in, *(unsigned char **)in + len);
	case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
		on_headers(rest, wsi);
		return 0;
	case LWS_CALLBACK_RECEIVE_CLIENT_HTTP:
		return read_more(wsi);
	case LWS_CALLBACK_RECEIVE_CLIENT_HTTP_READ:
		return on_body(rest, in, len);
	case LWS_CALLBACK_COMPLETED_CLIENT_HTTP:
		lws_set_opaque_user_data(wsi, NULL);
		ended(rest, NULL, NET_UNREACHED);
		return -1;
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		lws_set_opaque_user_data(wsi, NULL);
		on_failure(rest, wsi, in);
		return 0;
	case LWS_CALLBACK_CLOSED_CLIENT_HTTP:
	case LWS_CALLBACK_WSI_DESTROY:
		lws_set_opaque_user_data(wsi, NULL);
		ended(rest, "the connection broke", object->requested ?
		    NET_REACHED : NET_UNREACHED);
		return 0;
	default:
		return 0;
	}
}
