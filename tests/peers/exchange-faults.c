#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "exchange-faults.h"
#include "exchange-market.h"

static const char *const names[FAULT_KINDS] = {
	[FAULT_DROP] = "drop", [FAULT_RESET] = "reset",
	[FAULT_CLOSE] = "close", [FAULT_STALL] = "stall",
	[FAULT_HALF_OPEN] = "half-open", [FAULT_BEHIND] = "behind",
	[FAULT_GARBAGE] = "garbage", [FAULT_BINARY] = "binary",
	[FAULT_UTF8] = "utf8", [FAULT_LONG] = "long",
	[FAULT_SHUTDOWN] = "shutdown", [FAULT_CUT] = "cut",
	[FAULT_LOSE] = "lose", [FAULT_DUPLICATE] = "duplicate",
	[FAULT_REORDER] = "reorder", [FAULT_PIECES] = "pieces",
	[FAULT_HOLE] = "hole", [FAULT_SLOW_HANDSHAKE] = "slow-handshake",
	[FAULT_REFUSE] = "refuse", [FAULT_TOO_MANY] = "too-many",
	[FAULT_CERTIFICATE] = "certificate", [FAULT_REST_429] = "rest-429",
	[FAULT_REST_418] = "rest-418", [FAULT_REST_500] = "rest-500",
	[FAULT_REST_SLOW] = "rest-slow", [FAULT_REST_CUT] = "rest-cut",
	[FAULT_REST_GARBAGE] = "rest-garbage",
	[FAULT_REST_EMPTY] = "rest-empty", [FAULT_REST_SHORT] = "rest-short",
	[FAULT_REST_REFUSE] = "rest-refuse",
};

const char *
fault_name(enum fault_kind kind)
{
	return names[kind];
}

static int
add_kind(struct faults *faults, const char *name, size_t len)
{
	for (int i = 0; i < FAULT_KINDS; i++) {
		if (strlen(names[i]) != len || strncmp(names[i], name, len))
			continue;
		for (int k = 0; k < faults->ndeck; k++)
			if (faults->deck[k] == (enum fault_kind)i)
				return 0;
		faults->deck[faults->ndeck++] = (enum fault_kind)i;
		return 0;
	}
	return -1;
}

int
faults_init(struct faults *faults, const struct faults_options *options)
{
	const char *kinds = options->kinds;
	size_t len;

	memset(faults, 0, sizeof(*faults));
	faults->left = options->count;
	faults->every_us = options->every_us;
	faults->after_us = options->after_us;
	faults->random = options->seed ^ 0x6661756c7473;
	if (kinds == NULL) {
		for (int i = 0; i < FAULT_KINDS; i++)
			if (i != FAULT_CERTIFICATE || options->tls)
				faults->deck[faults->ndeck++] =
				    (enum fault_kind)i;
	}
	for (; kinds != NULL; kinds = kinds[len] == '\0' ? NULL :
	    kinds + len + 1) {
		len = strcspn(kinds, ",");
		if (add_kind(faults, kinds, len) != 0)
			return -1;
	}
	faults->next = faults->ndeck;
	return 0;
}

static void
shuffle(struct faults *faults)
{
	for (int i = faults->ndeck - 1; i > 0; i--) {
		int k = (int)(market_random(&faults->random) %
		    (uint64_t)(i + 1));
		enum fault_kind kind = faults->deck[i];

		faults->deck[i] = faults->deck[k];
		faults->deck[k] = kind;
	}
	faults->next = 0;
}

/* Exponential, but never far longer than the mean. */
static int64_t
draw_gap(struct faults *faults)
{
	double even = ((double)(market_random(&faults->random) >> 11) + 1) /
	    9007199254740993.0;
	double gap = -log(even);

	return (int64_t)((gap > 4 ? 4 : gap) * (double)faults->every_us);
}

void
faults_tick(struct faults *faults, int64_t now_us)
{
	if (faults->due_us == 0)
		faults->due_us = now_us + faults->after_us;
	while (faults->left > 0 && now_us >= faults->due_us) {
		enum fault_kind kind;

		if (faults->next == faults->ndeck)
			shuffle(faults);
		kind = faults->deck[faults->next++];
		if (faults->waiting[kind]++ == 0)
			faults->since_us[kind] = now_us;
		faults->left--;
		faults->due_us += draw_gap(faults);
	}
}

enum fault_kind
faults_waiting(const struct faults *faults, enum fault_kind first,
    enum fault_kind last)
{
	enum fault_kind found = FAULT_NONE;

	for (int i = (int)first; i <= (int)last; i++)
		if (faults->waiting[i] > 0 && (found == FAULT_NONE ||
		    faults->since_us[i] < faults->since_us[found]))
			found = (enum fault_kind)i;
	return found;
}

void
faults_happened(struct faults *faults, enum fault_kind kind)
{
	faults->waiting[kind]--;
	faults->happened[kind]++;
}

uint64_t
faults_all_waiting(const struct faults *faults)
{
	uint64_t sum = 0;

	for (int i = 0; i < FAULT_KINDS; i++)
		sum += faults->waiting[i];
	return sum;
}

void
faults_print(const struct faults *faults, FILE *to)
{
	const char *separator = "{";

	for (int i = 0; i < FAULT_KINDS; i++) {
		if (faults->happened[i] + faults->waiting[i] == 0)
			continue;
		fprintf(to, "%s\"%s\":%" PRIu64, separator, names[i],
		    faults->happened[i]);
		separator = ",";
	}
	fprintf(to, "%s}", *separator == '{' ? "{" : "");
}
