#ifndef TICKPIPE_OPT_H
#define TICKPIPE_OPT_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Options: what the six commands have in common, and strict readers for
 * option arguments.
 *
 * A command's table of long options begins with OPT_COMMON_LONG and its short
 * options with OPT_COMMON_SHORT; values for its own long-only options start at
 * OPT_OWN.  Its loop gives every value of getopt_long() that is not its own
 * to opt_common().
 */

#define OPT_MAX_LINE_DEFAULT 900000 /* bytes, below Kafka's message limit */
#define OPT_DRAIN_DEFAULT_US (5 * 1000000LL)

enum {
	OPT_HELP = 1000,
	OPT_REJECTS,
	OPT_MAX_LINE,
	OPT_DRAIN,
	OPT_PROGRESS,
	OPT_OWN, /* the first free value */
};

#define OPT_COMMON_SHORT "hqvV"
#define OPT_COMMON_LONG                                                  \
	{ "help", no_argument, NULL, OPT_HELP },                         \
	{ "version", no_argument, NULL, 'V' },                           \
	{ "verbose", no_argument, NULL, 'v' },                           \
	{ "quiet", no_argument, NULL, 'q' },                             \
	{ "rejects", required_argument, NULL, OPT_REJECTS },             \
	{ "max-line", required_argument, NULL, OPT_MAX_LINE },           \
	{ "drain", required_argument, NULL, OPT_DRAIN }

/* For commands that read files. */
#define OPT_PROGRESS_LONG { "progress", no_argument, NULL, OPT_PROGRESS }
#define OPT_PROGRESS_HELP                                                \
	"  --progress          show on the terminal how far it is\n"

/* The lines of --help that describe the common options. */
#define OPT_COMMON_HELP                                                  \
	"  --rejects FILE      append refused lines to FILE as NDJSON\n" \
	"  --max-line BYTES    refuse longer lines (900000)\n"           \
	"  --drain DURATION    after INT or TERM, wait this long for the\n" \
	"                      end of the input (5s)\n"                  \
	"  -q, --quiet         say only what ends the command\n"         \
	"  -v, --verbose       say more\n"                               \
	"  -V, --version       print the version\n"                      \
	"  -h, --help          print this help (-h: alone)\n"

struct opt_command {
	const char *name;    /* of the command */
	const char *usage;   /* what follows "usage: NAME ", one line */
	const char *help;    /* the body of --help: options, one a line */
	/* For --version: writes the library's name and its version. */
	void (*library)(char *out, size_t cap);
	const char *h_hint;  /* said when -h comes with company, or NULL */
};

struct opt_common {
	const char *rejects; /* a path, or NULL: refused lines to stderr */
	size_t max_line;     /* bytes, `_kafka` and newline not counted */
	int64_t drain_us;
	bool progress;       /* of commands that have --progress */
};

/* Sets the defaults, the name of messages, and getopt's quiet mode. */
void opt_init(struct opt_common *common, const struct opt_command *command);

/*
 * Handles C, a value that getopt_long() returned and that is not the
 * command's own.  argc is main()'s (for "-h alone").  Prints help or the
 * version and exits 0; for what is wrong it ends by opt_usage().
 */
void opt_common(struct opt_common *common, const struct opt_command *command,
    int c, int argc, char **argv);

/*
 * Wrong use: prints what is wrong, the usage line and where help is on
 * standard error and exits with STATUS_USAGE.
 */
_Noreturn void opt_usage(const struct opt_command *command,
    const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Strict readers: the whole text must be the number, within bounds.  They
 * return false and leave *out alone otherwise.
 */
bool opt_int(const char *text, int64_t min, int64_t max, int64_t *out);

/* A duration with its unit: us, ms, s, m, h or d ("250ms", "10s"); "0". */
bool opt_duration(const char *text, int64_t min_us, int64_t max_us,
    int64_t *out_us);

/* Bytes, with an optional k, M or G (powers of 1024). */
bool opt_bytes(const char *text, size_t min, size_t max, size_t *out);

#endif
