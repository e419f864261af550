/*
 * Lines to the brokers, and what becomes of each.
 */
#include "deliver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "stop.h"

#define FLUSH_STEP_MS 100
#define LINGER_LIBRARY "900000" /* ms: the most that librdkafka takes */
/* What a message takes in a batch beside its key and value, at most, and what
   the batch itself takes (both are less in Kafka's format). */
#define MESSAGE_BYTES 64
#define BATCH_BYTES 256

/* RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD, which came with 2.4. */
#define INVALID_DIFFERENT_RECORD (-138)

/*
 * Whether the broker looked at the batch and will never take it: because of
 * the message, or of another one in the batch.
 */
static bool
condemned(int error)
{
	switch (error) {
	case RD_KAFKA_RESP_ERR_INVALID_MSG:
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_INVALID_RECORD:
	case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
	case INVALID_DIFFERENT_RECORD:
		return true;
	default:
		return false;
	}
}

static void
refuse(struct deliver *deliver, uint64_t line, const char *text, size_t len,
    rd_kafka_resp_err_t error)
{
	struct reject reject = {
		.reason = rd_kafka_err2str(error), .line = line,
		.text = text, .len = len, .whole_len = len,
	};

	deliver->refused++;
	if (rejects_put(deliver->rejects, &reject) == -1) {
		deliver->rejects_error = errno;
		kafkaconf_fail(deliver->conf, STATUS_WORLD, "rejects: %s",
		    strerror(errno));
	}
}

static void
acknowledged(struct deliver *deliver)
{
	deliver->acked++;
	if (deliver->conf->down || !deliver->conf->reached)
		kafkaconf_up(deliver->conf);
}

static void
lost(struct deliver *deliver, uint64_t line, rd_kafka_resp_err_t error)
{
	if (deliver->unheard == 0 || line < deliver->unheard)
		deliver->unheard = line;
	kafkaconf_fail(deliver->conf, deliver->acked == 0 &&
	    kafkaconf_hopeless(error) ? STATUS_USAGE : STATUS_WORLD,
	    "line %llu not delivered: %s", (unsigned long long)line,
	    rd_kafka_err2str(error));
}

/* A message of the batch; its opaque is its index there. */
static void
on_first_delivery(struct deliver *deliver, const rd_kafka_message_t *message)
{
	const struct deliver_line *line =
	    &deliver->batch[(uintptr_t)message->_private];

	if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
		acknowledged(deliver);
	else if (!condemned(message->err))
		lost(deliver, line->number, message->err);
	else if (suspects_add(&deliver->suspects, message, line->number,
	    line->time_ms) == -1)
		kafkaconf_fail(deliver->conf, STATUS_WORLD, "out of memory");
}

/* A message that is its own opaque. */
static void
on_suspect(struct deliver *deliver, const rd_kafka_message_t *message)
{
	struct suspect *suspect = message->_private;

	suspect->error = message->err;
	if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
		acknowledged(deliver);
	else if (!condemned(message->err))
		lost(deliver, suspect->line, message->err);
}

static void
on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	struct deliver *deliver = kafkaconf_user(opaque);

	(void)rk;
	if (deliver->settling)
		on_suspect(deliver, message);
	else
		on_first_delivery(deliver, message);
}

/* A property that is a number; the library has checked it. */
static int
get_number(struct kafkaconf *conf, const char *name, double *value)
{
	char text[64];
	size_t len = sizeof text;

	if (rd_kafka_conf_get(conf->conf, name, text, &len) !=
	    RD_KAFKA_CONF_OK) {
		kafkaconf_fail(conf, STATUS_USAGE, "%s: not known to "
		    "librdkafka", name);
		return -1;
	}
	*value = strtod(text, NULL);
	return 0;
}

/*
 * A batch of a partition that reached one of the library's own limits would be
 * sent at once, and the rest of it in another request.
 */
static int
take_limits(struct deliver *deliver)
{
	struct kafkaconf *conf = deliver->conf;
	double linger_ms, lines, bytes, largest;
	char text[200];

	if (get_number(conf, "linger.ms", &linger_ms) == -1 ||
	    get_number(conf, "batch.num.messages", &lines) == -1 ||
	    get_number(conf, "batch.size", &bytes) == -1 ||
	    get_number(conf, "message.max.bytes", &largest) == -1)
		return -1;
	if (bytes > largest)
		bytes = largest;
	deliver->linger_us = (int64_t)(linger_ms * 1000);
	deliver->max_lines = lines > 1 ? (size_t)lines - 1 : 1;
	deliver->max_bytes = bytes > BATCH_BYTES ?
	    (size_t)bytes - BATCH_BYTES : 0;
	if (rd_kafka_conf_set(conf->conf, "linger.ms", LINGER_LIBRARY, text,
	    sizeof text) == RD_KAFKA_CONF_OK)
		return 0;
	kafkaconf_fail(conf, STATUS_USAGE, "%s", text);
	return -1;
}

int
deliver_init(struct deliver *deliver, struct kafkaconf *conf,
    struct rejects *rejects)
{
	memset(deliver, 0, sizeof *deliver);
	deliver->conf = conf;
	deliver->rejects = rejects;
	conf->user = deliver;
	rd_kafka_conf_set_dr_msg_cb(conf->conf, on_delivery);
	return take_limits(deliver);
}

int
deliver_open(struct deliver *deliver, const char *topic)
{
	deliver->topic = rd_kafka_topic_new(deliver->conf->rk, topic, NULL);
	if (deliver->topic != NULL)
		return 0;
	kafkaconf_fail(deliver->conf, STATUS_USAGE, "topic %s: %s", topic,
	    rd_kafka_err2str(rd_kafka_last_error()));
	return -1;
}

/* Queues a copy.  librdkafka takes the pointers as not const. */
static rd_kafka_resp_err_t
produce(struct deliver *deliver, const struct deliver_message *m,
    int32_t partition, void *opaque)
{
	rd_kafka_vu_t parts[] = {
		{ .vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = deliver->topic },
		{ .vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition },
		{ .vtype = RD_KAFKA_VTYPE_MSGFLAGS,
		    .u.i = RD_KAFKA_MSG_F_COPY },
		{ .vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {
		    (void *)(uintptr_t)m->text, m->len } },
		{ .vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {
		    (void *)(uintptr_t)m->key, m->key_len } },
		{ .vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = m->time_ms },
		{ .vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = opaque },
	};
	rd_kafka_error_t *error = rd_kafka_produceva(deliver->conf->rk,
	    parts, sizeof parts / sizeof *parts);
	rd_kafka_resp_err_t code = rd_kafka_error_code(error);

	rd_kafka_error_destroy(error);
	return code;
}

/* Whether the batch is full without the message. */
static bool
is_full(const struct deliver *deliver, size_t bytes)
{
	return deliver->lines > 0 && (deliver->lines >= deliver->max_lines ||
	    deliver->bytes + bytes > deliver->max_bytes);
}

static void
not_sent(struct deliver *deliver, uint64_t line, rd_kafka_resp_err_t error)
{
	kafkaconf_fail(deliver->conf, STATUS_WORLD, "line %llu not sent: %s",
	    (unsigned long long)line, rd_kafka_err2str(error));
}

/* Room for one more line in the batch; -1: ENOMEM. */
static int
make_room(struct deliver *deliver)
{
	size_t cap = deliver->cap == 0 ? 64 : 2 * deliver->cap;
	struct deliver_line *batch;

	if (deliver->lines < deliver->cap)
		return 0;
	batch = realloc(deliver->batch, cap * sizeof *batch);
	if (batch == NULL)
		return -1;
	deliver->batch = batch;
	deliver->cap = cap;
	return 0;
}

/* Adds the line to the batch; its time is fixed, for it may be sent again. */
static rd_kafka_resp_err_t
add(struct deliver *deliver, const struct deliver_message *m)
{
	struct deliver_message message = *m;
	rd_kafka_resp_err_t error;

	if (message.time_ms == 0)
		message.time_ms = clock_realtime_us() / 1000;
	error = produce(deliver, &message, RD_KAFKA_PARTITION_UA,
	    (void *)(uintptr_t)deliver->lines);
	if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
		return error;
	if (deliver->lines == 0)
		deliver->begun_us = clock_monotonic_us();
	deliver->batch[deliver->lines++] = (struct deliver_line){
		.number = m->line, .time_ms = message.time_ms,
	};
	return error;
}

enum deliver_result
deliver_send(struct deliver *deliver, const struct deliver_message *m)
{
	size_t bytes = m->len + m->key_len + MESSAGE_BYTES;
	rd_kafka_resp_err_t error;

	if (is_full(deliver, bytes))
		return DELIVER_FULL;
	if (make_room(deliver) == -1) {
		kafkaconf_fail(deliver->conf, STATUS_WORLD, "out of memory");
		return DELIVER_FAILED;
	}
	error = add(deliver, m);
	switch (error) {
	case RD_KAFKA_RESP_ERR_NO_ERROR:
		deliver->bytes += bytes;
		deliver->sent++;
		return DELIVER_SENT;
	case RD_KAFKA_RESP_ERR__QUEUE_FULL:
		if (deliver->lines > 0)
			return DELIVER_FULL;
		break;
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
		deliver->sent++;
		refuse(deliver, m->line, m->text, m->len, error);
		return deliver->rejects_error == 0 ? DELIVER_REFUSED :
		    DELIVER_FAILED;
	default:
		break;
	}
	not_sent(deliver, m->line, error);
	return DELIVER_FAILED;
}

int64_t
deliver_due_us(const struct deliver *deliver)
{
	return deliver->lines == 0 ? INT64_MAX :
	    deliver->begun_us + deliver->linger_us;
}

void
deliver_serve(struct deliver *deliver)
{
	kafkaconf_clear_event(deliver->conf);
	rd_kafka_poll(deliver->conf->rk, 0);
}

/* Until the library has nothing left; false when that cannot be had. */
static bool
wait_for_reports(struct deliver *deliver)
{
	rd_kafka_t *rk = deliver->conf->rk;

	while (rd_kafka_outq_len(rk) > 0 && !stop_overdue() &&
	    deliver->conf->failed == STATUS_OK)
		rd_kafka_flush(rk, FLUSH_STEP_MS);
	deliver_serve(deliver);
	return rd_kafka_outq_len(rk) == 0 &&
	    deliver->conf->failed == STATUS_OK;
}

/* Queues the next part of a partition's suspects, for where they were. */
static void
try_part(struct deliver *deliver, struct suspects_part *part)
{
	size_t n = suspects_take(part);
	struct suspect *s = part->first;

	for (part->flying = 0; part->flying < n; part->flying++) {
		struct deliver_message m = {
			.text = s->bytes + s->key_len, .len = s->len,
			.key = s->has_key ? s->bytes : NULL,
			.key_len = s->key_len, .time_ms = s->time_ms,
		};
		rd_kafka_resp_err_t error = produce(deliver, &m,
		    part->partition, s);

		if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
			not_sent(deliver, s->line, error);
			return;
		}
		s = s->next;
	}
}

/* One try for each partition that has suspects, all at once. */
static void
settle_once(struct deliver *deliver)
{
	struct suspects *suspects = &deliver->suspects;
	struct suspects_part *part;

	for (size_t i = 0; i < suspects->nparts; i++)
		try_part(deliver, &suspects->parts[i]);
	if (!wait_for_reports(deliver))
		return;
	for (size_t i = 0; i < suspects->nparts; i++) {
		part = &suspects->parts[i];
		if (!suspects_judge(suspects, part))
			continue;
		refuse(deliver, part->first->line, part->first->bytes +
		    part->first->key_len, part->first->len,
		    part->first->error);
		suspects_drop(suspects, part);
	}
}

void
deliver_flush(struct deliver *deliver)
{
	bool whole = wait_for_reports(deliver);

	deliver->lines = deliver->bytes = 0;
	if (!whole || deliver->suspects.count == 0)
		return;
	deliver->settling = true;
	while (deliver->suspects.count > 0 && !stop_overdue() &&
	    deliver->conf->failed == STATUS_OK)
		settle_once(deliver);
	/* Reports that are still to come are about suspects. */
	deliver->settling = deliver->suspects.count > 0;
}

uint64_t
deliver_missing(const struct deliver *deliver)
{
	return deliver->sent > deliver->acked + deliver->refused ?
	    deliver->sent - deliver->acked - deliver->refused : 0;
}

void
deliver_free(struct deliver *deliver)
{
	if (deliver->topic != NULL)
		rd_kafka_topic_destroy(deliver->topic);
	deliver->topic = NULL;
	suspects_free(&deliver->suspects);
	free(deliver->batch);
	deliver->batch = NULL;
}
