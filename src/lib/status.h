#ifndef TICKPIPE_STATUS_H
#define TICKPIPE_STATUS_H

/*
 * Exit statuses, the same in all six commands.
 *
 * A command that both refused data and failed at the world ends with
 * STATUS_WORLD: status_worse() is that rule.
 */
enum status {
	STATUS_OK = 0,    /* all input delivered, or asked to stop and drained */
	STATUS_DATA = 1,  /* some input was refused, and reported */
	STATUS_USAGE = 2, /* the invocation: a retry cannot help */
	STATUS_WORLD = 3, /* peer, network, disk: a retry may help */
};

static inline enum status
status_worse(enum status a, enum status b)
{
	return a > b ? a : b;
}

#endif
