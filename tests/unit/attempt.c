/* libpq's texts of failed attempts to connect, and what a retry can help. */
#include "../../src/pg-upsert/attempt.h"
#include "tap.h"

#define AT "connection to server at \"127.0.0.1\", port 5432 failed: "
#define REFUSED AT "Connection refused\n\tIs the server running on that " \
	"host and accepting TCP/IP connections?\n"

/* Each text as libpq 15 to 18 has it. */
static const struct {
	enum attempt_step step;
	bool hopeless;
	const char *text;
} cases[] = {
	{ ATTEMPT_BEGUN, true, "invalid sslmode value: \"maybe\"\n" },
	{ ATTEMPT_BEGUN, true, "definition of service \"x\" not found\n" },
	{ ATTEMPT_BEGUN, true, "could not match 3 port numbers to 1 hosts\n" },
	{ ATTEMPT_BEGUN, true, "could not parse network address \"here\": "
	    "Name or service not known\n" },
	{ ATTEMPT_BEGUN, true, "weak sslmode \"prefer\" may not be used with "
	    "sslnegotiation=direct (use \"require\", \"verify-ca\", or "
	    "\"verify-full\")\n" },
	{ ATTEMPT_BEGUN, true, "a setting that libpq 30 has" },
	{ ATTEMPT_BEGUN, false, "could not translate host name \"db\" to "
	    "address: Temporary failure in name resolution\n" },
	{ ATTEMPT_BEGUN, false, REFUSED },
	{ ATTEMPT_BEGUN, false, "connection to server on socket "
	    "\"/run/.s.PGSQL.5432\" failed: No such file or directory\n" },
	{ ATTEMPT_BEGUN, false, "out of memory\n" },
	{ ATTEMPT_BEGUN, true, "connection to server on socket \"/run/x\" "
	    "failed: GSSAPI encryption required but it is not supported over "
	    "a local socket\n" },
	{ ATTEMPT_NETWORK, false, REFUSED },
	{ ATTEMPT_NETWORK, false, AT "session is read-only\n" },
	{ ATTEMPT_NETWORK, false, AT "something new\n" },
	{ ATTEMPT_NETWORK, true, AT "requirepeer specifies \"a\", but actual "
	    "peer user name is \"b\"\n" },
	{ ATTEMPT_NETWORK, true, AT "GSSAPI encryption required but was "
	    "impossible (possibly no credential cache, no server support, or "
	    "using a local socket)\n" },
	{ ATTEMPT_ENCRYPTING, true, AT "server does not support SSL, but SSL "
	    "was required\n" },
	{ ATTEMPT_ENCRYPTING, true, REFUSED AT "server does not support SSL, "
	    "but SSL was required\n" },
	{ ATTEMPT_ENCRYPTING, true, AT "root certificate file \"/x\" does not "
	    "exist\nEither provide the file or change sslmode to disable "
	    "server certificate verification.\n" },
	{ ATTEMPT_ENCRYPTING, true, AT "SSL error: certificate verify failed\n" },
	{ ATTEMPT_ENCRYPTING, true, AT "SSL error: tlsv1 alert unknown ca\n" },
	{ ATTEMPT_ENCRYPTING, true, AT "something new\n" },
	{ ATTEMPT_ENCRYPTING, false, AT "SSL error: unexpected eof while "
	    "reading\n" },
	{ ATTEMPT_ENCRYPTING, false, AT "SSL SYSCALL error: EOF detected\n" },
	{ ATTEMPT_ENCRYPTING, false, AT "SSL SYSCALL error: Connection reset "
	    "by peer\n" },
	{ ATTEMPT_ENCRYPTING, false, AT "server closed the connection "
	    "unexpectedly\n\tThis probably means the server terminated "
	    "abnormally\n\tbefore or while processing the request.\n" },
	{ ATTEMPT_ENCRYPTING, false, AT "server sent an error response during "
	    "SSL exchange\n" },
	{ ATTEMPT_ENCRYPTING, false, AT "something\n" AT "could not receive "
	    "data from server: Connection timed out\n" },
	{ ATTEMPT_LOGIN, true, AT "channel binding required, but SSL not in "
	    "use\n" },
	{ ATTEMPT_LOGIN, true, AT "SSL error: tlsv13 alert certificate "
	    "required\n" },
	{ ATTEMPT_LOGIN, true, AT "expected authentication request from "
	    "server, but received H\n" },
	{ ATTEMPT_LOGIN, false, AT "could not send startup packet: Broken "
	    "pipe\n" },
	{ ATTEMPT_LOGIN, false, AT "SSL connection has been closed "
	    "unexpectedly\n" },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		tap_ok(attempt_is_hopeless(cases[i].step, cases[i].text) ==
		    cases[i].hopeless, "%s: %.*s", cases[i].hopeless ?
		    "final" : "a retry may help", (int)strcspn(cases[i].text,
		    "\n"), cases[i].text);
	return tap_done();
}
