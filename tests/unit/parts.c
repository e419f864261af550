/*
 * Goal: only what is safe under the present assignment may be committed.
 */
#include "../../src/kafka-sub/parts.h"

#include "tap.h"

static bool
ack(struct parts *parts, const char *topic, int32_t partition,
    int64_t offset, int64_t start)
{
	struct provenance p = { .topic = topic, .topic_len = strlen(topic),
	    .partition = partition, .offset = offset, .start = start };

	return parts_ack(parts, &p);
}

int
main(void)
{
	struct parts parts;
	struct part *a, *b;
	int64_t start;

	parts_init(&parts);
	parts_renew(&parts, 1000);
	start = parts.start;
	parts_add(&parts, "t", 0, -1);
	parts_add(&parts, "t", 1, 50);
	a = parts_find(&parts, "t", 1, 0);
	b = parts_find(&parts, "t", 1, 1);
	tap_ok(a != NULL && b != NULL, "partitions are found");
	tap_ok(parts_find(&parts, "tt", 2, 0) == NULL &&
	    parts_find(&parts, "t", 1, 2) == NULL, "and others are not");
	tap_ok(!parts_due(&parts), "nothing is due at the beginning");
	parts_accept(&parts);
	tap_ok(!parts_due(&parts), "nor where nothing was handed out");

	tap_ok(!ack(&parts, "t", 0, 5, start), "no ack before a message");
	tap_ok(part_advance(a, 7) && part_advance(a, 9), "offsets rise");
	tap_ok(!part_advance(a, 9) && !part_advance(a, 8), "or are refused");
	tap_int(a->last, 9, "and the last stays");
	tap_ok(!ack(&parts, "t", 0, 6, start), "an ack before the first");
	tap_ok(!ack(&parts, "t", 0, -1, start), "and one of -1 say nothing");
	tap_ok(!ack(&parts, "t", 0, 10, start), "nor one beyond the last");
	tap_ok(!ack(&parts, "t", 0, 8, start - 1), "nor of another start");
	tap_ok(!ack(&parts, "u", 0, 8, start), "nor of another topic");
	tap_ok(!ack(&parts, "t", 3, 8, start), "nor of a partition not held");
	tap_ok(!parts_due(&parts), "so nothing is due");
	tap_ok(ack(&parts, "t", 0, 8, start), "a good one is taken");
	tap_int(a->safe, 9, "the next offset to read is safe");
	tap_ok(!ack(&parts, "t", 0, 7, start) &&
	    !ack(&parts, "t", 0, 8, start), "a lower or equal one is not");
	tap_ok(parts_due(&parts) && part_is_due(a) && !part_is_due(b),
	    "it is due");
	a->committed = 9;
	tap_ok(!parts_due(&parts), "until it is committed");

	part_advance(b, 50);
	tap_ok(!part_is_due(b), "handed out is not safe");
	parts_accept(&parts);
	tap_ok(a->safe == 10 && b->safe == 51, "accepted is");
	tap_ok(!parts_ended(&parts), "the end of all partitions");
	a->ended = b->ended = true;
	tap_ok(parts_ended(&parts), "is the end of each");

	a->ended = false;
	a->end = 30;
	part_advance(a, 28);
	tap_ok(!a->ended && part_advance(a, 29) && a->ended,
	    "or what was its end when reading began");

	b->begin = 50;
	tap_int(part_position(b), 51, "reading goes on after the last one");
	b->last = -1;
	tap_int(part_position(b), 50, "or where it begins");
	a->safe = a->committed + 1;
	parts_forsake(&parts, "other");
	tap_ok(parts_due(&parts), "another topic is forsaken");
	parts_forsake(&parts, "t");
	tap_ok(!parts_due(&parts), "or this one: nothing is due any more");

	parts_renew(&parts, 1000);
	tap_ok(parts.start > start, "another assignment, another start");
	parts_add(&parts, "t", 2, 5);
	part_advance(parts_find(&parts, "t", 1, 1), 51);
	part_advance(parts_find(&parts, "t", 1, 2), 5);
	tap_ok(ack(&parts, "t", 1, 51, start) &&
	    !ack(&parts, "t", 1, 51, parts.start),
	    "a partition that stays keeps the start that it came with");
	tap_ok(ack(&parts, "t", 2, 5, parts.start) &&
	    !ack(&parts, "t", 2, 5, start), "one that comes has the new one");
	parts_remove(&parts, "t", 0);
	parts_remove(&parts, "t", 7);
	tap_ok(parts_find(&parts, "t", 1, 0) == NULL && parts.n == 2 &&
	    parts_find(&parts, "t", 1, 1)->last == 51 &&
	    parts_find(&parts, "t", 1, 2)->last == 5,
	    "one that goes leaves the others");
	parts_add(&parts, "t", 0, 9);
	tap_int(parts_find(&parts, "t", 1, 0)->last, -1,
	    "and has forgotten all when it comes back");
	parts_clear(&parts);
	tap_ok(parts.n == 0 && !ack(&parts, "t", 1, 51, start),
	    "nothing is left of what is cleared");
	start = parts.start;
	parts_renew(&parts, 900);
	tap_ok(parts.start > start, "also when the clock went back");

	for (int i = 0; i < 100; i++)
		parts_add(&parts, "many", i, -1);
	for (int i = 0; i < 100; i++)
		parts.part[i].handle = &parts;
	tap_ok(parts_find_handle(&parts, &parts, 99) == &parts.part[99] &&
	    parts_find_handle(&parts, &parts, 0) == &parts.part[0] &&
	    parts_find_handle(&parts, &start, 0) == NULL,
	    "found by the client's handle");
	parts_free(&parts);
	return tap_done();
}
