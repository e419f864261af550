#include "append.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stop.h"

/* Whether the file's last line has no end.  One we may not read has. */
static bool
is_torn(int fd, const char *path)
{
	struct stat st;
	char last = '\n';
	int in;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return false;
	in = open(path, O_RDONLY | O_CLOEXEC);
	if (in == -1)
		return false;
	if (pread(in, &last, 1, st.st_size - 1) != 1)
		last = '\n';
	close(in);
	return last != '\n';
}

int
append_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	int saved;

	if (fd == -1 || !is_torn(fd, path) || stop_write(fd, "\n", 1) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}
