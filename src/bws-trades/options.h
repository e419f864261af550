#ifndef BWS_OPTIONS_H
#define BWS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "opt.h"
#include "streams.h"
#include "url.h"

/* What the command line and the environment come to. */
struct settings {
	struct opt_common common;
	char *replay[1];      /* NULL: a live feed */

	char *const *operands; /* symbols, ended by NULL */
	const char **files;    /* of --symbols */
	size_t nfiles;
	struct streams streams; /* both */

	struct url url, rest;
	bool has_rest;
	bool microseconds;
	const char *ca, *resume, *gaps, *frames, *stats; /* files, or NULL */
	size_t buffer;         /* bytes */
	int64_t rest_weight;   /* to use in a minute */
	/* In microseconds: */
	int64_t rotate_us, overlap_us, stale_us, connect_timeout_us;
	int64_t retry_max_us, settle_us, heal_wait_us, quiet_us;
	int64_t stats_interval_us;
};

/* Prints what is wrong and ends the command where something is. */
void settings_read(struct settings *settings, int argc, char **argv);
void settings_free(struct settings *settings);

/*
 * Reads the symbols, once more, from the files and the operands into streams,
 * which is empty.  false: what is wrong is in reason, for a message.
 */
bool settings_symbols(const struct settings *settings,
    struct streams *streams, char *reason, size_t cap);

#endif
