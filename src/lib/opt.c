#include "opt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "status.h"

#ifndef TICKPIPE_VERSION
#define TICKPIPE_VERSION "0"
#endif

/*
 * A standard descriptor that came closed is taken by one that fails as a
 * closed one does (EBADF), so that no file we open lands in its place.
 */
static void
take_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) == -1 && errno == EBADF &&
		    open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) == -1)
			return;
	}
}

void
opt_init(struct opt_common *common, const struct opt_command *command)
{
	common->rejects = NULL;
	common->max_line = OPT_MAX_LINE_DEFAULT;
	common->drain_us = OPT_DRAIN_DEFAULT_US;
	common->progress = false;
	msg_init(command->name);
	take_standard_descriptors();
	opterr = 0; /* opt_common() says what is wrong */
}

/* --help and --version: to stdout, and a full disk is an error here too. */
static _Noreturn void
print_and_exit(const char *format, const char *a, const char *b,
    const char *c)
{
	printf(format, a, b, c);
	if (fclose(stdout) == EOF) {
		msg_error("standard output: write error");
		exit(STATUS_WORLD);
	}
	exit(STATUS_OK);
}

static _Noreturn void
print_version(const struct opt_command *command)
{
	char library[128];

	command->library(library, sizeof library);
	print_and_exit("%s (tickpipe) %s, %s\n", command->name,
	    TICKPIPE_VERSION, library);
}

/* Says which option getopt_long() stumbled over. */
static _Noreturn void
bad_option(const struct opt_command *command, int c, char **argv)
{
	const char *arg = optind > 0 ? argv[optind - 1] : "";

	if (c == ':') {
		if (strncmp(arg, "--", 2) == 0)
			opt_usage(command, "%s needs an argument", arg);
		opt_usage(command, "-%c needs an argument", optopt);
	}
	if (optopt > 0 && optopt < OPT_HELP && arg[1] != '-')
		opt_usage(command, "unknown option -%c", optopt);
	if (optopt > 0)
		opt_usage(command, "%s takes no argument", arg);
	opt_usage(command, "unknown option %s", arg);
}

void
opt_common(struct opt_common *common, const struct opt_command *command,
    int c, int argc, char **argv)
{
	switch (c) {
	case 'h':
		/* -hHOST is another command's, as -h HOST is. */
		if (argc != 2 || strcmp(argv[1], "-h") != 0) {
			opt_usage(command, "%s", command->h_hint ?
			    command->h_hint : "-h goes alone");
		}
		/* FALLTHROUGH */
	case OPT_HELP:
		print_and_exit("usage: %s %s\n%s", command->name,
		    command->usage, command->help);
	case 'V':
		print_version(command);
	case 'q':
		msg_set_level(MSG_QUIET);
		return;
	case 'v':
		msg_set_level(MSG_VERBOSE);
		return;
	case OPT_REJECTS:
		common->rejects = optarg;
		return;
	case OPT_MAX_LINE:
		if (!opt_bytes(optarg, 64, 1 << 30, &common->max_line)) {
			opt_usage(command, "--max-line '%s' is not a number "
			    "of bytes from 64 to 1G", optarg);
		}
		return;
	case OPT_DRAIN:
		if (!opt_duration(optarg, 0, 86400LL * 1000000,
		    &common->drain_us)) {
			opt_usage(command, "--drain '%s' is not a duration "
			    "from 0 to 1d", optarg);
		}
		return;
	case OPT_PROGRESS:
		common->progress = true;
		return;
	default:
		bad_option(command, c, argv);
	}
}

void
opt_usage(const struct opt_command *command, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	msg_error("%s", text);
	fprintf(stderr, "usage: %s %s\nTry '%s --help'.\n", command->name,
	    command->usage, command->name);
	exit(STATUS_USAGE);
}

/* Digits only, no sign but '-', no blanks; returns what follows, or NULL. */
static const char *
read_digits(const char *text, int64_t *out)
{
	bool negative = *text == '-';
	uint64_t value = 0, limit = (uint64_t)INT64_MAX + (negative ? 1 : 0);

	text += negative;
	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		if (value > (limit - digit) / 10)
			return NULL;
		value = value * 10 + digit;
	}
	*out = negative ? (int64_t)(0 - value) : (int64_t)value;
	return text;
}

bool
opt_int(const char *text, int64_t min, int64_t max, int64_t *out)
{
	int64_t value;
	const char *rest = read_digits(text, &value);

	if (rest == NULL || *rest != '\0' || value < min || value > max)
		return false;
	*out = value;
	return true;
}

struct unit {
	const char *name;
	int64_t factor;
};

/* A number and one of the units, an entry of factor 0 ends the table. */
static bool
read_with_unit(const char *text, const struct unit *units, int64_t min,
    int64_t max, int64_t *out)
{
	int64_t value;
	const char *rest = read_digits(text, &value);

	if (rest == NULL || value < 0)
		return false;
	for (; units->factor != 0; units++) {
		if (strcmp(rest, units->name) != 0)
			continue;
		if (value > max / units->factor)
			return false;
		value *= units->factor;
		if (value < min)
			return false;
		*out = value;
		return true;
	}
	return false;
}

bool
opt_duration(const char *text, int64_t min_us, int64_t max_us,
    int64_t *out_us)
{
	static const struct unit units[] = {
		{ "us", 1 }, { "ms", 1000 }, { "s", 1000000 },
		{ "m", 60 * 1000000LL }, { "h", 3600 * 1000000LL },
		{ "d", 86400 * 1000000LL }, { NULL, 0 },
	};

	if (strcmp(text, "0") == 0)
		text = "0s";
	return read_with_unit(text, units, min_us, max_us, out_us);
}

bool
opt_bytes(const char *text, size_t min, size_t max, size_t *out)
{
	static const struct unit units[] = {
		{ "", 1 }, { "k", 1 << 10 }, { "M", 1 << 20 },
		{ "G", 1 << 30 }, { NULL, 0 },
	};
	int64_t value;

	if (!read_with_unit(text, units, (int64_t)min, (int64_t)max, &value))
		return false;
	*out = (size_t)value;
	return true;
}
