#include "url.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "opt.h"

/* The host as connect and the certificate want it; where the rest begins. */
static const char *
read_host(struct url *url, const char *text)
{
	bool v6 = *text == '[';
	const char *allowed = v6 ? "0123456789abcdefABCDEF:." :
	    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-";
	size_t len;

	text += v6;
	len = strspn(text, allowed);
	if (len == 0 || len > URL_HOST_MAX || (v6 && text[len] != ']'))
		return NULL;
	memcpy(url->host, text, len);
	url->host[len] = '\0';
	return text + len + v6;
}

static bool
read_path(struct url *url, const char *text)
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

/* Behind "ws://" or "wss://", or NULL. */
static const char *
read_scheme(struct url *url, const char *text, const char *scheme)
{
	size_t len = strlen(scheme);

	if (strncmp(text, scheme, len) != 0)
		return NULL;
	text += len;
	url->tls = *text == 's';
	text += url->tls;
	return strncmp(text, "://", 3) == 0 ? text + 3 : NULL;
}

bool
url_read(struct url *url, const char *text, const char *scheme)
{
	char port[8];
	int64_t number;
	size_t len;

	text = read_scheme(url, text, scheme);
	if (text == NULL || (text = read_host(url, text)) == NULL)
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

const char *
url_rest_of(const struct url *streams)
{
	static const struct {
		const char *streams, *rest;
	} known[] = {
		{ "stream.binance.com", "https://api.binance.com" },
		{ "data-stream.binance.vision",
		    "https://data-api.binance.vision" },
		{ "stream.testnet.binance.vision",
		    "https://testnet.binance.vision" },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcasecmp(streams->host, known[i].streams) == 0)
			return known[i].rest;
	return NULL;
}

void
url_authority(const struct url *url, char *out)
{
	bool v6 = strchr(url->host, ':') != NULL;

	snprintf(out, URL_AUTHORITY_MAX, v6 ? "[%s]:%d" : "%s:%d", url->host,
	    url->port);
}

size_t
url_encode(char *out, const char *name, size_t len)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '_' ||
		    c == '.') {
			out[n++] = (char)c;
		} else {
			out[n++] = '%';
			out[n++] = hex[c >> 4];
			out[n++] = hex[c & 15];
		}
	}
	return n;
}
