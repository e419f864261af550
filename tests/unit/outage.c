/*
 * Of several addresses' failures the most telling one is reported, and soon;
 * a peer that comes and goes is not reported each time.
 */
#include "../../src/bws-trades/outage.h"

#include <unistd.h>

#include "../../src/lib/msg.h"
#include "tap.h"

#define SECOND INT64_C(1000000)

static const struct url peer = { .host = "x", .port = 1 };
static struct outage outage;
static int64_t now;

/* What was printed since the last call, without the lines' ends. */
static const char *
said(void)
{
	static char text[4096];
	static off_t from;
	ssize_t len = pread(STDERR_FILENO, text, sizeof text - 1, from);

	if (len < 0)
		len = 0;
	from += len;
	text[len] = '\0';
	for (char *end = text; (end = strchr(end, '\n')) != NULL; )
		*end = ';';
	return text;
}

static const char *
fail(int64_t after_s, const char *detail, enum net_telling telling, bool more)
{
	now += after_s * SECOND;
	outage_say(&outage, &(struct outage_failure){ .what = "failed: ",
		.detail = detail, .telling = telling, .more = more,
		.now_us = now });
	return said();
}

static void
begin(void)
{
	outage_init(&outage, &peer);
	now = 1000 * SECOND;
}

static void
reported(const char *got, const char *want, const char *name)
{
	tap_text(got, strlen(got), want, name);
}

#define REPORT(detail) "t: x:1: failed: " detail "; trying again;"

static void
test_addresses(void)
{
	begin();
	reported(fail(0, "certificate", NET_TOLD, true), "",
	    "while there are other addresses nothing is reported");
	reported(fail(1, "refused", NET_UNREACHED, false),
	    REPORT("certificate"), "then the most telling failure");
	reported(fail(1, "refused", NET_UNREACHED, true), "", "once");
	reported(fail(1, "status", NET_TOLD, false), "",
	    "also where another one tells as much");
	reported(fail(60, "refused", NET_UNREACHED, true), REPORT("status"),
	    "after a minute the most telling one since then");
	outage_over(&outage, "well");
	reported(said(), "t: x:1: well;", "and the end");

	begin();
	fail(0, "refused", NET_UNREACHED, true);
	outage_over(&outage, "well");
	reported(said(), "", "nothing where the next address answers");
	reported(fail(0, "timeout", NET_UNREACHED, false), REPORT("timeout"),
	    "and what was held back then is forgotten");
}

static void
test_times(void)
{
	begin();
	fail(0, "no answer", NET_UNREACHED, true);
	reported(fail(10, "no answer", NET_UNREACHED, true),
	    REPORT("no answer"), "slow addresses are not waited for");
	reported(fail(1, "no TLS", NET_REACHED, false), REPORT("no TLS"),
	    "what tells more is reported at once");
	reported(fail(1, "refused", NET_UNREACHED, false), "",
	    "what tells less is not");

	begin();
	reported(fail(0, "broke", NET_UNREACHED, false), REPORT("broke"),
	    "one address: at once");
	outage_over(&outage, "well");
	said();
	reported(fail(9, "status", NET_TOLD, false), "",
	    "an outage soon after the last one is not reported");
	outage_over(&outage, "well");
	reported(said(), "", "nor its end");
	reported(fail(1, "status", NET_TOLD, false), REPORT("status"),
	    "ten seconds after it is");
}

int
main(void)
{
	FILE *file = tmpfile();

	if (file == NULL || dup2(fileno(file), STDERR_FILENO) == -1)
		return 1;
	msg_init("t");
	test_addresses();
	test_times();
	return tap_done();
}
