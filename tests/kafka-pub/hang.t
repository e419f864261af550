#!/bin/bash
# Goal: a broker that holds its connections and does not answer is missed after
# seconds, and what was under way meanwhile is in the topic once. On a real
# broker, stopped by a signal.
# shellcheck disable=SC2317 # functions for wait_for
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/kafka.sh
. "$ROOT/tests/peers/kafka.sh"

peer_kafka_start "$T/kafka"
export TICKPIPE_BROKERS=$BROKERS
broker=$(kafka_pid "$T/kafka")
on_exit kill -CONT "$broker"
mkfifo "$T/fifo"
"$BUILD/tests/bench/gentrades" -n 3000 >"$T/trades"
lines_in() { (($(wc -l <"$1") >= $2)); }
said() { grep -qi 'timed out' "$1"; }

kafka-pub --create 3 --key symbol t <"$T/fifo" 2>"$T/pub.err" &
pub=$!
exec 3>"$T/fifo"
head -n 1000 "$T/trades" >&3
kafka-sub -o beginning t >"$T/out" 2>"$T/sub.err" 3>&- &
sub=$!
check 'lines go through' wait_for 30 lines_in "$T/out" 1000
kill -STOP "$broker"
# The sender reads no further than its batch: the pipe holds the writer back.
tail -n +1001 "$T/trades" >&3 &
writer=$!
check 'a reader says that the broker does not answer' \
	wait_for 30 said "$T/sub.err"
check 'and so does a sender' wait_for 30 said "$T/pub.err"
kill -CONT "$broker"
exec 3>&-
wait "$writer"
wait "$pub"
is $? 0 'it answers again: all is acknowledged'
check 'and read' wait_for 60 lines_in "$T/out" 3000
sleep 1
kill -TERM "$sub"
wait "$sub"
is $? 0 'the reader ends in order'
sort "$T/trades" >"$T/want"
sort "$T/out" >"$T/got"
same_file "$T/got" "$T/want" 'nothing is lost, nothing twice'
done_testing
