#include "attempt.h"

#include <stddef.h>
#include <string.h>

/* Begins the text about each address that was tried. */
static const char server[] = "connection to server ";

/* The list ends with NULL. */
static bool
holds_one_of(const char *text, const char *const *parts)
{
	for (; *parts != NULL; parts++) {
		if (strstr(text, *parts) != NULL)
			return true;
	}
	return false;
}

/* What is said of the last address that was tried, or all of it. */
static const char *
last_attempt(const char *text)
{
	const char *last = text, *next = text;

	while ((next = strstr(next, server)) != NULL) {
		last = next;
		next += strlen(server);
	}
	return last;
}

/* Neither an address that was tried nor a name that was looked up. */
static bool
is_wrong_option(const char *text)
{
	static const char *const world[] = {
		server, "could not translate host name ", "out of memory",
		NULL,
	};

	return !holds_one_of(text, world);
}

/* A connection that broke, or a server in trouble, at whatever step. */
static bool
is_broken(const char *text)
{
	static const char *const broken[] = {
		"closed the connection unexpectedly",
		"connection has been closed unexpectedly",
		"could not receive data from server",
		"could not send ",
		"SSL SYSCALL error",
		"SSL error: unexpected eof",
		"bad record mac",
		"alert internal error",
		"server sent an error response during ",
		"out of memory",
		NULL,
	};

	return holds_one_of(text, broken);
}

/* What libpq refuses at a step of the network's. */
static bool
is_refused_here(const char *text)
{
	static const char *const refused[] = {
		"GSSAPI encryption required but ",
		"requirepeer ",
		NULL,
	};

	return holds_one_of(text, refused);
}

bool
attempt_is_hopeless(enum attempt_step step, const char *text)
{
	const char *last = last_attempt(text);

	switch (step) {
	case ATTEMPT_BEGUN:
		return is_wrong_option(text) || is_refused_here(last);
	case ATTEMPT_NETWORK:
		return is_refused_here(last);
	case ATTEMPT_ENCRYPTING:
	case ATTEMPT_LOGIN:
		return !is_broken(last);
	}
	return false;
}
