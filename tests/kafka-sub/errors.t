#!/bin/bash
# Goal: what the group's coordinator answers to a commit or a heartbeat is got
# over, or ends kafka-sub with status 3 and the reason: never is more committed
# than was safe. On the embedded Kafka, which answers with errors.
# shellcheck disable=SC2317 # functions for wait_for
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/mock.sh
. "$ROOT/tests/peers/mock.sh"
need jq
COMMIT=8 HEARTBEAT=12 # as Kafka's protocol numbers them
for i in 0 1 2 3 4 5 6 7 8 9; do echo "{\"n\":$i}"; done >"$T/ten"
mkfifo "$T/ack"

# start API:ERROR,...: a broker that answers so, and a member of it.
start()
{
	peer_mock_start -p 1 -f "$1" t
	export TICKPIPE_BROKERS=$BROKERS
	kafka-pub t <"$T/ten"
	kafka-sub -v -g g --ack "$T/ack" t >"$T/out" 2>"$T/err" &
	pid=$!
	exec 4>"$T/ack"
	wait_for 30 ten || diag_file "$T/err"
}

# ten [TIMES]: whether so many (1) times ten lines went out.
ten() { (($(wc -l <"$T/out") >= 10 * ${1:-1})); }

# ack N: the line with that n, as it went out last.
ack()
{
	jq -c "select(.n == $1) | {_kafka}" "$T/out" | tail -n 1 >&4
}

# stop_is STATUS NAME: asked to end.
stop_is()
{
	exec 4>&-
	kill -TERM "$pid" 2>/dev/null
	wait "$pid"
	is $? "$1" "$2" || diag_file "$T/err"
}

# rest_is N... : what the group has left.
rest_is()
{
	kafka-sub -g g -e t >"$T/rest" 2>"$T/err2"
	is "$(jq -r .n "$T/rest" | paste -sd' ')" "$1" "$2"
	peer_mock_stop
}

# COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR: asked again.
start "$COMMIT:15,16,15"
ack 5
stop_is 0 'a coordinator that moves: all is committed in the end'
rest_is '6 7 8 9' 'as far as was safe'

# REQUEST_TIMED_OUT: again a second later.
start "$COMMIT:7,7"
ack 5
has()
{
	[[ $("$BUILD/tests/peers/kafka-admin" "$BROKERS" committed t 0 g) == \
	    "$1" ]]
}
check 'a commit that times out is made again' wait_for 30 has 6
ack 6
stop_is 0 'and so is the next'
rest_is '7 8 9' 'as far as was safe'

# ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID: the partitions may be another's. They
# are given up, and handed out anew where the group was.
for error in 22 25; do
	start "$COMMIT:$error"
	ack 5
	wait_for 30 ten 2
	ok $? "error $error to a commit: joins again and hands out anew"
	old=$(head -n 10 "$T/out" | jq -c 'select(.n == 8) | {_kafka}')
	new=$(tail -n 10 "$T/out" | jq -r 'select(.n == 8) | ._kafka.start')
	(($(jq -r ._kafka.start <<<"$old") < new))
	ok $? 'under a start that is higher'
	echo "$old" >&4
	ack 3
	stop_is 0 'and ends in order'
	rest_is '4 5 6 7 8 9' 'an ack of before counts for nothing'
done

# FENCED_INSTANCE_ID: another process has our place.
start "$HEARTBEAT:0,82"
ack 2
check 'another of its name: it ends' wait_for 30 pid_gone "$pid"
stop_is 3 'with status 3'
like "$(<"$T/err")" 'fenced' 'and the reason'
unlike "$(<"$T/err")" 'commit: ' 'and commits nothing any more'
peer_mock_stop
done_testing
