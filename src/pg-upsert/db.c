#include "db.h"

#include <errno.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "attempt.h"
#include "clock.h"
#include "msg.h"
#include "trouble.h"

#define SERVER_MIN 120000 /* pg_attribute.attgenerated, plan_cache_mode */
#define SLOW_US 10000000       /* an answer this late is worth a word */
#define CONNECT_TIMEOUT_S 10   /* defaults of what conninfo may set */
#define USER_TIMEOUT_MS 20000
#define KEEPALIVE_IDLE_S 10
#define KEEPALIVE_INTERVAL_S 5
#define KEEPALIVE_COUNT 3
#define NO_SUCH_KEY "42P10" /* ON CONFLICT names no unique index */
#define SHAPES 16 /* sets of columns whose statement stays prepared */

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/*
 * What a text means must not depend on the settings of the server, the role
 * or the environment.
 */
static const char session_sql[] =
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD';"
    "SET timezone_abbreviations = 'Default';"
    "SET IntervalStyle = 'postgres'; SET array_nulls = on;"
    "SET xmloption = content; SET plan_cache_mode = force_generic_plan";

enum state {
	WAITING,    /* to try again */
	CONNECTING,
	SESSION,    /* settings */
	CATALOG,    /* the first time only: the table */
	PROBING,    /* the first time only: a batch of no rows */
	IDLE,
	PREPARING,
	EXECUTING,
};

/* A prepared statement: its name is its place. */
struct shape {
	bool *present;
	enum statement_mode mode;
	bool prepared;
};

struct db {
	const struct db_options *options;
	PGconn *conn;
	enum state state;
	PostgresPollingStatusType polling;
	bool refused_here; /* the attempt to connect failed for good */
	enum catalog_query query;
	struct table table;
	bool known;
	bool key_changed; /* since then: it is to be read again */
	bool flushing;
	int64_t deadline_us; /* of the connect, the wait, or the next word */
	struct trouble trouble;
	struct shape shapes[SHAPES];
	size_t nshapes;
	size_t shape; /* of the batch */
	PGresult *answer; /* the good part of it, or NULL */
	bool error;       /* sqlstate and message are of this answer */
	struct batch *batch; /* what is to be written, or NULL */
	size_t from, to;
	const char **params;
	uint64_t written;
	char sqlstate[SQLSTATE_CAP];
	char message[CATALOG_REASON_MAX];
};

static enum db_result start_step(struct db *db);
static enum db_result failed(struct db *db);

struct db *
db_new(const struct db_options *options)
{
	struct db *db = calloc(1, sizeof *db);

	if (db == NULL)
		return NULL;
	db->options = options;
	db->state = WAITING;
	trouble_init(&db->trouble);
	return db;
}

static void
disconnect(struct db *db)
{
	if (db->conn != NULL)
		PQfinish(db->conn);
	db->conn = NULL;
	db->flushing = false;
	for (size_t i = 0; i < db->nshapes; i++)
		db->shapes[i].prepared = false;
}

void
db_free(struct db *db)
{
	disconnect(db);
	PQclear(db->answer);
	for (size_t i = 0; i < db->nshapes; i++)
		free(db->shapes[i].present);
	table_free(&db->table);
	free(db->params);
	free(db);
}

/* Whether text is a conninfo, and not the plain name of a database. */
static bool
is_conninfo(const char *text)
{
	return strchr(text, '=') != NULL ||
	    strncmp(text, "postgres://", 11) == 0 ||
	    strncmp(text, "postgresql://", 13) == 0;
}

/* The value of a keyword in a list of libpq's, or NULL. */
static const char *
option_value(const PQconninfoOption *options, const char *keyword)
{
	for (; options != NULL && options->keyword != NULL; options++) {
		if (strcmp(options->keyword, keyword) == 0)
			return options->val && *options->val ? options->val :
			    NULL;
	}
	return NULL;
}

bool
db_has_password(const char *conninfo)
{
	PQconninfoOption *options;
	bool has;

	if (!is_conninfo(conninfo))
		return false;
	options = PQconninfoParse(conninfo, NULL);
	has = option_value(options, "password") != NULL;
	PQconninfoFree(options);
	return has;
}

void
db_library(char *out, size_t cap)
{
	int version = PQlibVersion();

	snprintf(out, cap, "libpq %d.%d", version / 10000, version % 10000);
}

/* Keeps an error's text: one line, without "FATAL:  " and the like. */
static void
set_message(struct db *db, const char *sqlstate, const char *text)
{
	size_t len;

	snprintf(db->sqlstate, sizeof db->sqlstate, "%s",
	    sqlstate != NULL ? sqlstate : "");
	snprintf(db->message, sizeof db->message, "%s", text);
	len = strlen(db->message);
	while (len > 0 && db->message[len - 1] == '\n')
		db->message[--len] = '\0';
	for (char *p = db->message; *p != '\0'; p++) {
		if (*p == '\n' || *p == '\t')
			*p = ' ';
	}
}

/*
 * A failed connect has no SQLSTATE of its own, but libpq's verbose text has:
 * "FATAL:  28P01: password authentication failed".  The text's second line
 * and what follows (DETAIL, LOCATION) are left out.
 */
static void
set_connect_message(struct db *db, enum attempt_step step)
{
	const char *text = PQerrorMessage(db->conn);
	const char *code = strstr(text, ":  ");
	char sqlstate[SQLSTATE_CAP] = "", line[CATALOG_REASON_MAX];

	if (code != NULL && strspn(code + 3,
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && code[8] == ':') {
		memcpy(sqlstate, code + 3, 5);
		snprintf(line, sizeof line, "%.*s: %.*s",
		    (int)(code - text), text,
		    (int)strcspn(code + 10, "\n"), code + 10);
	} else {
		snprintf(line, sizeof line, "%s", text);
	}
	set_message(db, sqlstate, line);
	db->refused_here = PQconnectionNeedsPassword(db->conn) ||
	    (*sqlstate == '\0' && attempt_is_hopeless(step, text));
}

/* What PQconnectPoll() is about to do, if it fails at it. */
static enum attempt_step
next_step(const PGconn *conn)
{
	switch (PQstatus(conn)) {
	case CONNECTION_SSL_STARTUP:
	case CONNECTION_GSS_STARTUP:
		return ATTEMPT_ENCRYPTING;
	case CONNECTION_AWAITING_RESPONSE:
		return ATTEMPT_LOGIN;
	default:
		return ATTEMPT_NETWORK;
	}
}

static void
on_notice(void *arg, const char *text)
{
	(void)arg;
	msg_info("database: %.*s", (int)strcspn(text, "\n"), text);
}

/* Seconds from an option of the connection, which libpq has resolved. */
static int
connection_number(struct db *db, const char *keyword, int otherwise)
{
	PQconninfoOption *options = PQconninfo(db->conn);
	const char *value = option_value(options, keyword);
	int number = value != NULL ? atoi(value) : otherwise;

	PQconninfoFree(options);
	return number;
}

static bool
connection_sets(struct db *db, const char *keyword)
{
	return connection_number(db, keyword, -1) != -1;
}

/*
 * A peer that hangs is found out: what the user has not set gets a default.
 * On the socket itself, since a default in the conninfo would win over the
 * user's service file.
 */
static void
tune_socket(struct db *db, int user_timeout_ms)
{
	const struct {
		const char *keyword;
		int option, value;
	} settings[] = {
		{ "tcp_user_timeout", TCP_USER_TIMEOUT, user_timeout_ms },
		{ "keepalives_idle", TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
		{ "keepalives_interval", TCP_KEEPINTVL,
		    KEEPALIVE_INTERVAL_S },
		{ "keepalives_count", TCP_KEEPCNT, KEEPALIVE_COUNT },
	};
	int fd = PQsocket(db->conn);
	struct sockaddr_storage address;
	socklen_t len = sizeof address;

	if (fd == -1 || getsockname(fd, (struct sockaddr *)&address,
	    &len) == -1 || (address.ss_family != AF_INET &&
	    address.ss_family != AF_INET6))
		return;
	for (size_t i = 0; i < LENGTH(settings); i++) {
		/* What the system does not know, it does without. */
		if (!connection_sets(db, settings[i].keyword))
			setsockopt(fd, IPPROTO_TCP, settings[i].option,
			    &settings[i].value, sizeof settings[i].value);
	}
}

/* PQconnectPoll() goes from one host to the next. */
static int
host_count(struct db *db)
{
	PQconninfoOption *options = PQconninfo(db->conn);
	const char *hosts = option_value(options, "hostaddr");
	int count = 1;

	if (hosts == NULL)
		hosts = option_value(options, "host");
	for (; hosts != NULL && *hosts != '\0'; hosts++)
		count += *hosts == ',';
	PQconninfoFree(options);
	return count;
}

/* False, with the message set, when a conninfo is none. */
static bool
check_conninfo(struct db *db)
{
	PQconninfoOption *options;
	char *error = NULL;

	if (db->options->conninfo == NULL ||
	    !is_conninfo(db->options->conninfo))
		return true;
	options = PQconninfoParse(db->options->conninfo, &error);
	if (options == NULL)
		set_message(db, "42601", error ? error : "out of memory");
	PQfreemem(error);
	PQconninfoFree(options);
	return options != NULL;
}

static enum db_result
start_connecting(struct db *db)
{
	static const char *const keywords[] = { "fallback_application_name",
	    "dbname", "client_encoding", NULL };
	const char *const values[] = { msg_name(), db->options->conninfo,
	    "UTF8", NULL };
	int seconds;

	disconnect(db);
	db->state = CONNECTING;
	db->refused_here = false;
	if (!check_conninfo(db))
		return failed(db);
	/* A dbname may be a whole conninfo; what comes behind it wins. */
	db->conn = PQconnectStartParams(keywords, values, 1);
	db->polling = PGRES_POLLING_WRITING;
	if (db->conn == NULL) {
		set_message(db, NULL, "out of memory");
		return failed(db);
	}
	PQsetNoticeProcessor(db->conn, on_notice, NULL);
	PQsetErrorVerbosity(db->conn, PQERRORS_VERBOSE);
	if (PQstatus(db->conn) == CONNECTION_BAD) {
		set_connect_message(db, ATTEMPT_BEGUN);
		return failed(db);
	}
	seconds = connection_number(db, "connect_timeout",
	    CONNECT_TIMEOUT_S);
	db->deadline_us = seconds <= 0 ? INT64_MAX : clock_monotonic_us() +
	    (int64_t)seconds * host_count(db) * 1000000;
	tune_socket(db, seconds > 0 ? seconds * 1000 : 0);
	return DB_BUSY;
}

static enum db_result
go_on_connecting(struct db *db, short revents)
{
	enum attempt_step step = next_step(db->conn);

	if (revents == 0 && clock_monotonic_us() >= db->deadline_us) {
		set_message(db, NULL, "no answer to the connection attempt");
		return failed(db);
	}
	if (revents == 0)
		return DB_BUSY;
	db->polling = PQconnectPoll(db->conn);
	if (db->polling == PGRES_POLLING_FAILED) {
		set_connect_message(db, step);
		return failed(db);
	}
	if (db->polling != PGRES_POLLING_OK)
		return DB_BUSY;
	if (PQserverVersion(db->conn) < SERVER_MIN) {
		set_message(db, "0A000", "the server is older than "
		    "PostgreSQL 12");
		return failed(db);
	}
	if (PQsetnonblocking(db->conn, 1) == -1) {
		set_message(db, NULL, PQerrorMessage(db->conn));
		return failed(db);
	}
	tune_socket(db, USER_TIMEOUT_MS);
	db->state = SESSION;
	return start_step(db);
}

/* Whether a retry cannot help, before the first success. */
static bool
is_hopeless(const struct db *db)
{
	bool connecting = db->state == CONNECTING;

	return sqlstate_is_hopeless(db->sqlstate, connecting) ||
	    (connecting && db->refused_here);
}

/* Whether to try again on the same connection. */
static bool
may_keep_connection(const struct db *db)
{
	return db->state != CONNECTING && db->conn != NULL &&
	    PQstatus(db->conn) == CONNECTION_OK &&
	    PQtransactionStatus(db->conn) == PQTRANS_IDLE &&
	    sqlstate_spares_session(db->sqlstate);
}

static enum db_result
failed(struct db *db)
{
	if (!db->known && is_hopeless(db))
		return DB_HOPELESS;
	/* What was prepared names the old key: a new session has nothing. */
	if (db->known && strcmp(db->sqlstate, NO_SUCH_KEY) == 0)
		db->key_changed = true;
	if (db->key_changed || !may_keep_connection(db))
		disconnect(db);
	db->state = WAITING;
	db->deadline_us = clock_monotonic_us() +
	    trouble_meet_us(&db->trouble, db->message, db->sqlstate);
	return DB_BUSY;
}

/* libpq refused to send, or what it says of the connection. */
static enum db_result
connection_failed(struct db *db)
{
	set_message(db, NULL, PQerrorMessage(db->conn));
	return failed(db);
}

static enum statement_mode
batch_mode(const struct db *db)
{
	return db->options->mode == STATEMENT_IGNORE && db->batch->sorted ?
	    STATEMENT_IGNORE_SORTED : db->options->mode;
}

/* The place of the statement for these columns; SHAPES: not kept. */
static size_t
find_shape(struct db *db, const bool *present, enum statement_mode mode)
{
	size_t size = db->table.ncolumns * sizeof *present, i;

	for (i = 0; i < db->nshapes; i++) {
		if (db->shapes[i].mode == mode &&
		    memcmp(db->shapes[i].present, present, size) == 0)
			return i;
	}
	if (i < SHAPES) {
		db->shapes[i].present = malloc(size);
		if (db->shapes[i].present == NULL)
			return SHAPES;
		memcpy(db->shapes[i].present, present, size);
		db->shapes[i].mode = mode;
		db->shapes[i].prepared = false;
		db->nshapes++;
	}
	return i;
}

/* Statement names; one that is not kept is the unnamed statement. */
static const char *
shape_name(size_t shape, char *out, size_t cap)
{
	out[0] = '\0';
	if (shape < SHAPES)
		snprintf(out, cap, "upsert_%zu", shape);
	return out;
}

static int
send_prepare(struct db *db)
{
	char name[32];
	char *sql = statement_text(&db->table, db->batch->present,
	    batch_mode(db));
	int sent;

	if (sql == NULL)
		return 0;
	sent = PQsendPrepare(db->conn, shape_name(db->shape, name,
	    sizeof name), sql, 0, NULL);
	free(sql);
	return sent;
}

static int
send_batch(struct db *db)
{
	struct batch *batch = db->batch;
	char name[32];
	int nparams = 0, sent;

	for (size_t i = 0; i < batch->ncolumns; i++) {
		if (batch->present[i])
			db->params[nparams++] = batch_cut(batch, i, db->from,
			    db->to);
	}
	sent = PQsendQueryPrepared(db->conn, shape_name(db->shape, name,
	    sizeof name), nparams, db->params, NULL, NULL, 0);
	for (size_t i = 0; i < batch->ncolumns; i++) {
		if (batch->present[i])
			batch_uncut(batch, i);
	}
	return sent;
}

/*
 * A batch of no rows and every column: what is wrong with the table, the
 * types or the permissions shows before the first line is read.
 */
static int
send_probe(struct db *db)
{
	size_t n = db->table.ncolumns;
	bool *present = calloc(n + 1, sizeof *present);
	char *sql = NULL;
	int nparams = 0, sent = 0;

	free(db->params);
	db->params = calloc(n + 1, sizeof *db->params);
	for (size_t i = 0; present && db->params && i < n; i++) {
		present[i] = !db->table.columns[i].generated;
		if (present[i])
			db->params[nparams++] = "{}";
	}
	if (present != NULL && db->params != NULL)
		sql = statement_text(&db->table, present, db->options->mode);
	if (sql != NULL)
		sent = PQsendQueryParams(db->conn, sql, nparams, NULL,
		    db->params, NULL, NULL, 0);
	free(present);
	free(sql);
	return sent;
}

/* Sends what the state is about. */
static enum db_result
start_step(struct db *db)
{
	int sent = 0;

	db->deadline_us = clock_monotonic_us() + SLOW_US;
	db->error = false;
	PQclear(db->answer);
	db->answer = NULL;
	switch (db->state) {
	case SESSION:
		sent = PQsendQuery(db->conn, session_sql);
		break;
	case CATALOG:
		sent = PQsendQueryParams(db->conn, catalog_sql(db->query), 1,
		    NULL, &db->options->wanted.table, NULL, NULL, 0);
		break;
	case PROBING:
		sent = send_probe(db);
		break;
	case PREPARING:
		sent = send_prepare(db);
		break;
	case EXECUTING:
		sent = send_batch(db);
		break;
	default:
		break;
	}
	if (sent == 0)
		return connection_failed(db);
	db->flushing = true;
	return DB_BUSY;
}

static enum db_result
be_idle(struct db *db)
{
	db->state = IDLE;
	db->deadline_us = INT64_MAX;
	return DB_READY;
}

/* The connection is good and nothing is under way: the batch, if there is. */
static enum db_result
start_batch(struct db *db)
{
	if (db->batch == NULL) {
		trouble_end(&db->trouble);
		return be_idle(db);
	}
	db->shape = find_shape(db, db->batch->present, batch_mode(db));
	db->state = db->shape < SHAPES && db->shapes[db->shape].prepared ?
	    EXECUTING : PREPARING;
	return start_step(db);
}

static const char *
answer_cell(const void *result, size_t row, size_t column)
{
	return PQgetisnull(result, (int)row, (int)column) ? NULL :
	    PQgetvalue(result, (int)row, (int)column);
}

static enum db_result
read_catalog(struct db *db)
{
	struct rows rows = { db->answer, (size_t)PQntuples(db->answer),
	    answer_cell };

	db->sqlstate[0] = '\0';
	if (!catalog_read(db->query, &db->table, &db->options->wanted, &rows,
	    db->message))
		return db->known ? failed(db) : DB_HOPELESS;
	if (db->key_changed) {
		db->key_changed = false;
		return start_batch(db);
	}
	if (++db->query == CATALOG_QUERIES)
		db->state = PROBING;
	return start_step(db);
}

/* The whole answer is here, and it is good. */
static enum db_result
succeeded(struct db *db)
{
	switch (db->state) {
	case SESSION:
		if (db->known && !db->key_changed)
			return start_batch(db);
		db->state = CATALOG;
		db->query = db->known ? CATALOG_KEYS : CATALOG_TABLE;
		return start_step(db);
	case CATALOG:
		return read_catalog(db);
	case PREPARING:
		if (db->shape < SHAPES)
			db->shapes[db->shape].prepared = true;
		db->state = EXECUTING;
		return start_step(db);
	case EXECUTING:
		db->written += strtoull(PQcmdTuples(db->answer), NULL, 10);
		db->batch = NULL;
		break;
	case PROBING:
		db->known = true;
		break;
	default:
		break;
	}
	trouble_end(&db->trouble);
	return be_idle(db);
}

/* The whole answer is here, and it is an error. */
static enum db_result
refused(struct db *db)
{
	bool rows = sqlstate_condemns(db->sqlstate);
	bool doubled = strcmp(db->sqlstate, "21000") == 0 &&
	    db->to - db->from > 1;

	if (db->state != EXECUTING || (!rows && !doubled))
		return failed(db);
	trouble_end(&db->trouble);
	db->batch = NULL;
	be_idle(db);
	return rows ? DB_CONDEMNED : DB_DOUBLED;
}

/* Keeps the last good part of an answer, or the first error. */
static void
take_result(struct db *db, PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);
	const char *text = PQresultErrorField(result,
	    PG_DIAG_MESSAGE_PRIMARY);

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
		PQclear(db->answer);
		db->answer = result;
		return;
	}
	if (!db->error) {
		set_message(db, PQresultErrorField(result,
		    PG_DIAG_SQLSTATE), text != NULL ? text :
		    PQresultErrorMessage(result));
	}
	db->error = true;
	PQclear(result);
}

/* An answer is late: perhaps a lock, perhaps a server that hangs. */
static void
say_slow(struct db *db)
{
	if (clock_monotonic_us() < db->deadline_us)
		return;
	db->deadline_us = INT64_MAX;
	trouble_wait(&db->trouble, SLOW_US);
}

static enum db_result
go_on_working(struct db *db, short revents)
{
	PGresult *result;
	bool lost = false;

	if (db->flushing) {
		int left = PQflush(db->conn);

		db->flushing = left == 1;
		/* On a failure the answer below tells what it was. */
		if (left == 1 && revents == 0)
			return DB_BUSY;
	}
	/* PQisBusy() stays true after a failed write: ask for the error. */
	if (revents != 0)
		lost = PQconsumeInput(db->conn) == 0;
	while (lost || !PQisBusy(db->conn)) {
		result = PQgetResult(db->conn);
		if (result == NULL)
			return db->error ? refused(db) : succeeded(db);
		take_result(db, result);
	}
	say_slow(db);
	return DB_BUSY;
}

/* Between statements: the server may end the session. */
static enum db_result
watch_idle(struct db *db, short revents)
{
	if (revents == 0)
		return DB_READY;
	if (PQconsumeInput(db->conn) == 0 ||
	    PQstatus(db->conn) != CONNECTION_OK)
		return connection_failed(db);
	PQisBusy(db->conn); /* hands notices to on_notice() */
	return DB_READY;
}

enum db_result
db_step(struct db *db, short revents)
{
	switch (db->state) {
	case WAITING:
		if (clock_monotonic_us() < db->deadline_us)
			return DB_BUSY;
		if (db->conn == NULL)
			return start_connecting(db);
		if (db->known)
			return start_batch(db);
		db->state = SESSION;
		return start_step(db);
	case CONNECTING:
		return go_on_connecting(db, revents);
	case IDLE:
		return watch_idle(db, revents);
	default:
		return go_on_working(db, revents);
	}
}

void
db_submit(struct db *db, struct batch *batch, size_t from, size_t to)
{
	db->batch = batch;
	db->from = from;
	db->to = to;
	/* A failure to send is told by the next step. */
	start_batch(db);
}

int
db_fd(const struct db *db)
{
	return db->conn == NULL || db->state == WAITING ? -1 :
	    PQsocket(db->conn);
}

short
db_events(const struct db *db)
{
	if (db->state == CONNECTING)
		return db->polling == PGRES_POLLING_READING ? POLLIN :
		    POLLOUT;
	return (short)(POLLIN | (db->flushing ? POLLOUT : 0));
}

int64_t
db_deadline_us(const struct db *db)
{
	return db->deadline_us;
}

bool
db_sending(const struct db *db)
{
	return db->flushing;
}

const struct table *
db_table(const struct db *db)
{
	return db->known ? &db->table : NULL;
}

uint64_t
db_written(const struct db *db)
{
	return db->written;
}

const char *
db_sqlstate(const struct db *db)
{
	return db->sqlstate;
}

const char *
db_message(const struct db *db)
{
	return db->message;
}
