#include "streams.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "opt.h"
#include "record.h"

#define SUFFIX "@trade"
#define MESSAGE_MAX 4096 /* bytes of a SUBSCRIBE message: below what servers
                            take, and few messages for many streams */

void
streams_free(struct streams *streams)
{
	for (size_t i = 0; i < streams->count; i++)
		free(streams->symbols[i]);
	free(streams->symbols);
	memset(streams, 0, sizeof *streams);
}

/* Nothing that means something in a URL, in JSON or on a terminal. */
static const char *
check_symbol(const char *symbol, size_t len)
{
	if (len == 0)
		return "is empty";
	if (len > RECORD_SYMBOL_MAX)
		return "is too long";
	for (size_t i = 0; i < len; ) {
		unsigned char c = (unsigned char)symbol[i];
		size_t seq = json_utf8_len(symbol + i, len - i);

		if (seq == 0)
			return "is not UTF-8";
		if (c == '@')
			return "names a stream, not a symbol";
		if (c < 0x80 && !isalnum(c) && c != '-' && c != '_' &&
		    c != '.')
			return "has a character that no symbol has";
		if (c == 0xc2 && (unsigned char)symbol[i + 1] < 0xa1)
			return "has a control character";
		i += seq;
	}
	return NULL;
}

static const char *
add(struct streams *streams, const char *text, size_t len)
{
	const char *wrong = check_symbol(text, len);
	char **symbols, *symbol;

	if (wrong != NULL)
		return wrong;
	symbol = strndup(text, len);
	if (symbol == NULL)
		return "out of memory";
	for (char *p = symbol; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	for (size_t i = 0; i < streams->count; i++) {
		if (strcmp(streams->symbols[i], symbol) == 0) {
			free(symbol);
			return NULL;
		}
	}
	if (streams->count == streams->cap) {
		streams->cap = streams->cap == 0 ? 16 : 2 * streams->cap;
		symbols = realloc(streams->symbols,
		    streams->cap * sizeof *symbols);
		if (symbols == NULL) {
			free(symbol);
			return "out of memory";
		}
		streams->symbols = symbols;
	}
	streams->symbols[streams->count++] = symbol;
	return NULL;
}

const char *
streams_add(struct streams *streams, const char *symbol)
{
	return add(streams, symbol, strlen(symbol));
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One line of a file: white space around the symbol, a comment behind. */
static const char *
add_line(struct streams *streams, const char *text, size_t len)
{
	const char *comment = memchr(text, '#', len);

	if (comment != NULL)
		len = (size_t)(comment - text);
	while (len > 0 && is_blank(text[len - 1]))
		len--;
	while (len > 0 && is_blank(*text)) {
		text++;
		len--;
	}
	return len == 0 ? NULL : add(streams, text, len);
}

const char *
streams_add_file(struct streams *streams, FILE *file, size_t *line)
{
	const char *wrong = NULL;
	char *text = NULL;
	size_t cap = 0;
	ssize_t len;

	*line = 0;
	while (wrong == NULL && (len = getline(&text, &cap, file)) != -1) {
		++*line;
		wrong = add_line(streams, text, (size_t)len);
	}
	if (wrong == NULL && ferror(file)) {
		*line = 0;
		wrong = strerror(errno);
	}
	free(text);
	return wrong;
}

/* The host as connect and the certificate want it; where the rest begins. */
static const char *
read_host(struct streams_url *url, const char *text)
{
	bool v6 = *text == '[';
	const char *allowed = v6 ? "0123456789abcdefABCDEF:." :
	    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-";
	size_t len;

	text += v6;
	len = strspn(text, allowed);
	if (len == 0 || len > STREAMS_HOST_MAX || (v6 && text[len] != ']'))
		return NULL;
	memcpy(url->host, text, len);
	url->host[len] = '\0';
	return text + len + v6;
}

static bool
read_path(struct streams_url *url, const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '/')
		len--;
	if (len >= sizeof url->path)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) &&
		    strchr("/-._~%:@!$&'()*+,;=", text[i]) == NULL)
			return false;
	memcpy(url->path, text, len);
	url->path[len] = '\0';
	return true;
}

bool
streams_url_read(struct streams_url *url, const char *text)
{
	char port[8];
	int64_t number;
	size_t len;

	url->tls = strncmp(text, "wss://", 6) == 0;
	if (!url->tls && strncmp(text, "ws://", 5) != 0)
		return false;
	text = read_host(url, text + (url->tls ? 6 : 5));
	if (text == NULL)
		return false;
	url->port = url->tls ? 443 : 80;
	if (*text == ':') {
		len = strcspn(++text, "/");
		if (len >= sizeof port)
			return false;
		memcpy(port, text, len);
		port[len] = '\0';
		if (!opt_int(port, 1, 65535, &number))
			return false;
		url->port = (int)number;
		text += len;
	}
	return (*text == '\0' || *text == '/') && read_path(url, text);
}

/* The stream's name in a URL: what is not ASCII percent-encoded (RFC 3986). */
static size_t
put_encoded(char *out, const char *symbol)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	for (; *symbol != '\0'; symbol++) {
		unsigned char c = (unsigned char)*symbol;

		if (c < 0x80) {
			out[n++] = (char)c;
		} else {
			out[n++] = '%';
			out[n++] = hex[c >> 4];
			out[n++] = hex[c & 15];
		}
	}
	memcpy(out + n, SUFFIX, sizeof SUFFIX - 1);
	return n + sizeof SUFFIX - 1;
}

char *
streams_path(const struct streams *streams, const struct streams_url *url,
    size_t *taken)
{
	char name[3 * RECORD_SYMBOL_MAX + sizeof SUFFIX];
	char *path = malloc(STREAMS_PATH_MAX + 1);
	size_t n, len;

	if (path == NULL)
		return NULL;
	n = (size_t)sprintf(path, "%s%s", url->path,
	    streams->count == 1 ? "/ws/" : "/stream?streams=");
	for (*taken = 0; *taken < streams->count; ++*taken) {
		len = put_encoded(name, streams->symbols[*taken]);
		if (n + 1 + len > STREAMS_PATH_MAX)
			break;
		if (*taken > 0)
			path[n++] = '/';
		memcpy(path + n, name, len);
		n += len;
	}
	path[n] = '\0';
	return path;
}

char *
streams_subscribe(const struct streams *streams, size_t *next)
{
	char *text = malloc(MESSAGE_MAX);
	size_t first = *next, n;

	if (text == NULL)
		return NULL;
	n = (size_t)sprintf(text, "{\"method\":\"SUBSCRIBE\",\"params\":[");
	for (; *next < streams->count; ++*next) {
		const char *symbol = streams->symbols[*next];

		if (n + strlen(symbol) + sizeof SUFFIX + 64 > MESSAGE_MAX)
			break;
		n += (size_t)sprintf(text + n, "%s\"%s" SUFFIX "\"",
		    *next > first ? "," : "", symbol);
	}
	sprintf(text + n, "],\"id\":%zu}", first);
	return text;
}
