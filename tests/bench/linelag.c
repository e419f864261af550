/*
 * linelag: how old trade records are when they can be read.
 *
 *     linelag [-s SKIP] [-n RECORDS]
 *
 * Reads RECORDS records from standard input, or all, and prints a line: how
 * many there were beyond the first SKIP (0), and the 50th, 99th and 99.9th
 * percentile and the greatest of the milliseconds from their event_time to
 * when read(2) gave them; "-" for those when there were none. The clock must be
 * that of whoever made event_time.
 *
 * Exit status: 0, 2 wrong use, 3 a line without an event_time, or no input.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "timestamp.h"

#define SLOTS 10000000 /* of a microsecond; what is longer is in the last */

struct lags {
	uint32_t slot[SLOTS];
	uint64_t skip, left, count;
	int64_t most_us;
};

static int64_t
realtime_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int
note(struct lags *lags, const char *line, size_t len, int64_t now_us)
{
	static const char name[] = "\"event_time\":\"";
	const char *text = memmem(line, len, name, sizeof name - 1);
	const char *end;
	int64_t time_us, lag_us;

	lags->left--;
	if (lags->skip > 0) {
		lags->skip--;
		return 0;
	}
	if (text == NULL)
		return -1;
	text += sizeof name - 1;
	end = memchr(text, '"', (size_t)(line + len - text));
	if (end == NULL ||
	    !timestamp_read(text, (size_t)(end - text), &time_us))
		return -1;
	lag_us = now_us > time_us ? now_us - time_us : 0;
	lags->slot[lag_us < SLOTS ? lag_us : SLOTS - 1]++;
	lags->count++;
	if (lag_us > lags->most_us)
		lags->most_us = lag_us;
	return 0;
}

/* -1: errno, or 0 for a line that is no record. */
static int
read_lines(struct lags *lags)
{
	static char buf[1024 * 1024];
	size_t held = 0;
	ssize_t n = 0;

	while (lags->left > 0 && (n = read(STDIN_FILENO, buf + held,
	    sizeof buf - held)) > 0) {
		int64_t now_us = realtime_us();
		char *line = buf, *end;

		held += (size_t)n;
		while (lags->left > 0 && (end = memchr(line, '\n',
		    (size_t)(buf + held - line))) != NULL) {
			errno = 0;
			if (note(lags, line, (size_t)(end - line),
			    now_us) == -1)
				return -1;
			line = end + 1;
		}
		held -= (size_t)(line - buf);
		memmove(buf, line, held);
	}
	return n == -1 ? -1 : 0;
}

static double
percentile_ms(const struct lags *lags, double share)
{
	uint64_t before = (uint64_t)(share * (double)(lags->count - 1));
	size_t i = 0;

	for (uint64_t seen = lags->slot[0]; seen <= before;
	    seen += lags->slot[i])
		i++;
	return (double)i / 1000;
}

static int
usage(void)
{
	fprintf(stderr, "usage: linelag [-s SKIP] [-n RECORDS]\n");
	return 2;
}

static uint64_t
number(const char *text)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0)
		exit(usage());
	return value;
}

int
main(int argc, char **argv)
{
	static struct lags lags = { .left = UINT64_MAX };
	int c;

	while ((c = getopt(argc, argv, "s:n:")) != -1) {
		switch (c) {
		case 's': lags.skip = number(optarg); break;
		case 'n': lags.left = number(optarg); break;
		default: return usage();
		}
	}
	if (optind != argc)
		return usage();
	if (read_lines(&lags) == -1) {
		fprintf(stderr, "linelag: %s\n", errno != 0 ?
		    strerror(errno) : "a line without an event_time");
		return 3;
	}
	if (lags.count == 0)
		puts("0 - - - -");
	else
		printf("%" PRIu64 " %.3f %.3f %.3f %.3f\n", lags.count,
		    percentile_ms(&lags, 0.5), percentile_ms(&lags, 0.99),
		    percentile_ms(&lags, 0.999), (double)lags.most_us / 1000);
	return fflush(stdout) == EOF ? 3 : 0;
}
