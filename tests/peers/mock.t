#!/bin/bash
# Goal: the embedded Kafka serves other processes and ends when it should.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/mock.sh
. "$ROOT/tests/peers/mock.sh"

need kcat
mock=$BUILD/tests/peers/mock-kafka
peer_mock_start -p 3 ticks other

like "$BROKERS" '^127\.0\.0\.1:[0-9]+$' 'listens on 127.0.0.1'
is "$(kcat -b "$BROKERS" -L | grep -c '^ *topic "\(ticks\|other\)" with 3 part')" \
    2 'the topics are there with their partitions'
printf '%s\n' one two | kcat -b "$BROKERS" -P -t ticks -p 1 \
    -X enable.idempotence=true
is "$(kcat -b "$BROKERS" -C -t ticks -p 1 -o beginning -e -q)" $'one\ntwo' \
    'gives back what it was given'
is "$(kcat -b "$BROKERS" -q -e -X auto.offset.reset=earliest -G group ticks \
    2>/dev/null)" $'one\ntwo' 'to a consumer group too'

pid=$PEER_MOCK_PID
kill "$pid"
wait "$pid"
is "$?" 0 'a TERM ends it in order'
mkfifo "$T/in"
"$mock" -e ticks <"$T/in" >"$T/out" &
pid=$!
exec 8>"$T/in"
wait_for 30 test -s "$T/out"
ok $? 'with -e it serves while its input is open'
exec 8>&-
check 'and ends with it' wait_for 30 pid_gone "$pid"
status_is 2 'no topic is wrong use' "$mock"
status_is 2 'no partition is wrong use' "$mock" -p 0 ticks

done_testing
