#include "msg.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "json.h"

#define MSG_MAX 2048 /* bytes of a message; the rest is cut with "..." */

static const char *name = "tickpipe";
static enum msg_level level = MSG_NORMAL;

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
