/*
 * -o: where reading begins without a group, as in kcat.
 */
#include <stdbool.h>
#include <string.h>

#include "assign.h"
#include "opt.h"
#include "timestamp.h"

bool
origin_read(const char *text, struct origin *out)
{
	int64_t time_us;

	if (strcmp(text, "beginning") == 0) {
		out->kind = ORIGIN_BEGINNING;
	} else if (strcmp(text, "end") == 0) {
		out->kind = ORIGIN_END;
	} else if (strncmp(text, "s@", 2) == 0) {
		out->kind = ORIGIN_TIME;
		if (opt_int(text + 2, 0, INT64_MAX, &out->value))
			return true;
		if (!timestamp_read(text + 2, strlen(text + 2), &time_us) ||
		    time_us < 0)
			return false;
		/* The first message at or after it: round up. */
		out->value = (time_us + 999) / 1000;
	} else if (text[0] == '-') {
		out->kind = ORIGIN_TAIL;
		return opt_int(text + 1, 1, 1000000000, &out->value);
	} else {
		out->kind = ORIGIN_OFFSET;
		return opt_int(text, 0, INT64_MAX, &out->value);
	}
	return true;
}
