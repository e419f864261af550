#!/bin/bash
# Goal: values come back byte for byte, from any origin; what is no line is
# refused; output that fails or goes away ends it. On the embedded Kafka.
# shellcheck disable=SC2317 # functions for wait_for
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/mock.sh
. "$ROOT/tests/peers/mock.sh"

need kcat jq
peer_mock_start -p 4 t one bad quiet again
export TICKPIPE_BROKERS=$BROKERS

# Wrong use.
mkfifo "$T/ack"
for args in '' 't' '-g' '-g g' '-g g -o end t' '-g g -p 1 t' '-o 5' \
	'-o here t' '-o -0 t' '-o s@ t' '-o s@noon t' '-o 1x t' '-o 1 -p -1 t' \
	'-o 1 -p x t' '-o end -c 0 t' '-o end --ack x t' '-g g a/b' \
	'-g g -X auto.offset.reset=latest t' '-g g -X group.id=h t' \
	'-g g -X enable.auto.commit=true t' '-o end -h t' \
	'-g g -X partition.assignment.strategy=cooperative-sticky t' \
	'-g g --ack /nonexistent t' "-g g --ack $0 t" '--nosuch t' '-z t'; do
	# shellcheck disable=SC2086
	status_is 2 "wrong use: $args" kafka-sub $args
done
status_is 0 '--help' kafka-sub --help
(($(wc -l <"$T/out") <= 26 && $(wc -L <"$T/out") <= 80))
ok $? 'fits a screen'

# Byte for byte, whatever the origin.
"$BUILD/tests/bench/gentrades" -n 10000 >"$T/trades"
kafka-pub --key symbol --time event_time t <"$T/trades"
status_is 0 'from the beginning to the end' kafka-sub -o beginning -e t
sort "$T/out" >"$T/got"
sort "$T/trades" >"$T/want"
same_file "$T/got" "$T/want" 'is what was sent'
is "$(cat "$T/err")" '' 'in silence'
printf '{"n":%d}\n' 0 1 2 3 4 5 6 7 8 9 >"$T/in"
kcat -b "$BROKERS" -P -t one -p 2 -l "$T/in"
for case in '7|7 8 9' '-3|7 8 9' '-30|0 1 2 3 4 5 6 7 8 9' 'end|' '10|' \
	'beginning|0 1 2 3 4 5 6 7 8 9' \
	's@4102444800000|' 's@2100-01-01T00:00:00Z|'; do
	status_is 0 "-o ${case%%|*}" kafka-sub -o "${case%%|*}" -p 2 -e one
	is "$(jq -r .n "$T/out" | paste -sd' ')" "${case#*|}" 'its messages'
done
status_is 3 '-o beyond the end' kafka-sub -o 11 -p 2 -e one
like "$(<"$T/err")" 'one \[2\]: .*11 .*0 to 10' 'says what there is'
status_is 2 '-p beyond the last' kafka-sub -o 0 -p 4 -e one
status_is 0 '-c' kafka-sub -o beginning -c 3 -p 2 one
is "$(jq -r .n "$T/out" | paste -sd' ')" '0 1 2' 'counts lines'

# -e on a topic that grows; and no work where there is nothing to do.
mkfifo "$T/feed"
kafka-pub quiet <"$T/feed" &
feeder=$!
(
	while echo '{"x":1}'; do sleep 0.05; done >"$T/feed" 2>/dev/null
) &
grows() { kcat -b "$BROKERS" -C -q -e -o beginning -t quiet | grep -q x; }
wait_for 20 grows
status_is 0 '-e on a topic that grows all the time' \
	timeout 60 kafka-sub -o beginning -e quiet
kill "$!"
kill "$feeder"
wait "$feeder" 2>/dev/null
kafka-sub -o -1 quiet >"$T/out" &
pid=$!
something() { [[ -s $T/out ]]; }
wait_for 20 something
ticks() { awk '{ print $14 + $15 }' "/proc/$pid/stat"; }
before=$(ticks)
sleep 1
used=$(($(ticks) - before))
((used < 20))
ok $? "idle, it uses no time ($used ticks in a second)"
kill "$pid"
wait "$pid"

# Provenance.
status_is 0 '--provenance' kafka-sub -o 4 -c 2 -p 2 --provenance one
is "$(sed 's/"start":[0-9]*/"start":S/' "$T/out")" \
	'{"n":4,"_kafka":{"topic":"one","partition":2,"offset":4,"start":S}}
{"n":5,"_kafka":{"topic":"one","partition":2,"offset":5,"start":S}}' \
	'adds one member'
kafka-sub -o beginning -e --provenance t | kafka-pub again
is "$(kafka-sub -o beginning -e again | sort | cmp - "$T/want" && echo same)" \
	same 'and kafka-pub takes it off again'

# What is no line.
{
	printf '{"n":1}\x1e%s\x1e{"n":"\xff"}\x1e[1]\x1e' 'no json'
	printf '{"n":\n2}\x1e%s\x1e{}\x1e{"n":3}' '{"n":1,"_kafka":{}}'
} >"$T/in"
kcat -b "$BROKERS" -P -t bad -p 0 -D '\x1e' -l "$T/in"
echo k: | kcat -b "$BROKERS" -P -t bad -p 0 -Z -K : # a tombstone
status_is 1 'messages that are no line' \
	kafka-sub -o beginning -e --rejects "$T/rej" bad
is "$(paste -sd' ' <"$T/out")" '{"n":1} {} {"n":3}' 'are left out'
is "$(jq -r .offset "$T/rej" | paste -sd' ')" '1 2 3 4 5 8' \
	'and in the rejects'
is "$(jq -r .record "$T/rej" | head -1)" 'no json' 'whole'
like "$(<"$T/err")" 'bad \[0\] at 8: no value' 'a message without a value too'
status_is 1 'the same with provenance' \
	kafka-sub -o beginning -e --provenance --rejects "$T/rej2" bad
is "$(jq -r '._kafka.offset' "$T/out" | paste -sd' ')" '0 1 2 3 4 5 6 7 8' \
	'gives every offset'
is "$(jq -c 'del(._kafka)' "$T/out" | paste -sd' ')" \
	'{"n":1} {} {} {} {} {} {} {"n":3} {}' \
	'alone where there is no line, for an empty object too'
is "$(jq -r .offset "$T/rej2" | paste -sd' ')" '1 2 3 4 5 6 8' \
	'which is refused then'
status_is 3 'a rejects file on a full disk' \
	kafka-sub -o beginning -e --rejects /dev/full bad

# Standard output.
kafka-sub -o beginning -e t >/dev/full 2>"$T/err"
is $? 3 'a full disk: status 3'
like "$(<"$T/err")" 'standard output: No space' 'is said'
kafka-sub -o beginning t 2>"$T/err" | head -n 1 >"$T/out"
is "${PIPESTATUS[0]}" 141 '| head -n 1: SIGPIPE'
is "$(cat "$T/err")" '' 'quietly'
mkfifo "$T/out1"
kafka-sub -o end quiet >"$T/out1" 2>"$T/err" &
pid=$!
exec 3<"$T/out1"
sleep 0.3
exec 3<&-
wait_for 10 pid_gone "$pid"
ok $? 'a reader that goes away ends it on a quiet topic'
wait "$pid"
is $? 141 'as SIGPIPE'

# Asked to stop.
interruptible kafka-sub -o beginning t >"$T/out" 2>"$T/err" &
pid=$!
full() { (($(wc -l <"$T/out") == 10000)); }
wait_for 20 full
kill -INT "$pid"
wait "$pid"
is $? 0 'INT: status 0'
kafka-sub -o beginning --drain 300ms t 2>"$T/err" >"$T/out1" &
pid=$!
exec 3<"$T/out1"
# The pipe has no room for another page (FIONREAD is 0x541b).
blocked()
{
	perl -e 'ioctl(STDIN, 0x541b, my $n = pack "i", 0) or exit 1;
	    exit(unpack("i", $n) <= 60000)' <&3
}
wait_for 20 blocked
kill -TERM "$pid"
wait "$pid"
is $? 3 'TERM while standard output is blocked: status 3, and soon'
exec 3<&-
kafka-sub -o beginning t 2>"$T/err" >"$T/out1" &
pid=$!
exec 3<"$T/out1"
wait_for 20 blocked
kill -TERM "$pid"
cat <&3 >"$T/out"
exec 3<&-
wait "$pid"
is $? 0 'TERM, and a reader that reads on: status 0'
is "$(tail -c 1 "$T/out" | od -An -tx1 | tr -d " ")$(jq -c . "$T/out" >/dev/null && echo ok)" \
	0aok 'and whole lines'

# A broker that is not there.
peer_mock_stop
# asked NAME OPTION...: it says what is wrong, and ends when asked to.
said() { [[ -s $T/err ]]; }
asked()
{
	local name=$1

	shift
	: >"$T/err"
	kafka-sub "$@" t >"$T/out" 2>"$T/err" &
	pid=$!
	wait_for 30 said
	ok $? "no broker, $name: the failure is said"
	kill -TERM "$pid"
	wait "$pid"
	is $? 0 'and asked to stop, it ends in order'
	like "$(<"$T/err")" "$BROKERS.*[Cc]onnect" 'it was the connection'
	is "$(grep -c onnect "$T/err")" 1 'said once'
}
asked 'without a group' -o end
asked 'with a group' -g g
done_testing
