#include "sidefile.h"

#include <errno.h>
#include <unistd.h>

#include "append.h"

int
sidefile_open(struct sidefile *file, const char *path)
{
	int fd;

	file->path = path;
	file->open = false;
	if (path == NULL)
		return 0;
	fd = append_open(path);
	if (fd == -1)
		return -1;
	if (lineout_init(&file->out, fd) == -1) {
		close(fd);
		errno = ENOMEM;
		return -1;
	}
	file->open = true;
	return 0;
}

int
sidefile_put(struct sidefile *file, const char *text, size_t len)
{
	return file->open ? lineout_put(&file->out, text, len) : 0;
}

int
sidefile_flush(struct sidefile *file)
{
	return file->open ? lineout_flush(&file->out) : 0;
}

int
sidefile_close(struct sidefile *file)
{
	int result;

	if (!file->open)
		return 0;
	file->open = false;
	result = lineout_close(&file->out);
	lineout_free(&file->out);
	return result;
}
