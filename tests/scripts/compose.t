#!/bin/bash
# Goal: scripts/compose.yaml is what a compose client accepts, and with its
# containers up the other scripts work as they are.
#
# There is no container engine here. What the containers would be is played by
# this machine's own: a Kafka with the settings that the image makes of the
# file's variables, by the class of Kafka that the image uses; a PostgreSQL
# whose superuser has the file's password; and something that says it is well.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/kafka.sh
. "$ROOT/tests/peers/kafka.sh"
# shellcheck source=tests/peers/postgres.sh
. "$ROOT/tests/peers/postgres.sh"
need perl
peer_kafka_needs

unset BROKERS DATABASE TICKPIPE_BROKERS TICKPIPE_DATABASE TICKPIPE_CONF
unset COMPOSE_PROJECT_NAME
file=$ROOT/scripts/compose.yaml

# --- The file itself --------------------------------------------------------

printf '%s\n' POSTGRES_PASSWORD=one TICKPIPE_READER_PASSWORD=two \
    GRAFANA_ADMIN_PASSWORD=three >"$T/settings"
if docker compose version >"$T/version" 2>/dev/null; then
	client=(docker compose)
elif docker-compose version >"$T/version" 2>/dev/null; then
	client=(docker-compose)
else
	client=()
fi
if ((${#client[@]} > 0)); then
	diag "checked by $(head -n 1 "$T/version")"
	status_is 0 'a compose client accepts the file' \
	    "${client[@]}" --env-file "$T/settings" -f "$file" config
	like "$(<"$T/out")" 'POSTGRES_PASSWORD: one' 'and fills in a password'
	: >"$T/nothing"
	! "${client[@]}" --env-file "$T/nothing" -f "$file" config \
	    >"$T/out" 2>"$T/err"
	ok $? 'without the passwords nothing starts'
	like "$(<"$T/err")" 'run make start-compose' 'and it says what to do'
	sed 's/^    image:/    imagine:/' "$file" >"$T/wrong.yaml"
	! "${client[@]}" --env-file "$T/settings" -f "$T/wrong.yaml" config \
	    >"$T/out" 2>&1
	ok $? 'a file with an unknown member is refused'
else
	skip 'there is no compose client to check the file' 5
fi

is "$(grep -c '^    image: ' "$file") $(grep -c '^    healthcheck:' "$file") \
$(grep -cF '<<: *common' "$file")" '3 3 3' \
    'every service has a health check, restarts, and bounds its log'
unlike "$(grep '^    image:' "$file")" 'latest|image: [^:]*$' \
    'every image has its version'
is "$(sed -n 's|^    image: .*/kafka:||p' "$file")" \
    "$(sed -n '/kafka_2.13/,/version/s|.*<version>\(.*\)</version>.*|\1|p' \
    "$ROOT/tests/peers/kafka/pom.xml")" "Kafka's is the one of the tests"
is "$(sed -n '/^    ports:/{n;p;}' "$file" | grep -vc '^ *- 127\.0\.0\.1:')" 0 \
    'every port is on 127.0.0.1'
# shellcheck disable=SC2016 # the text of the file
is "$(grep PASSWORD: "$file" | grep -vcF ': ${')" 0 'and no password is in it'

# --- Its containers, as far as this machine can play them -------------------

# environment SERVICE SETTINGS: its variables as NAME=VALUE, filled in.
environment()
{
	local name value

	# shellcheck source=/dev/null
	(. "$2" && sed -n "/^  $1:/,/^  [a-z]/s/^      \([A-Z_]*\): /\1 /p" \
	    "$file" | while read -r name value; do
		value=${value#\"}
		eval "printf '%s=%s\\n' $name \"${value%\"}\""
	done)
}

# kafka_of_file SETTINGS: configures, formats and starts it as the image does,
# but listens on 127.0.0.1 alone, and has its data here.
kafka_of_file()
{
	local variables java

	mkdir -p "$T/kafka" "$T/defaults" "$T/mounted"
	java=$(kafka_java)
	mapfile -t variables < <(environment kafka "$1" | sed \
	    "s/0\.0\.0\.0/127.0.0.1/; s/29093/$controller/g
	    s|/var/lib/kafka/data|$T/kafka/data|")
	env -i PATH="$PATH" "${variables[@]}" "$java" -Xmx128m \
	    -cp "$KAFKA_LIBS/*" kafka.docker.KafkaDockerWrapper setup \
	    -D "$T/defaults" -M "$T/mounted" -F "$T/kafka" \
	    >"$T/kafka/setup" 2>&1 || return
	daemon_start "$T/kafka/pid" "$T/kafka/log" "$java" "${KAFKA_JVM[@]}" \
	    -Xmx512m -cp "$KAFKA_LIBS/*" kafka.Kafka \
	    "$T/kafka/server.properties"
}

# shellcheck disable=SC2317 # called by check
kafka_answers_as_told()
{
	[[ $(kcat -b "127.0.0.1:$TICKPIPE_KAFKA_PORT" -L -m 5) == \
	    *" broker 1 at 127.0.0.1:$TICKPIPE_KAFKA_PORT"* ]]
}

# A client that does what this test says. Its `up' is up, below.
mkdir "$T/bin"
cat >"$T/bin/docker" <<-'END'
	#!/bin/bash
	[[ $1 == compose ]] || exit 1
	[[ $2 != version ]] || { echo 'Docker Compose version v2.40.0'; exit; }
	printf '%s\n' "$*" >>"$PLAY/calls"
	[[ -e $PLAY/works ]] || { echo 'cannot connect to the engine' >&2; exit 1; }
	while [[ $1 != --env-file ]]; do shift; done
	[[ $* != *' up '* ]] || cp "$2" "$PLAY/wanted"
	# Until the containers are up.
	while [[ -e $PLAY/wanted ]]; do sleep 0.1; done
END
chmod +x "$T/bin/docker"
export PLAY=$T/play
mkdir "$PLAY"

# up: the containers: waits until the client asks for them.
up()
{
	local password

	wait_for 300 test -s "$PLAY/wanted" || return
	kafka_of_file "$PLAY/wanted" || diag_file "$T/kafka/setup"
	password=$(sed -n 's/^POSTGRES_PASSWORD=//p' "$PLAY/wanted")
	postgres_psql "$T/pg" -c "ALTER ROLE postgres PASSWORD '$password'"
	rm "$PLAY/wanted"
}

# status_of_compose N NAME VERB: with the client of this test alone.
status_of_compose()
{
	status_is "$1" "$2" env PATH="$T/bin:$PATH" "$ROOT/scripts/compose" "$3"
}

peer_postgres_start "$T/pg"
on_exit kafka_kill "$T/kafka"
# As the image leaves it.
postgres_psql "$T/pg" -c 'DROP DATABASE tickpipe' -c 'DROP ROLE tickpipe'
unset DATABASE DATABASE_ADMIN
read -r TICKPIPE_KAFKA_PORT controller TICKPIPE_GRAFANA_PORT \
    < <(peer_free_ports 3 | xargs)
TICKPIPE_POSTGRES_PORT=$(<"$T/pg/port")
export TICKPIPE_KAFKA_PORT TICKPIPE_POSTGRES_PORT TICKPIPE_GRAFANA_PORT
export TICKPIPE_STACK="$T/the user's stack"
# shellcheck disable=SC2016 # Perl's
perl -MIO::Socket::INET -e '
	my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1",
	    LocalPort => shift, Listen => 5, ReuseAddr => 1) or die $!;
	while (my $c = $s->accept) {
		my $line = <$c>;
		print $c "HTTP/1.0 ", $line =~ m{^GET /api/health } ?
		    "200 OK" : "404 Not Found", "\r\n\r\n";
		close $c;
	}' "$TICKPIPE_GRAFANA_PORT" &
on_exit kill "$!"

for port in 0 65536 9o92 29093; do
	TICKPIPE_KAFKA_PORT=$port status_of_compose 2 \
	    "a port of $port is wrong use" start
done
status_of_compose 3 'an engine that does not run' start
like "$(<"$T/err")" $'engine\ncompose: the containers do not start' 'is said'
check 'and no addresses are left' test ! -e "$TICKPIPE_STACK/env"

touch "$PLAY/works"
: >"$PLAY/calls"
up 2>"$T/up.err" &
up=$!
status_of_compose 0 'start' start || diag_file "$T/kafka/log"
wait "$up"
diag_file "$T/up.err"
is "$(<"$PLAY/calls")" "compose -p tickpipe --env-file $TICKPIPE_STACK/compose/env\
 -f $file up -d" 'asks for the containers'
like "$(<"$T/out")" "kafka +127\\.0\\.0\\.1:$TICKPIPE_KAFKA_PORT" 'says where Kafka is'
like "$(<"$T/out")" "http://127\\.0\\.0\\.1:$TICKPIPE_GRAFANA_PORT/" 'and Grafana'
is "$(cd "$TICKPIPE_STACK/compose" && stat -c %a env postgres/pgpass \
    grafana/password | xargs)" '600 600 600' 'passwords are the owner'\''s alone'
check 'the file'\''s Kafka lists itself' wait_for 120 kafka_answers_as_told
is "$(kafka_setting "$T/kafka" auto.create.topics.enable)\
 $(kafka_setting "$T/kafka" log.retention.ms)" 'false -1' \
    'and keeps what it is given, and nothing else'

# --- The other scripts, unchanged -------------------------------------------

status_is 0 'init-db' "$ROOT/scripts/init-db"
status_is 0 'setup-kafka' "$ROOT/scripts/setup-kafka"
like "$(kcat -b "127.0.0.1:$TICKPIPE_KAFKA_PORT" -L -m 60)" \
    'topic "crypto_prices" with 20 partitions' 'made the topic'
"$BUILD/tests/bench/gentrades" -f -n 500 >"$T/frames"
export TICKPIPE_RUN=$T/run DATA=$T/data
mkdir "$TICKPIPE_RUN"
status_is 0 'run-producer' "$ROOT/scripts/ingest" --replay "$T/frames"
is "$(kcat -b "127.0.0.1:$TICKPIPE_KAFKA_PORT" -C -t crypto_prices \
    -o beginning -e -q | wc -l)" 500 'delivers to it'
# shellcheck disable=SC2317 # called by wait_for
all_ticks()
{
	[[ $(sql tickpipe 'SELECT count(*) FROM crypto_prices') == 500 ]]
}
# sql ROLE QUERY
sql()
{
	psql -XAtq -d "$(postgres_conninfo "$TICKPIPE_STACK/compose/postgres" \
	    "$1")" -c "$2" 2>&1
}
interruptible "$ROOT/scripts/consumer" >"$T/out" 2>"$T/err" &
consumer=$!
check 'run-consumer fills the tables' wait_for 300 all_ticks ||
    diag_file "$T/err"
kill -INT "$consumer"
wait "$consumer"
is "$?" 0 'and ends in order'
is "$(sql tickpipe_reader 'SELECT count(*) FROM crypto_prices')" 500 \
    'the reader'\''s password is that of the settings'
like "$(sql tickpipe_reader 'DELETE FROM crypto_prices')" \
    'read-only|permission denied' 'and it only reads'
is "$(environment grafana "$TICKPIPE_STACK/compose/env" |
    sed -n 's/^PGPASSWORD=//p')" \
    "$(sed -n 's/.*:tickpipe_reader://p' \
    "$TICKPIPE_STACK/compose/postgres/pgpass")" 'which Grafana has'

# What the provisioning takes from Grafana's environment, and where it looks.
mapfile -t names < <(sed 's/#.*//' "$ROOT"/grafana/provisioning/*/*.yaml |
    grep -o '\$[A-Z_]*' | tr -d '$' | sort -u)
environment grafana "$TICKPIPE_STACK/compose/env" >"$T/grafana"
missing=
for name in "${names[@]}"; do
	grep -q "^$name=." "$T/grafana" || missing+=" $name"
done
((${#names[@]} > 0)) && [[ -z $missing ]]
ok $? "Grafana is given what grafana/ asks for:${missing:- ${names[*]}}"
path=$(sed -n 's/^ *path: //p' "$ROOT"/grafana/provisioning/dashboards/*.yaml)
like "$(<"$file")" "- \.\./grafana/dashboards:$path:ro" \
    'and finds the dashboard'

# --- Again, and the end -----------------------------------------------------

cp "$TICKPIPE_STACK/compose/env" "$T/before"
unset TICKPIPE_KAFKA_PORT TICKPIPE_POSTGRES_PORT TICKPIPE_GRAFANA_PORT
(wait_for 300 test -s "$PLAY/wanted"; rm "$PLAY/wanted") &
status_of_compose 0 'start again' start
wait "$!"
same_file "$TICKPIPE_STACK/compose/env" "$T/before" \
    'has the same ports and passwords'
sed -i 's/\(.*:postgres:\).*/\1other/' "$TICKPIPE_STACK/compose/postgres/pgpass"
(wait_for 300 test -s "$PLAY/wanted"; rm "$PLAY/wanted") &
status_of_compose 3 'a volume with another password' start
wait "$!"
like "$(<"$T/err")" 'password authentication failed .*was its volume' \
    'is said at once'
status_of_compose 0 'status' status
status_of_compose 0 'stop' stop
like "$(tail -n 1 "$PLAY/calls")" ' down$' 'ends the containers'
unlike "$(tail -n 1 "$PLAY/calls")" ' -v|volumes' 'and keeps their volumes'

mkdir "$T/none"
for tool in bash dirname readlink env; do
	ln -s "$(type -P "$tool")" "$T/none/$tool"
done
status_is 2 'neither client' env PATH="$T/none" "$ROOT/scripts/compose" start
is "$(<"$T/err")" "compose: neither \`docker compose' nor \`podman compose' is\
 there; scripts/stack needs no containers" 'is said plainly'
status_is 2 'no verb is wrong use' "$ROOT/scripts/compose"
status_is 2 'an unknown one too' "$ROOT/scripts/compose" restart
status_is 0 'help' "$ROOT/scripts/compose" --help
like "$(<"$T/out")" '^usage: scripts/compose' 'is on stdout'

done_testing
