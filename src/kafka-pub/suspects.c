/*
 * Which messages of a refused batch are the bad ones.
 */
#include "suspects.h"

#include <stdlib.h>
#include <string.h>

/* The messages of that partition; NULL: out of memory. */
static struct suspects_part *
part_of(struct suspects *suspects, int32_t partition)
{
	struct suspects_part *parts;

	for (size_t i = 0; i < suspects->nparts; i++) {
		if (suspects->parts[i].partition == partition)
			return &suspects->parts[i];
	}
	parts = realloc(suspects->parts,
	    (suspects->nparts + 1) * sizeof *parts);
	if (parts == NULL)
		return NULL;
	suspects->parts = parts;
	parts += suspects->nparts++;
	*parts = (struct suspects_part){ .partition = partition };
	return parts;
}

int
suspects_add(struct suspects *suspects, const rd_kafka_message_t *message,
    uint64_t line, int64_t time_ms)
{
	struct suspects_part *part = part_of(suspects, message->partition);
	struct suspect *suspect = part == NULL ? NULL :
	    malloc(sizeof *suspect + message->key_len + message->len);

	if (suspect == NULL)
		return -1;
	*suspect = (struct suspect){
		.line = line, .time_ms = time_ms,
		.has_key = message->key != NULL,
		.key_len = message->key_len, .len = message->len,
	};
	if (message->key_len > 0)
		memcpy(suspect->bytes, message->key, message->key_len);
	if (message->len > 0)
		memcpy(suspect->bytes + message->key_len, message->payload,
		    message->len);
	if (part->first == NULL)
		part->first = suspect;
	else
		part->last->next = suspect;
	part->last = suspect;
	suspects->count++;
	/* Half of them, for all of them were refused. */
	part->take = (++part->count + 1) / 2;
	return 0;
}

size_t
suspects_take(const struct suspects_part *part)
{
	return part->take < part->count ? part->take : part->count;
}

void
suspects_drop(struct suspects *suspects, struct suspects_part *part)
{
	struct suspect *first = part->first;

	part->first = first->next;
	if (part->first == NULL)
		part->last = NULL;
	part->count--;
	suspects->count--;
	free(first);
}

bool
suspects_judge(struct suspects *suspects, struct suspects_part *part)
{
	size_t tried = part->flying;
	struct suspect **link = &part->first, *suspect, *before = NULL;
	bool refused = false;

	part->flying = 0;
	for (size_t i = 0; i < tried; i++) {
		suspect = *link;
		if (suspect->error != RD_KAFKA_RESP_ERR_NO_ERROR) {
			refused = true;
			before = suspect;
			link = &suspect->next;
			continue;
		}
		*link = suspect->next;
		if (part->last == suspect)
			part->last = before;
		part->count--;
		suspects->count--;
		free(suspect);
	}
	if (!refused)
		part->take = 2 * tried;
	else
		part->take = tried > 1 ? tried / 2 : 1;
	return refused && tried == 1;
}

void
suspects_free(struct suspects *suspects)
{
	for (size_t i = 0; i < suspects->nparts; i++) {
		while (suspects->parts[i].first != NULL)
			suspects_drop(suspects, &suspects->parts[i]);
	}
	free(suspects->parts);
	suspects->parts = NULL;
	suspects->nparts = 0;
}
