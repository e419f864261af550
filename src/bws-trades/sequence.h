#ifndef BWS_SEQUENCE_H
#define BWS_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Every trade of every symbol once, in the order of its ids.  No I/O, no
 * clock: now_us is monotonic, in microseconds, and never falls from call to
 * call; event times are microseconds since the epoch.
 *
 * A symbol is live while its ids rise by one: each trade goes out as it comes.
 * An id beyond the next one makes a hole, and what is behind it waits.  A hole
 * is filled by the stream (another connection) or by pages of REST, or found
 * to be the exchange's own, or reported and passed.  So the highest id that
 * went out says that all before it went out too, or was reported.
 *
 * Symbols that are behind come out merged by event time, as far as what is
 * held stays within held_max.  Live ones never wait for them.
 */

/* An event time that is not known. */
#define SEQUENCE_NO_TIME INT64_MIN

/* Trades a page of REST has at most. */
#define SEQUENCE_PAGE_TRADES 1000
/* Bytes that hold such a page. */
#define SEQUENCE_PAGE_BYTES (SEQUENCE_PAGE_TRADES * 512)

enum sequence_reason {
	SEQUENCE_EXCHANGE, /* the exchange has no trade with these ids */
	SEQUENCE_NO_REST,  /* there is nothing to ask */
	SEQUENCE_FUTURES,  /* a market whose trades REST does not serve */
	SEQUENCE_REFUSED,  /* REST does not know the symbol */
	SEQUENCE_GAVE_UP,  /* it was asked in vain for heal_wait_us */
	SEQUENCE_STOPPED,  /* the end, or the symbol was dropped, before it was
	                      healed: what waited behind it is a part of it */
	SEQUENCE_RESTARTED, /* likewise, and then the ids began anew */
};

/* Ids that do not come out. */
struct sequence_gap {
	const char *symbol; /* upper case, lent for the call */
	size_t symbol_len;
	int64_t first_id, last_id;
	enum sequence_reason reason;
	/* event times of the trades before and after, or SEQUENCE_NO_TIME */
	int64_t before_us, after_us;
};

/* The ids of a symbol began anew, as they do on test networks. */
struct sequence_restart {
	const char *symbol; /* upper case, lent for the call */
	size_t symbol_len;
	int64_t last_id;    /* the highest of the old ones that was seen */
	int64_t id;         /* the first of the new ones that was seen */
};

struct sequence_options {
	size_t held_max;      /* bytes of waiting trades, all symbols */
	size_t page_max;      /* bytes beyond it for what pages bring; 0 is
	                         SEQUENCE_PAGE_BYTES */
	int64_t settle_us;    /* so long the stream may fill a hole by itself */
	int64_t heal_wait_us; /* a hole is given up so long after it was first
	                         asked for in vain */
	int64_t confirm_us;   /* at least so far apart are the two answers by
	                         which a hole is the exchange's own */
	bool healable;        /* false: there is no REST */

	/*
	 * What a callback must not do is call back into the sequence.  -1 is
	 * handed up by whichever call led to it; after that only counts and
	 * sequence_free() are of use.
	 */
	void *arg;
	/* A record for standard output, lent for the call. */
	int (*emit)(void *arg, const char *record, size_t len, bool healed);
	/* Comes before any later trade of the symbol. */
	int (*gap)(void *arg, const struct sequence_gap *gap);
	/* Comes before the trade with the new id; may be NULL. */
	int (*restart)(void *arg, const struct sequence_restart *restart);
};

struct sequence_counts {
	uint64_t trades;     /* that went out, healed ones included */
	uint64_t healed;     /* of them, that came by a page */
	uint64_t duplicates; /* streamed trades that had gone out or waited */
	uint64_t gaps;       /* reported, for whatever reason */
	uint64_t missing;    /* ids in them, without the exchange's own */
	uint64_t discarded;  /* waiting trades there was no room for: they are
	                        in a hole and can still be healed */
	uint64_t restarts;
	uint64_t waiting;       /* trades that wait now */
	size_t waiting_bytes;   /* what they take */
	size_t holes;           /* symbols with a hole at their front now */
};

struct sequence;
struct sequence_symbol; /* lives as long as the sequence */

/* NULL: out of memory.  The options are copied. */
struct sequence *sequence_new(const struct sequence_options *options);
void sequence_free(struct sequence *seq); /* NULL: nothing */

const struct sequence_counts *sequence_counts(struct sequence *seq);

/* --- Symbols.  Letters of ASCII are the same in both cases. --- */

/*
 * A symbol that was not there, or was dropped, begins fresh, with the first
 * trade that is streamed; else nothing changes.  NULL: out of memory.
 */
struct sequence_symbol *sequence_add(struct sequence *seq, const char *name,
    size_t len);

/* The symbol of a frame.  NULL: not there, or dropped. */
struct sequence_symbol *sequence_find(const struct sequence *seq,
    const char *name, size_t len);

/* Upper case, no NUL at its end. */
const char *sequence_name(const struct sequence_symbol *sym, size_t *len);

/* Whether any trade of it was streamed since it was added. */
bool sequence_heard(const struct sequence_symbol *sym);

/*
 * Unsubscribed: what waits goes out as far as there is no hole, the rest is
 * one gap (SEQUENCE_STOPPED).  From then on what comes of it is ignored.
 */
int sequence_drop(struct sequence *seq, struct sequence_symbol *sym,
    int64_t now_us);

/*
 * The highest id that went out in an earlier life, and its event time or
 * SEQUENCE_NO_TIME: for a fresh symbol, before its first trade.  REST is then
 * asked what came after it.  Of several calls the highest id counts.
 */
void sequence_resume(struct sequence *seq, struct sequence_symbol *sym,
    int64_t last_id, int64_t time_us, int64_t now_us);

/*
 * REST does not have this symbol's trades (SEQUENCE_FUTURES): holes are
 * reported and passed after settle_us.  May be called with every frame.
 */
int sequence_unhealable(struct sequence *seq, struct sequence_symbol *sym,
    enum sequence_reason reason, int64_t now_us);

/*
 * A connection was down and its streams have come back, or others have: there
 * may be trades that nobody will show before the symbol's next one.  REST is
 * asked when there is nothing better to do; a streamed trade settles it.
 */
void sequence_suspect(struct sequence *seq, struct sequence_symbol *sym,
    int64_t now_us);

/* --- The stream. --- */

/*
 * A streamed trade; the record is copied where it has to wait.  When there is
 * no room for it, or no memory, it becomes a part of a hole.
 */
int sequence_take(struct sequence *seq, struct sequence_symbol *sym,
    int64_t id, int64_t event_time_us, const char *record, size_t len,
    int64_t now_us);

/* An id of the series that has no record. */
int sequence_skip(struct sequence *seq, struct sequence_symbol *sym,
    int64_t id, int64_t now_us);

/*
 * Whether any connection is up and REST can be asked; at first true.  Other
 * time does not count for heal_wait_us, nor does time in which nothing here
 * was called (a stopped process).
 */
void sequence_online(struct sequence *seq, bool online, int64_t now_us);

/* --- REST. --- */

struct sequence_want {
	struct sequence_symbol *symbol;
	int64_t from_id;
	bool low_priority; /* nothing is known to be missing */
};

/*
 * What to ask REST now: the symbol furthest behind that may be asked.  False:
 * nothing.  The caller asks it, one thing at a time, and hands in the answer
 * by a page, sequence_refused() or sequence_failed().
 */
bool sequence_want(struct sequence *seq, int64_t now_us,
    struct sequence_want *out);

/*
 * A page: begin, its trades by rising ids, which are from_id at least, end.
 * full: it has as many trades as were asked for, so there may be more.  The
 * three are called one after another, nothing else between.  The symbol may
 * have been dropped since it was asked for.
 */
void sequence_page_begin(struct sequence *seq, struct sequence_symbol *sym,
    int64_t from_id, int64_t now_us);
int sequence_page_trade(struct sequence *seq, int64_t id,
    int64_t event_time_us, const char *record, size_t len);
int sequence_page_end(struct sequence *seq, bool full);

/* REST says that it does not know the symbol. */
int sequence_refused(struct sequence *seq, struct sequence_symbol *sym,
    int64_t now_us);

/*
 * No answer, or none of use: the caller waits before it asks again.  Others
 * are wanted first then, for a while.
 */
void sequence_failed(struct sequence *seq, struct sequence_symbol *sym,
    int64_t now_us);

/* --- Time. --- */

/* Passes holes whose time is up. */
int sequence_tick(struct sequence *seq, int64_t now_us);

/*
 * When sequence_tick() is due next, or, where the caller may ask REST, there
 * is something to ask (perhaps in the past).  INT64_MAX: never.
 */
int64_t sequence_due(const struct sequence *seq, bool may_ask);

/*
 * The end: what waits goes out as far as there is no hole; each hole at a
 * front and what is behind it is one gap (SEQUENCE_STOPPED).
 */
int sequence_end(struct sequence *seq);

#endif
