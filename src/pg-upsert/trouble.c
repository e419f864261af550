#include "trouble.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "msg.h"

#define BACKOFF_BASE_US 100000
#define BACKOFF_CAP_US 5000000
#define SAY_NEW_US 1000000    /* between words on trouble that is new, */
#define SAY_AGAIN_US 30000000 /* and while it lasts */

/* Whether the state begins with one of these; the list ends with NULL. */
static bool
is_one_of(const char *sqlstate, const char *const *beginnings)
{
	for (; *beginnings != NULL; beginnings++) {
		if (strncmp(sqlstate, *beginnings, strlen(*beginnings)) == 0)
			return true;
	}
	return false;
}

bool
sqlstate_condemns(const char *sqlstate)
{
	static const char *const classes[] = {
		"22", /* data exception */
		"23", /* integrity constraint violation */
		NULL,
	};

	return is_one_of(sqlstate, classes);
}

bool
sqlstate_is_hopeless(const char *sqlstate, bool connecting)
{
	static const char *const to_connect[] = {
		"28",    /* invalid authorization */
		"3D",    /* no such database */
		"42",    /* no permission to connect, a wrong setting */
		"22",    /* a wrong setting */
		"0A000", /* a server too old */
		NULL,
	};
	static const char *const to_write[] = {
		"42", /* no such table, no permission */
		"3F", /* no such schema */
		"0A", "22", "23", NULL,
	};

	return is_one_of(sqlstate, connecting ? to_connect : to_write);
}

bool
sqlstate_spares_session(const char *sqlstate)
{
	static const char *const classes[] = {
		"40",    /* transaction rollback: serialization, deadlock */
		"42",    /* what an administrator's hand mends */
		"53",    /* insufficient resources */
		"54",    /* program limit exceeded */
		"55",    /* lock not available */
		"57014", /* query canceled */
		NULL,
	};

	return is_one_of(sqlstate, classes);
}

void
trouble_init(struct trouble *trouble)
{
	memset(trouble, 0, sizeof *trouble);
	backoff_init(&trouble->backoff, BACKOFF_BASE_US, BACKOFF_CAP_US);
}

int64_t
trouble_meet_us(struct trouble *trouble, const char *message,
    const char *sqlstate)
{
	int64_t now_us = clock_monotonic_us(), pause_us = SAY_NEW_US;

	if (trouble->since_us != 0 && strcmp(trouble->said, sqlstate) == 0)
		pause_us = SAY_AGAIN_US;
	if (trouble->since_us == 0)
		trouble->since_us = now_us;
	if (trouble->said_us == 0 || now_us - trouble->said_us >= pause_us) {
		trouble->said_us = now_us;
		snprintf(trouble->said, sizeof trouble->said, "%s", sqlstate);
		msg_warn("database: %s%s%s; trying again", message,
		    *sqlstate ? ", SQLSTATE " : "", sqlstate);
	}
	return backoff_next_us(&trouble->backoff);
}

void
trouble_wait(struct trouble *trouble, int64_t waited_us)
{
	trouble->said_us = clock_monotonic_us();
	if (trouble->since_us == 0)
		trouble->since_us = trouble->said_us - waited_us;
	msg_warn("database: no answer for %d s, waiting",
	    (int)(waited_us / 1000000));
}

void
trouble_end(struct trouble *trouble)
{
	backoff_reset(&trouble->backoff);
	if (trouble->since_us == 0)
		return;
	if (trouble->said_us >= trouble->since_us) {
		msg_warn("database: works again after %.1f s",
		    (double)(clock_monotonic_us() - trouble->since_us) / 1e6);
	}
	trouble->since_us = 0;
}
