#ifndef TICKPIPE_APPEND_H
#define TICKPIPE_APPEND_H

/*
 * Opens a file for appending lines to it, made (mode 0640) if need be.  A last
 * line that a crash or a full disk cut short is ended first, so that the next
 * one does not become part of it.  -1 with errno.
 */
int append_open(const char *path);

#endif
