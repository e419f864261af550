/*
 * measure: what a command takes.
 *
 *     measure RESULT COMMAND [ARGUMENT...]
 *
 * Runs COMMAND and, if it succeeds, appends a line of three numbers to the file
 * RESULT: microseconds from its start to its end, microseconds of user and
 * system time, and peak resident KiB; the last two with the children it waited
 * for. (The peak counts this program too, from before COMMAND took its place:
 * hence no shell does this.)
 *
 * Exit status: COMMAND's, 128 and its number after a signal, 3 when it could
 * not be run.
 */
#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t
timeval_us(struct timeval time)
{
	return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

static int
fail(const char *what, int error)
{
	fprintf(stderr, "measure: %s: %s\n", what, strerror(error));
	return 3;
}

static int
append_result(const char *path, int64_t wall_us, const struct rusage *used)
{
	FILE *result = fopen(path, "a");

	if (result == NULL)
		return fail(path, errno);
	fprintf(result, "%" PRId64 " %" PRId64 " %ld\n", wall_us,
	    timeval_us(used->ru_utime) + timeval_us(used->ru_stime),
	    used->ru_maxrss);
	return fclose(result) == EOF ? fail(path, errno) : 0;
}

int
main(int argc, char **argv)
{
	struct rusage used;
	int64_t begin_us, wall_us;
	pid_t pid;
	int status, error;

	if (argc < 3) {
		fprintf(stderr, "usage: measure RESULT COMMAND "
		    "[ARGUMENT...]\n");
		return 2;
	}
	begin_us = now_us();
	error = posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ);
	if (error != 0)
		return fail(argv[2], error);
	while (wait4(pid, &status, 0, &used) < 0)
		if (errno != EINTR)
			return fail(argv[2], errno);
	wall_us = now_us() - begin_us;
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	if (WEXITSTATUS(status) != 0)
		return WEXITSTATUS(status);
	return append_result(argv[1], wall_us, &used);
}
