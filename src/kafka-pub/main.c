/*
 * kafka-pub: sends lines to a topic and ends well only when every one of them
 * is acknowledged.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "decimal.h"
#include "deliver.h"
#include "filter.h"
#include "flow.h"
#include "kafkaconf.h"
#include "msg.h"
#include "opt.h"
#include "record.h"
#include "rejects.h"
#include "status.h"
#include "stop.h"
#include "timestamp.h"
#include "topic.h"

#define SERVE_US 1000000LL /* between two looks at errors and logs */

enum { OPT_KEY = OPT_OWN, OPT_TIME, OPT_CREATE };

static const struct opt_command command = {
	.name = "kafka-pub",
	.usage = "[-b BROKERS] [-F FILE] [-X NAME=VALUE]... [option...] TOPIC",
	.help =
	    "Sends each line of standard input to TOPIC, and ends with status\n"
	    "0 only when the brokers have acknowledged every one.\n\n"
	    KAFKACONF_HELP
	    "  --key MEMBER        the message's key: the text of a member\n"
	    "  --time MEMBER       the message's time: RFC 3339, or whole ms\n"
	    "  --create PARTITIONS[:REPLICAS]\n"
	    "                      create TOPIC unless it is there\n"
	    OPT_COMMON_HELP,
	.library = kafkaconf_library,
};

/*
 * acks=all and idempotence: what was acknowledged is on every in-sync replica
 * once and in order.  No time-out of messages: a broker that is down is waited
 * for.  One batch at a time is what bounds memory; the queue holds at least
 * that.
 */
static const struct kafkaconf_property ours[] = {
	{ "enable.idempotence", "true", KAFKACONF_FIXED },
	{ "acks", "all", KAFKACONF_FIXED },
	{ "request.required.acks", "-1", KAFKACONF_FIXED },
	{ "message.timeout.ms", "0", KAFKACONF_FIXED },
	{ "delivery.timeout.ms", "0", KAFKACONF_FIXED },
	{ "transactional.id", "", KAFKACONF_FIXED },
	{ "partitioner", "murmur2_random", 0 },
	{ "linger.ms", "5", 0 },
	{ "queue.buffering.max.messages", "10000", 0 },
	{ "queue.buffering.max.kbytes", "16384", 0 },
	{ "retry.backoff.ms", "100", 0 },
	{ NULL, NULL, 0 },
};

struct pub {
	const char *key, *time; /* names of members, or NULL */
	struct topic_create create;
	const char *topic;
	struct kafkaconf_options kafka;
	struct kafkaconf conf;
	struct deliver deliver;
	struct flow flow;
	struct rejects rejects;
	struct record_reader reader;
	struct deliver_message message; /* if pending */
	bool pending;
	char *cut; /* a line without its `_kafka` */
	size_t cut_cap;
	uint64_t lines, passed_over;
};

static void
parse_options(struct pub *pub, struct opt_common *common, int argc,
    char **argv)
{
	static const struct option options[] = {
		OPT_COMMON_LONG,
		KAFKACONF_LONG,
		{ "key", required_argument, NULL, OPT_KEY },
		{ "time", required_argument, NULL, OPT_TIME },
		{ "create", required_argument, NULL, OPT_CREATE },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, ":" KAFKACONF_SHORT
	    OPT_COMMON_SHORT, options, NULL)) != -1) {
		if (c == OPT_KEY)
			pub->key = optarg;
		else if (c == OPT_TIME)
			pub->time = optarg;
		else if (c == OPT_CREATE &&
		    !topic_create_read(optarg, &pub->create))
			opt_usage(&command, "--create '%s' is not "
			    "PARTITIONS[:REPLICAS]", optarg);
		else if (c != OPT_CREATE &&
		    !kafkaconf_option(&pub->kafka, c, optarg))
			opt_common(common, &command, c, argc, argv);
	}
	if (argc - optind != 1)
		opt_usage(&command, optind == argc ? "no topic" :
		    "more than one topic");
	pub->topic = argv[optind];
	if (!kafkaconf_topic_name(pub->topic))
		opt_usage(&command, "'%s' is not a name for a topic",
		    pub->topic);
}

static enum flow_result
refuse(struct pub *pub, const struct line *line, size_t len,
    const char *reason)
{
	struct reject reject = {
		.reason = reason, .line = line->number, .text = line->text,
		.len = len, .whole_len = line->len,
	};

	if (rejects_put(&pub->rejects, &reject) == 0)
		return FLOW_READY;
	kafkaconf_fail(&pub->conf, STATUS_WORLD, "rejects: %s",
	    strerror(errno));
	return FLOW_END;
}

/* The text of the key's member; RECORD_BAD when there is none. */
static enum record_result
find_key(struct pub *pub)
{
	const struct json_member *m = json_find(&pub->reader.object,
	    pub->key);

	if (m == NULL)
		return record_bad(&pub->reader, "no %s for a key", pub->key);
	if (m->value.type == JSON_NUMBER) {
		pub->message.key = m->value.text;
		pub->message.key_len = m->value.len;
		return RECORD_GOOD;
	}
	if (m->value.type != JSON_STRING || json_string(&pub->reader.object,
	    &m->value, &pub->message.key, &pub->message.key_len) == -1)
		return record_bad(&pub->reader, "%s is neither text nor a "
		    "number, for a key", pub->key);
	return RECORD_GOOD;
}

static enum record_result
find_time(struct pub *pub)
{
	const struct json_member *m = json_find(&pub->reader.object,
	    pub->time);
	int64_t time_us;

	if (m == NULL)
		return record_bad(&pub->reader, "no %s for a time",
		    pub->time);
	if (m->value.type == JSON_NUMBER && decimal_read_int64(m->value.text,
	    m->value.len, &pub->message.time_ms))
		return RECORD_GOOD;
	if (m->value.type == JSON_STRING && timestamp_read(m->value.text,
	    m->value.len, &time_us) && time_us >= 0) {
		pub->message.time_ms = time_us / 1000;
		return RECORD_GOOD;
	}
	return record_bad(&pub->reader, "%s is neither an RFC 3339 time nor "
	    "milliseconds", pub->time);
}

/* The line's own bytes, without `_kafka` where it has one. */
static int
set_text(struct pub *pub, const struct line *line)
{
	pub->message.text = line->text;
	pub->message.len = line->len;
	if (!pub->reader.has_provenance)
		return 0;
	if (pub->cut_cap < line->len) {
		char *cut = realloc(pub->cut, line->len);

		if (cut == NULL)
			return -1;
		pub->cut = cut;
		pub->cut_cap = line->len;
	}
	memcpy(pub->cut, line->text, line->len);
	pub->message.text = pub->cut;
	pub->message.len = provenance_cut(&pub->reader.object, pub->cut,
	    line->len);
	return 0;
}

/* A line becomes the pending message, is passed over, or is refused. */
static enum flow_result
prepare(struct pub *pub, const struct line *line)
{
	enum record_result result;

	pub->lines++;
	pub->message = (struct deliver_message){ .line = line->number };
	result = record_read(&pub->reader, line->text, line->len);
	if (result == RECORD_PROVENANCE) {
		pub->passed_over++;
		return FLOW_READY;
	}
	if (result == RECORD_GOOD && pub->key != NULL)
		result = find_key(pub);
	if (result == RECORD_GOOD && pub->time != NULL)
		result = find_time(pub);
	if (result == RECORD_NO_MEMORY)
		return flow_no_memory(&pub->flow);
	if (result == RECORD_BAD)
		return refuse(pub, line, line->len, pub->reader.reason);
	if (set_text(pub, line) == -1) {
		kafkaconf_fail(&pub->conf, STATUS_WORLD, "out of memory");
		return FLOW_END;
	}
	pub->pending = true;
	return FLOW_READY;
}

static enum flow_result
refuse_long(struct pub *pub, const struct line *line)
{
	char reason[80];

	pub->lines++;
	snprintf(reason, sizeof reason, "longer than %zu bytes",
	    pub->flow.in.max_line);
	return refuse(pub, line, line->len < LINEIN_LONG_HEAD ? line->len :
	    LINEIN_LONG_HEAD, reason);
}

/* Sends the batch; may wait for the brokers. */
static enum flow_result
flush(struct pub *pub)
{
	deliver_flush(&pub->deliver);
	return stop_overdue() ? FLOW_OVERDUE : FLOW_READY;
}

/* Waits for input, until the batch is due. */
static enum flow_result
wait_for_input(struct pub *pub)
{
	struct pollfd event = { .fd = pub->conf.event_fds[0],
	    .events = POLLIN };
	int64_t now_us = clock_monotonic_us();
	int64_t due_us = deliver_due_us(&pub->deliver);
	enum flow_result result;

	if (due_us <= now_us)
		return flush(pub);
	result = flow_wait(&pub->flow, &event, 1,
	    due_us < now_us + SERVE_US ? due_us : now_us + SERVE_US, true);
	/* The end of the loop is told by errno, and served after it. */
	if (result == FLOW_READY)
		deliver_serve(&pub->deliver);
	return result;
}

/* The next step: send what is pending, or read on. */
static enum flow_result
step(struct pub *pub)
{
	enum flow_result result;
	struct line line;

	if (pub->pending) {
		if (deliver_send(&pub->deliver, &pub->message) ==
		    DELIVER_FULL)
			return flush(pub);
		pub->pending = false;
	}
	result = flow_next(&pub->flow, &line);
	if (result == FLOW_LINE)
		return prepare(pub, &line);
	if (result == FLOW_LONG)
		return refuse_long(pub, &line);
	return result == FLOW_DRY ? wait_for_input(pub) : result;
}

static enum flow_result
run(struct pub *pub)
{
	enum flow_result result;

	do {
		result = step(pub);
	} while (result == FLOW_READY && pub->conf.failed == STATUS_OK);
	return result;
}

/* What there is to say at the end, once; the exit status. */
static enum status
finish(struct pub *pub, enum flow_result how)
{
	enum status status = STATUS_OK;
	uint64_t missing;

	if (how == FLOW_FAILED) {
		msg_error("%s: %s", flow_where(&pub->flow), strerror(errno));
		status = STATUS_WORLD;
	}
	if (how == FLOW_CIRCLE) {
		msg_error("%s: " FLOW_CIRCLE_TEXT, flow_where(&pub->flow));
		status = STATUS_USAGE;
	}
	deliver_flush(&pub->deliver);
	missing = deliver_missing(&pub->deliver);
	if (how == FLOW_OVERDUE) {
		msg_error("asked to stop, and the end of the input did not "
		    "come");
		status = STATUS_WORLD;
	}
	if (pub->conf.failed != STATUS_OK) {
		msg_error("%s", pub->conf.error);
		status = pub->conf.failed;
	}
	if (missing > 0) {
		msg_error("%llu lines not acknowledged: they may or may not "
		    "be in topic %s", (unsigned long long)missing, pub->topic);
		if (status != STATUS_USAGE)
			status = STATUS_WORLD;
	}
	if (pub->rejects.count > 0)
		status = status_worse(status, STATUS_DATA);
	msg_info("%llu lines, %llu acknowledged, %llu refused, %llu with "
	    "nothing but " PROVENANCE_NAME, (unsigned long long)pub->lines,
	    (unsigned long long)pub->deliver.acked,
	    (unsigned long long)pub->rejects.count,
	    (unsigned long long)pub->passed_over);
	return status;
}

/* Everything that is to be opened, in order; STATUS_OK or the end. */
static enum status
begin(struct pub *pub, const struct opt_common *common)
{
	enum status status;

	status = kafkaconf_init(&pub->conf, &pub->kafka, ours, msg_warn,
	    msg_info);
	if (status != STATUS_OK)
		return status;
	if (stop_init(common->drain_us) == -1 ||
	    flow_init(&pub->flow, NULL, 0, NULL, common->max_line) == -1) {
		kafkaconf_fail(&pub->conf, STATUS_WORLD, "%s",
		    strerror(errno));
		return STATUS_WORLD;
	}
	if (rejects_open(&pub->rejects, common->rejects) == -1) {
		kafkaconf_fail(&pub->conf, filter_file_status(errno),
		    "%s: %s", common->rejects, strerror(errno));
		return pub->conf.failed;
	}
	flow_writes(&pub->flow, pub->rejects.fd);
	if (deliver_init(&pub->deliver, &pub->conf, &pub->rejects) == -1)
		return pub->conf.failed;
	status = kafkaconf_create(&pub->conf, RD_KAFKA_PRODUCER);
	if (status == STATUS_OK)
		status = topic_prepare(&pub->conf, pub->topic, &pub->create);
	if (status == STATUS_OK && deliver_open(&pub->deliver,
	    pub->topic) == -1)
		status = pub->conf.failed;
	return status;
}

static void
release(struct pub *pub)
{
	deliver_free(&pub->deliver);
	kafkaconf_free(&pub->conf);
	flow_free(&pub->flow);
	record_reader_free(&pub->reader);
	kafkaconf_options_free(&pub->kafka);
	free(pub->cut);
}

int
main(int argc, char **argv)
{
	struct pub pub = { .rejects = { .fd = -1 } };
	struct opt_common common;
	enum status status;

	opt_init(&common, &command);
	if (kafkaconf_options_init(&pub.kafka, argc) == -1) {
		msg_error("out of memory");
		return STATUS_WORLD;
	}
	parse_options(&pub, &common, argc, argv);
	record_reader_init(&pub.reader);
	status = begin(&pub, &common);
	if (status == STATUS_OK)
		status = finish(&pub, run(&pub));
	else
		msg_error("%s", pub.conf.error);
	if (rejects_close(&pub.rejects) == -1) {
		msg_error("%s: %s", common.rejects, strerror(errno));
		status = STATUS_WORLD;
	}
	release(&pub);
	return status;
}
