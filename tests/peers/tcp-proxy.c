/*
 * tcp-proxy: stands between clients and servers on 127.0.0.1 and plays the
 * faults of a network on them, on command.
 *
 *	tcp-proxy.c        options, the loop, the commands
 *	tcp-proxy-relay.c  one connection
 */
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "tcp-proxy-relay.h"

static const char usage[] =
    "usage: tcp-proxy LISTEN:TARGET...\n"
    "Takes connections to each port LISTEN on to the port TARGET, both on\n"
    "127.0.0.1. Prints ready; then reads commands, one a line, and answers\n"
    "each with ok or error: WHY. ROUTE is the number of an operand, or *.\n"
    "  cut ROUTE           close its connections at once, with RST\n"
    "  delay ROUTE MS      from now on every byte arrives MS later (0: none);\n"
    "                      what is on its way is not held longer than that\n"
    "  freeze ROUTE        nothing moves any more on the connections there\n"
    "                      are, nor is one end told of the other's end\n"
    "  silence ROUTE       and new ones are accepted, but nothing moves\n"
    "  thaw ROUTE          ends both: what was held is cut\n"
    "  answer ROUTE BYTES  the next time that a server sends after its\n"
    "                      client did, so many bytes are handed on, of that\n"
    "                      and what follows; then the client is cut, and the\n"
    "                      server gets what the client had sent, and its end\n"
    "  clear ROUTE         delay 0, no pending answer, thaw\n"
    "  count ROUTE         ok ACCEPTED CUT BYTES, so far\n"
    "Ends at the end of its input, or by TERM or INT.\n";

enum { EXIT_USAGE = 2, EXIT_WORLD = 3 };

#define MAX_MS 3600000
#define MAX_BYTES ((int64_t)1 << 40)
/* With no descriptor left, wait so long for one before the next accept. */
#define PAUSE_US 50000
#define LINE_BYTES 256

static struct {
	struct route *routes;
	size_t nroutes;
	struct relay **relays;
	size_t nrelays, relays_room;
	struct pollfd *fds; /* two, then the routes', then the relays' */
	int signal_fd;
	int64_t accept_from_us;
	char line[LINE_BYTES];
	size_t line_length;
	bool too_long; /* the line: skip to its end */
} proxy;

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "tcp-proxy: %s: %s\n", what, strerror(errno));
	exit(EXIT_WORLD);
}

/* A whole number from min to max that is all of the text, or -1. */
static int64_t
number(const char *text, int64_t min, int64_t max)
{
	char *end;
	long long value;

	if (text == NULL || *text < '0' || *text > '9')
		return -1;
	errno = 0;
	value = strtoll(text, &end, 10);
	return errno != 0 || *end != '\0' || value < min || value > max ? -1 :
	    value;
}

static int
listen_on(int64_t port)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);

	if (fd == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) !=
	    0 || listen(fd, SOMAXCONN) != 0)
		return -1;
	return fd;
}

static void
open_route(struct route *route, char *operand)
{
	char *colon = strchr(operand, ':');
	int64_t from, to;

	if (colon != NULL)
		*colon = '\0';
	from = number(operand, 1, 65535);
	to = colon == NULL ? -1 : number(colon + 1, 1, 65535);
	if (colon != NULL)
		*colon = ':'; /* for ps(1) and the messages */
	if (from == -1 || to == -1) {
		fprintf(stderr, "tcp-proxy: not LISTEN:TARGET: %s\n", operand);
		exit(EXIT_USAGE);
	}
	*route = (struct route){ .listen_fd = listen_on(from),
	    .target_port = (int)to, .answer = -1 };
	if (route->listen_fd == -1)
		die(operand);
}

static void
for_relays(const struct route *route, void (*act)(struct relay *))
{
	size_t i;

	for (i = 0; i < proxy.nrelays; i++)
		if (proxy.relays[i]->route == route)
			act(proxy.relays[i]);
}

static void
hold(struct relay *relay)
{
	relay->held = true;
}

static void
cut_held(struct relay *relay)
{
	if (relay->held)
		relay_cut(relay);
}

static void
do_cut(struct route *route, int64_t unused)
{
	(void)unused;
	for_relays(route, relay_cut);
}

static void
do_delay(struct route *route, int64_t ms)
{
	route->delay_ms = ms;
	for_relays(route, relay_hasten);
}

static void
do_freeze(struct route *route, int64_t unused)
{
	(void)unused;
	for_relays(route, hold);
}

static void
do_silence(struct route *route, int64_t unused)
{
	do_freeze(route, unused);
	route->silent = true;
}

static void
do_thaw(struct route *route, int64_t unused)
{
	(void)unused;
	route->silent = false;
	for_relays(route, cut_held);
}

static void
do_answer(struct route *route, int64_t bytes)
{
	route->answer = bytes;
}

static void
do_clear(struct route *route, int64_t unused)
{
	do_delay(route, 0);
	route->answer = -1;
	for_relays(route, relay_spare);
	do_thaw(route, unused);
}

static const struct command {
	const char *name;
	void (*run)(struct route *route, int64_t value);
	int64_t max; /* of its number; 0: it has none */
} commands[] = {
	{ "cut", do_cut, 0 },
	{ "delay", do_delay, MAX_MS },
	{ "freeze", do_freeze, 0 },
	{ "silence", do_silence, 0 },
	{ "thaw", do_thaw, 0 },
	{ "answer", do_answer, MAX_BYTES },
	{ "clear", do_clear, 0 },
	{ "count", NULL, 0 },
};

static void
print_counts(size_t from, size_t to)
{
	uint64_t accepted = 0, cut = 0, bytes = 0;

	for (; from < to; from++) {
		accepted += proxy.routes[from].accepted;
		cut += proxy.routes[from].cut;
		bytes += proxy.routes[from].bytes;
	}
	printf("ok %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", accepted, cut,
	    bytes);
}

static const struct command *
find_command(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (name != NULL && strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* NULL when it was answered, or why it is none. */
static const char *
run_command(char *line)
{
	char *rest = line;
	const struct command *command = find_command(strtok_r(line, " ",
	    &rest));
	const char *route = strtok_r(NULL, " ", &rest);
	size_t from = 0, to = proxy.nroutes;
	int64_t n = 0;

	if (command == NULL)
		return "no such command";
	if (route == NULL || strcmp(route, "*") != 0) {
		n = number(route, 1, (int64_t)proxy.nroutes);
		if (n == -1)
			return "no such route";
		from = (size_t)n - 1;
		to = (size_t)n;
	}
	n = command->max == 0 ? 0 :
	    number(strtok_r(NULL, " ", &rest), 0, command->max);
	if (n == -1 || strtok_r(NULL, " ", &rest) != NULL)
		return "not the number that it takes";
	if (command->run == NULL) {
		print_counts(from, to);
		return NULL;
	}
	for (; from < to; from++)
		command->run(&proxy.routes[from], n);
	puts("ok");
	return NULL;
}

static void
answer_line(void)
{
	const char *error = "too long a line";

	proxy.line[proxy.line_length] = '\0';
	if (!proxy.too_long)
		error = run_command(proxy.line);
	if (error != NULL)
		printf("error: %s\n", error);
	proxy.line_length = 0;
	proxy.too_long = false;
}

/* False at the end of the input, or when nobody hears the answers. */
static bool
read_commands(void)
{
	char bytes[LINE_BYTES];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes)), i;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	for (i = 0; i < n; i++) {
		if (bytes[i] == '\n')
			answer_line();
		else if (proxy.line_length < LINE_BYTES - 1)
			proxy.line[proxy.line_length++] = bytes[i];
		else
			proxy.too_long = true;
	}
	return n > 0 && fflush(stdout) == 0;
}

static void
add_relay(struct relay *relay)
{
	if (proxy.nrelays == proxy.relays_room) {
		proxy.relays_room = 2 * proxy.relays_room + 64;
		proxy.relays = realloc(proxy.relays, proxy.relays_room *
		    sizeof(*proxy.relays));
		proxy.fds = realloc(proxy.fds, (2 + proxy.nroutes + 2 *
		    proxy.relays_room) * sizeof(*proxy.fds));
		if (proxy.relays == NULL || proxy.fds == NULL)
			die("connections");
	}
	if (relay != NULL)
		proxy.relays[proxy.nrelays++] = relay;
}

static void
accept_clients(struct route *route)
{
	int fd;

	while ((fd = accept4(route->listen_fd, NULL, NULL, SOCK_NONBLOCK |
	    SOCK_CLOEXEC)) != -1) {
		route->accepted++;
		add_relay(relay_open(route, fd));
	}
	if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
		proxy.accept_from_us = clock_monotonic_us() + PAUSE_US;
}

/* Sets up the descriptors to wait for; returns until when at most. */
static int64_t
prepare(void)
{
	struct pollfd *fds = proxy.fds;
	bool accepts = proxy.accept_from_us <= clock_monotonic_us();
	int64_t deadline_us = accepts ? INT64_MAX : proxy.accept_from_us;
	size_t i;

	*fds++ = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
	*fds++ = (struct pollfd){ .fd = proxy.signal_fd, .events = POLLIN };
	for (i = 0; i < proxy.nroutes; i++)
		*fds++ = (struct pollfd){ .fd = accepts ?
		    proxy.routes[i].listen_fd : -1, .events = POLLIN };
	for (i = 0; i < proxy.nrelays; i++, fds += 2)
		relay_wants(proxy.relays[i], fds, &deadline_us);
	return deadline_us;
}

static void
move_relays(void)
{
	const struct pollfd *fds = proxy.fds + 2 + proxy.nroutes;
	size_t i, kept = 0;

	for (i = 0; i < proxy.nrelays; i++, fds += 2) {
		if (relay_move(proxy.relays[i], fds))
			proxy.relays[kept++] = proxy.relays[i];
		else
			relay_free(proxy.relays[i]);
	}
	proxy.nrelays = kept;
}

static void
serve(void)
{
	nfds_t nfds;
	size_t i;
	int timeout_ms;

	for (;;) {
		timeout_ms = clock_poll_ms(prepare());
		nfds = 2 + proxy.nroutes + 2 * proxy.nrelays;
		if (poll(proxy.fds, nfds, timeout_ms) == -1) {
			if (errno == EINTR)
				continue;
			die("poll");
		}
		if (proxy.fds[1].revents != 0)
			return;
		move_relays();
		for (i = 0; i < proxy.nroutes; i++)
			if (proxy.fds[2 + i].revents != 0)
				accept_clients(&proxy.routes[i]);
		if (proxy.fds[0].revents != 0 && !read_commands())
			return;
	}
}

static void
set_up(void)
{
	struct rlimit files;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	proxy.signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (proxy.signal_fd == -1)
		die("signalfd");
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	add_relay(NULL); /* makes room */
}

static void
tear_down(void)
{
	while (proxy.nrelays > 0)
		relay_free(proxy.relays[--proxy.nrelays]);
	free(proxy.relays);
	free(proxy.fds);
	free(proxy.routes);
}

int
main(int argc, char **argv)
{
	int i;

	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	if (argc < 2) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	proxy.nroutes = (size_t)argc - 1;
	proxy.routes = calloc(proxy.nroutes, sizeof(*proxy.routes));
	if (proxy.routes == NULL)
		die("routes");
	for (i = 1; i < argc; i++)
		open_route(&proxy.routes[i - 1], argv[i]);
	set_up();
	puts("ready");
	if (fflush(stdout) != 0)
		die("stdout");
	serve();
	tear_down();
	return EXIT_SUCCESS;
}
