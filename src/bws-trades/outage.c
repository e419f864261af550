#include "outage.h"

#include <stdio.h>
#include <string.h>

#include "msg.h"

/*
 * At least so long between two reports: of the first failure of an outage, so
 * that connections that come and break are not reported each time, and of the
 * further ones.
 */
#define SAY_FIRST_US INT64_C(10000000)
#define SAY_AGAIN_US INT64_C(60000000)

void
outage_init(struct outage *outage, const struct url *peer)
{
	memset(outage, 0, sizeof *outage);
	url_authority(peer, outage->peer);
}

/* Of two that tell as much the later one counts. */
static void
keep(struct outage *outage, const struct outage_failure *failure)
{
	if (outage->since_us == 0)
		outage->since_us = failure->now_us;
	else if (failure->telling < outage->telling)
		return;
	outage->telling = failure->telling;
	outage->what = failure->what;
	snprintf(outage->detail, sizeof outage->detail, "%.200s",
	    failure->detail);
}

static bool
is_due(struct outage *outage, const struct outage_failure *failure)
{
	int64_t gap_us = outage->judged ? SAY_AGAIN_US : SAY_FIRST_US;

	if (failure->more && failure->now_us - outage->since_us <
	    OUTAGE_HOLD_US)
		return false;
	outage->judged = true;
	if (outage->said && outage->telling > outage->said_telling)
		return true;
	return outage->said_us == 0 ||
	    failure->now_us - outage->said_us >= gap_us;
}

void
outage_say(struct outage *outage, const struct outage_failure *failure)
{
	outage->failures++;
	keep(outage, failure);
	if (!is_due(outage, failure)) {
		msg_info("%s: %s%.200s (attempt %u)", outage->peer,
		    failure->what, failure->detail, outage->failures);
		return;
	}
	msg_warn("%s: %s%s; trying again", outage->peer, outage->what,
	    outage->detail);
	outage->said = true;
	outage->said_us = failure->now_us;
	outage->said_telling = outage->telling;
	outage->since_us = 0;
}

void
outage_over(struct outage *outage, const char *what)
{
	if (outage->said)
		msg_warn("%s: %s", outage->peer, what);
	outage->failures = 0;
	outage->judged = outage->said = false;
	outage->since_us = 0;
}
