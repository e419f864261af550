#!/bin/bash
# Goal: good lines reach the topic byte for byte with key and time, bad ones
# the rejects; wrong use is refused. On the embedded Kafka.

# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/mock.sh
. "$ROOT/tests/peers/mock.sh"
need kcat jq
peer_mock_start -p 4 t keys times round
export TICKPIPE_BROKERS=$BROKERS

# Wrong use, none of which may wait for a broker.
for args in '' 'a b' '--create 0 t' '--create 3:0 t' '--create x t' \
	'--create 3: t' '--nosuch t' '-z t' '..' 'a/b' '--key' '-X acks=1 t' \
	'-X enable.idempotence=false t' '-X nosuch=1 t' '-X linger.ms t' \
	'-X transactional.id=x t' '-F /nonexistent t' '-h t' \
	'-X linger.ms=soon t' '--drain 5 t' '--max-line 1x t'; do
	# shellcheck disable=SC2086
	status_is 2 "wrong use: $args" kafka-pub $args
done
TICKPIPE_BROKERS='' status_is 2 'no brokers' kafka-pub t
like "$(<"$T/err")" 'TICKPIPE_BROKERS' 'is said'
status_is 2 'an empty -b' kafka-pub -b '' t
like "$(<"$T/err")" 'no brokers' 'is none'
status_is 0 '--help' kafka-pub --help
is "$(wc -l <"$T/err")" 0 'says nothing on stderr'
(($(wc -l <"$T/out") <= 24 && $(wc -L <"$T/out") <= 80))
ok $? 'and fits a screen'
status_is 0 '--version' kafka-pub -V
like "$(<"$T/out")" '^kafka-pub .*librdkafka [0-9]' 'names the library'

# Byte for byte.
{
	printf '%s\n' '{"a":1}' ' { "a" : 1e-08 } ' '{"é":"\u00e9\n"}' '{}'
	printf '%s' '{"last":"no newline"}'
} >"$T/in"
status_is 0 'sends lines' kafka-pub round <"$T/in"
is "$(cat "$T/out" "$T/err")" '' 'in silence'
kcat -b "$BROKERS" -C -q -e -o beginning -t round | sort >"$T/got"
{ cat "$T/in"; echo; } | sort >"$T/want"
same_file "$T/got" "$T/want" 'byte for byte'

# `_kafka` stays behind.
where='"_kafka":{"topic":"x","partition":0,"offset":5,"start":1}'
printf '%s\n' "{$where}" "{\"s\":1,$where}" "{$where,\"s\":2}" \
	>"$T/in"
status_is 0 'lines with provenance' kafka-pub -v t <"$T/in"
like "$(<"$T/err")" '3 lines, 2 acknowledged, 0 refused, 1 with' \
	'are counted, one that is nothing else passed over'
is "$(kcat -b "$BROKERS" -C -q -e -o beginning -t t | sort)" \
	$'{"s":1}\n{"s":2}' 'and _kafka is not sent'

# Keys and times.
printf '%s\n' '{"k":"BTC","t":"2024-07-18T00:00:00.123456Z"}' \
	'{"k":"\u0041\"","t":"2024-07-18T02:00:00+02:00"}' \
	'{"k":-1.50,"t":1721260800999}' >"$T/in"
status_is 0 'keys and times' kafka-pub --key k --time t keys <"$T/in"
is "$(kcat -b "$BROKERS" -C -q -e -o beginning -t keys -f '%k %T\n' | sort)" \
	$'-1.50 1721260800999\nA" 1721260800000\nBTC 1721260800123' \
	'are those of the members'
printf '%s\n' '{"t":1}' '{"k":null,"t":1}' '{"k":true,"t":1}' \
	'{"k":"\ud800","t":1}' '{"k":{},"t":1}' '{"k":"a"}' \
	'{"k":"a","t":-1}' '{"k":"a","t":1.5}' '{"k":"a","t":"today"}' \
	'{"k":"a","t":"1969-12-31T23:59:59Z"}' '{"k":"good","t":7}' >"$T/in"
status_is 1 'a line without its key or time' \
	kafka-pub --key k --time t --rejects "$T/rejects" times <"$T/in"
is "$(grep -o '"line":[0-9]*' "$T/rejects" | cut -d: -f2 | tr '\n' ' ')" '1 2 3 4 5 6 7 8 9 10 ' \
	'is refused, each with its number'
is "$(sed -n 2p "$T/rejects" | jq -c .record)" '{"k":null,"t":1}' \
	'and whole'
is "$(kcat -b "$BROKERS" -C -q -e -o beginning -t times)" \
	'{"k":"good","t":7}' 'the good one goes through'

# Bad lines.
{
	printf '%s\n' '{"n":1}' 'torn {' '[1]' '{"n":"\xff"}' '' '{"n":2}{}'
	printf '{"n":"\xff"}\n'
	printf '{"n":"%01000d"}\n' 0
	printf '%s\n' '{"n":2}'
	printf '{"n":'
} >"$T/in"
kcat -b "$BROKERS" -C -q -e -o beginning -t t >"$T/before"
status_is 1 'bad lines' kafka-pub --max-line 500 --rejects "$T/rej" t <"$T/in"
is "$(jq -c .line "$T/rej" | tr '\n' ' ')" '2 3 4 5 6 7 8 10 ' \
	'are refused, every one'
like "$(<"$T/err")" '8 lines refused' 'and counted'
is "$(kcat -b "$BROKERS" -C -q -e -o beginning -t t |
	sort | comm -13 <(sort "$T/before") -)" $'{"n":1}\n{"n":2}' \
	'good ones between them go through'
printf '%s\n' bad >"$T/in"
status_is 3 'a rejects file on a full disk' \
	kafka-pub --rejects /dev/full t <"$T/in"
status_is 2 'a rejects file that cannot be made' \
	kafka-pub --rejects "$T/no/such" t <"$T/in"

status_is 3 'input that is a directory' kafka-pub t <"$T"
like "$(<"$T/err")" 'standard input: Is a directory' 'is told as that'
status_is 3 'no standard input' kafka-pub t <&-
like "$(<"$T/err")" 'standard input: Bad file descriptor' 'is told as that'

# Properties from a file.
cat >"$T/p" <<P
# as a Java client has it
bootstrap.servers : $BROKERS
key.serializer=org.apache.kafka.common.serialization.StringSerializer
linger.ms = 1
P
TICKPIPE_BROKERS='' status_is 0 'brokers from -F' kafka-pub -F "$T/p" t
echo 'nosuch=1' >>"$T/p"
status_is 2 'an unknown property' kafka-pub -F "$T/p" t
like "$(<"$T/err")" 'p: line 5: .*nosuch' 'is named with its line'
echo 'acks=0' >"$T/p"
status_is 2 'acks=0 in a file' kafka-pub -F "$T/p" t
status_is 0 'a password in argv' kafka-pub -X sasl.password=geheim t
like "$(<"$T/err")" 'sasl.password on the command line' 'is warned of'
unlike "$(<"$T/err")" 'geheim' 'and not repeated'

# TERM: read on to the end of the input, then end well.
mkfifo "$T/fifo"
kafka-pub t <"$T/fifo" 2>"$T/err" &
pid=$!
exec 3>"$T/fifo"
echo '{"term":1}' >&3
sent() { kcat -b "$BROKERS" -C -q -e -o beginning -t t | grep -q "$1"; }
wait_for 20 sent term.:1
kill -TERM "$pid"
echo '{"term":2}' >&3
exec 3>&-
wait "$pid"
is $? 0 'TERM, and the input ends: status 0'
sent term.:2
ok $? 'and what came after it is sent'
kafka-pub --drain 200ms t <"$T/fifo" 2>"$T/err" &
pid=$!
exec 3>"$T/fifo"
echo '{"term":3}' >&3
wait_for 20 sent term.:3
kill -TERM "$pid"
wait "$pid"
is $? 3 'TERM, and the input does not end: status 3'
exec 3>&-

# A broker that is not there.
peer_mock_stop
status_is 3 'no broker, asked to stop' timeout --foreground \
	--preserve-status -s TERM 2 kafka-pub --drain 300ms t <"$T/in"
like "$(<"$T/err")" "$BROKERS.*[Cc]onnect" 'the failure is said'
is "$(grep -c onnect "$T/err")" 1 'once'
done_testing
