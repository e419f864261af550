/*
 * From Kafka's messages to lines on standard output.
 */
#include "relay.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "msg.h"
#include "stop.h"

#define FILL (48 * 1024) /* bytes held before they are written */

int
relay_init(struct relay *relay, struct assign *assign, struct ackin *ack,
    struct emit *emit, struct rejects *rejects)
{
	struct stat st;

	memset(relay, 0, sizeof *relay);
	relay->assign = assign;
	relay->ack = ack;
	relay->emit = emit;
	relay->rejects = rejects;
	relay->count = -1;
	relay->filling = true;
	relay->regular = fstat(STDOUT_FILENO, &st) == 0 &&
	    S_ISREG(st.st_mode);
	if (lineout_init(&relay->out, STDOUT_FILENO) == -1)
		return -1;
	/* A write that blocked would cost the membership: a line is held as a
	   whole, however long it is. */
	relay->out.grow_max = FILL + emit->max_line + PROVENANCE_MAX + 2;
	return 0;
}

static void
drop_batch(struct relay *relay)
{
	while (relay->at < relay->n)
		rd_kafka_message_destroy(relay->batch[relay->at++]);
	relay->at = relay->n = 0;
}

static struct part *
find_part(struct relay *relay, const rd_kafka_message_t *m)
{
	struct parts *parts = &relay->assign->parts;
	struct part *part = parts_find_handle(parts, m->rkt, m->partition);
	const char *topic;

	if (part != NULL)
		return part;
	topic = rd_kafka_topic_name(m->rkt);
	part = parts_find(parts, topic, strlen(topic), m->partition);
	if (part != NULL)
		part->handle = m->rkt;
	return part;
}

/*
 * Of the batch, what is not ours any more; its partition may come back, and be
 * read from an earlier offset then.
 */
static void
drop_lost(struct relay *relay)
{
	size_t kept = 0;

	for (size_t i = relay->at; i < relay->n; i++) {
		rd_kafka_message_t *m = relay->batch[i];

		/* An error may be of no topic. */
		if (m->rkt == NULL || find_part(relay, m) != NULL)
			relay->batch[kept++] = m;
		else
			rd_kafka_message_destroy(m);
	}
	relay->at = 0;
	relay->n = kept;
}

void
relay_free(struct relay *relay)
{
	drop_batch(relay);
	msg_limit_flush(&relay->limit);
	lineout_free(&relay->out);
}

static void
output_failed(struct relay *relay)
{
	relay->end = relay->out.error == EPIPE ? RELAY_GONE : RELAY_FAILED;
}

/* All that was handed out is with the reader now (or in its pipe). */
static void
accepted(struct relay *relay)
{
	relay->filling = true;
	relay->blocked = false;
	if (relay->ack->fd == -1)
		parts_accept(&relay->assign->parts);
}

/* Writes what is held, as much as does not block. */
static void
write_held(struct relay *relay)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };
	int result = 0;

	if (relay->regular)
		result = lineout_flush(&relay->out);
	while (result == 0 && lineout_held(&relay->out) > 0) {
		if (poll(&p, 1, 0) <= 0) {
			relay->blocked = true;
			return;
		}
		result = lineout_flush_ready(&relay->out);
	}
	if (result == -1)
		output_failed(relay);
	else
		accepted(relay);
}

/* Refuses a message; its place in the log goes out all the same. */
static void
refuse(struct relay *relay, const rd_kafka_message_t *m,
    const struct provenance *where)
{
	char reason[400], extra[400], line[PROVENANCE_MAX];
	struct reject reject = {
		.reason = reason, .extra = extra,
		.text = m->payload != NULL ? m->payload : "",
		.len = m->payload != NULL ? m->len : 0,
		.whole_len = m->payload != NULL ? m->len : 0,
	};

	snprintf(reason, sizeof reason, "%.*s [%" PRId32 "] at %" PRId64
	    ": %s", (int)where->topic_len, where->topic, where->partition,
	    where->offset, relay->emit->reason);
	snprintf(extra, sizeof extra, "\"topic\":\"%.*s\",\"partition\":%"
	    PRId32 ",\"offset\":%" PRId64, (int)where->topic_len,
	    where->topic, where->partition, where->offset);
	if (rejects_put(relay->rejects, &reject) == -1) {
		kafkaconf_fail(relay->assign->conf, STATUS_WORLD,
		    "rejects: %s", strerror(errno));
		relay->end = RELAY_FAILED;
		return;
	}
	if (relay->emit->provenance && lineout_put(&relay->out, line,
	    provenance_write_line(line, where)) == -1)
		output_failed(relay);
}

/* The message as a line, or refused.  Whether a line went out. */
static bool
put(struct relay *relay, const rd_kafka_message_t *m,
    const struct provenance *where)
{
	size_t len;
	const char *line = emit_line(relay->emit, m->payload, m->len, where,
	    &len);

	if (line != NULL) {
		if (lineout_put(&relay->out, line, len) == -1)
			output_failed(relay);
		return true;
	}
	if (relay->emit->reason[0] != '\0') {
		refuse(relay, m, where);
		return relay->emit->provenance;
	}
	kafkaconf_fail(relay->assign->conf, STATUS_WORLD, "out of memory");
	relay->end = RELAY_FAILED;
	return false;
}

/* One message, one line. */
static void
hand_out(struct relay *relay, const rd_kafka_message_t *m)
{
	struct part *part = find_part(relay, m), before;
	struct provenance where;
	bool went_out;

	if (part == NULL)
		return; /* not ours any more: its next owner reads it */
	before = *part;
	if (!part_advance(part, m->offset)) {
		relay->not_rising++;
		msg_warn_limited(&relay->limit, "%s [%" PRId32 "]: offset %"
		    PRId64 " after %" PRId64 ": passed over", part->topic,
		    part->partition, m->offset, part->last);
		return;
	}
	where = (struct provenance){
		.topic = part->topic, .topic_len = strlen(part->topic),
		.partition = part->partition, .offset = m->offset,
		.start = part->start,
	};
	went_out = put(relay, m, &where);
	/* What could not be kept anywhere must not be committed. */
	if (relay->end != RELAY_ON)
		*part = before;
	else if (went_out && relay->count > 0 && --relay->count == 0)
		relay->end = RELAY_DONE;
}

/* The next of the batch. */
static void
take(struct relay *relay)
{
	rd_kafka_message_t *m = relay->batch[relay->at++];

	relay->taken += m->len;
	if (relay->at == relay->n)
		assign_taken(relay->assign, relay->n, relay->taken);
	if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
		if (relay->assign->conf->down)
			kafkaconf_up(relay->assign->conf);
		hand_out(relay, m);
	} else if (!assign_error(relay->assign, m)) {
		relay->end = RELAY_FAILED;
	}
	rd_kafka_message_destroy(m);
}

/* Whether everything there was at the end of each partition is out. */
static bool
at_end(const struct relay *relay)
{
	return relay->until_end && relay->assign->ready &&
	    relay->assign->pending == RD_KAFKA_RESP_ERR_NO_ERROR &&
	    parts_ended(&relay->assign->parts);
}

/*
 * Moves messages while the output takes them, at most a batch, so that the
 * rest of the loop has its turn.  Returns whether there may be more at once.
 */
static bool
pump(struct relay *relay)
{
	ssize_t n;

	if (assign_leaving(relay->assign))
		return true;
	if (!relay->filling)
		write_held(relay);
	if (relay->blocked || relay->end != RELAY_ON)
		return false;
	if (relay->at == relay->n) {
		n = rd_kafka_consume_batch_queue(relay->assign->messages, 0,
		    relay->batch, RELAY_BATCH);
		relay->at = 0;
		relay->n = n > 0 ? (size_t)n : 0;
		relay->taken = 0;
	}
	while (relay->at < relay->n && relay->end == RELAY_ON) {
		take(relay);
		if (lineout_held(&relay->out) < FILL)
			continue;
		relay->filling = false;
		write_held(relay);
		if (relay->blocked)
			return false;
	}
	if (relay->end == RELAY_ON && at_end(relay))
		relay->end = RELAY_DONE;
	if (relay->n > 0)
		return true;
	/* Nothing more for now: what is held goes out. */
	relay->filling = false;
	write_held(relay);
	return false;
}

enum { WAIT_OUT, WAIT_ACK, WAIT_EVENT, WAIT_STOP, WAITS };

/*
 * One poll(2), and what it says of acknowledgements and of standard output.
 * closed: standard output is no longer looked at.
 */
static int
wait_once(struct relay *relay, int64_t deadline_us, bool closed)
{
	struct pollfd p[WAITS] = {
		[WAIT_OUT] = { .fd = closed || (!relay->out.pipe &&
		    !relay->blocked) ? -1 : STDOUT_FILENO,
		    .events = relay->blocked ? POLLOUT : 0 },
		[WAIT_ACK] = { .fd = ackin_poll_fd(relay->ack,
		    clock_monotonic_us()), .events = POLLIN },
		[WAIT_EVENT] = { .fd = relay->assign->conf->event_fds[0],
		    .events = POLLIN },
		[WAIT_STOP] = { .fd = stop_asked() ? -1 : stop_fd(),
		    .events = POLLIN },
	};
	int heard = 0;

	if (poll(p, WAITS, clock_poll_ms(deadline_us)) <= 0)
		return 0;
	if (p[WAIT_OUT].revents & (POLLERR | POLLNVAL | POLLHUP))
		relay->end = RELAY_GONE;
	if (p[WAIT_OUT].revents & POLLOUT)
		relay->blocked = false;
	if (p[WAIT_ACK].revents != 0) {
		heard = ackin_serve(relay->ack, p[WAIT_ACK].revents,
		    &relay->assign->parts);
	}
	if (heard == -1) {
		kafkaconf_fail(relay->assign->conf, STATUS_WORLD,
		    "acknowledgements: %s", strerror(errno));
	}
	return heard;
}

/* The group's side of a turn. */
static void
serve(struct relay *relay)
{
	enum assign_change change;

	/* What is written by now is not handed out again by the next owner. */
	if (assign_leaving(relay->assign) && !relay->closed &&
	    lineout_held(&relay->out) > 0 && relay->out.error == 0)
		write_held(relay);
	change = assign_serve(relay->assign);
	if (change == ASSIGN_REREAD)
		drop_batch(relay);
	else if (change == ASSIGN_CHANGED)
		drop_lost(relay);
	if (relay->assign->conf->failed != STATUS_OK &&
	    relay->end == RELAY_ON)
		relay->end = RELAY_FAILED;
}

enum relay_end
relay_run(struct relay *relay)
{
	bool more = false;

	while (relay->end == RELAY_ON) {
		wait_once(relay, more ? 0 :
		    assign_deadline_us(relay->assign), false);
		if (stop_asked() && relay->end == RELAY_ON)
			relay->end = RELAY_STOPPED;
		if (relay->end != RELAY_ON)
			break;
		serve(relay);
		more = relay->end == RELAY_ON && pump(relay);
	}
	drop_batch(relay);
	return relay->end;
}

/* Writes what is held, however long the reader takes. */
static bool
write_rest(struct relay *relay)
{
	relay->filling = false;
	while (relay->out.error == 0 && lineout_held(&relay->out) > 0) {
		write_held(relay);
		if (!relay->blocked)
			continue;
		wait_once(relay, assign_deadline_us(relay->assign), false);
		serve(relay);
		if (relay->end == RELAY_GONE || stop_overdue() ||
		    relay->assign->conf->failed != STATUS_OK)
			return false;
	}
	return relay->out.error == 0;
}

/* Acknowledgements, until the sink has closed its end. */
static bool
read_acks(struct relay *relay, int64_t drain_us)
{
	int64_t deadline_us = clock_monotonic_us() + drain_us, turn_us;

	while (!relay->ack->hung_up && !stop_overdue() &&
	    relay->assign->conf->failed == STATUS_OK) {
		if (clock_monotonic_us() >= deadline_us)
			return false;
		turn_us = assign_deadline_us(relay->assign);
		if (wait_once(relay, turn_us < deadline_us ? turn_us :
		    deadline_us, true) > 0 && !stop_asked())
			deadline_us = clock_monotonic_us() + drain_us;
		serve(relay);
	}
	return relay->ack->hung_up;
}

bool
relay_drain(struct relay *relay, int64_t drain_us)
{
	bool good = relay->out.error == 0 && relay->end != RELAY_GONE &&
	    write_rest(relay);

	relay->blocked = false;
	relay->closed = true;
	if (good)
		good = lineout_close(&relay->out) == 0;
	else
		close(STDOUT_FILENO);
	if (good && relay->ack->fd == -1)
		parts_accept(&relay->assign->parts);
	if (relay->ack->fd != -1) {
		/* Whoever had been there and left may have said it all. */
		relay->ack->hung_up = false;
		good &= read_acks(relay, drain_us);
	}
	return good;
}
