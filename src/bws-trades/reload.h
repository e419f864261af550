#ifndef BWS_RELOAD_H
#define BWS_RELOAD_H

#include <stdbool.h>

/* HUP as the wish that the symbols be read again. */
struct reload {
	int fd; /* -1: HUP does what it always does */
};

/*
 * Where wanted: catches HUP from now on; before any thread is started.  Also
 * one that is ignored, as nohup(1) has it: a terminal that hangs up then only
 * has the symbols read once more.  -1 with errno.
 */
int reload_open(struct reload *reload, bool wanted);
void reload_close(struct reload *reload);

/* Polls readable when it came; -1: there is none. */
int reload_fd(const struct reload *reload);

/* Whether it came since the last call. */
bool reload_asked(struct reload *reload);

#endif
