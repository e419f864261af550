#include <sys/epoll.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exchange-peer.h"

#define QUEUE_EAGER (64u << 10) /* rate 0: below this, more is made */
#define BATCH 1000             /* trades made in one go, at the most */
#define TICK_MS 1              /* while there are trades to be made */
#define IDLE_MS 5
#define EVENTS 64

static int64_t
clock_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static bool
may_begin(const struct serve *serve)
{
	size_t streams = 0;

	for (struct peer *peer = serve->peers; peer != NULL;
	    peer = peer->next)
		if (peer_is_open(peer))
			streams += peer->client.nlive;
	return streams >= (size_t)serve->options.wait_streams;
}

static bool
all_made(const struct serve *serve)
{
	return serve->options.trades != 0 &&
	    serve->counts.trades >= (uint64_t)serve->options.trades;
}

/* Rate 0: there are clients, and all of them read. */
static bool
all_eager(const struct serve *serve)
{
	bool any = false;

	for (struct peer *peer = serve->peers; peer != NULL;
	    peer = peer->next) {
		if (!peer_is_open(peer))
			continue;
		if (queue_waiting(&peer->client.queue) > QUEUE_EAGER)
			return false;
		any |= peer->client.nlive > 0;
	}
	return any || serve->options.wait_streams == 0;
}

/* Whether the next trade has happened by now. */
static bool
is_due(const struct serve *serve)
{
	int64_t elapsed_us = serve->now_us - serve->begun_us;

	if (serve->options.rate > 0)
		return (double)(serve->next.time_us -
		    serve->market->start_us) <=
		    (double)elapsed_us * serve->options.speed;
	return all_eager(serve);
}

static void
make_trades(struct serve *serve)
{
	if (!serve->begun) {
		if (!may_begin(serve))
			return;
		serve->begun = true;
		serve->begun_us = serve->now_us;
		event_line(serve->options.events, "begun", "%s", "");
	}
	for (int made = 0; made < BATCH && !all_made(serve); made++) {
		if (!serve->has_next)
			market_next(serve->market, &serve->next);
		serve->has_next = true;
		if (!is_due(serve))
			break;
		publish(serve, &serve->next);
		serve->has_next = false;
		if (all_made(serve))
			event_line(serve->options.events, "all-made", "%s",
			    "");
	}
	if (serve->options.log != NULL)
		fflush(serve->options.log);
}

static void
drop_all(struct serve *serve)
{
	if (serve->drop_due_us == 0 || serve->now_us < serve->drop_due_us)
		return;
	serve->drop_due_us = serve->now_us + serve->options.drop_every_us;
	for (struct peer *peer = serve->peers; peer != NULL;
	    peer = peer->next) {
		if (!peer_is_open(peer))
			continue;
		serve->counts.cut++;
		peer_gone(serve, peer);
	}
}

static void
accept_all(struct serve *serve)
{
	struct link link;

	while (link_accept(&serve->server, &link)) {
		if (serve->server.bad != NULL &&
		    serve->now_us >= serve->bad_cert_until_us &&
		    serve->faults.waiting[FAULT_CERTIFICATE] > 0) {
			harm_happened(serve, FAULT_CERTIFICATE, "%s", "");
			serve->bad_cert_until_us = serve->now_us +
			    serve->options.fault_for_us;
		}
		if (peer_new(serve, &link) == NULL)
			link_close(&link);
	}
}

static void
free_gone(struct serve *serve)
{
	struct peer **link = &serve->peers;

	while (*link != NULL) {
		struct peer *peer = *link;

		if (peer->state != PEER_GONE) {
			link = &peer->next;
			continue;
		}
		*link = peer->next;
		peer_free(peer);
	}
}

/* Nobody listens any more. */
static bool
is_idle(const struct serve *serve)
{
	for (struct peer *peer = serve->peers; peer != NULL;
	    peer = peer->next)
		if (peer->number != 0 && peer->state != PEER_DEAD)
			return false;
	return serve->had_client;
}

static void
tick(struct serve *serve)
{
	if (serve->begun && serve->faults.ndeck > 0) {
		faults_tick(&serve->faults, serve->now_us);
		harm(serve);
	}
	make_trades(serve);
	for (struct peer *peer = serve->peers; peer != NULL;
	    peer = peer->next)
		peer_look_after(serve, peer);
	drop_all(serve);
	free_gone(serve);
	if (serve->options.stop_when_idle && all_made(serve) &&
	    is_idle(serve))
		serve->stopped = true;
}

/* As if --trades had asked for those that there are, and at least one. */
static void
make_no_more(struct serve *serve)
{
	serve->options.trades = serve->counts.trades > 0 ?
	    (int64_t)serve->counts.trades : 1;
}

static void
wake(struct serve *serve)
{
	switch (serve->options.woken()) {
	case SERVE_END: serve->stopped = true; break;
	case SERVE_COUNTS: serve->options.say_counts(); break;
	case SERVE_NO_MORE: make_no_more(serve); break;
	case SERVE_GO_ON: break;
	}
}

/* Every descriptor's event carries its peer, or the address of its number. */
static void
handle(struct serve *serve, const struct epoll_event *event)
{
	if (event->data.ptr == &serve->server.fd)
		accept_all(serve);
	else if (event->data.ptr == &serve->options.wake_fd)
		wake(serve);
	else
		peer_event(serve, event->data.ptr,
		    (event->events & ~(uint32_t)EPOLLOUT) != 0);
}

void
serve_run(struct serve *serve)
{
	struct epoll_event events[EVENTS];
	bool busy;
	int n;

	while (!serve->stopped) {
		busy = serve->begun && !all_made(serve);
		n = epoll_wait(serve->epoll_fd, events, EVENTS,
		    busy ? TICK_MS : IDLE_MS);
		serve->before_us = serve->now_us;
		serve->now_us = clock_now_us();
		for (int i = 0; i < n; i++)
			handle(serve, &events[i]);
		tick(serve);
	}
}

static int
watch(struct serve *serve, int *fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = fd };

	return epoll_ctl(serve->epoll_fd, EPOLL_CTL_ADD, *fd, &event);
}

struct serve *
serve_open(const struct serve_options *options, struct market *market)
{
	struct serve *serve = calloc(1, sizeof(*serve));

	if (serve == NULL)
		return NULL;
	serve->options = *options;
	serve->market = market;
	serve->random = options->seed ^ 0x6e6f697365;
	serve->chance = options->seed ^ 0x6368616e6365;
	serve->now_us = serve->before_us = clock_now_us();
	if (options->drop_every_us != 0)
		serve->drop_due_us = serve->now_us + options->drop_every_us;
	limits_init(&serve->limits, &options->limits);
	serve->server.fd = -1;
	serve->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (faults_init(&serve->faults, &options->faults) != 0)
		fprintf(stderr, "exchange: no such fault: %s\n",
		    options->faults.kinds);
	else if (serve->epoll_fd != -1 &&
	    tape_init(&serve->tape, market->nsymbols) == 0 &&
	    link_listen(&serve->server, options->port, options->cert,
	    options->key, options->bad_cert, options->bad_key) == 0 &&
	    watch(serve, &serve->server.fd) == 0 &&
	    watch(serve, &serve->options.wake_fd) == 0)
		return serve;
	serve_close(serve);
	return NULL;
}

int
serve_port(const struct serve *serve)
{
	return link_port(&serve->server);
}

void
serve_print_counts(struct serve *serve, FILE *to)
{
	counts_print(&serve->counts, &serve->limits.counts, &serve->faults,
	    to);
}

void
serve_close(struct serve *serve)
{
	for (struct peer *peer = serve->peers, *next; peer != NULL;
	    peer = next) {
		next = peer->next;
		peer_free(peer);
	}
	link_unlisten(&serve->server);
	close(serve->epoll_fd);
	limits_free(&serve->limits);
	tape_free(&serve->tape);
	free(serve);
}
