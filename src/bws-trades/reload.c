#include "reload.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

int
reload_open(struct reload *reload, bool wanted)
{
	sigset_t set;

	reload->fd = -1;
	if (!wanted)
		return 0;
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	reload->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return reload->fd == -1 ? -1 : 0;
}

void
reload_close(struct reload *reload)
{
	if (reload->fd != -1)
		close(reload->fd);
}

int
reload_fd(const struct reload *reload)
{
	return reload->fd;
}

bool
reload_asked(struct reload *reload)
{
	struct signalfd_siginfo info;
	bool asked = false;

	while (reload->fd != -1 && read(reload->fd, &info, sizeof info) ==
	    (ssize_t)sizeof info)
		asked = true;
	return asked;
}
