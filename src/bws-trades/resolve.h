#ifndef BWS_RESOLVE_H
#define BWS_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The addresses of one name, looked up in a thread so that nothing else waits
 * for it, and given out one after another: who fails with one asks for the
 * next; after the last one the name is looked up anew.  With a proxy
 * (http_proxy, which libwebsockets obeys) the name itself is given out: to look
 * it up is the proxy's business.
 */
struct resolve;

/* name is borrowed.  NULL: no memory. */
struct resolve *resolve_open(const char *name);

/* Does not wait for a look-up that hangs. */
void resolve_close(struct resolve *resolve);

#define RESOLVE_WAIT_US 20000

enum resolve_result {
	RESOLVE_OK,      /* *address is set: numeric, lent until the next call */
	RESOLVE_WAIT,    /* a look-up is under way: ask again in
	                    RESOLVE_WAIT_US */
	RESOLVE_FAILED,  /* *address says why: a text that is not to be trusted;
	                    the next call looks up again */
};

enum resolve_result resolve_next(struct resolve *resolve,
    const char **address);

/* Whether the last look-up has addresses that were not given out yet. */
bool resolve_has_more(const struct resolve *resolve);

#endif
