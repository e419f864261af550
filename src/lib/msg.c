#include "msg.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "json.h"

#define MSG_STATUS_MAX 256
#define MSG_MAX 2048 /* bytes of a message; the rest is cut with "..." */

static const char *name = "tickpipe";
static enum msg_level level = MSG_NORMAL;
static int status_len; /* columns that the status line takes now */

void
msg_init(const char *command)
{
	name = command;
}

const char *
msg_name(void)
{
	return name;
}

void
msg_set_level(enum msg_level new_level)
{
	level = new_level;
}

enum msg_level
msg_level(void)
{
	return level;
}

size_t
msg_visible(char *out, size_t cap, const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 4 < cap; ) {
		unsigned char c = (unsigned char)text[i];
		size_t seq = json_utf8_len(text + i, len - i);
		bool c1 = c == 0xc2 && seq == 2 &&
		    (unsigned char)text[i + 1] < 0xa0;

		if (seq == 0 || c < 0x20 || c == 0x7f || c1) {
			n += (size_t)snprintf(out + n, cap - n, "\\x%02x", c);
			i++;
			if (c1) {
				n += (size_t)snprintf(out + n, cap - n,
				    "\\x%02x", (unsigned char)text[i++]);
			}
			continue;
		}
		memcpy(out + n, text + i, seq);
		n += seq;
		i += seq;
	}
	return n;
}

bool
msg_status_possible(void)
{
	return isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
}

void
msg_status(const char *fmt, ...)
{
	char text[MSG_STATUS_MAX], line[2 * MSG_STATUS_MAX + 64];
	struct winsize size;
	int width = 80, len, n;
	va_list args;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		width = size.ws_col;
	len = snprintf(text, sizeof text, "%s: ", name);
	va_start(args, fmt);
	vsnprintf(text + len, sizeof text - (size_t)len, fmt, args);
	va_end(args);
	/* In the last column some terminals begin a new line. */
	len = (int)strnlen(text, (size_t)width - 1);
	n = snprintf(line, sizeof line, "\r%.*s%*s", len, text,
	    status_len > len ? status_len - len : 0, "");
	status_len = len;
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		status_len = 0;
}

void
msg_status_wipe(void)
{
	char line[MSG_STATUS_MAX + 8];
	int n;

	if (status_len == 0)
		return;
	n = snprintf(line, sizeof line, "\r%*s\r", status_len, "");
	status_len = 0;
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}

static void
print(const char *fmt, va_list args)
{
	char text[MSG_MAX], line[MSG_MAX * 4 + 64];
	int want = vsnprintf(text, sizeof text, fmt, args);
	size_t len, n;

	if (want < 0)
		return;
	len = (size_t)want;
	if (len >= sizeof text) {
		len = sizeof text - 1;
		memcpy(text + len - 3, "...", 3);
	}
	n = (size_t)snprintf(line, 64, "%s: ", name);
	n += msg_visible(line + n, sizeof line - n - 1, text, len);
	line[n++] = '\n';
	msg_status_wipe();
	/* A message that cannot be written has nobody to be told to. */
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}

void
msg_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print(fmt, args);
	va_end(args);
}

void
msg_warn(const char *fmt, ...)
{
	va_list args;

	if (level < MSG_NORMAL)
		return;
	va_start(args, fmt);
	print(fmt, args);
	va_end(args);
}

void
msg_info(const char *fmt, ...)
{
	va_list args;

	if (level < MSG_VERBOSE)
		return;
	va_start(args, fmt);
	print(fmt, args);
	va_end(args);
}

void
msg_warn_limited(struct msg_limit *limit, const char *fmt, ...)
{
	int64_t now_us = clock_monotonic_us();
	va_list args;

	if (level < MSG_NORMAL)
		return;
	if (limit->passed == 0 || now_us - limit->second_us >= 1000000) {
		limit->second_us = now_us;
		limit->passed = 0;
		msg_limit_flush(limit);
	}
	if (limit->passed >= MSG_LIMIT_BURST) {
		limit->suppressed++;
		return;
	}
	limit->passed++;
	va_start(args, fmt);
	print(fmt, args);
	va_end(args);
}

void
msg_limit_flush(struct msg_limit *limit)
{
	if (limit->suppressed > 0) {
		msg_warn("%llu more messages like these not shown",
		    (unsigned long long)limit->suppressed);
	}
	limit->suppressed = 0;
}
