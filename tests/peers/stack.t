#!/bin/bash
# Goal: one command starts a real Kafka and PostgreSQL that work, and another
# leaves no process behind.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/kafka.sh
. "$ROOT/tests/peers/kafka.sh"	# kafka_missing, kafka_pid
# shellcheck source=tests/peers/postgres.sh
. "$ROOT/tests/peers/postgres.sh"

missing=$(kafka_missing; postgres_missing)
[[ -z $missing ]] ||
    skip_all "not installed: ${missing//$'\n'/, } (scripts/deps)" required

# A folder whose name needs quoting, as a tree's may.
export TICKPIPE_STACK="$T/the user's stack"
export TICKPIPE_KAFKA_PORT=0 TICKPIPE_POSTGRES_PORT=0
mkdir -p "$TICKPIPE_STACK"
on_exit postgres_remove "$TICKPIPE_STACK/postgres"
on_exit postgres_stop "$TICKPIPE_STACK/postgres" immediate
on_exit kafka_kill "$TICKPIPE_STACK/kafka"

# shellcheck disable=SC2317 # called by the helpers
stack()
{
	"$ROOT/scripts/stack" "$@"
}

# sql QUERY: its answer, as a user who sourced env gets it.
sql()
{
	psql -XAtq -d "$TICKPIPE_DATABASE" -c "$1" 2>&1
}

status_is 2 'no verb is wrong use' stack
status_is 2 'an unknown part is wrong use' stack start zookeeper
status_is 3 'status before the first start' stack status
is "$(<"$T/out")" $'kafka    stopped  127.0.0.1:-\npostgres stopped  127.0.0.1:-' \
    'says that nothing runs'
status_is 2 'a mistyped port is wrong use' \
    env TICKPIPE_KAFKA_PORT=9o92 "$ROOT/scripts/stack" start kafka

# What an interrupted start may have left: no finished data, a pid that is now
# somebody else's.
mkdir -p "$TICKPIPE_STACK/kafka/data.new" "$TICKPIPE_STACK/postgres/data.new"
echo $$ >"$TICKPIPE_STACK/kafka/pid"
echo 99999999 >"$TICKPIPE_STACK/postgres/pid"
status_is 0 'start over a half-made folder' stack start
like "$(<"$T/out")" '^kafka +running +127\.0\.0\.1:[0-9]+ pid [0-9]+.postgres +running' \
    'says where both are'
kafka_first=$(kafka_pid "$TICKPIPE_STACK/kafka")
postgres_first=$(postgres_pid "$TICKPIPE_STACK/postgres")

status_is 0 'a second start' stack start
like "$(<"$T/out")" 'kafka +runs already.*postgres +runs already' 'says so'
is "$(kafka_pid "$TICKPIPE_STACK/kafka") $(postgres_pid \
    "$TICKPIPE_STACK/postgres")" "$kafka_first $postgres_first" \
    'and they are the same processes'
status_is 0 'status while both run' stack status

# shellcheck source=/dev/null
. "$TICKPIPE_STACK/env"
is "$(sql 'SELECT current_user, current_database(), rolsuper FROM pg_roles
    WHERE rolname = current_user')" 'tickpipe|tickpipe|f' \
    'PostgreSQL answers: the role tickpipe, no superuser'
like "$(PGPASSWORD=wrong psql -X "host=127.0.0.1 user=postgres \
    dbname=postgres port=$(<"$TICKPIPE_STACK/postgres/port")" -c '' 2>&1)" \
    'authentication failed' 'and nobody gets in without the password'
is "$(stat -c %a "$TICKPIPE_STACK/postgres/pgpass")" 600 \
    'which is the owner'\''s alone'

# Addresses and ports are in hexadecimal there; state 0A is listening.
printf -v ports ':%04X|:%04X' "$(<"$TICKPIPE_STACK/kafka/port")" \
    "$(<"$TICKPIPE_STACK/postgres/port")"
listeners=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    awk -v p="($ports)\$" '$4 == "0A" && $2 ~ p { sub(/:.*/, "", $2); print $2 }' |
    sed 's/^0000000000000000FFFF0000//' | sort | uniq -c | tr -s ' ')
is "$listeners" ' 2 0100007F' 'both listen on 127.0.0.1 alone'

if [[ -x $BIN/kafka-pub ]]; then
	status_is 0 'a topic is made' kafka-pub -b "$TICKPIPE_BROKERS" \
	    --create 3 ticks
	printf '%s\n' '{"a":1}' '{"a":2}' | kcat -b "$TICKPIPE_BROKERS" -P -t ticks \
	    -k BTCUSDT -X enable.idempotence=true
	is "$(kcat -b "$TICKPIPE_BROKERS" -C -t ticks -o beginning -e -q)" \
	    $'{"a":1}\n{"a":2}' 'Kafka gives back what it was given'
	status_is 0 'setup-kafka finds the broker by itself' \
	    "$ROOT/scripts/setup-kafka"
	status_is 0 'setup-kafka again' "$ROOT/scripts/setup-kafka"
	like "$(kcat -b "$TICKPIPE_BROKERS" -L)" \
	    'topic "crypto_prices" with 20 partitions' 'made the topic'
else
	skip 'kafka-pub is not built' 5
fi
status_is 0 'init-db finds the database by itself' "$ROOT/scripts/init-db"
is "$(sql 'SELECT count(*) FROM window_1h')" 0 'made the tables'
sql 'CREATE TABLE kept (i int); INSERT INTO kept VALUES (42)'

status_is 0 'one part is stopped' stack stop kafka
check 'its process is gone' pid_gone "$kafka_first"
status_is 3 'status while one part is stopped' stack status
like "$(<"$T/out")" 'kafka +stopped.*postgres +running' 'says which one'
postgres_stop "$TICKPIPE_STACK/postgres" kill
port=$(<"$TICKPIPE_STACK/kafka/port")
unset TICKPIPE_KAFKA_PORT TICKPIPE_POSTGRES_PORT
status_is 0 'start after a stop and a crash' stack start
is "$(<"$TICKPIPE_STACK/kafka/port")" "$port" 'the ports are remembered'
is "$(sql 'SELECT i FROM kept')" 42 'PostgreSQL kept its data'
if [[ -x $BIN/kafka-pub ]]; then
	is "$(kcat -b "$TICKPIPE_BROKERS" -C -t ticks -o beginning -e -q | wc -l)" \
	    2 'Kafka kept its data'
else
	skip 'kafka-pub is not built'
fi

taken=$(<"$TICKPIPE_STACK/postgres/port")
status_is 3 'a port that somebody else has' \
    env TICKPIPE_STACK="$T/other" TICKPIPE_KAFKA_PORT="$taken" \
    "$ROOT/scripts/stack" start kafka
like "$(<"$T/err")" "port $taken is taken: set TICKPIPE_KAFKA_PORT" 'is named'

kafka_last=$(kafka_pid "$TICKPIPE_STACK/kafka")
postgres_last=$(postgres_pid "$TICKPIPE_STACK/postgres")
sleeper=$(postgres_children "$postgres_last")
status_is 0 'stop' stack stop
left=
for pid in $kafka_last $postgres_last $sleeper; do
	pid_alive "$pid" && left+=" $pid"
done
is "$left" '' 'leaves no process'
status_is 0 'a second stop is no error' stack stop

done_testing
