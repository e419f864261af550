#!/bin/bash
# Goal: while standard output takes nothing, also with lines longer than a pipe
# holds, the membership is kept, rebalances are followed, and nothing is
# skipped. On the embedded Kafka.
# shellcheck disable=SC2317 # functions for wait_for
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/mock.sh
. "$ROOT/tests/peers/mock.sh"
need jq perl
peer_mock_start -p 2 long short
export TICKPIPE_BROKERS=$BROKERS
mkfifo "$T/one" "$T/two" "$T/ack"

# lines N BYTES: numbered, with keys for both partitions.
lines()
{
	awk -v n="$1" -v pad="$(printf '%0*d' "$2" 0)" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "{\"n\":%d,\"key\":\"k%d\",\"pad\":\"%s\"}\n",
			    i, i % 7, pad
	}'
}

# Two fill most of a pipe; the third is held as the fourth, which the buffer
# has no room for, comes.
for ((i = 0; i < 10; i++)); do
	lines 3 30000
	lines 1 $((100000 + i * 2000))
done | jq -c ".key = 1" >"$T/long"
kafka-pub --key key long <"$T/long"
kafka-sub -v -g long --ack "$T/ack" \
	-X max.poll.interval.ms=6000 long >"$T/one" 2>"$T/err" &
pid=$!
exec 3<"$T/one"
sleep 13 # the join takes 3 of them
pid_alive "$pid"
ok $? 'long lines, and a reader that takes none for longer than may be'
exec 4>"$T/ack"
timeout 60 head -n 40 <&3 >"$T/got"
jq -c 'del(._kafka)' "$T/got" | sort >"$T/got.lines"
jq -c . "$T/long" | sort | cmp -s - "$T/got.lines"
ok $? 'then takes all: they are there'
is "$(jq -c ._kafka.start "$T/got" | sort -u | wc -l)" 1 \
	'under one assignment: the membership was kept'
unlike "$(<"$T/err")" 'poll interval' 'and the library had nothing to say'
jq -sc 'group_by(._kafka.partition)[] | max_by(._kafka.offset) | {_kafka}' \
	"$T/got" >&4
exec 4>&-
kill -TERM "$pid"
wait "$pid"
is $? 0 'what was acknowledged is committed'
exec 3<&-
status_is 0 'the group then' kafka-sub -g long -e long
is "$(wc -l <"$T/out")" 0 'has nothing left'

# The pipe at descriptor 3 has no room for the next line (FIONREAD is 0x541b).
full()
{
	perl -e 'ioctl(STDIN, 0x541b, my $n = pack "i", 0) or exit 1;
	    exit(unpack("i", $n) < 32768)' <&3
}

# Asked to stop while it holds a long line.
kafka-sub -v -g stop --drain 1s long >"$T/one" 2>"$T/err" &
pid=$!
exec 3<"$T/one"
assigned() { grep -q 'from origin' "$1"; }
wait_for 30 full
kill -TERM "$pid"
check 'asked to stop, it does not wait for the reader' \
	wait_for 10 pid_gone "$pid"
wait "$pid"
is $? 3 'and says so by status 3'
exec 3<&-

# A second member comes while the first is blocked.
lines 6000 300 >"$T/short"
kafka-pub --key key short <"$T/short"
kafka-sub -v -g two --provenance short >"$T/one" 2>"$T/err1" &
one=$!
exec 3<"$T/one"
wait_for 30 full
kafka-sub -v -g two --provenance short >"$T/two.out" 2>"$T/err2" &
two=$!
some() { [[ -s $T/two.out ]]; }
check 'a member that joins gets its share from one that is blocked' \
	wait_for 30 some
cat <&3 >"$T/one.out" &
reader=$!
whole()
{
	cat "$T/one.out" "$T/two.out" | jq -c .n 2>/dev/null | sort -nu |
		wc -l | grep -qx 6000
}
check 'together they hand out everything' wait_for 30 whole
kill -TERM "$one"
wait "$one"
is $? 0 'the first ends in order'
has_both() { (($(grep -c 'from' "$T/err2") >= 3)); }
check 'its share goes to the second' wait_for 30 has_both
kill -TERM "$two"
wait "$two"
is $? 0 'and the second'
exec 3<&-
wait "$reader"
# Of a partition under one assignment the offsets rise by one, so that nothing
# is missing between them.
is "$(jq -r '._kafka | "\(.partition) \(.start) \(.offset)"' "$T/one.out" |
	awk '{ key = $1 " " $2
		if (key in last && $3 != last[key] + 1) bad++
		last[key] = $3 } END { print bad + 0 }')" 0 \
	'nothing is skipped in what the blocked one had'
done_testing
