#ifndef KAFKA_SUB_COMMIT_H
#define KAFKA_SUB_COMMIT_H

#include "assign.h"

/*
 * What the group is told, a second after it was told last.
 *
 * The broker drops a group's offsets with a topic that is deleted, and takes
 * those of the old topic for a new one of that name.  So a question precedes
 * each commit: what the group has must not be less than what was committed.
 * Otherwise the topic is another one: conf->failed is set, and nothing is
 * committed.
 *
 * The question blocks for KAFKAASK_MS at the most; nothing waits for the answer
 * to a commit but commit_all().
 */

/* The queue of the answers, once there is a handle. */
void commit_open(struct assign *assign);

/* Takes answers; commits what is due. */
void commit_serve(struct assign *assign);

/* When commit_serve() wants to be called again, monotonic. */
int64_t commit_deadline_us(const struct assign *assign);

/*
 * Commits what is safe, again and again until the group has it, the partitions
 * are another's, or the deadline has passed.  Whether the group has it all.
 */
bool commit_all(struct assign *assign, int64_t deadline_us);

/* The topic was deleted, and perhaps made again: conf->failed is set, and
   nothing is committed for it any more. */
void commit_topic_gone(struct assign *assign, const char *topic,
    const char *how);

void commit_free(struct assign *assign);

#endif
