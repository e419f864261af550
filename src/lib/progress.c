#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "msg.h"

#define INTERVAL_US 200000

/* Bytes from here to the end of a regular file; false for anything else. */
static bool
bytes_left(const char *name, uint64_t *total)
{
	bool standard = name == NULL || strcmp(name, "-") == 0;
	struct stat st;
	off_t at = standard ? lseek(STDIN_FILENO, 0, SEEK_CUR) : 0;

	if ((standard ? fstat(STDIN_FILENO, &st) : stat(name, &st)) == -1 ||
	    !S_ISREG(st.st_mode) || at == -1)
		return false;
	if (st.st_size > at)
		*total += (uint64_t)(st.st_size - at);
	return true;
}

void
progress_begin(struct progress *progress, bool wanted, char *const *files,
    size_t nfiles)
{
	bool known = true;

	memset(progress, 0, sizeof *progress);
	progress->begin_us = clock_monotonic_us();
	progress->shown = wanted && msg_status_possible();
	for (size_t i = 0; i < nfiles && known; i++)
		known = bytes_left(files[i], &progress->total);
	if (nfiles == 0)
		known = bytes_left(NULL, &progress->total);
	if (!known)
		progress->total = 0;
}

bool
progress_due(struct progress *progress, const struct flow *flow)
{
	int64_t now_us;

	if (!progress->shown || progress->seen == flow->in.bytes)
		return false;
	progress->seen = flow->in.bytes;
	now_us = clock_monotonic_us();
	if (now_us < progress->due_us)
		return false;
	progress->due_us = now_us + INTERVAL_US;
	return true;
}

static double
seconds(const struct progress *progress)
{
	return (double)(clock_monotonic_us() - progress->begin_us + 1) / 1e6;
}

/* 1234567 as "1.2 M". */
static const char *
short_number(char *out, size_t cap, double value)
{
	static const char unit[] = { ' ', 'k', 'M', 'G', 'T', 'P', 'E' };
	unsigned i = 0;

	for (; value >= 999.5 && i + 1 < sizeof unit; i++)
		value /= 1000;
	snprintf(out, cap, i == 0 ? "%.0f %c" : value < 9.95 ? "%.1f %c" :
	    "%.0f %c", value, unit[i]);
	return out;
}

#define NUMBER_MAX 24
#define SHORT(value) short_number((char[NUMBER_MAX]){ 0 }, NUMBER_MAX, value)

void
progress_show(const struct progress *progress, const struct flow *flow,
    uint64_t refused, const uint64_t *late)
{
	char percent[32] = "", lates[48] = "";
	double bytes = (double)flow->in.bytes, took = seconds(progress);

	/* Of files that have grown since it is not known. */
	if (progress->total > 0 && progress->total >= flow->in.bytes) {
		snprintf(percent, sizeof percent, "%.0f %%, ",
		    100 * bytes / (double)progress->total);
	}
	if (late != NULL) {
		snprintf(lates, sizeof lates, ", %llu late",
		    (unsigned long long)*late);
	}
	msg_status("%s%sB, %slines, %sB/s%s, %llu refused", percent,
	    SHORT(bytes), SHORT((double)flow_lines(flow)),
	    SHORT(bytes / took), lates, (unsigned long long)refused);
}

void
progress_end(const struct progress *progress, const struct flow *flow)
{
	double took = seconds(progress);

	msg_status_wipe();
	if (flow->in.bytes == 0)
		return;
	msg_info("%llu lines, %llu bytes in %.2f s, %sB/s",
	    (unsigned long long)flow_lines(flow),
	    (unsigned long long)flow->in.bytes, took,
	    SHORT((double)flow->in.bytes / took));
}
