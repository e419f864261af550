#include "rejects.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "append.h"
#include "json.h"
#include "stop.h"

#define FRAME_MAX 8192 /* what stands around the line, bounded below */
#define REASON_MAX 512
#define EXTRA_MAX 512
#define FILE_MAX 256
#define HEAD_MAX 1024 /* command, place and reason; FRAME_MAX has it escaped */

int
rejects_open(struct rejects *rejects, const char *path)
{
	memset(rejects, 0, sizeof *rejects);
	rejects->fd = -1;
	rejects->path = path;
	if (path == NULL)
		return 0;
	rejects->fd = append_open(path);
	return rejects->fd == -1 ? -1 : 0;
}

/* The line's bytes as they are, where no reader could be misled by them. */
static bool
printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; ) {
		unsigned char c = (unsigned char)text[i];
		size_t seq = json_utf8_len(text + i, len - i);

		if (seq == 0 || c < 0x20 || c == 0x7f ||
		    (seq == 2 && c == 0xc2 &&
		    (unsigned char)text[i + 1] < 0xa0))
			return false;
		i += seq;
	}
	return true;
}

static bool
reserve(struct rejects *rejects, size_t len)
{
	size_t want = FRAME_MAX + JSON_QUOTE_MAX(len) + 2 * len;
	char *buf;

	if (want <= rejects->cap)
		return true;
	buf = realloc(rejects->buf, want);
	if (buf == NULL)
		return false;
	rejects->buf = buf;
	rejects->cap = want;
	return true;
}

static size_t
put_hex(char *out, const char *text, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	memcpy(out, ",\"hex\":\"", 8);
	n = 8;
	for (size_t i = 0; i < len; i++) {
		out[n++] = hex[(unsigned char)text[i] >> 4];
		out[n++] = hex[(unsigned char)text[i] & 15];
	}
	out[n++] = '"';
	return n;
}

static size_t
put_quoted(char *out, const char *text, size_t max)
{
	size_t len = strlen(text);

	return json_quote(out, text, len < max ? len : max);
}

/* The record of the line in rejects->buf, LF included; its length. */
static size_t
write_record(struct rejects *rejects, const struct reject *r)
{
	char *out = rejects->buf;
	size_t n = 0;
	bool whole = r->whole_len <= r->len;
	bool json = whole && json_fits_line(r->text, r->len);

	n += (size_t)sprintf(out + n, "{\"reason\":");
	n += put_quoted(out + n, r->reason, REASON_MAX);
	if (r->extra != NULL)
		n += (size_t)sprintf(out + n, ",%.*s", EXTRA_MAX, r->extra);
	if (r->file != NULL) {
		n += (size_t)sprintf(out + n, ",\"file\":");
		n += put_quoted(out + n, r->file, FILE_MAX);
	}
	if (r->line > 0) {
		n += (size_t)sprintf(out + n, ",\"line\":%llu",
		    (unsigned long long)r->line);
	}
	if (!whole) {
		n += (size_t)sprintf(out + n, ",\"bytes\":%llu",
		    (unsigned long long)r->whole_len);
	}
	n += (size_t)sprintf(out + n, ",\"record\":");
	if (json) {
		memcpy(out + n, r->text, r->len);
		n += r->len;
	} else {
		n += json_quote(out + n, r->text, r->len);
		if (!json_is_utf8(r->text, r->len))
			n += put_hex(out + n, r->text, r->len);
	}
	memcpy(out + n, "}\n", 2);
	return n + 2;
}


/* "line 7", "file: line 7" or nothing, as a message begins. */
static const char *
place(const struct reject *r, char *out, size_t cap)
{
	out[0] = '\0';
	if (r->line > 0) {
		snprintf(out, cap, "%.*s%sline %llu: ", FILE_MAX,
		    r->file ? r->file : "", r->file ? ": " : "",
		    (unsigned long long)r->line);
	}
	return out;
}

/* Without a file: one line on standard error, the refused line whole in it. */
static int
put_stderr(struct rejects *rejects, const struct reject *r)
{
	char where[FILE_MAX + 64], head[HEAD_MAX];
	size_t n;

	snprintf(head, sizeof head, "%s: %s%.*s: ", msg_name(),
	    place(r, where, sizeof where), REASON_MAX, r->reason);
	/* A file's name and a peer's words are as odd as what they tell of. */
	n = msg_visible(rejects->buf, FRAME_MAX, head, strlen(head));
	if (r->whole_len > r->len) {
		n += (size_t)sprintf(rejects->buf + n, "%llu bytes: ",
		    (unsigned long long)r->whole_len);
	}
	if (printable(r->text, r->len)) {
		memcpy(rejects->buf + n, r->text, r->len);
		n += r->len;
	} else {
		n += json_quote(rejects->buf + n, r->text, r->len);
	}
	rejects->buf[n++] = '\n';
	return stop_write(STDERR_FILENO, rejects->buf, n);
}

int
rejects_put(struct rejects *rejects, const struct reject *r)
{
	char where[FILE_MAX + 64];
	size_t len;

	rejects->count++;
	if (!reserve(rejects, r->len)) {
		errno = ENOMEM;
		return -1;
	}
	if (rejects->fd == -1)
		return put_stderr(rejects, r);
	msg_warn_limited(&rejects->limit, "%s%s", place(r, where,
	    sizeof where), r->reason);
	len = write_record(rejects, r);
	return stop_write(rejects->fd, rejects->buf, len);
}

int
rejects_sync(struct rejects *rejects)
{
	/* EINVAL: a pipe or a device, where there is nothing to sync. */
	if (rejects->fd == -1 || fdatasync(rejects->fd) == 0 ||
	    errno == EINVAL || errno == EROFS)
		return 0;
	return -1;
}

int
rejects_close(struct rejects *rejects)
{
	int result = 0;

	msg_limit_flush(&rejects->limit);
	if (rejects->count > 0) {
		msg_error("%llu lines refused",
		    (unsigned long long)rejects->count);
	}
	if (rejects->fd != -1)
		result = close(rejects->fd);
	free(rejects->buf);
	rejects->buf = NULL;
	return result;
}
