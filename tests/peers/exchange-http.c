#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exchange-http.h"

size_t
http_length(const char *bytes, size_t len)
{
	const char *end = memmem(bytes, len, "\r\n\r\n", 4);

	return end == NULL ? 0 : (size_t)(end - bytes) + 4;
}

/* Ends the line at text and returns the next one's beginning. */
static char *
end_line(char *text)
{
	char *end = strstr(text, "\r\n");

	*end = '\0';
	return end + 2;
}

static void
take_header(char *line, struct http_request *request)
{
	char *value = strchr(line, ':');

	if (value == NULL)
		return;
	*value++ = '\0';
	value += strspn(value, " \t");
	if (strcasecmp(line, "Upgrade") == 0)
		request->upgrade |= strcasecmp(value, "websocket") == 0;
	else if (strcasecmp(line, "Sec-WebSocket-Key") == 0)
		request->key = value;
	else if (strcasecmp(line, "X-MBX-TIME-UNIT") == 0)
		request->time_unit = value;
	else if (strcasecmp(line, "Connection") == 0)
		request->close = strcasecmp(value, "close") == 0;
}

int
http_parse(char *bytes, size_t len, struct http_request *request)
{
	char *line = bytes, *next, *target, *version, *query;

	*request = (struct http_request){ .query = "", .time_unit = "" };
	bytes[len - 2] = '\0'; /* the empty line */
	if (strlen(bytes) != len - 2)
		return -1;
	next = end_line(line);
	target = strchr(line, ' ');
	version = target == NULL ? NULL : strchr(target + 1, ' ');
	if (version == NULL || strncmp(version, " HTTP/1.", 8) != 0)
		return -1;
	*target++ = *version = '\0';
	query = strchr(target, '?');
	if (query != NULL) {
		*query = '\0';
		request->query = query + 1;
	}
	request->method = line;
	request->path = target;
	request->close = version[8] == '0';
	while (*(line = next) != '\0') {
		next = end_line(line);
		take_header(line, request);
	}
	return 0;
}

static int
hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' :
	    isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 :
	    -1;
}

void
http_decode(char *text)
{
	char *out = text;

	for (; *text != '\0'; text++) {
		if (*text == '%' && hex(text[1]) > 0 && hex(text[2]) >= 0) {
			*out++ = (char)(hex(text[1]) << 4 | hex(text[2]));
			text += 2;
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
}

bool
http_param(const char *query, const char *name, char *out, size_t size)
{
	size_t name_len = strlen(name), len;

	for (; *query != '\0'; query += len + (query[len] == '&')) {
		len = strcspn(query, "&");
		if (len <= name_len || query[name_len] != '=' ||
		    strncmp(query, name, name_len) != 0)
			continue;
		if (len - name_len - 1 >= size)
			return false;
		memcpy(out, query + name_len + 1, len - name_len - 1);
		out[len - name_len - 1] = '\0';
		http_decode(out);
		return true;
	}
	return false;
}

static const char *
reason(int status)
{
	switch (status) {
	case 101: return "Switching Protocols";
	case 200: return "OK";
	case 400: return "Bad Request";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 414: return "URI Too Long";
	case 418: return "I'm a teapot";
	case 429: return "Too Many Requests";
	case 500: return "Internal Server Error";
	case 503: return "Service Unavailable";
	default: return "Unknown";
	}
}

size_t
http_head(char *out, int status, const char *type, size_t len,
    const char *headers, bool close)
{
	return (size_t)snprintf(out, HTTP_HEAD_MAX,
	    "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
	    "Connection: %s\r\n%s\r\n", status, reason(status), type, len,
	    close ? "close" : "keep-alive", headers);
}
