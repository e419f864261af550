/*
 * kafka-sub: prints the values of messages, and tells the group only what
 * standard output has taken or the sink has made safe.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ackin.h"
#include "assign.h"
#include "clock.h"
#include "commit.h"
#include "emit.h"
#include "filter.h"
#include "kafkaconf.h"
#include "msg.h"
#include "opt.h"
#include "rejects.h"
#include "relay.h"
#include "status.h"
#include "stop.h"

#define LEAVE_US (5 * 1000000LL) /* for the last commit and the goodbye */

enum { OPT_PROVENANCE = OPT_OWN, OPT_ACK };

static const struct opt_command command = {
	.name = "kafka-sub",
	.usage = "(-g GROUP | -o OFFSET [-p PARTITION]) [option...] TOPIC...",
	.help =
	    "Prints the values of messages, one a line.\n\n"
	    KAFKACONF_HELP
	    "  -g, --group GROUP   share the partitions with GROUP and go on\n"
	    "                      where it is\n"
	    "  -o, --offset beginning|end|OFFSET|-N|s@TIME\n"
	    "                      without a group: from there\n"
	    "  -p, --partition N   with -o: this partition alone\n"
	    "  -e, --exit          end at the end of all partitions\n"
	    "  -c, --count COUNT   end after COUNT lines\n"
	    "  --provenance        add the member _kafka to each line\n"
	    "  --ack PATH          commit what the FIFO PATH says is safe\n"
	    OPT_COMMON_HELP,
	.library = kafkaconf_library,
};

/*
 * Offsets are committed and partitions assigned by us alone, and no reset
 * moves us anywhere.  A member that died is missed after 6 s (librdkafka: 45),
 * the least that brokers allow by default.  The queue bounds memory.  The
 * first fetch after an assignment asks for the partition or two that are ready
 * by then; with nothing in them, all the others wait for its end.
 */
static const struct kafkaconf_property ours[] = {
	{ "group.id", "", KAFKACONF_FIXED },
	{ "enable.auto.commit", "false", KAFKACONF_FIXED },
	{ "enable.auto.offset.store", "false", KAFKACONF_FIXED },
	{ "auto.offset.reset", "error", KAFKACONF_FIXED },
	{ "enable.partition.eof", "", KAFKACONF_FIXED },
	{ "partition.assignment.strategy", "range",
	    KAFKACONF_FIXED | KAFKACONF_CLASSIC },
	{ "session.timeout.ms", "6000", KAFKACONF_CLASSIC },
	{ "heartbeat.interval.ms", "1500", KAFKACONF_CLASSIC },
	{ "queued.min.messages",
	    ASSIGN_TEXT(ASSIGN_QUEUE_MESSAGES), 0 },
	{ "queued.max.messages.kbytes",
	    ASSIGN_TEXT(ASSIGN_QUEUE_KBYTES), 0 },
	{ "fetch.max.bytes", "1048576", 0 },
	{ "fetch.wait.max.ms", "100", 0 },
	{ "fetch.error.backoff.ms", "100", 0 },
	{ "fetch.queue.backoff.ms", "10", KAFKACONF_NEWER },
	{ NULL, NULL, 0 },
};

struct sub {
	struct opt_common common;
	struct kafkaconf_options kafka;
	const char *group, *ack_path;
	bool has_origin, provenance, until_end;
	struct origin origin;
	int64_t count;
	char *const *topics;
	size_t ntopics;
	struct kafkaconf conf;
	struct assign assign;
	struct ackin ack;
	struct emit emit;
	struct rejects rejects;
	struct relay relay;
};

/* An option of kafka-sub's own; false: another's. */
static bool
own_option(struct sub *sub, int c)
{
	int64_t n;

	switch (c) {
	case 'g':
		if (*optarg == '\0')
			opt_usage(&command, "-g needs a name");
		sub->group = optarg;
		return true;
	case 'o':
		if (!origin_read(optarg, &sub->origin))
			opt_usage(&command, "-o '%s' is not beginning, end, "
			    "OFFSET, -N or s@TIME", optarg);
		sub->has_origin = true;
		return true;
	case 'p':
		if (!opt_int(optarg, 0, INT32_MAX, &n))
			opt_usage(&command, "-p '%s' is not a partition",
			    optarg);
		sub->origin.partition = (int32_t)n;
		return true;
	case 'e':
		sub->until_end = true;
		return true;
	case 'c':
		if (!opt_int(optarg, 1, INT64_MAX, &sub->count))
			opt_usage(&command, "-c '%s' is not a count", optarg);
		return true;
	case OPT_PROVENANCE:
		sub->provenance = true;
		return true;
	case OPT_ACK:
		sub->ack_path = optarg;
		sub->provenance = true;
		return true;
	default:
		return kafkaconf_option(&sub->kafka, c, optarg);
	}
}

static void
check_options(const struct sub *sub)
{
	if (sub->group == NULL && !sub->has_origin)
		opt_usage(&command, "-g GROUP or -o OFFSET");
	if (sub->group != NULL && sub->has_origin)
		opt_usage(&command, "-o is for reading without -g");
	if (sub->group != NULL && sub->origin.partition != -1)
		opt_usage(&command, "-p is for reading without -g");
	if (sub->group == NULL && sub->ack_path != NULL)
		opt_usage(&command, "--ack needs -g");
	if (sub->ntopics == 0)
		opt_usage(&command, "no topic");
	for (size_t i = 0; i < sub->ntopics; i++) {
		if (!kafkaconf_topic_name(sub->topics[i]))
			opt_usage(&command, "'%s' is not a name for a topic",
			    sub->topics[i]);
	}
}

static void
parse_options(struct sub *sub, int argc, char **argv)
{
	static const struct option options[] = {
		OPT_COMMON_LONG,
		KAFKACONF_LONG,
		{ "group", required_argument, NULL, 'g' },
		{ "offset", required_argument, NULL, 'o' },
		{ "partition", required_argument, NULL, 'p' },
		{ "exit", no_argument, NULL, 'e' },
		{ "count", required_argument, NULL, 'c' },
		{ "provenance", no_argument, NULL, OPT_PROVENANCE },
		{ "ack", required_argument, NULL, OPT_ACK },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, ":g:o:p:ec:" KAFKACONF_SHORT
	    OPT_COMMON_SHORT, options, NULL)) != -1) {
		if (!own_option(sub, c))
			opt_common(&sub->common, &command, c, argc, argv);
	}
	sub->topics = argv + optind;
	sub->ntopics = (size_t)(argc - optind);
	check_options(sub);
}

/* What the options say to librdkafka. */
static enum status
configure(struct sub *sub)
{
	/* Without a group nothing joins and nothing commits; the library
	   wants a name all the same. */
	const char *group = sub->group != NULL ? sub->group : "tickpipe";
	enum status status;
	char text[200];

	status = kafkaconf_init(&sub->conf, &sub->kafka, ours, msg_warn,
	    msg_info);
	if (status != STATUS_OK)
		return status;
	if (rd_kafka_conf_set(sub->conf.conf, "group.id", group, text,
	    sizeof text) != RD_KAFKA_CONF_OK ||
	    rd_kafka_conf_set(sub->conf.conf, "enable.partition.eof",
	    sub->until_end ? "true" : "false", text, sizeof text) !=
	    RD_KAFKA_CONF_OK) {
		kafkaconf_fail(&sub->conf, STATUS_USAGE, "%s", text);
		return STATUS_USAGE;
	}
	assign_init(&sub->assign, &sub->conf, &sub->rejects);
	sub->assign.until_end = sub->until_end;
	return kafkaconf_create(&sub->conf, RD_KAFKA_CONSUMER);
}

/* STATUS_OK, or the end, with conf->error. */
static enum status
begin(struct sub *sub)
{
	struct kafkaconf *conf = &sub->conf;
	enum status status;

	if (ackin_open(&sub->ack, sub->ack_path) == -1) {
		kafkaconf_fail(conf, STATUS_USAGE, "--ack %s: %s",
		    sub->ack_path, errno == EINVAL ? "not a FIFO" :
		    strerror(errno));
		return conf->failed;
	}
	if (rejects_open(&sub->rejects, sub->common.rejects) == -1) {
		kafkaconf_fail(conf, filter_file_status(errno), "%s: %s",
		    sub->common.rejects, strerror(errno));
		return conf->failed;
	}
	emit_init(&sub->emit, sub->common.max_line, sub->provenance);
	if (stop_init(sub->common.drain_us) == -1 ||
	    relay_init(&sub->relay, &sub->assign, &sub->ack, &sub->emit,
	    &sub->rejects) == -1) {
		kafkaconf_fail(conf, STATUS_WORLD, "%s", strerror(errno));
		return conf->failed;
	}
	sub->relay.until_end = sub->until_end;
	sub->relay.count = sub->count;
	status = configure(sub);
	if (status != STATUS_OK)
		return status;
	if (sub->group != NULL)
		assign_join(&sub->assign, sub->group, sub->topics,
		    sub->ntopics);
	else
		assign_by_hand(&sub->assign, sub->topics, sub->ntopics,
		    &sub->origin);
	return conf->failed;
}

/* What there is to say at the end; the exit status. */
static enum status
judge(struct sub *sub, bool drained, bool committed)
{
	struct relay *relay = &sub->relay;
	enum status status = STATUS_OK;

	if (relay->out.error != 0 && relay->out.error != EPIPE) {
		msg_error("standard output: %s", strerror(relay->out.error));
		status = STATUS_WORLD;
	} else if (sub->conf.failed != STATUS_OK) {
		msg_error("%s", sub->conf.error);
		status = sub->conf.failed;
	} else if (!drained && relay->end != RELAY_GONE) {
		msg_error(sub->ack.fd != -1 && relay->closed ?
		    "the sink did not end in time" :
		    "standard output did not take everything in time");
		status = STATUS_WORLD;
	} else if (!committed && relay->end != RELAY_GONE) {
		msg_error("the last offsets are not committed");
		status = STATUS_WORLD;
	}
	if (sub->rejects.count > 0)
		status = status_worse(status, STATUS_DATA);
	msg_info("%llu lines, %llu refused, %llu assignments, %llu acks "
	    "taken, %llu ignored", (unsigned long long)relay->out.lines,
	    (unsigned long long)sub->rejects.count,
	    (unsigned long long)sub->assign.rebalances,
	    (unsigned long long)sub->ack.taken,
	    (unsigned long long)sub->ack.ignored);
	return status;
}

/* Drains, commits, leaves. */
static enum status
finish(struct sub *sub)
{
	bool drained = relay_drain(&sub->relay, sub->common.drain_us);
	int64_t deadline_us = clock_monotonic_us() + LEAVE_US;
	bool committed = commit_all(&sub->assign, deadline_us);
	enum status status = judge(sub, drained, committed);

	assign_leave(&sub->assign, deadline_us);
	return status;
}

static void
release(struct sub *sub)
{
	relay_free(&sub->relay);
	assign_free(&sub->assign);
	kafkaconf_free(&sub->conf);
	emit_free(&sub->emit);
	ackin_close(&sub->ack);
	kafkaconf_options_free(&sub->kafka);
}

int
main(int argc, char **argv)
{
	struct sub sub = { .origin = { .partition = -1 }, .count = -1,
	    .rejects = { .fd = -1 }, .ack = { .fd = -1 },
	    .conf = { .event_fds = { -1, -1 } } };
	enum status status;
	bool gone;

	opt_init(&sub.common, &command);
	if (kafkaconf_options_init(&sub.kafka, argc) == -1) {
		msg_error("out of memory");
		return STATUS_WORLD;
	}
	parse_options(&sub, argc, argv);
	status = begin(&sub);
	if (status == STATUS_OK) {
		relay_run(&sub.relay);
		status = finish(&sub);
	} else {
		msg_error("%s", sub.conf.error);
	}
	gone = sub.relay.end == RELAY_GONE && status <= STATUS_DATA;
	if (rejects_close(&sub.rejects) == -1) {
		msg_error("%s: %s", sub.common.rejects, strerror(errno));
		status = STATUS_WORLD;
	}
	release(&sub);
	if (gone)
		stop_by_sigpipe();
	return status;
}
