/*
 * Lines to the brokers, and what becomes of each.
 */
#include "deliver.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "stop.h"

#define DRAIN_STEP_MS 100

/* Whether the broker looked at the message and will never take it. */
static bool
condemned(rd_kafka_resp_err_t error)
{
	switch (error) {
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_INVALID_RECORD:
	case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
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
on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	struct deliver *deliver = kafkaconf_user(opaque);
	uint64_t line = (uintptr_t)message->_private;

	(void)rk;
	if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
		deliver->acked++;
		if (deliver->conf->down || !deliver->conf->reached)
			kafkaconf_up(deliver->conf);
		return;
	}
	if (condemned(message->err)) {
		refuse(deliver, line, message->payload, message->len,
		    message->err);
		return;
	}
	if (deliver->unheard == 0 || line < deliver->unheard)
		deliver->unheard = line;
	kafkaconf_fail(deliver->conf, deliver->acked == 0 &&
	    kafkaconf_hopeless(message->err) ? STATUS_USAGE : STATUS_WORLD,
	    "line %llu not delivered: %s", (unsigned long long)line,
	    rd_kafka_err2str(message->err));
}

void
deliver_init(struct deliver *deliver, struct kafkaconf *conf,
    struct rejects *rejects)
{
	memset(deliver, 0, sizeof *deliver);
	deliver->conf = conf;
	deliver->rejects = rejects;
	conf->user = deliver;
	rd_kafka_conf_set_dr_msg_cb(conf->conf, on_delivery);
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
produce(struct deliver *deliver, const struct deliver_message *m)
{
	rd_kafka_vu_t parts[] = {
		{ .vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = deliver->topic },
		{ .vtype = RD_KAFKA_VTYPE_PARTITION,
		    .u.i32 = RD_KAFKA_PARTITION_UA },
		{ .vtype = RD_KAFKA_VTYPE_MSGFLAGS,
		    .u.i = RD_KAFKA_MSG_F_COPY },
		{ .vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {
		    (void *)(uintptr_t)m->text, m->len } },
		{ .vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {
		    (void *)(uintptr_t)m->key, m->key_len } },
		{ .vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = m->time_ms },
		{ .vtype = RD_KAFKA_VTYPE_OPAQUE,
		    .u.ptr = (void *)(uintptr_t)m->line },
	};
	rd_kafka_error_t *error = rd_kafka_produceva(deliver->conf->rk,
	    parts, sizeof parts / sizeof *parts);
	rd_kafka_resp_err_t code = rd_kafka_error_code(error);

	rd_kafka_error_destroy(error);
	return code;
}

enum deliver_result
deliver_send(struct deliver *deliver, const struct deliver_message *m)
{
	rd_kafka_resp_err_t error = produce(deliver, m);

	switch (error) {
	case RD_KAFKA_RESP_ERR_NO_ERROR:
		deliver->sent++;
		return DELIVER_SENT;
	case RD_KAFKA_RESP_ERR__QUEUE_FULL:
		return DELIVER_FULL;
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
		deliver->sent++;
		refuse(deliver, m->line, m->text, m->len, error);
		return deliver->rejects_error == 0 ? DELIVER_REFUSED :
		    DELIVER_FAILED;
	default:
		kafkaconf_fail(deliver->conf, STATUS_WORLD,
		    "line %llu not sent: %s", (unsigned long long)m->line,
		    rd_kafka_err2str(error));
		return DELIVER_FAILED;
	}
}

void
deliver_serve(struct deliver *deliver)
{
	kafkaconf_clear_event(deliver->conf);
	rd_kafka_poll(deliver->conf->rk, 0);
}

uint64_t
deliver_drain(struct deliver *deliver)
{
	rd_kafka_t *rk = deliver->conf->rk;

	while (rd_kafka_outq_len(rk) > 0 && !stop_overdue() &&
	    deliver->conf->failed == STATUS_OK)
		rd_kafka_flush(rk, DRAIN_STEP_MS);
	rd_kafka_poll(rk, 0);
	return deliver->sent > deliver->acked + deliver->refused ?
	    deliver->sent - deliver->acked - deliver->refused : 0;
}

void
deliver_free(struct deliver *deliver)
{
	if (deliver->topic != NULL)
		rd_kafka_topic_destroy(deliver->topic);
	deliver->topic = NULL;
}
