#include "feedload-frames.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feedload-link.h"

#define NAME_MAX_BYTES 40
#define FRAME_MAX 512
#define TIME_DIGITS 16
#define FIRST_ID "1000000000"

struct frame {
	size_t len;
	size_t id_end, frame_time, trade_time; /* where in bytes */
	char bytes[FRAME_MAX];
};

static void
make(struct frame *frame, const char *name, size_t len, bool combined)
{
	static const char zeros[] = "0000000000000000";
	char text[FRAME_MAX], symbol[NAME_MAX_BYTES + 1];
	size_t header;
	int n = 0;

	for (size_t i = 0; i < len; i++)
		symbol[i] = (char)toupper((unsigned char)name[i]);
	symbol[len] = '\0';
	if (combined)
		n = snprintf(text, sizeof text,
		    "{\"stream\":\"%.*s@trade\",\"data\":", (int)len, name);
	n += snprintf(text + n, sizeof text - (size_t)n,
	    "{\"e\":\"trade\",\"E\":%s,\"s\":\"%s\",\"t\":" FIRST_ID
	    ",\"p\":\"67890.12000000\",\"q\":\"0.01234000\",\"T\":%s,"
	    "\"m\":true,\"M\":true}%s", zeros, symbol, zeros,
	    combined ? "}" : "");
	header = link_header(frame->bytes, LINK_TEXT, (size_t)n);
	memcpy(frame->bytes + header, text, (size_t)n + 1);
	frame->len = header + (size_t)n;
	frame->frame_time = (size_t)(strstr(frame->bytes + header, "\"E\":") +
	    4 - frame->bytes);
	frame->trade_time = (size_t)(strstr(frame->bytes + header, "\"T\":") +
	    4 - frame->bytes);
	frame->id_end = (size_t)(strstr(frame->bytes + header, ",\"p\":") -
	    frame->bytes);
}

static int
add(struct frames *frames, const char *name, size_t len)
{
	if (frames->count == frames->cap) {
		size_t cap = frames->cap == 0 ? 16 : 2 * frames->cap;
		struct frame *all = realloc(frames->all, cap * sizeof *all);

		if (all == NULL)
			return -1;
		frames->all = all;
		frames->cap = cap;
	}
	make(&frames->all[frames->count++], name, len, frames->combined);
	return 0;
}

int
frames_ask(struct frames *frames, const char *text)
{
	const char *end = text;

	while ((end = strstr(end, "@trade")) != NULL) {
		const char *name = end;

		while (name > text && strchr("/=\"", name[-1]) == NULL)
			name--;
		if (end - name > NAME_MAX_BYTES ||
		    add(frames, name, (size_t)(end - name)) == -1)
			return -1;
		end++;
	}
	return 0;
}

const char *
frames_next(struct frames *frames, int64_t now_us, size_t *len)
{
	static int64_t written_us;
	static char digits[TIME_DIGITS + 5];
	struct frame *frame = &frames->all[frames->next];
	char *digit = frame->bytes + frame->id_end;

	if (++frames->next == frames->count)
		frames->next = 0;
	if (now_us != written_us)
		snprintf(digits, sizeof digits, "%016" PRId64, now_us);
	written_us = now_us;
	memcpy(frame->bytes + frame->frame_time, digits, TIME_DIGITS);
	memcpy(frame->bytes + frame->trade_time, digits, TIME_DIGITS);
	while (*--digit == '9')
		*digit = '0';
	++*digit;
	*len = frame->len;
	return frame->bytes;
}

void
frames_free(struct frames *frames)
{
	free(frames->all);
}
