/*
 * mock-kafka: an embedded Kafka for the demo and for fast tests.
 *
 * librdkafka's own mock cluster, served on 127.0.0.1 to any client until a
 * signal comes (or, with -e, stdin ends). What it cannot do, a real broker
 * must be used for: it keeps only about 5 MB of each partition and drops what
 * is older without a word, answers no CreateTopics (hence the operands),
 * creates any topic somebody asks for, and forgets all when it ends.
 */
#include <errno.h>
#include <getopt.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

#define MAX_PARTITIONS 1000
#define MAX_ERRORS 100

enum { EXIT_USAGE = 2, EXIT_WORLD = 3 };

/* The answers to the first requests of one kind. */
struct failures {
	int16_t api;
	size_t count;
	rd_kafka_resp_err_t errors[MAX_ERRORS];
};

static volatile sig_atomic_t stop;

static void
on_signal(int signo)
{
	(void)signo;
	stop = 1;
}

static void
usage(FILE *f)
{
	fputs("usage: mock-kafka [-e] [-p PARTITIONS] [-f API:ERROR,...] "
	    "TOPIC...\n", f);
}

static void
help(void)
{
	usage(stdout);
	puts("Serves an embedded Kafka with the topics and prints HOST:PORT.\n"
	    "  -e, --until-eof            end when stdin does\n"
	    "  -f, --fail API:ERROR,...   answer the first requests of a kind\n"
	    "                             so; numbers as in Kafka's protocol,\n"
	    "                             0 for no error\n"
	    "  -p, --partitions NUMBER    of each topic (20)\n"
	    "  -h, --help                 this text");
}

/* Signals are taken in pselect() alone; all threads start with them blocked. */
static int
signals_setup(sigset_t *waiting)
{
	static const int signos[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t blocked;
	size_t i;

	sigemptyset(&sa.sa_mask);
	sigemptyset(&blocked);
	for (i = 0; i < sizeof(signos) / sizeof(signos[0]); i++) {
		sigaddset(&blocked, signos[i]);
		if (sigaction(signos[i], &sa, NULL) != 0)
			return -1;
	}
	return sigprocmask(SIG_BLOCK, &blocked, waiting);
}

/* Sleeps until a signal or, when asked, the end of stdin. */
static void
wait_for_end(const sigset_t *waiting, bool until_eof)
{
	char buf[512];
	fd_set fds;
	ssize_t n;

	while (!stop) {
		FD_ZERO(&fds);
		if (until_eof)
			FD_SET(STDIN_FILENO, &fds);
		if (pselect(1, &fds, NULL, NULL, NULL, waiting) <= 0)
			continue;
		n = read(STDIN_FILENO, buf, sizeof(buf));
		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
			return;
	}
}

static int
create_topics(rd_kafka_mock_cluster_t *cluster, char **topics, int partitions)
{
	rd_kafka_resp_err_t err;

	for (; *topics != NULL; topics++) {
		err = rd_kafka_mock_topic_create(cluster, *topics, partitions,
		    1);
		if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
			fprintf(stderr, "mock-kafka: %s: %s\n", *topics,
			    rd_kafka_err2str(err));
			return -1;
		}
	}
	return 0;
}

static int
serve(rd_kafka_mock_cluster_t *cluster, char **topics, int partitions,
    const sigset_t *waiting, bool until_eof)
{
	if (create_topics(cluster, topics, partitions) != 0)
		return EXIT_USAGE;
	printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
	if (fflush(stdout) != 0) {
		perror("mock-kafka: stdout");
		return EXIT_WORLD;
	}
	wait_for_end(waiting, until_eof);
	return EXIT_SUCCESS;
}

static int
run(char **topics, int partitions, bool until_eof,
    const struct failures *failures)
{
	rd_kafka_mock_cluster_t *cluster;
	rd_kafka_conf_t *conf;
	rd_kafka_t *rk;
	char errstr[256];
	sigset_t waiting;
	int status = EXIT_WORLD;

	if (signals_setup(&waiting) != 0) {
		perror("mock-kafka");
		return EXIT_WORLD;
	}
	conf = rd_kafka_conf_new();
	rd_kafka_conf_set_log_cb(conf, NULL);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr, sizeof(errstr));
	if (rk == NULL) {
		fprintf(stderr, "mock-kafka: %s\n", errstr);
		rd_kafka_conf_destroy(conf);
		return EXIT_WORLD;
	}
	cluster = rd_kafka_mock_cluster_new(rk, 1);
	if (cluster == NULL) {
		fputs("mock-kafka: cannot listen on 127.0.0.1\n", stderr);
	} else {
		rd_kafka_mock_push_request_errors_array(cluster,
		    failures->api, failures->count, failures->errors);
		status = serve(cluster, topics, partitions, &waiting,
		    until_eof);
		rd_kafka_mock_cluster_destroy(cluster);
	}
	rd_kafka_destroy(rk);
	return status;
}

/* A whole number from 1 to MAX_PARTITIONS, or -1. */
static int
parse_partitions(const char *s)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(s, &end, 10);
	if (errno != 0 || end == s || *end != '\0' || n < 1 ||
	    n > MAX_PARTITIONS)
		return -1;
	return (int)n;
}

/* API:ERROR,... */
static bool
parse_failures(char *s, struct failures *out)
{
	char *end;

	out->api = (int16_t)strtol(s, &end, 10);
	for (out->count = 0; out->count < MAX_ERRORS && end != s &&
	    *end == (out->count == 0 ? ':' : ','); out->count++) {
		s = end + 1;
		out->errors[out->count] =
		    (rd_kafka_resp_err_t)strtol(s, &end, 10);
	}
	return end != s && *end == '\0' && out->count > 0;
}

int
main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "until-eof", no_argument, NULL, 'e' },
		{ "fail", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "partitions", required_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	struct failures failures = { .count = 0 };
	bool until_eof = false;
	int partitions = 20;
	int c;

	while ((c = getopt_long(argc, argv, "ef:hp:", longopts, NULL)) != -1) {
		switch (c) {
		case 'e':
			until_eof = true;
			break;
		case 'f':
			if (!parse_failures(optarg, &failures)) {
				fprintf(stderr, "mock-kafka: -f: not "
				    "API:ERROR,...: %s\n", optarg);
				return EXIT_USAGE;
			}
			break;
		case 'h':
			help();
			return EXIT_SUCCESS;
		case 'p':
			partitions = parse_partitions(optarg);
			if (partitions < 0) {
				fprintf(stderr,
				    "mock-kafka: -p: not from 1 to %d: %s\n",
				    MAX_PARTITIONS, optarg);
				return EXIT_USAGE;
			}
			break;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind == argc) {
		usage(stderr);
		return EXIT_USAGE;
	}
	return run(argv + optind, partitions, until_eof, &failures);
}
