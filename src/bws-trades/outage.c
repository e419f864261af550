#include "outage.h"

#include <string.h>

#include "clock.h"
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

void
outage_say(struct outage *outage, const char *what, const char *detail)
{
	int64_t now = clock_monotonic_us();
	int64_t gap_us = outage->failures++ == 0 ? SAY_FIRST_US :
	    SAY_AGAIN_US;

	if (outage->said_us == 0 || now - outage->said_us >= gap_us) {
		outage->said = true;
		outage->said_us = now;
		msg_warn("%s: %s%.200s; trying again", outage->peer, what,
		    detail);
	} else {
		msg_info("%s: %s%.200s (attempt %u)", outage->peer, what,
		    detail, outage->failures);
	}
}

void
outage_over(struct outage *outage, const char *what)
{
	if (outage->said)
		msg_warn("%s: %s", outage->peer, what);
	outage->failures = 0;
	outage->said = false;
}
