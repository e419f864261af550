#!/bin/bash
# Goal: a user and a password from a file open a broker to both commands; a
# wrong one is status 2 at once, for a retry cannot help.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/kafka.sh
. "$ROOT/tests/peers/kafka.sh"

need kcat jq
# One listener more, so all of them are named here.
mkdir "$T/kafka"
client=$(free_port)
controller=$(free_port)
port=$(free_port)
echo "$client" >"$T/kafka/port"
on_exit kafka_kill "$T/kafka"
module=org.apache.kafka.common.security.plain.PlainLoginModule
clients="CLIENT://127.0.0.1:$client,AUTH://127.0.0.1:$port"
peer_kafka_start "$T/kafka" \
	"listeners=$clients,CONTROLLER://127.0.0.1:$controller" \
	"advertised.listeners=$clients" \
	"controller.quorum.voters=1@127.0.0.1:$controller" \
	"listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT,AUTH:SASL_PLAINTEXT" \
	'listener.name.auth.sasl.enabled.mechanisms=PLAIN' \
	"listener.name.auth.plain.sasl.jaas.config=$module required user_u=\"p\";"
kafka-pub -b "$BROKERS" --create 1 t </dev/null

cat >"$T/good" <<END
bootstrap.servers=127.0.0.1:$port
security.protocol=SASL_PLAINTEXT
sasl.mechanism=PLAIN
sasl.jaas.config=$module required \\
	username="u" password="p";
END
sed 's/="p"/="wrong"/' "$T/good" >"$T/bad"
unset TICKPIPE_BROKERS
echo '{"n":1}' >"$T/in"
status_is 0 'kafka-pub with the password' kafka-pub -F "$T/good" t <"$T/in"
status_is 0 'kafka-sub with the password' kafka-sub -F "$T/good" -g g -e t
is "$(<"$T/out")" '{"n":1}' 'sees the line'
status_is 2 'kafka-pub with a wrong one' \
	timeout 60 kafka-pub -F "$T/bad" t <"$T/in"
like "$(<"$T/err")" '[Aa]uthentication' 'is told'
unlike "$(<"$T/err")" 'wrong' 'without the password'
status_is 2 'kafka-sub with a wrong one' \
	timeout 60 kafka-sub -F "$T/bad" -g g t
like "$(<"$T/err")" '[Aa]uthentication' 'is told'
status_is 2 'and without a group' timeout 60 kafka-sub -F "$T/bad" -o end t
done_testing
