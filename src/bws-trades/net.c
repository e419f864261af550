#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "net-lws.h"

#define HEADERS_MAX 4096 /* bytes: STREAMS_PATH_MAX and more */
/* Longer than what link.c and rest.c allow: theirs come first. */
#define TIMEOUT_S 1000
#define DESCRIPTORS 16   /* besides the links': REST, the wake, the library's */

void
net_look(struct net *net)
{
	lws_cancel_service(net->context);
}

/*
 * Timers are served before the wait, and one that is due then does not shorten
 * it: the wait has to be ended.
 */
static void
on_wake(lws_sorted_usec_list_t *timer)
{
	struct net *net = lws_container_of(timer, struct net, wake);

	net_look(net);
}

void
net_timer(struct net *net, lws_sorted_usec_list_t *timer,
    void (*due)(lws_sorted_usec_list_t *timer), int64_t us)
{
	/* From 4.3 on lws_sul_schedule() wants a callback, also to cancel. */
	if (us == 0)
		lws_sul_cancel(timer);
	else
		lws_sul_schedule(net->context, 0, timer, due, us);
}

void
net_kill(struct lws *wsi)
{
	lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

void
net_object_reset(struct net_object *object)
{
	object->requested = false;
	object->certificate = NULL;
}

enum net_telling
net_failure(const struct net_object *object, struct lws *wsi, const char *text,
    char out[NET_FAILURE_MAX])
{
	unsigned status = lws_http_client_http_response(wsi);
	int error;

	/* The library's text says little where the reason is known better. */
	if (object->certificate != NULL) {
		snprintf(out, NET_FAILURE_MAX, "its certificate: %s",
		    object->certificate);
		return NET_TOLD;
	}
	if (status >= 200) {
		snprintf(out, NET_FAILURE_MAX, "HTTP status %u", status);
		return NET_TOLD;
	}
	/* libwebsockets 4.3 has connect(2)'s errno as a number. */
	if (text != NULL && sscanf(text, "conn fail: %d", &error) == 1)
		snprintf(out, NET_FAILURE_MAX, "%s", strerror(error));
	else
		snprintf(out, NET_FAILURE_MAX, "%s", text != NULL ? text :
		    "no connection");
	/* TLS begins when the connection is there. */
	return object->requested || lws_get_ssl(wsi) != NULL ? NET_REACHED :
	    NET_UNREACHED;
}

static void
observe(struct net_object *object, enum lws_callback_reasons reason,
    void *user, size_t len)
{
	/* len: whether OpenSSL takes it; that stays decisive. */
	if (reason == LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION &&
	    len == 0)
		object->certificate = X509_verify_cert_error_string(
		    X509_STORE_CTX_get_error(user));
	else if (reason == LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER)
		object->requested = true;
}

static int
on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user,
    void *in, size_t len)
{
	struct net_object *object = lws_get_opaque_user_data(wsi);

	if (object != NULL) {
		observe(object, reason, user, len);
		return object->on_lws(object, wsi, reason, user, in, len);
	}
	/* One that was let go, and the wake's. */
	return reason == LWS_CALLBACK_CLIENT_RECEIVE ? -1 : 0;
}

static int
make_context(struct net *net, const struct net_options *options)
{
	static const struct lws_protocols protocols[] = {
		{ "net", on_lws, 0, NET_READ_MAX, 0, NULL, 0 },
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
		.client_ssl_ca_filepath = options->ca != NULL ?
		    options->ca : "/dev/null",
		.connect_timeout_secs = TIMEOUT_S,
		.timeout_secs = TIMEOUT_S,
		.fd_limit_per_thread = DESCRIPTORS +
		    (unsigned)options->links,
		.max_http_header_data = HEADERS_MAX,
		.pt_serv_buf_size = NET_READ_MAX,
		.user = net,
	};

#ifdef LWS_SERVER_OPTION_DISABLE_TLS_SESSION_CACHE
	/*
	 * From 4.2 on it would resume TLS sessions, and not look at the
	 * certificate again.
	 */
	info.options |= LWS_SERVER_OPTION_DISABLE_TLS_SESSION_CACHE;
#endif
	if (options->ca != NULL)
		info.options |= LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
	/* It would call the empty file an error. */
	lws_set_log_level(options->ca != NULL ? LLL_ERR : 0, options->on_log);
	net->context = lws_create_context(&info);
	if (net->context != NULL)
		net->vhost = lws_create_vhost(net->context, &info);
	lws_set_log_level(LLL_ERR | LLL_WARN, options->on_log);
	return net->vhost == NULL ? -1 : 0;
}

struct net *
net_open(const struct net_options *options)
{
	struct net *net = calloc(1, sizeof *net);
	lws_sock_file_fd_type wake = { .filefd = options->wake_fd };

	if (net == NULL || make_context(net, options) != 0 ||
	    lws_adopt_descriptor_vhost(net->vhost, LWS_ADOPT_RAW_FILE_DESC,
	    wake, "net", NULL) == NULL) {
		close(options->wake_fd);
		if (net != NULL)
			net_close(net);
		return NULL;
	}
	return net;
}

void
net_close(struct net *net)
{
	if (net->context != NULL)
		lws_context_destroy(net->context);
	link_bury(net);
	free(net);
}

int
net_wait(struct net *net, int64_t deadline_us)
{
	int64_t left_us = deadline_us == INT64_MAX ? INT64_MAX :
	    deadline_us - clock_monotonic_us();
	int result = link_read_ahead(net);

	net_timer(net, &net->wake, on_wake, left_us <= 0 ||
	    left_us == INT64_MAX ? 0 : left_us);
	/*
	 * Its second argument is no time: negative means not to wait.  After
	 * what was read ahead the caller may have something to write, or to
	 * do earlier.
	 */
	if (result >= 0)
		result = lws_service(net->context, left_us <= 0 ||
		    result > 0 || link_holds(net) ? -1 : 0);
	link_bury(net);
	return result < 0 ? -1 : 0;
}

void
net_library(char *out, size_t cap)
{
	snprintf(out, cap, "libwebsockets %s", lws_get_library_version());
}
