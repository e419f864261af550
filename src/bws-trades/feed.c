#include "feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backoff.h"
#include "clock.h"

#define SECOND_US INT64_C(1000000)

/* Attempts of one shard are so far apart, whatever ended the last one. */
#define ATTEMPT_GAP_US (SECOND_US * 11 / 10)
#define CONNS_MAX 3 /* of a shard: old, new, and one that a shutdown met */

/* A connection of a shard. */
struct conn {
	struct link *link; /* NULL: a free place */
	unsigned number;
	bool up, ready, delivered;
	bool leaving;      /* to be replaced: old, or the exchange said so */
	size_t unanswered; /* requests */
	int64_t up_us, ready_us;
	int64_t asked_us;  /* the last request or answer */
	int64_t close_us;  /* INT64_MAX: not to be closed */
};

/* Streams that share a connection. */
struct shard {
	struct shard *next;
	struct feed *feed;
	struct streams streams;
	struct streams added, dropped; /* not yet said to the connections */
	struct conn conns[CONNS_MAX];
	struct backoff backoff;
	bool lossy;          /* trades may have been missed since the last
	                        connection was subscribed */
	int64_t retry_us;    /* no attempt before */
	bool limited;        /* and it was said */
};

struct feed {
	struct feed_options options;
	struct shard *shards;
	unsigned numbers; /* given out to connections */
	uint64_t attempts, requests;
	bool paused;
	bool changed;     /* since the last look */
	int64_t due_us;   /* the next one, if nothing changes */
};

static void
tell_failure(struct feed *feed, enum feed_event event,
    const struct conn *conn, const char *detail, enum net_telling telling)
{
	feed->options.on_event(feed->options.arg, event,
	    conn == NULL ? 0 : conn->number, detail, telling);
}

static void
tell(struct feed *feed, enum feed_event event, const struct conn *conn,
    const char *detail)
{
	tell_failure(feed, event, conn, detail, NET_UNREACHED);
}

static struct conn *
find_conn(struct feed *feed, const struct link *link, struct shard **of)
{
	for (struct shard *shard = feed->shards; shard != NULL;
	    shard = shard->next) {
		for (int i = 0; i < CONNS_MAX; i++) {
			if (shard->conns[i].link == link) {
				*of = shard;
				return &shard->conns[i];
			}
		}
	}
	return NULL;
}

/* Its place becomes free. */
static void
forget(struct conn *conn)
{
	link_close(conn->link);
	memset(conn, 0, sizeof *conn);
}

/* What was missed is asked for when a connection delivers what comes after. */
static void
tell_missed(struct shard *shard)
{
	struct feed *feed = shard->feed;
	bool ready = false;

	for (int i = 0; i < CONNS_MAX; i++)
		ready |= shard->conns[i].ready;
	if (!ready || !shard->lossy)
		return;
	shard->lossy = false;
	for (size_t i = 0; i < shard->streams.count; i++)
		feed->options.on_missed(feed->options.arg,
		    shard->streams.symbols[i]);
}

static void
retry_later(struct shard *shard, const struct conn *conn)
{
	int64_t now = clock_monotonic_us(), retry_us;

	/* A connection that lived so long was a success. */
	if (conn->up && now - conn->up_us >=
	    shard->feed->options.retry_max_us)
		backoff_reset(&shard->backoff);
	retry_us = now + backoff_next_us(&shard->backoff);
	if (retry_us > shard->retry_us)
		shard->retry_us = retry_us;
}

static void
on_up(struct shard *shard, struct conn *conn)
{
	conn->up = true;
	conn->up_us = conn->asked_us = clock_monotonic_us();
	tell(shard->feed, FEED_UP, conn, NULL);
}

static void
on_link(void *arg, struct link *link, enum link_event event,
    const char *detail, enum net_telling telling)
{
	struct feed *feed = arg;
	struct shard *shard;
	struct conn *conn = find_conn(feed, link, &shard);

	if (conn == NULL)
		return;
	feed->changed = true;
	if (event == LINK_UP) {
		on_up(shard, conn);
		return;
	}
	if (conn->close_us != INT64_MAX) {
		/* It has nothing that the one in its place has not. */
		tell(feed, FEED_CLOSED, conn, NULL);
		forget(conn);
		return;
	}
	retry_later(shard, conn);
	tell_failure(feed, event == LINK_DOWN ? FEED_DOWN : FEED_FAILED, conn,
	    detail, telling);
	shard->lossy |= conn->up;
	forget(conn);
}

static const char *
on_frame(void *arg, struct link *link, const char *text, size_t len)
{
	struct feed *feed = arg;

	return feed->options.on_frame(feed->options.arg, link, text, len);
}

/* --- Asking for streams. --- */

static int
send_request(struct feed *feed, struct conn *conn, char *text)
{
	if (text == NULL || link_send(conn->link, text) != 0)
		return -1;
	feed->requests++;
	conn->unanswered++;
	conn->asked_us = clock_monotonic_us();
	conn->ready = false;
	return 0;
}

static int
request_from(struct feed *feed, struct conn *conn,
    const struct streams *streams, size_t next, bool want)
{
	while (next < streams->count)
		if (send_request(feed, conn, streams_request(streams, &next,
		    want, feed->requests + 1)) != 0)
			return -1;
	return 0;
}

static bool
has_unanswered(const struct shard *shard)
{
	for (int i = 0; i < CONNS_MAX; i++)
		if (shard->conns[i].link != NULL &&
		    shard->conns[i].unanswered > 0)
			return true;
	return false;
}

/*
 * Says what was added and dropped to the connections that do not know it; not
 * before they have answered what was said before, so that changes faster than
 * the exchange's limit of messages come to few requests.
 */
static int
request_changes(struct shard *shard)
{
	struct feed *feed = shard->feed;

	if (has_unanswered(shard))
		return 0;
	for (int i = 0; i < CONNS_MAX; i++) {
		struct conn *conn = &shard->conns[i];

		if (conn->link != NULL && (request_from(feed, conn,
		    &shard->dropped, 0, false) != 0 || request_from(feed,
		    conn, &shard->added, 0, true) != 0))
			return -1;
	}
	streams_free(&shard->dropped);
	streams_free(&shard->added);
	return 0;
}

static struct shard *
new_shard(struct feed *feed)
{
	struct shard *shard = calloc(1, sizeof *shard), **at = &feed->shards;

	if (shard == NULL)
		return NULL;
	shard->feed = feed;
	shard->lossy = true; /* there may be something to go on from */
	backoff_init(&shard->backoff, SECOND_US, feed->options.retry_max_us);
	while (*at != NULL)
		at = &(*at)->next;
	return *at = shard;
}

int
feed_add(struct feed *feed, const char *symbol)
{
	struct shard *shard = feed->shards;

	while (shard != NULL && shard->streams.count == STREAMS_MAX)
		shard = shard->next;
	if (shard == NULL && (shard = new_shard(feed)) == NULL)
		return -1;
	feed->changed = true;
	streams_drop(&shard->dropped, symbol);
	return streams_add(&shard->streams, symbol) != NULL ||
	    streams_add(&shard->added, symbol) != NULL ? -1 : 0;
}

int
feed_drop(struct feed *feed, const char *symbol)
{
	for (struct shard *shard = feed->shards; shard != NULL;
	    shard = shard->next) {
		if (!streams_has(&shard->streams, symbol))
			continue;
		feed->changed = true;
		streams_drop(&shard->streams, symbol);
		streams_drop(&shard->added, symbol);
		return streams_add(&shard->dropped, symbol) != NULL ? -1 : 0;
	}
	return 0;
}

/* --- Attempts. --- */

/* What the path has no room for is asked for by messages. */
static int
open_link(struct shard *shard, struct conn *conn, const char *address)
{
	struct feed *feed = shard->feed;
	size_t taken;
	char *path = streams_path(&shard->streams, feed->options.url->path,
	    feed->options.microseconds, &taken);
	struct link_options options = {
		.url = feed->options.url, .address = address, .path = path,
		.max_frame = feed->options.max_frame,
		.timeout_us = feed->options.connect_timeout_us,
		.arg = feed, .on_frame = on_frame, .on_event = on_link,
	};

	if (path != NULL)
		conn->link = link_open(feed->options.net, &options);
	free(path);
	if (conn->link == NULL)
		return -1;
	if (feed->paused)
		link_pause(conn->link, true);
	return request_from(feed, conn, &shard->streams, taken, true);
}

static void
say_failed(struct shard *shard, const char *detail)
{
	tell(shard->feed, FEED_FAILED, NULL, detail);
	shard->retry_us = clock_monotonic_us() +
	    backoff_next_us(&shard->backoff) + SECOND_US / 10;
}

/* Returns when to come back. */
static int64_t
attempt(struct shard *shard, struct conn *conn, int64_t now_us)
{
	struct feed *feed = shard->feed;
	const char *address;
	int64_t wait_us = limit_wait_us(feed->options.attempts, now_us,
	    1);

	if (wait_us > 0) {
		if (!shard->limited)
			tell(feed, FEED_LIMITED, NULL, NULL);
		shard->limited = true;
		return now_us + wait_us;
	}
	shard->limited = false;
	switch (resolve_next(feed->options.resolve, &address)) {
	case RESOLVE_WAIT:
		return now_us + RESOLVE_WAIT_US;
	case RESOLVE_FAILED:
		say_failed(shard, address);
		return shard->retry_us;
	case RESOLVE_OK:
		break;
	}
	limit_count(feed->options.attempts, now_us, 1);
	feed->attempts++;
	shard->retry_us = now_us + ATTEMPT_GAP_US;
	*conn = (struct conn){ .number = ++feed->numbers,
		.close_us = INT64_MAX };
	tell(feed, FEED_CONNECTING, conn, address);
	if (open_link(shard, conn, address) != 0) {
		say_failed(shard, "out of memory");
		if (conn->link != NULL)
			forget(conn);
	}
	return shard->retry_us;
}

/* --- What is due. --- */

static int64_t
min_us(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* It is there and of no use: this side ends it. */
static void
give_up(struct shard *shard, struct conn *conn, const char *why)
{
	retry_later(shard, conn);
	tell(shard->feed, FEED_DOWN, conn, why);
	shard->lossy = true;
	forget(conn);
}

/*
 * Silent for too long, it is gone, whatever the system believes; so it is when
 * the exchange does not answer a request.
 */
static bool
is_stale(struct shard *shard, struct conn *conn, int64_t now_us,
    int64_t *due_us)
{
	const struct feed_options *options = &shard->feed->options;
	int64_t silent_us, wait_us;
	char detail[64];

	if (!conn->up || shard->feed->paused)
		return false;
	silent_us = link_silent_us(conn->link, now_us);
	if (silent_us >= options->stale_us) {
		snprintf(detail, sizeof detail, "silent for %.1f s",
		    (double)silent_us / SECOND_US);
		give_up(shard, conn, detail);
		return true;
	}
	*due_us = min_us(*due_us, now_us + options->stale_us - silent_us);
	if (conn->unanswered == 0)
		return false;
	wait_us = conn->asked_us + options->connect_timeout_us +
	    (int64_t)conn->unanswered * LINK_MESSAGE_GAP_US - now_us;
	*due_us = min_us(*due_us, now_us + wait_us);
	if (wait_us > 0)
		return false;
	give_up(shard, conn, "a request was not answered");
	return true;
}

static void
look_ready(struct shard *shard, struct conn *conn, int64_t now_us)
{
	struct feed *feed = shard->feed;

	if (!conn->up || conn->ready || conn->unanswered > 0)
		return;
	conn->ready = true;
	conn->ready_us = now_us;
	tell(feed, FEED_READY, conn, NULL);
	for (size_t i = 0; i < shard->streams.count; i++)
		feed->options.on_subscribed(feed->options.arg,
		    shard->streams.symbols[i], now_us);
}

static void
leave(struct shard *shard, struct conn *conn, const char *why)
{
	if (!conn->leaving)
		tell(shard->feed, FEED_ROTATING, conn, why);
	conn->leaving = true;
}

/* Whether it may take the place of an older one. */
static bool
replaces(const struct feed *feed, const struct conn *conn, int64_t now_us)
{
	return conn->ready && (conn->delivered ||
	    now_us - conn->ready_us >= feed->options.overlap_us);
}

/* Looks at one connection; returns when that is to be done again. */
static int64_t
look_conn(struct shard *shard, struct conn *conn, int64_t now_us)
{
	const struct feed_options *options = &shard->feed->options;
	int64_t due_us = INT64_MAX;

	if (is_stale(shard, conn, now_us, &due_us))
		return due_us;
	look_ready(shard, conn, now_us);
	if (conn->up && now_us - conn->up_us >= options->rotate_us)
		leave(shard, conn, "its time is over");
	else if (conn->up)
		due_us = min_us(due_us, conn->up_us + options->rotate_us);
	if (conn->ready && !replaces(shard->feed, conn, now_us))
		due_us = min_us(due_us, conn->ready_us + options->overlap_us);
	return due_us;
}

/* Those that a newer one replaces are closed after the overlap. */
static int64_t
retire(struct shard *shard, int64_t now_us)
{
	const struct feed *feed = shard->feed;
	struct conn *newest = NULL, *conn;
	int64_t due_us = INT64_MAX;

	for (conn = shard->conns; conn < shard->conns + CONNS_MAX; conn++)
		if (conn->link != NULL && replaces(feed, conn, now_us) &&
		    (newest == NULL || conn->number > newest->number))
			newest = conn;
	for (conn = shard->conns; conn < shard->conns + CONNS_MAX; conn++) {
		if (conn->link == NULL)
			continue;
		if (newest == NULL || conn->number >= newest->number) {
			/* What was to take its place may have gone. */
			conn->close_us = INT64_MAX;
			continue;
		}
		if (conn->close_us == INT64_MAX)
			conn->close_us = now_us + feed->options.overlap_us;
		if (now_us >= conn->close_us) {
			tell(shard->feed, FEED_CLOSED, conn, NULL);
			forget(conn);
		} else {
			due_us = min_us(due_us, conn->close_us);
		}
	}
	return due_us;
}

static int64_t
look_shard(struct shard *shard, int64_t now_us)
{
	struct conn *room = NULL, *conn;
	int64_t due_us = INT64_MAX;
	bool served = false;

	for (conn = shard->conns; conn < shard->conns + CONNS_MAX; conn++)
		if (conn->link != NULL)
			due_us = min_us(due_us, look_conn(shard, conn,
			    now_us));
	due_us = min_us(due_us, retire(shard, now_us));
	for (conn = shard->conns; conn < shard->conns + CONNS_MAX; conn++) {
		if (conn->link == NULL)
			room = conn;
		else
			served |= !conn->leaving;
	}
	tell_missed(shard);
	if (served || room == NULL || shard->feed->paused ||
	    shard->streams.count == 0)
		return due_us;
	if (now_us < shard->retry_us)
		return min_us(due_us, shard->retry_us);
	return min_us(due_us, attempt(shard, room, now_us));
}

/* A shard without streams has no use for connections. */
static void
sweep(struct shard *shard)
{
	for (int i = 0; i < CONNS_MAX && shard->streams.count == 0; i++) {
		if (shard->conns[i].link != NULL) {
			tell(shard->feed, FEED_CLOSED, &shard->conns[i], NULL);
			forget(&shard->conns[i]);
		}
	}
}

int64_t
feed_tick(struct feed *feed, int64_t now_us)
{
	int64_t due_us = INT64_MAX;

	if (!feed->changed && now_us < feed->due_us)
		return feed->due_us;
	feed->changed = false;
	for (struct shard *shard = feed->shards; shard != NULL;
	    shard = shard->next) {
		sweep(shard);
		if (request_changes(shard) != 0)
			return feed->due_us = now_us + SECOND_US; /* memory */
		due_us = min_us(due_us, look_shard(shard, now_us));
	}
	return feed->due_us = feed->changed ? now_us : due_us;
}

/* --- From outside. --- */

struct feed *
feed_open(const struct feed_options *options)
{
	struct feed *feed = calloc(1, sizeof *feed);

	if (feed != NULL)
		feed->options = *options;
	return feed;
}

void
feed_close(struct feed *feed)
{
	struct shard *next;

	if (feed == NULL)
		return;
	for (struct shard *shard = feed->shards; shard != NULL; shard = next) {
		next = shard->next;
		for (int i = 0; i < CONNS_MAX; i++)
			if (shard->conns[i].link != NULL)
				forget(&shard->conns[i]);
		streams_free(&shard->streams);
		streams_free(&shard->added);
		streams_free(&shard->dropped);
		free(shard);
	}
	free(feed);
}

void
feed_answer(struct feed *feed, struct link *link, int64_t id, bool ok)
{
	struct shard *shard;
	struct conn *conn = find_conn(feed, link, &shard);

	(void)id; /* answers come in the order of the requests */
	if (conn == NULL || conn->unanswered == 0)
		return;
	feed->changed = true;
	conn->unanswered--;
	conn->asked_us = clock_monotonic_us();
	if (ok)
		return;
	tell(feed, FEED_REFUSED, conn, NULL);
	if (!conn->leaving)
		retry_later(shard, conn);
	leave(shard, conn, "it lacks streams");
}

void
feed_shutdown(struct feed *feed, struct link *link)
{
	struct shard *shard;
	struct conn *conn = find_conn(feed, link, &shard);

	feed->changed = true;
	if (conn != NULL)
		leave(shard, conn, "the exchange shuts it down");
}

void
feed_delivered(struct feed *feed, struct link *link)
{
	struct shard *shard;
	struct conn *conn = find_conn(feed, link, &shard);

	if (conn == NULL || conn->delivered)
		return;
	feed->changed = true;
	conn->delivered = true;
}

bool
feed_ready(const struct feed *feed)
{
	for (const struct shard *shard = feed->shards; shard != NULL;
	    shard = shard->next)
		for (int i = 0; i < CONNS_MAX; i++)
			if (shard->conns[i].link != NULL &&
			    link_readable(shard->conns[i].link))
				return true;
	return false;
}

void
feed_pause(struct feed *feed, bool paused)
{
	int64_t now = clock_monotonic_us();

	if (feed->paused == paused)
		return;
	feed->paused = paused;
	feed->changed = true;
	for (struct shard *shard = feed->shards; shard != NULL;
	    shard = shard->next) {
		for (int i = 0; i < CONNS_MAX; i++) {
			if (shard->conns[i].link == NULL)
				continue;
			link_pause(shard->conns[i].link, paused);
			/* An answer may have come meanwhile. */
			shard->conns[i].asked_us = now;
		}
	}
}

size_t
feed_connections(const struct feed *feed)
{
	size_t count = 0;

	for (const struct shard *shard = feed->shards; shard != NULL;
	    shard = shard->next)
		for (int i = 0; i < CONNS_MAX; i++)
			count += shard->conns[i].up;
	return count;
}

uint64_t
feed_attempts(const struct feed *feed)
{
	return feed->attempts;
}
