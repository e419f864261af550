#!/bin/bash
# Goal: when the idempotent producer can no longer say what is in the topic,
# kafka-pub ends with status 3 and sends nothing twice; an error that passes is
# got over. On the embedded Kafka, which answers with errors.
# shellcheck disable=SC2317 # functions for wait_for
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/mock.sh
. "$ROOT/tests/peers/mock.sh"
need kcat
PRODUCE=0 # as Kafka's protocol numbers it

consume()
{
	kcat -b "$BROKERS" -C -q -e -o beginning -t t
}

# OUT_OF_ORDER_SEQUENCE_NUMBER to what is next in order.
peer_mock_start -p 1 -f "$PRODUCE:0,45" t
mkfifo "$T/fifo"
kafka-pub -b "$BROKERS" t <"$T/fifo" 2>"$T/err" &
pid=$!
exec 3>"$T/fifo"
echo '{"n":1}' >&3
first() { [[ $(consume) == '{"n":1}' ]]; }
check 'the first line is in the topic' wait_for 30 first
printf '{"n":%d}\n' 2 3 4 >&3
check 'the second is answered by a fatal error, which ends it' \
	wait_for 30 pid_gone "$pid"
exec 3>&-
wait "$pid"
is $? 3 'with status 3'
like "$(<"$T/err")" 'line 2 not delivered|desynchronization' 'and the reason'
like "$(<"$T/err")" '3 lines not acknowledged: they may or may not be' \
	'what nobody knows is said'
is "$(consume)" '{"n":1}' 'and nothing was sent again'
peer_mock_stop

# NOT_LEADER_FOR_PARTITION, REQUEST_TIMED_OUT, NOT_ENOUGH_REPLICAS.
peer_mock_start -p 1 -f "$PRODUCE:6,7,19" t
printf '{"n":%d}\n' 1 2 3 >"$T/in"
status_is 0 'errors that pass' timeout 60 kafka-pub -b "$BROKERS" t <"$T/in"
consume >"$T/got"
same_file "$T/got" "$T/in" 'and all is there once and in order'
done_testing
