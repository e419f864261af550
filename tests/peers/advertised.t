#!/bin/bash
# Goal: a broker tells clients to come to a proxy, and needs it for nothing.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/kafka.sh
. "$ROOT/tests/peers/kafka.sh"
# shellcheck source=tests/peers/proxy.sh
. "$ROOT/tests/peers/proxy.sh"

need kcat flock
front=$(free_port)
KAFKA_ADVERTISED=$front peer_kafka_start "$T/kafka"
pass=$(<"$T/kafka/port")
is "$BROKERS" "127.0.0.1:$front" 'it starts though nobody listens there'
unlike "$front" "^$pass\$" 'which is not where it listens itself'
proxy_start net "$front:$pass" || bail 'no proxy'
status_is 0 'a topic is made through the proxy' \
    kafka-pub -b "$BROKERS" --create 2 trades </dev/null
echo '{"n":1}' >"$T/in"
status_is 0 'who asks past it' \
    kafka-pub -b "127.0.0.1:$pass" trades <"$T/in"
read -r _ _ bytes < <(proxy_do net count 1)
status_is 0 'and a group, which has a coordinator' \
    kafka-sub -b "127.0.0.1:$pass" -g g -e trades
is "$(<"$T/out")" '{"n":1}' 'is served'
check 'through it' test "$(proxy_do net count 1 | cut -d ' ' -f 3)" -gt \
    "$bytes"

peer_kafka_stop "$T/kafka"
peer_kafka_start "$T/kafka"
is "$BROKERS $(<"$T/kafka/port")" "127.0.0.1:$front $pass" \
    'a later start remembers both ports'
status_is 0 'a reader finds it there' kafka-sub -b "$BROKERS" -o beginning \
    -e trades
is "$(<"$T/out")" '{"n":1}' 'with its data'

done_testing
