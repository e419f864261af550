/*
 * How far each partition has come.
 */
#include "parts.h"

#include <stdlib.h>
#include <string.h>

void
parts_init(struct parts *parts)
{
	memset(parts, 0, sizeof *parts);
}

void
parts_clear(struct parts *parts)
{
	for (size_t i = 0; i < parts->n; i++)
		free(parts->part[i].topic);
	parts->n = 0;
	parts->hint = 0;
}

void
parts_free(struct parts *parts)
{
	parts_clear(parts);
	free(parts->part);
	parts->part = NULL;
	parts->cap = 0;
}

void
parts_renew(struct parts *parts, int64_t now_ms)
{
	parts->start = now_ms > parts->start ? now_ms : parts->start + 1;
}

int
parts_add(struct parts *parts, const char *topic, int32_t partition,
    int64_t committed)
{
	struct part *p = parts->part;
	char *copy;

	if (parts->n == parts->cap) {
		p = realloc(p, (parts->cap * 2 + 8) * sizeof *p);
		if (p == NULL)
			return -1;
		parts->part = p;
		parts->cap = parts->cap * 2 + 8;
	}
	copy = strdup(topic);
	if (copy == NULL)
		return -1;
	parts->part[parts->n++] = (struct part){
		.topic = copy, .partition = partition,
		.start = parts->start, .first = -1,
		.last = -1, .safe = committed, .committed = committed,
		.begin = -1, .end = -1,
	};
	return 0;
}

static bool
is(const struct part *part, const char *topic, size_t len,
    int32_t partition)
{
	return part->partition == partition &&
	    strlen(part->topic) == len && memcmp(part->topic, topic, len) == 0;
}

struct part *
parts_find(struct parts *parts, const char *topic, size_t len,
    int32_t partition)
{
	for (size_t i = 0; i < parts->n; i++) {
		if (is(&parts->part[i], topic, len, partition))
			return &parts->part[i];
	}
	return NULL;
}

void
parts_remove(struct parts *parts, const char *topic, int32_t partition)
{
	struct part *part = parts_find(parts, topic, strlen(topic), partition);

	if (part == NULL)
		return;
	free(part->topic);
	*part = parts->part[--parts->n];
	parts->hint = 0;
}

struct part *
parts_find_handle(struct parts *parts, const void *handle, int32_t partition)
{
	size_t i = parts->hint;

	/* Messages of a partition come in runs: begin where it was last. */
	for (size_t n = 0; n < parts->n; n++, i++) {
		if (i >= parts->n)
			i = 0;
		if (parts->part[i].handle == handle &&
		    parts->part[i].partition == partition) {
			parts->hint = i;
			return &parts->part[i];
		}
	}
	return NULL;
}

bool
part_advance(struct part *part, int64_t offset)
{
	if (offset <= part->last)
		return false;
	if (part->first == -1)
		part->first = offset;
	part->last = offset;
	if (part->end != -1 && offset + 1 >= part->end)
		part->ended = true;
	return true;
}

void
parts_forsake(struct parts *parts, const char *topic)
{
	for (size_t i = 0; i < parts->n; i++) {
		if (strcmp(parts->part[i].topic, topic) == 0)
			parts->part[i].forsaken = true;
	}
}

void
parts_accept(struct parts *parts)
{
	for (size_t i = 0; i < parts->n; i++) {
		struct part *p = &parts->part[i];

		if (p->last != -1 && p->last + 1 > p->safe)
			p->safe = p->last + 1;
	}
}

bool
parts_ack(struct parts *parts, const struct provenance *ack)
{
	struct part *p;

	p = parts_find(parts, ack->topic, ack->topic_len, ack->partition);
	if (p == NULL || ack->start != p->start || p->first == -1 ||
	    ack->offset > p->last)
		return false;
	/* Nothing is done before the first: the group stays where it is. */
	if (ack->offset < p->first || ack->offset + 1 <= p->safe)
		return false;
	p->safe = ack->offset + 1;
	return true;
}

bool
parts_due(const struct parts *parts)
{
	for (size_t i = 0; i < parts->n; i++) {
		if (part_is_due(&parts->part[i]))
			return true;
	}
	return false;
}

bool
parts_ended(const struct parts *parts)
{
	for (size_t i = 0; i < parts->n; i++) {
		if (!parts->part[i].ended)
			return false;
	}
	return true;
}
