/*
 * Whole lines go out, every failure is seen and stays, and what may be held is
 * held rather than blocked on; options' arguments are read strictly.
 */
#include "lineout.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "opt.h"
#include "tap.h"

/* Everything that a pipe holds, without blocking. */
static size_t
take(int fd, char *out, size_t cap)
{
	size_t len = 0;
	ssize_t n;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (len < cap && (n = read(fd, out + len, cap - len)) > 0)
		len += (size_t)n;
	return len;
}

static void
test_lines(void)
{
	static char long_line[300000], got[400000];
	struct lineout out;
	char name[] = "/tmp/tickpipe-unit.XXXXXX";
	int fd = mkstemp(name);
	size_t len;

	unlink(name);
	memset(long_line, 'x', sizeof long_line);
	tap_int(lineout_init(&out, fd), 0, "a file to write to");
	tap_ok(!out.pipe, "is no pipe");
	lineout_put(&out, "", 0);
	lineout_put(&out, "a", 1);
	tap_int(lseek(fd, 0, SEEK_CUR), 0, "lines are held");
	lineout_put(&out, long_line, sizeof long_line);
	lineout_put(&out, "b", 1);
	tap_int(lineout_flush(&out), 0, "until they are flushed");
	lseek(fd, 0, SEEK_SET);
	len = (size_t)read(fd, got, sizeof got);
	tap_ok(len == sizeof long_line + 6 && memcmp(got, "\na\nx", 4) == 0 &&
	    memcmp(got + len - 4, "x\nb\n", 4) == 0,
	    "one longer than the buffer among them");
	tap_int((int64_t)out.lines, 4, "lines are counted");
	tap_int((int64_t)out.bytes, sizeof long_line + 6, "and bytes");
	tap_int(lineout_close(&out), 0, "and closed");
	lineout_free(&out);
}

static void
test_full(void)
{
	struct lineout out;
	int first, again;

	if (lineout_init(&out, open("/dev/full", O_WRONLY)) == -1)
		abort();
	tap_int(lineout_put(&out, "a", 1), 0, "a full disk is not seen yet");
	first = lineout_flush(&out);
	tap_ok(first == -1 && errno == ENOSPC, "but by the flush");
	errno = 0;
	again = lineout_put(&out, "b", 1);
	tap_ok(again == -1 && errno == ENOSPC, "and ever after");
	errno = 0;
	tap_ok(lineout_close(&out) == -1 && errno == ENOSPC,
	    "closing included");
	lineout_free(&out);
}

static void
test_gone(void)
{
	struct lineout out;
	int fd[2];

	signal(SIGPIPE, SIG_IGN);
	if (pipe(fd) == -1 || lineout_init(&out, fd[1]) == -1)
		abort();
	tap_ok(out.pipe, "a pipe is one");
	lineout_put(&out, "a", 1);
	close(fd[0]);
	tap_ok(lineout_flush(&out) == -1 && errno == EPIPE &&
	    out.error == EPIPE, "a reader that has gone");
	tap_ok(lineout_close(&out) == -1 && errno == EPIPE, "stays gone");
	lineout_free(&out);
}

/*
 * A pipe that nobody reads: what is put is held up to the bound.  Written as
 * much as there is room for, or as kernels that do not know how to ask for that.
 */
static void
test_holding(bool nowait)
{
	static char line[5000], got[1 << 20];
	size_t total = 0, len = 0;
	struct lineout out;
	int fd[2];

	if (pipe(fd) == -1 || lineout_init(&out, fd[1]) == -1)
		abort();
	out.grow_max = 800000;
	out.nowait = nowait;
	for (int i = 0; i < 100; i++) {
		memset(line, 'a' + i % 26, sizeof line);
		lineout_put(&out, line, sizeof line);
		total += sizeof line + 1;
	}
	tap_int((int64_t)lineout_held(&out), (int64_t)total,
	    "more than a pipe takes is held");
	while (lineout_held(&out) > 0) {
		size_t held = lineout_held(&out);

		if (lineout_flush_ready(&out) == -1 ||
		    (!nowait && held - lineout_held(&out) > PIPE_BUF))
			abort();
		if (nowait && lineout_flush_ready(&out) == -1)
			abort(); /* it is full by now */
		len += take(fd[0], got + len, sizeof got - len);
		if (held > 200000 && lineout_held(&out) <= 200000) {
			lineout_put(&out, line, 0);
			total++;
		}
	}
	tap_int((int64_t)len, (int64_t)total, "and goes out bit by bit");
	tap_ok(got[0] == 'a' && got[5000] == '\n' && got[5001] == 'b' &&
	    got[len - 1] == '\n', "in its order");
	lineout_close(&out);
	close(fd[0]);
	lineout_free(&out);
}

static void
test_options(void)
{
	static const struct { const char *text; int64_t want; } durations[] = {
		{ "0", 0 }, { "0s", 0 }, { "1us", 1 }, { "250ms", 250000 },
		{ "10s", 10000000 }, { "1m", 60000000 }, { "2h", 7200000000 },
		{ "1d", 86400000000 }, { "1", -1 }, { "-1s", -1 }, { "", -1 },
		{ "s", -1 }, { "1.5s", -1 }, { " 1s", -1 }, { "1s ", -1 },
		{ "1S", -1 }, { "+1s", -1 }, { "0x1s", -1 }, { "2d", -1 },
		{ "9223372036854775807d", -1 }, { "99999999999999999999s", -1 },
	};
	static const struct { const char *text; int64_t want; } bytes[] = {
		{ "64", 64 }, { "1k", 1024 }, { "2M", 2097152 },
		{ "1G", 1 << 30 }, { "63", -1 }, { "1025M", -1 }, { "", -1 },
		{ "k", -1 }, { "1K", -1 }, { "1kB", -1 }, { "-64", -1 },
		{ "18446744073709551680", -1 },
	};
	static const struct { const char *text; int64_t want; } ints[] = {
		{ "0", 0 }, { "-5", -5 }, { "9223372036854775807", INT64_MAX },
		{ "-9223372036854775808", INT64_MIN }, { "007", 7 },
		{ "9223372036854775808", 42 }, { "-9223372036854775809", 42 },
		{ "", 42 }, { "-", 42 }, { "1x", 42 }, { "+1", 42 },
		{ " 1", 42 }, { "1e3", 42 },
	};

	for (size_t i = 0; i < sizeof durations / sizeof *durations; i++) {
		int64_t got = -1;

		tap_ok(opt_duration(durations[i].text, 0, 86400000000, &got) ==
		    (durations[i].want != -1) && got == durations[i].want,
		    "duration '%s'", durations[i].text);
	}
	for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
		size_t got = (size_t)-1;

		tap_ok(opt_bytes(bytes[i].text, 64, 1 << 30, &got) ==
		    (bytes[i].want != -1) && got == (size_t)bytes[i].want,
		    "bytes '%s'", bytes[i].text);
	}
	for (size_t i = 0; i < sizeof ints / sizeof *ints; i++) {
		int64_t got = 42;

		opt_int(ints[i].text, INT64_MIN, INT64_MAX, &got);
		tap_int(got, ints[i].want, *ints[i].text ? ints[i].text :
		    "no number");
	}
}

int
main(void)
{
	test_lines();
	test_full();
	test_gone();
	test_holding(true);
	test_holding(false);
	test_options();
	return tap_done();
}
