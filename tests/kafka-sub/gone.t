#!/bin/bash
# Goal: messages that retention has taken are no obstacle where reading may
# begin at any offset; a topic that was deleted and made again is never read on
# in its midst, nor told where the group was in the old one. On a real Kafka.
# shellcheck disable=SC2317 # functions for wait_for
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/kafka.sh
. "$ROOT/tests/peers/kafka.sh"

need jq
peer_kafka_start "$T/kafka"
export TICKPIPE_BROKERS=$BROKERS
admin() { "$BUILD/tests/peers/kafka-admin" "$BROKERS" "$@"; }
numbers() { jq -r .n "$1" | paste -sd' '; }

# lines FIRST LAST: numbered.
lines() { seq "$1" "$2" | sed 's/.*/{"n":&}/'; }

# Retention. Partition 1 keeps all it has; 0 has lost some, or everything.
kafka-pub --create 2 old </dev/null
lines 0 99 | kcat -P -b "$BROKERS" -t old -p 0
lines 0 2 | kcat -P -b "$BROKERS" -t old -p 1
admin delete-records old 0 95
for case in '-10|0 1 2 95 96 97 98 99' '-3|0 1 2 97 98 99' \
    '-1000|0 1 2 95 96 97 98 99' 's@1|0 1 2 95 96 97 98 99' \
    'beginning|0 1 2 95 96 97 98 99' 'end|'; do
	status_is 0 "-o ${case%%|*} of a log that begins later" \
	    kafka-sub -o "${case%%|*}" -e old
	is "$(jq -r .n "$T/out" | sort -n | paste -sd' ')" "${case#*|}" \
	    'gives what there is'
done
status_is 3 '-o 90 names a message that is gone' kafka-sub -o 90 -p 0 -e old
like "$(<"$T/err")" 'old \[0\].* 90 .*95 to 100' 'and is told so'
admin delete-records old 0 -1
for origin in -10 -3 -1000 s@1 beginning; do
	status_is 0 "-o $origin of a log that has lost everything" \
	    timeout 60 kafka-sub -o "$origin" -e old
	is "$(numbers "$T/out")" '0 1 2' 'gives the other partition'
done
status_is 0 '-o 100, its end' timeout 60 kafka-sub -o 100 -p 0 -e old
lines 100 104 | kcat -P -b "$BROKERS" -t old -p 0
status_is 0 'when it grows again' kafka-sub -o -10 -p 0 -e old
is "$(numbers "$T/out")" '100 101 102 103 104' 'that is what there is'
lines 105 109 >"$T/next"
kafka-sub -o -2 -p 0 old >"$T/out" &
pid=$!
has() { [[ $(numbers "$T/out") == "$1" ]]; }
wait_for 30 has '103 104'
kcat -P -b "$BROKERS" -t old -p 0 <"$T/next"
check 'without -e it reads on' wait_for 30 has '103 104 105 106 107 108 109'
kill -TERM "$pid"
wait "$pid"

# A topic made anew, longer than the old one.

# reads OPTION...: a kafka-sub has read twenty messages of the topic again.
reads()
{
	kafka-pub --create 1 again </dev/null
	lines 0 19 | kafka-pub again
	kafka-sub "$@" again >"$T/out" 2>"$T/err" &
	pid=$!
	wait_for 30 has "$(seq -s ' ' 0 19)" || diag_file "$T/err"
}

committed() { [[ $(admin committed again 0 "$1") == "$2" ]]; }

# ends NAME: it ends with 3, and says why.
ends()
{
	check "$1: it ends" wait_for 60 pid_gone "$pid"
	kill -KILL "$pid" 2>/dev/null
	wait "$pid"
	is $? 3 'with status 3' || diag_file "$T/err"
	like "$(<"$T/err")" 'topic again was deleted, and may be another' \
	    'and says why'
}

# begins_anew GROUP: what the next one reads is the new topic, whole.
begins_anew()
{
	status_is 0 'the next one' kafka-sub -g "$1" -e again
	is "$(numbers "$T/out")" "$(seq -s ' ' 100 139)" \
	    'reads the new topic from its beginning'
	admin delete-topic again
	wait_for 30 gone
}

gone() { ! admin delete-topic again; }

for way in at_once slowly stopped; do
	reads -g "$way"
	wait_for 30 committed "$way" 20
	case $way in
	at_once) admin remake-topic again 1 1 ;;
	slowly)
		admin delete-topic again
		wait_for 30 pid_gone "$pid"
		kafka-pub --create 1 again </dev/null
		;;
	stopped) # as an outage of the network, meanwhile
		kill -STOP "$pid"
		admin remake-topic again 1 1
		;;
	esac
	lines 100 139 | kafka-pub again
	kill -CONT "$pid" 2>/dev/null
	ends "a topic made anew, $way"
	committed "$way" -1
	ok $? 'nothing is committed for the new one'
	begins_anew "$way"
done

# Asked to end before it has noticed.
mkfifo "$T/ack"
reads -g asked --ack "$T/ack"
exec 4>"$T/ack"
jq -c 'select(.n == 9) | {_kafka}' "$T/out" >&4
wait_for 30 committed asked 10
kill -STOP "$pid"
admin remake-topic again 1 1
lines 100 139 | kafka-pub again
jq -c 'select(.n == 19) | {_kafka}' "$T/out" >&4
exec 4>&-
kill -TERM "$pid"
kill -CONT "$pid"
ends 'asked to end, with a commit that is due'
committed asked -1
ok $? 'which is not made'
begins_anew asked

# Without a group nothing is committed; it ends when it hears of it.
reads -o beginning
admin delete-topic again
ends 'a topic that is deleted, without a group'
done_testing
