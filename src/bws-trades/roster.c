#include "roster.h"

#include <stdlib.h>
#include <string.h>

void
roster_free(struct roster *roster)
{
	for (size_t i = 0; i < roster->count; i++)
		free(roster->entries[i].symbol);
	free(roster->entries);
	memset(roster, 0, sizeof *roster);
}

/* Callers go through the symbols in order: the next one is at hand. */
static struct roster_entry *
find(struct roster *roster, const struct sequence_symbol *sequence)
{
	for (size_t i = 0; i < roster->count; i++) {
		size_t at = (roster->hint + i) % roster->count;

		if (roster->entries[at].sequence == sequence) {
			roster->hint = at + 1;
			return &roster->entries[at];
		}
	}
	return NULL;
}

int
roster_add(struct roster *roster, const char *symbol,
    struct sequence_symbol *sequence)
{
	struct roster_entry *entries = roster->entries, *entry;

	if (roster->count == roster->cap) {
		roster->cap = roster->cap == 0 ? 16 : 2 * roster->cap;
		entries = realloc(entries, roster->cap * sizeof *entries);
		if (entries == NULL)
			return -1;
		roster->entries = entries;
	}
	entry = &entries[roster->count];
	*entry = (struct roster_entry){ .symbol = strdup(symbol),
		.sequence = sequence, .since_us = INT64_MAX };
	if (entry->symbol == NULL)
		return -1;
	roster->count++;
	return 0;
}

void
roster_remove(struct roster *roster, struct roster_entry *entry)
{
	free(entry->symbol);
	*entry = roster->entries[--roster->count];
}

void
roster_subscribed(struct roster *roster,
    const struct sequence_symbol *sequence, int64_t now_us)
{
	struct roster_entry *entry = find(roster, sequence);

	if (entry == NULL || entry->since_us != INT64_MAX)
		return;
	entry->since_us = now_us;
	roster->due_us = 0;
}

const char *
roster_quiet(struct roster *roster, int64_t now_us, int64_t quiet_us)
{
	if (now_us < roster->due_us)
		return NULL;
	roster->due_us = INT64_MAX;
	for (size_t i = 0; i < roster->count; i++) {
		struct roster_entry *entry = &roster->entries[i];

		entry->named |= sequence_heard(entry->sequence);
		if (entry->named || entry->since_us == INT64_MAX)
			continue;
		if (now_us - entry->since_us >= quiet_us) {
			entry->named = true;
			roster->due_us = 0;
			return entry->symbol;
		}
		if (entry->since_us + quiet_us < roster->due_us)
			roster->due_us = entry->since_us + quiet_us;
	}
	return NULL;
}
