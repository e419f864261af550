#ifndef EXCHANGE_OPTIONS_H
#define EXCHANGE_OPTIONS_H

#include <stdbool.h>

#include "exchange-market.h"
#include "exchange-serve.h"

/*
 * What the command line says.
 */

struct settings {
	struct serve_options serve;
	struct market_options market;
	const char *counts; /* a file, or NULL */
	bool with_stdin;
};

/* Ends the program when it is wrong, or asks for help. */
void options_read(struct settings *settings, int argc, char **argv);

/* "exchange: what: value" on standard error, and the end; value: or NULL. */
_Noreturn void die(const char *what, const char *value);

#endif
