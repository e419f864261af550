#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSMN_STATIC
#include <jsmn.h>

#include "exchange-client.h"
#include "exchange-ws.h"

#define STREAM_MAX 128 /* bytes of a stream's name */
#define ANSWER_LIMIT (1 << 20)

int
client_init(struct client *client, const struct market *market)
{
	client->streams = calloc(CLIENT_STREAMS_MAX, sizeof(char *));
	client->wants = calloc(market->nsymbols, 1);
	client->request = malloc(CLIENT_REQUEST_MAX);
	if (client->streams != NULL && client->wants != NULL &&
	    client->request != NULL)
		return 0;
	client_free(client);
	return -1;
}

void
client_free(struct client *client)
{
	for (size_t i = 0; i < client->nstreams; i++)
		free(client->streams[i]);
	free(client->streams);
	free(client->wants);
	free(client->request);
	queue_free(&client->queue);
	memset(client, 0, sizeof(*client));
}

/* The symbol that a name like "btcusdt@trade" is about, -1 for others. */
static long
traded_symbol(const struct market *market, const char *stream, size_t len)
{
	static const char suffix[] = "@trade";
	size_t suffix_len = sizeof(suffix) - 1;

	if (len <= suffix_len ||
	    memcmp(stream + len - suffix_len, suffix, suffix_len) != 0)
		return -1;
	return market_find(market, stream, len - suffix_len);
}

static size_t
find_stream(const struct client *client, const char *stream, size_t len)
{
	size_t i;

	for (i = 0; i < client->nstreams; i++)
		if (strlen(client->streams[i]) == len &&
		    memcmp(client->streams[i], stream, len) == 0)
			break;
	return i;
}

int
client_subscribe(struct client *client, const struct market *market,
    const char *stream, size_t len)
{
	long symbol = traded_symbol(market, stream, len);

	if (find_stream(client, stream, len) < client->nstreams)
		return 0;
	client->refused_streams |= client->nstreams == CLIENT_STREAMS_MAX;
	if (client->nstreams == CLIENT_STREAMS_MAX || len > STREAM_MAX)
		return -1;
	client->streams[client->nstreams] = strndup(stream, len);
	if (client->streams[client->nstreams] == NULL)
		return -1;
	client->nstreams++;
	if (symbol != -1) {
		client->wants[symbol] = CLIENT_WANTS;
		client->nlive++;
	}
	return 0;
}

void
client_unsubscribe(struct client *client, const struct market *market,
    const char *stream, size_t len)
{
	long symbol = traded_symbol(market, stream, len);
	size_t i = find_stream(client, stream, len);

	if (i == client->nstreams)
		return;
	free(client->streams[i]);
	client->streams[i] = client->streams[--client->nstreams];
	if (symbol != -1) {
		client->wants[symbol] = CLIENT_WANTS_NOT;
		client->nlive--;
	}
}

int
client_subscribe_all(struct client *client, const struct market *market,
    const char *streams)
{
	size_t len;

	for (; *streams != '\0'; streams += len + (streams[len] == '/')) {
		len = strcspn(streams, "/");
		if (len > 0 &&
		    client_subscribe(client, market, streams, len) != 0)
			return -1;
	}
	return 0;
}

static int
answer(struct client *client, const char *text)
{
	return client_put(client, NULL, text, strlen(text), CLIENT_TEXT,
	    0, ANSWER_LIMIT);
}

static int
answer_error(struct client *client, int code, const char *what, const char *id,
    size_t id_len)
{
	char text[512];

	if (id == NULL)
		snprintf(text, sizeof(text),
		    "{\"error\":{\"code\":%d,\"msg\":\"%s\"}}", code, what);
	else
		snprintf(text, sizeof(text),
		    "{\"error\":{\"code\":%d,\"msg\":\"%s\"},\"id\":%.*s}",
		    code, what, (int)id_len, id);
	return answer(client, text);
}

static int
answer_list(struct client *client, const char *id, size_t id_len)
{
	size_t size = 128 + id_len + client->nstreams * (STREAM_MAX + 4);
	size_t len = 0;
	char *text = malloc(size);
	int result;

	if (text == NULL)
		return -1;
	len += (size_t)sprintf(text, "{\"result\":[");
	for (size_t i = 0; i < client->nstreams; i++)
		len += (size_t)snprintf(text + len, size - len, "%s\"%s\"",
		    i == 0 ? "" : ",", client->streams[i]);
	snprintf(text + len, size - len, "],\"id\":%.*s}", (int)id_len, id);
	result = answer(client, text);
	free(text);
	return result;
}

struct request {
	const char *method, *id;
	size_t method_len, id_len;
	int params; /* index of the array's token, -1: none */
};

static bool
token_is(const char *text, const jsmntok_t *token, const char *what)
{
	size_t len = (size_t)(token->end - token->start);

	return token->type == JSMN_STRING && strlen(what) == len &&
	    memcmp(text + token->start, what, len) == 0;
}

/* Finds the three members of a flat request object. */
static void
take_apart(const char *text, const jsmntok_t *tokens, int ntokens,
    struct request *request)
{
	memset(request, 0, sizeof(*request));
	request->params = -1;
	for (int i = 1; i + 1 < ntokens;) {
		const jsmntok_t *value = &tokens[i + 1];
		size_t len = (size_t)(value->end - value->start);

		if (token_is(text, &tokens[i], "method")) {
			request->method = text + value->start;
			request->method_len = len;
		} else if (token_is(text, &tokens[i], "id") &&
		    value->type == JSMN_PRIMITIVE && len < 32) {
			request->id = text + value->start;
			request->id_len = len;
		} else if (token_is(text, &tokens[i], "params") &&
		    value->type == JSMN_ARRAY) {
			request->params = i + 1;
		}
		for (i += 2; i < ntokens && tokens[i].start < value->end;)
			i++;
	}
}

static bool
method_is(const struct request *request, const char *name)
{
	return request->method != NULL &&
	    strlen(name) == request->method_len &&
	    memcmp(request->method, name, request->method_len) == 0;
}

static int
change_streams(struct client *client, const struct market *market,
    const char *text, const jsmntok_t *tokens, const struct request *request)
{
	bool subscribe = method_is(request, "SUBSCRIBE");
	char done[64];

	if (request->params == -1)
		return answer_error(client, 2,
		    "Invalid request: missing field `params`", request->id,
		    request->id_len);
	for (int i = 1; i <= tokens[request->params].size; i++) {
		const jsmntok_t *name = &tokens[request->params + i];
		const char *stream = text + name->start;
		size_t len = (size_t)(name->end - name->start);

		if (name->type != JSMN_STRING)
			return answer_error(client, 2,
			    "Invalid request: param must be a string",
			    request->id, request->id_len);
		if (!subscribe)
			client_unsubscribe(client, market, stream, len);
		else if (client_subscribe(client, market, stream, len) != 0)
			return answer_error(client, 4,
			    "Too many subscriptions", request->id,
			    request->id_len);
	}
	snprintf(done, sizeof(done), "{\"result\":null,\"id\":%.*s}",
	    (int)request->id_len, request->id);
	return answer(client, done);
}

int
client_request(struct client *client, const struct market *market,
    const char *text, size_t len)
{
	static jsmntok_t tokens[CLIENT_STREAMS_MAX + 64];
	struct request request;
	jsmn_parser parser;
	int ntokens;

	jsmn_init(&parser);
	ntokens = jsmn_parse(&parser, text, len, tokens,
	    sizeof(tokens) / sizeof(tokens[0]));
	if (ntokens == JSMN_ERROR_NOMEM)
		return answer_error(client, 2,
		    "Invalid request: too many parameters", NULL, 0);
	if (ntokens < 1 || tokens[0].type != JSMN_OBJECT)
		return answer_error(client, 3, "Invalid JSON", NULL, 0);
	take_apart(text, tokens, ntokens, &request);
	if (request.id == NULL)
		return answer_error(client, 2,
		    "Invalid request: request ID must be an unsigned integer",
		    NULL, 0);
	if (method_is(&request, "LIST_SUBSCRIPTIONS"))
		return answer_list(client, request.id, request.id_len);
	if (method_is(&request, "SUBSCRIBE") ||
	    method_is(&request, "UNSUBSCRIBE"))
		return change_streams(client, market, text, tokens, &request);
	return answer_error(client, 2, "Invalid request: unknown variant",
	    request.id, request.id_len);
}

/*
 * The bytes of a text in three fragments, the second one empty.  With a ping,
 * it stands before the last one.
 */
static size_t
put_pieces(char *out, const char *text, size_t len, bool ping)
{
	size_t head = len / 3, n;

	n = ws_frame(out, false, WS_TEXT, text, head);
	n += ws_frame(out + n, false, WS_CONTINUATION, NULL, 0);
	if (ping)
		n += ws_frame(out + n, true, WS_PING, CLIENT_PING_BETWEEN,
		    strlen(CLIENT_PING_BETWEEN));
	return n + ws_frame(out + n, true, WS_CONTINUATION, text + head,
	    len - head);
}

static size_t
encode(char *out, const char *text, size_t len, enum client_frame kind)
{
	if (kind == CLIENT_TEXT || kind == CLIENT_BINARY)
		return ws_frame(out, true, kind == CLIENT_TEXT ? WS_TEXT :
		    WS_BINARY, text, len);
	return put_pieces(out, text, len, kind == CLIENT_PINGED);
}

int
client_put(struct client *client, const char *stream, const char *event,
    size_t len, enum client_frame kind, int64_t due_us, size_t limit)
{
	static char text[CLIENT_STREAMS_MAX * (STREAM_MAX + 8) + 4096];
	static char wire[sizeof(text) + 64];
	struct queue_item item = { .due_us = due_us, .frame = true };
	size_t text_len = 0;
	char *place;

	if (len + STREAM_MAX + 32 > sizeof(text))
		return -1;
	if (stream != NULL && client->combined) {
		text_len = (size_t)snprintf(text, STREAM_MAX + 32,
		    "{\"stream\":\"%s\",\"data\":", stream);
		memcpy(text + text_len, event, len);
		text_len += len;
		text[text_len++] = '}';
		event = text;
		len = text_len;
	}
	item.len = encode(wire, event, len, kind);
	place = queue_put(&client->queue, &item, limit);
	if (place == NULL)
		return -1;
	memcpy(place, wire, item.len);
	return 0;
}
