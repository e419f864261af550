#include "stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#define REPEAT_US 100000 /* between the signals after the deadline */

static volatile sig_atomic_t asked, overdue;
static bool int_ignored; /* by whoever started the process */
static int stop_pipe[2] = { -1, -1 };
static struct itimerval drain_timer;

static int
handle(int signal, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigemptyset(&action.sa_mask);
	return sigaction(signal, &action, NULL);
}

/* INT and TERM; the second one kills, whichever it is. */
static void
on_ask(int signal)
{
	int saved = errno;

	(void)signal;
	if (!int_ignored)
		handle(SIGINT, SIG_DFL, 0);
	handle(SIGTERM, SIG_DFL, 0);
	if (!asked) {
		asked = 1;
		setitimer(ITIMER_REAL, &drain_timer, NULL);
		if (write(stop_pipe[1], "", 1) < 0) {
			/* full: it is readable already */
		}
	}
	errno = saved;
}

static void
on_alarm(int signal)
{
	(void)signal;
	overdue = 1;
}

/*
 * INT is what a terminal sends to all of its foreground, and who ignores it for
 * a child means it to go on.  TERM is sent to the process that it is for.
 */
static int
handle_asking(void)
{
	struct sigaction old;

	if (sigaction(SIGINT, NULL, &old) == -1)
		return -1;
	int_ignored = old.sa_handler == SIG_IGN;
	if (!int_ignored && handle(SIGINT, on_ask, 0) == -1)
		return -1;
	return handle(SIGTERM, on_ask, 0);
}

int
stop_init(int64_t drain_us)
{
	if (drain_us < 1)
		drain_us = 1;
	drain_timer.it_value.tv_sec = drain_us / 1000000;
	drain_timer.it_value.tv_usec = drain_us % 1000000;
	drain_timer.it_interval.tv_usec = REPEAT_US;
	if (pipe(stop_pipe) == -1)
		return -1;
	for (int i = 0; i < 2; i++) {
		if (fcntl(stop_pipe[i], F_SETFD, FD_CLOEXEC) == -1 ||
		    fcntl(stop_pipe[i], F_SETFL, O_NONBLOCK) == -1)
			return -1;
	}
	if (handle(SIGPIPE, SIG_IGN, 0) == -1 ||
	    handle(SIGXFSZ, SIG_IGN, 0) == -1 ||
	    handle(SIGALRM, on_alarm, 0) == -1 || handle_asking() == -1)
		return -1;
	return 0;
}

bool
stop_asked(void)
{
	return asked;
}

bool
stop_overdue(void)
{
	return overdue;
}

int
stop_fd(void)
{
	return stop_pipe[0];
}

bool
stop_retry_write(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	if ((errno == EAGAIN || errno == EWOULDBLOCK) &&
	    poll(&p, 1, -1) != -1)
		return true;
	return errno == EINTR;
}

int
stop_write(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n == -1 && !stop_retry_write(fd))
			return -1;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
		if (len > 0 && stop_overdue()) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	return 0;
}

void
stop_by_sigpipe(void)
{
	sigset_t set;

	handle(SIGPIPE, SIG_DFL, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(SIGPIPE);
	_exit(128 + SIGPIPE);
}
