#include "kafkaconf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "clock.h"
#include "kafkaend.h"
#include "properties.h"

#define FILE_MAX (1 << 20)           /* bytes of a properties file */
#define REMIND_US (60 * 1000000LL)   /* between two words on one outage */
#define NAME_MAX_KAFKA 249
#define SCRAM_VERSION 0x020601ff     /* of librdkafka: 2.6.1 */

int
kafkaconf_options_init(struct kafkaconf_options *options, int argc)
{
	options->brokers = getenv("TICKPIPE_BROKERS");
	if (options->brokers != NULL && *options->brokers == '\0')
		options->brokers = NULL;
	options->file = NULL;
	options->nproperties = 0;
	options->properties = calloc((size_t)argc + 1,
	    sizeof *options->properties);
	return options->properties == NULL ? -1 : 0;
}

void
kafkaconf_options_free(struct kafkaconf_options *options)
{
	free(options->properties);
	options->properties = NULL;
}

bool
kafkaconf_option(struct kafkaconf_options *options, int c, const char *text)
{
	if (c == 'b')
		options->brokers = text;
	else if (c == 'F')
		options->file = text;
	else if (c == 'X')
		options->properties[options->nproperties++] = text;
	else
		return false;
	return true;
}

static enum status
fail_va(struct kafkaconf *conf, enum status status, const char *fmt,
    va_list args)
{
	if (conf->failed == STATUS_OK) {
		conf->failed = status;
		vsnprintf(conf->error, sizeof conf->error, fmt, args);
	}
	return conf->failed;
}

void
kafkaconf_fail(struct kafkaconf *conf, enum status status, const char *fmt,
    ...)
{
	va_list args;

	va_start(args, fmt);
	fail_va(conf, status, fmt, args);
	va_end(args);
}

static enum status __attribute__((format(printf, 2, 3)))
wrong(struct kafkaconf *conf, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fail_va(conf, STATUS_USAGE, fmt, args);
	va_end(args);
	return STATUS_USAGE;
}

void
kafkaconf_up(struct kafkaconf *conf)
{
	conf->reached = true;
	if (!conf->down)
		return;
	conf->down = false;
	conf->unsaid = 0;
	conf->warn("the brokers answer again");
}

void
kafkaconf_down(struct kafkaconf *conf, const char *fmt, ...)
{
	int64_t now_us = clock_monotonic_us();
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (conf->down && now_us - conf->said_us < REMIND_US) {
		conf->unsaid++;
		conf->info("%s", text);
		return;
	}
	if (conf->down) {
		conf->warn("%s (and %llu more failures)", text,
		    (unsigned long long)conf->unsaid);
	} else {
		conf->warn("%s", text);
	}
	conf->down = true;
	conf->said_us = now_us;
	conf->unsaid = 0;
}

bool
kafkaconf_hopeless(rd_kafka_resp_err_t error)
{
	switch (error) {
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
	case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
	case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
	case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
	case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
		return true;
	default:
		return false;
	}
}

/*
 * Why a right password may be refused, or "".  Before librdkafka 2.6.1 the
 * client's nonce was in the last message of SCRAM twice; Kafka 4 looks at it.
 */
static const char *
auth_hint(rd_kafka_t *rk, int error)
{
	char mechanism[64];
	size_t len = sizeof mechanism;

	if (rd_kafka_version() >= SCRAM_VERSION ||
	    (error != RD_KAFKA_RESP_ERR__AUTHENTICATION &&
	    error != RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED) ||
	    rd_kafka_conf_get(rd_kafka_conf(rk), "sasl.mechanisms", mechanism,
	    &len) != RD_KAFKA_CONF_OK || strncmp(mechanism, "SCRAM", 5) != 0)
		return "";
	return "; is the password right? Then this librdkafka is too old for "
	    "SCRAM with Kafka 4: it takes 2.6.1, or PLAIN over TLS";
}

/*
 * A certificate that is refused is refused again: the broker's by us, or ours
 * (or its absence) by the broker, whose alert comes after the handshake.
 */
static bool
certificate_refused(int error, const char *reason)
{
	if (error == RD_KAFKA_RESP_ERR__SSL)
		return strstr(reason, "certificate") != NULL;
	return error == RD_KAFKA_RESP_ERR__TRANSPORT &&
	    strstr(reason, "SSL alert") != NULL &&
	    (strstr(reason, "certificate") != NULL ||
	    strstr(reason, "unknown ca") != NULL);
}

static void
on_error(rd_kafka_t *rk, int error, const char *reason, void *opaque)
{
	struct kafkaconf *conf = opaque;
	char text[512];

	if (error == RD_KAFKA_RESP_ERR__FATAL) {
		rd_kafka_fatal_error(rk, text, sizeof text);
		kafkaconf_fail(conf, STATUS_WORLD, "%s", text);
		return;
	}
	if (conf->take_error != NULL && conf->take_error(conf, error, reason))
		return;
	/*
	 * It says nothing that the failure of each has not said, but where a
	 * connection is taken and closed: log.connection.close keeps that back.
	 */
	if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
		if (conf->reached || conf->down || conf->failed != STATUS_OK)
			conf->info("%s", reason);
		else
			kafkaconf_down(conf, "%s: the connection was closed "
			    "(is it the port, security.protocol?)", reason);
		return;
	}
	if (!conf->reached && (kafkaconf_hopeless(error) ||
	    certificate_refused(error, reason))) {
		kafkaconf_fail(conf, STATUS_USAGE, "%s%s", reason,
		    auth_hint(rk, error));
		return;
	}
	kafkaconf_down(conf, "%s%s", reason, auth_hint(rk, error));
}

/* Whether on_error() says the same. */
static bool
is_failure(const char *facility)
{
	return strcmp(facility, "FAIL") == 0 ||
	    strcmp(facility, "ERROR") == 0 || strcmp(facility, "FATAL") == 0;
}

/* Whether it will pass and be tried again, as a broker starts up. */
static bool
passes(const char *facility)
{
	return strcmp(facility, "GETPID") == 0;
}

static void
on_log(const rd_kafka_t *rk, int level, const char *facility,
    const char *text)
{
	struct kafkaconf *conf = rd_kafka_opaque(rk);

	if (is_failure(facility))
		return;
	if (level > LOG_INFO) /* comes only where -X debug asked for it */
		conf->warn("%s: %s", facility, text);
	else if (level > LOG_WARNING || conf->down || passes(facility))
		conf->info("%s: %s", facility, text);
	else
		conf->warn("%s", text);
}

/* The property of that name that the command sets, or NULL. */
static const struct kafkaconf_property *
find(const struct kafkaconf_property *ours, const char *name)
{
	for (; ours->name != NULL; ours++) {
		if (strcmp(ours->name, name) == 0)
			return ours;
	}
	return NULL;
}

/* From -X or a file; where says from which, for messages. */
static enum status
set(struct kafkaconf *conf, const struct kafkaconf_property *ours,
    const char *where, const char *name, const char *value)
{
	const struct kafkaconf_property *fixed;
	char text[256];

	if (strncmp(name, "topic.", 6) == 0 &&
	    strcmp(name, "topic.blacklist") != 0 &&
	    strncmp(name, "topic.metadata.", 15) != 0)
		name += 6; /* kcat's way to name a topic's property */
	fixed = find(ours, name);
	if (fixed != NULL && (fixed->flags & KAFKACONF_FIXED) &&
	    strcmp(fixed->value, value) != 0)
		return wrong(conf, fixed->value[0] == '\0' ?
		    "%s: %s may not be set here%s" :
		    "%s: %s must stay %s", where, name, fixed->value);
	if (rd_kafka_conf_set(conf->conf, name, value, text, sizeof text) !=
	    RD_KAFKA_CONF_OK)
		return wrong(conf, "%s: %s", where, text);
	return STATUS_OK;
}

/* What a Java client's file has and librdkafka knows under other names. */
static enum status
set_java(struct kafkaconf *conf, const struct kafkaconf_property *ours,
    const char *where, const char *name, const char *value)
{
	static const char *const java_only[] = {
		"key.serializer", "value.serializer",
		"key.deserializer", "value.deserializer",
	};
	char text[256];

	for (size_t i = 0; i < sizeof java_only / sizeof *java_only; i++) {
		if (strcmp(name, java_only[i]) == 0)
			return STATUS_OK; /* a value is its bytes here */
	}
	if (strcmp(name, "sasl.jaas.config") != 0)
		return set(conf, ours, where, name, value);
	if (properties_jaas(value, "username", text, sizeof text) == -1 ||
	    set(conf, ours, where, "sasl.username", text) != STATUS_OK ||
	    properties_jaas(value, "password", text, sizeof text) == -1 ||
	    set(conf, ours, where, "sasl.password", text) != STATUS_OK)
		return wrong(conf, "%s: sasl.jaas.config without a username "
		    "and a password", where);
	return STATUS_OK;
}

/* The whole file, ended by NUL; NULL with errno. */
static char *
read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), saved;
	char *text = fd == -1 ? NULL : malloc(FILE_MAX + 1);
	size_t len = 0;
	ssize_t n = 1;

	while (text != NULL && n > 0 && len < FILE_MAX) {
		n = read(fd, text + len, FILE_MAX - len);
		if (n > 0)
			len += (size_t)n;
	}
	saved = n > 0 && text != NULL ? EFBIG : errno;
	if (fd != -1)
		close(fd);
	if (text != NULL && n == 0) {
		text[len] = '\0';
		return text;
	}
	free(text);
	errno = saved;
	return NULL;
}

static enum status
set_from_file(struct kafkaconf *conf, const struct kafkaconf_property *ours,
    const char *path)
{
	char *text = read_file(path), where[300];
	struct properties properties;
	enum status status = STATUS_OK;
	const char *name, *value;
	int found = 1;

	if (text == NULL)
		return wrong(conf, "%s: %s", path, strerror(errno));
	properties_init(&properties, text);
	while (status == STATUS_OK && found == 1) {
		found = properties_next(&properties, &name, &value);
		snprintf(where, sizeof where, "%s: line %u", path,
		    properties.line);
		if (found == 1)
			status = set_java(conf, ours, where, name, value);
		else if (found == -1)
			status = wrong(conf, "%s: not a property", where);
	}
	free(text);
	return status;
}

/* -X NAME=VALUE */
static enum status
set_from_option(struct kafkaconf *conf,
    const struct kafkaconf_property *ours, const char *text)
{
	const char *equals = strchr(text, '=');
	enum status status;
	char *name;

	if (equals == NULL || equals == text)
		return wrong(conf, "-X '%s' is not NAME=VALUE", text);
	name = strndup(text, (size_t)(equals - text));
	if (name == NULL) {
		kafkaconf_fail(conf, STATUS_WORLD, "out of memory");
		return STATUS_WORLD;
	}
	status = set(conf, ours, "-X", name, equals + 1);
	free(name);
	return status;
}

static enum status
set_ours(struct kafkaconf *conf, const struct kafkaconf_property *ours,
    bool classic)
{
	char text[256];
	rd_kafka_conf_res_t result;

	for (; ours->name != NULL; ours++) {
		if (ours->value[0] == '\0')
			continue; /* forbidden, and not set by us either */
		if ((ours->flags & KAFKACONF_CLASSIC) && !classic)
			continue;
		result = rd_kafka_conf_set(conf->conf, ours->name,
		    ours->value, text, sizeof text);
		if (result == RD_KAFKA_CONF_UNKNOWN &&
		    (ours->flags & KAFKACONF_NEWER))
			continue;
		if (result != RD_KAFKA_CONF_OK)
			return wrong(conf, "%s", text);
	}
	return STATUS_OK;
}

static enum status
set_brokers(struct kafkaconf *conf, const struct kafkaconf_property *ours,
    const char *brokers)
{
	char value[8];
	size_t len = sizeof value;

	if (brokers != NULL && *brokers == '\0')
		return wrong(conf, "-b is empty: no brokers");
	if (brokers != NULL)
		return set(conf, ours, "-b", "bootstrap.servers", brokers);
	if (rd_kafka_conf_get(conf->conf, "bootstrap.servers", value, &len) !=
	    RD_KAFKA_CONF_OK || len <= 1)
		return wrong(conf, "no brokers: -b, TICKPIPE_BROKERS, or "
		    "bootstrap.servers in a file");
	return STATUS_OK;
}

static void
warn_of_passwords(struct kafkaconf *conf,
    const struct kafkaconf_options *options)
{
	for (size_t i = 0; i < options->nproperties; i++) {
		const char *text = options->properties[i];
		size_t len = strcspn(text, "=");

		if (memmem(text, len, "password", strlen("password")) != NULL)
			conf->warn("%.*s on the command line can be seen by "
			    "every user of this machine: -F reads it from a "
			    "file", (int)len, text);
	}
}

/*
 * A new configuration with all properties.  classic: also those of ours that
 * go only with the classic protocol of groups.
 */
static enum status
fill(struct kafkaconf *conf, const struct kafkaconf_options *options,
    const struct kafkaconf_property *ours, bool classic)
{
	static const struct kafkaconf_property common[] = {
		{ "client.id", "tickpipe", 0 },
		/* Logs reach us in our own thread. */
		{ "log.queue", "true", KAFKACONF_FIXED },
		/* A broker may close an idle connection; that is no news. */
		{ "log.connection.close", "false", 0 },
		{ "log.thread.name", "false", 0 },
		{ "reconnect.backoff.max.ms", "2000", 0 },
		/* The default since librdkafka 2.10; before it, a small
		   request may wait 40 ms for the answer to the last one. */
		{ "socket.nagle.disable", "true", 0 },
		/* A broker that vanished without a word is missed after 10 s,
		   not a minute; one that was slow is asked again, which
		   costs nothing but the asking. */
		{ "socket.timeout.ms", "10000", 0 },
		{ "socket.connection.setup.timeout.ms", "10000", 0 },
		{ NULL, NULL, 0 },
	};
	enum status status;

	conf->conf = rd_kafka_conf_new();
	rd_kafka_conf_set_opaque(conf->conf, conf);
	rd_kafka_conf_set_error_cb(conf->conf, on_error);
	rd_kafka_conf_set_log_cb(conf->conf, on_log);
	status = set_ours(conf, common, classic);
	if (status == STATUS_OK)
		status = set_ours(conf, ours, classic);
	if (status == STATUS_OK && options->file != NULL)
		status = set_from_file(conf, ours, options->file);
	for (size_t i = 0; status == STATUS_OK && i < options->nproperties;
	    i++)
		status = set_from_option(conf, ours, options->properties[i]);
	if (status == STATUS_OK)
		status = set_brokers(conf, ours, options->brokers);
	return status;
}

/* Whether the user wants the groups of KIP-848. */
static bool
is_consumer_protocol(const struct kafkaconf *conf)
{
	char protocol[16];
	size_t len = sizeof protocol;

	return rd_kafka_conf_get(conf->conf, "group.protocol", protocol,
	    &len) == RD_KAFKA_CONF_OK && strcmp(protocol, "consumer") == 0;
}

enum status
kafkaconf_init(struct kafkaconf *conf,
    const struct kafkaconf_options *options,
    const struct kafkaconf_property *ours,
    void (*warn)(const char *fmt, ...), void (*info)(const char *fmt, ...))
{
	enum status status;

	memset(conf, 0, sizeof *conf);
	conf->event_fds[0] = conf->event_fds[1] = -1;
	conf->warn = warn;
	conf->info = info;
	warn_of_passwords(conf, options);
	status = fill(conf, options, ours, true);
	conf->kip848 = status == STATUS_OK && is_consumer_protocol(conf);
	if (conf->kip848) {
		/* librdkafka refuses what was ever set: begin again. */
		rd_kafka_conf_destroy(conf->conf);
		status = fill(conf, options, ours, false);
	}
	return status;
}

enum status
kafkaconf_create(struct kafkaconf *conf, rd_kafka_type_t type)
{
	rd_kafka_queue_t *main_queue;
	char text[400];

	if (pipe(conf->event_fds) == -1) {
		kafkaconf_fail(conf, STATUS_WORLD, "pipe: %s",
		    strerror(errno));
		return STATUS_WORLD;
	}
	for (int i = 0; i < 2; i++) {
		fcntl(conf->event_fds[i], F_SETFL, O_NONBLOCK);
		fcntl(conf->event_fds[i], F_SETFD, FD_CLOEXEC);
	}
	conf->rk = rd_kafka_new(type, conf->conf, text, sizeof text);
	if (conf->rk == NULL)
		return wrong(conf, "%s", text);
	conf->conf = NULL; /* is the handle's now */
	rd_kafka_set_log_queue(conf->rk, NULL);
	main_queue = rd_kafka_queue_get_main(conf->rk);
	kafkaconf_watch(conf, main_queue);
	rd_kafka_queue_destroy(main_queue);
	return STATUS_OK;
}

void
kafkaconf_library(char *out, size_t cap)
{
	snprintf(out, cap, "librdkafka %s", rd_kafka_version_str());
}

void
kafkaconf_free(struct kafkaconf *conf)
{
	bool gone = conf->rk == NULL ||
	    (!conf->abandoned && kafkaend(conf->rk));

	if (conf->conf != NULL)
		rd_kafka_conf_destroy(conf->conf);
	/* What still runs may write to them. */
	for (int i = 0; gone && i < 2; i++) {
		if (conf->event_fds[i] != -1)
			close(conf->event_fds[i]);
	}
	conf->conf = NULL;
	conf->rk = NULL;
}

void
kafkaconf_watch(struct kafkaconf *conf, rd_kafka_queue_t *queue)
{
	rd_kafka_queue_io_event_enable(queue, conf->event_fds[1], "", 1);
}

void
kafkaconf_clear_event(struct kafkaconf *conf)
{
	char buf[64];

	while (read(conf->event_fds[0], buf, sizeof buf) > 0)
		continue;
}

bool
kafkaconf_topic_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= NAME_MAX_KAFKA &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len &&
	    strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}
