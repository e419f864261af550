#include "streams.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "record.h"
#include "url.h"

#define SUFFIX "@trade"
#define MESSAGE_MAX 4096 /* bytes of a SUBSCRIBE message: below what servers
                            take, and few messages for many streams */

void
streams_free(struct streams *streams)
{
	for (size_t i = 0; i < streams->count; i++)
		free(streams->symbols[i]);
	free(streams->symbols);
	free(streams->hashes);
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

/* FNV-1a. */
static uint32_t
hash_of(const char *symbol)
{
	uint32_t hash = 0x811c9dc5u;

	for (; *symbol != '\0'; symbol++)
		hash = (hash ^ (unsigned char)*symbol) * 0x01000193u;
	return hash;
}

/* Where it is; the count where it is not. */
static size_t
find(const struct streams *streams, const char *symbol)
{
	uint32_t hash = hash_of(symbol);
	size_t i = 0;

	while (i < streams->count && (streams->hashes[i] != hash ||
	    strcmp(streams->symbols[i], symbol) != 0))
		i++;
	return i;
}

bool
streams_has(const struct streams *streams, const char *symbol)
{
	return find(streams, symbol) < streams->count;
}

void
streams_drop(struct streams *streams, const char *symbol)
{
	size_t i = find(streams, symbol);

	if (i == streams->count)
		return;
	free(streams->symbols[i]);
	streams->count--;
	streams->symbols[i] = streams->symbols[streams->count];
	streams->hashes[i] = streams->hashes[streams->count];
}

static bool
grow(struct streams *streams)
{
	size_t cap = streams->cap == 0 ? 16 : 2 * streams->cap;
	char **symbols = realloc(streams->symbols, cap * sizeof *symbols);
	uint32_t *hashes;

	if (symbols == NULL)
		return false;
	streams->symbols = symbols;
	hashes = realloc(streams->hashes, cap * sizeof *hashes);
	if (hashes == NULL)
		return false;
	streams->hashes = hashes;
	streams->cap = cap;
	return true;
}

static const char *
add(struct streams *streams, const char *text, size_t len)
{
	const char *wrong = check_symbol(text, len);
	char *symbol;

	if (wrong != NULL)
		return wrong;
	symbol = strndup(text, len);
	if (symbol == NULL)
		return "out of memory";
	for (char *p = symbol; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	if (streams_has(streams, symbol)) {
		free(symbol);
		return NULL;
	}
	if (streams->count == streams->cap && !grow(streams)) {
		free(symbol);
		return "out of memory";
	}
	streams->hashes[streams->count] = hash_of(symbol);
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

/* The stream's name in a URL. */
static size_t
put_encoded(char *out, const char *symbol)
{
	size_t n = url_encode(out, symbol, strlen(symbol));

	memcpy(out + n, SUFFIX, sizeof SUFFIX - 1);
	return n + sizeof SUFFIX - 1;
}

char *
streams_path(const struct streams *streams, const char *base,
    bool microseconds, size_t *taken)
{
	static const char unit[] = "timeUnit=MICROSECOND";
	char name[3 * RECORD_SYMBOL_MAX + sizeof SUFFIX];
	char *path = malloc(STREAMS_PATH_MAX + 1);
	bool raw = streams->count == 1;
	size_t room = STREAMS_PATH_MAX - sizeof unit, n, len;

	if (path == NULL)
		return NULL;
	n = (size_t)sprintf(path, "%s%s", base,
	    raw ? "/ws/" : "/stream?streams=");
	for (*taken = 0; *taken < streams->count; ++*taken) {
		len = put_encoded(name, streams->symbols[*taken]);
		if (n + 1 + len > room)
			break;
		if (*taken > 0)
			path[n++] = '/';
		memcpy(path + n, name, len);
		n += len;
	}
	path[n] = '\0';
	if (microseconds)
		sprintf(path + n, "%c%s", raw ? '?' : '&', unit);
	return path;
}

char *
streams_request(const struct streams *streams, size_t *next, bool want,
    uint64_t id)
{
	char *text = malloc(MESSAGE_MAX);
	size_t first = *next, n;

	if (text == NULL)
		return NULL;
	n = (size_t)sprintf(text, "{\"method\":\"%sSUBSCRIBE\",\"params\":[",
	    want ? "" : "UN");
	for (; *next < streams->count; ++*next) {
		const char *symbol = streams->symbols[*next];

		if (n + strlen(symbol) + sizeof SUFFIX + 64 > MESSAGE_MAX)
			break;
		n += (size_t)sprintf(text + n, "%s\"%s" SUFFIX "\"",
		    *next > first ? "," : "", symbol);
	}
	sprintf(text + n, "],\"id\":%" PRIu64 "}", id);
	return text;
}
