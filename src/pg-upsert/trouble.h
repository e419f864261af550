#ifndef PG_UPSERT_TROUBLE_H
#define PG_UPSERT_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "backoff.h"

/*
 * Trouble with the database: what an SQLSTATE means for the next step, what
 * the user is told of it, and when to try again.
 */

#define SQLSTATE_CAP 6 /* five characters and NUL */

/* The rows are at fault: classes 22 and 23. */
bool sqlstate_condemns(const char *sqlstate);

/* Before the first success: a retry cannot help. */
bool sqlstate_is_hopeless(const char *sqlstate, bool connecting);

/* The session is as good as before the error. */
bool sqlstate_spares_session(const char *sqlstate);

struct trouble {
	struct backoff backoff;
	int64_t since_us; /* monotonic; 0: there is none */
	int64_t said_us;  /* monotonic: when something was last said, or 0 */
	char said[SQLSTATE_CAP];
};

void trouble_init(struct trouble *trouble);

/*
 * Something went wrong: what is new is said at once, what lasts now and then.
 * Returns how long to wait before the next try.
 */
int64_t trouble_meet_us(struct trouble *trouble, const char *message,
    const char *sqlstate);

/* No answer for so long; nobody knows yet whether that is trouble. */
void trouble_wait(struct trouble *trouble, int64_t waited_us);

/* All is well; says so after trouble that was said. */
void trouble_end(struct trouble *trouble);

#endif
