#!/bin/bash
# Goal: a group on a real broker goes on where standard output, or the sink,
# was: after an end, a crash, a broker's restart, a change of members.
# shellcheck disable=SC2317 # functions for wait_for
# shellcheck disable=SC2094 # a FIFO is read and written
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/kafka.sh
. "$ROOT/tests/peers/kafka.sh"

need kcat jq
# The same with the other protocol of groups (see protocol.t).
if [[ -n ${TICKPIPE_GROUP_PROTOCOL-} ]]; then
	mkdir "$T/bin"
	printf '#!/bin/sh\nexec %q -X group.protocol=%q "$@"\n' \
	    "$(type -P kafka-sub)" "$TICKPIPE_GROUP_PROTOCOL" \
	    >"$T/bin/kafka-sub"
	chmod +x "$T/bin/kafka-sub"
	PATH=$T/bin:$PATH
fi
peer_kafka_start "$T/kafka"
export TICKPIPE_BROKERS=$BROKERS
"$BUILD/tests/bench/gentrades" -n 20000 >"$T/trades"
sort "$T/trades" >"$T/want"
kafka-pub --create 6 --key symbol --time event_time t <"$T/trades"
for i in 0 1 2 3 4 5 6 7 8 9; do echo "{\"n\":$i}"; done >"$T/ten"
kafka-pub --create 1 one <"$T/ten"

numbers() { jq -r .n "$1" | paste -sd' '; }
lines_in() { (($(wc -l <"$1") >= $2)); }

# committed GROUP [PARTITION...]: whether it has an offset of one of t's.
committed()
{
	local group=$1 partition offset

	shift
	for partition in "${@-}"; do
		offset=$("$BUILD/tests/peers/kafka-admin" "$BROKERS" \
		    committed t "$partition" "$group")
		((offset < 0)) || return 0
	done
	return 1
}

# Blocked for longer than a member may stay away; looked at further below.
mkfifo "$T/blocked"
kafka-sub -v -g q1 -X max.poll.interval.ms=6000 t >"$T/blocked" \
	2>"$T/blocked.err" &
blocked=$!
exec 9<"$T/blocked"

# Where it begins, and goes on.
status_is 0 'a new group' kafka-sub -g g1 -c 3 one
is "$(numbers "$T/out")" '0 1 2' 'begins at the beginning'
status_is 0 'the group again' kafka-sub -g g1 -e one
is "$(numbers "$T/out")" '3 4 5 6 7 8 9' 'goes on where it was'
status_is 0 'and again' kafka-sub -g g1 -e one
is "$(numbers "$T/out")" '' 'has nothing left'
status_is 0 'a larger topic' kafka-sub -g g2 -e t
sort "$T/out" >"$T/got"
same_file "$T/got" "$T/want" 'comes whole'
status_is 2 'a topic that is not there' kafka-sub -g g1 none
like "$(<"$T/err")" 'none' 'is named'
status_is 2 'without a group too' kafka-sub -o end none
first=$(head -1 "$T/trades" | jq -r .event_time)
status_is 0 '-o s@TIME' kafka-sub -o "s@$first" -e t
is "$(wc -l <"$T/out")" 20000 'from the first one'
later=$(sed -n 10000p "$T/trades" | jq -r .event_time)
status_is 0 '-o s@TIME in the middle' kafka-sub -o "s@$later" -e t
n=$(wc -l <"$T/out")
((n > 9000 && n < 11000))
ok $? "about the half ($n)"

# What standard output has not taken is not committed.
kafka-sub -g g3 t 2>"$T/err" | { head -n 100 >"$T/out"; }
is "${PIPESTATUS[0]}" 141 '| head: SIGPIPE'
status_is 0 'the rest' kafka-sub -g g3 -e t
cat "$T/out" >"$T/rest"
n=$(wc -l <"$T/rest")
((n > 15000 && n < 20000))
ok $? "is all but what a pipe had taken ($n)"
kafka-sub -g g4 t 2>"$T/err" >/dev/full
is $? 3 '/dev/full: status 3'
status_is 0 'then' kafka-sub -g g4 -e t
is "$(wc -l <"$T/out")" 20000 'nothing was committed'

# kill -9: what was taken since the last commit comes again, nothing is lost.
mkfifo "$T/slow"
kafka-sub -g g5 t 2>"$T/err" >"$T/slow" &
pid=$!
exec 3<"$T/slow"
head -c 1000000 <&3 >"$T/out1" # to the byte: no line is lost here
check 'it commits as it goes' wait_for 30 committed g5 0 1 2 3 4 5
kill -9 "$pid"
cat <&3 >>"$T/out1"
exec 3<&-
wait "$pid" 2>/dev/null
status_is 0 'after kill -9' timeout 60 kafka-sub -g g5 -e t
n=$(wc -l <"$T/out")
((n < 20000))
ok $? "it goes on behind what was taken ($n)"
grep -h '}$' "$T/out1" "$T/out" | sort -u >"$T/got"
same_file "$T/got" "$T/want" 'and nothing is lost'

# Acknowledgements. The sink acks each line from 4 on, in time.
mkfifo "$T/ack"
kafka-sub -g a1 --ack "$T/ack" -c 8 one 2>"$T/err" | tee "$T/out" |
	jq -c --unbuffered 'select(.n <= 4) | {_kafka}' >"$T/ack"
is "${PIPESTATUS[0]}" 0 '--ack, and a sink that acks the first five'
is "$(numbers "$T/out")" '0 1 2 3 4 5 6 7' 'hands out eight'
status_is 0 'the group then' kafka-sub -g a1 -e one
is "$(numbers "$T/out")" '5 6 7 8 9' 'goes on behind the ack'
kafka-sub -g a2 --ack "$T/ack" -e one 2>"$T/err" | tee "$T/out" | jq -c '
	if .n == 9 then ._kafka.offset = 10 # beyond what was delivered
	elif .n == 8 then ._kafka.start += 1 # of another assignment
	elif .n == 7 then ._kafka.partition = 1 # not held
	elif .n == 6 then ._kafka.topic = "other"
	elif .n == 5 then ._kafka.offset = 2 # below what is safe
	elif .n == 4 then .
	elif .n == 3 then ._kafka.offset = -1 # legal: nothing is done
	else empty end | {_kafka}' >"$T/ack"
is "${PIPESTATUS[0]}" 0 'stale and foreign acks'
status_is 0 'are ignored:' kafka-sub -g a2 -e one
is "$(numbers "$T/out")" '5 6 7 8 9' 'only the good one counts'
kafka-sub -g a3 --ack "$T/ack" -e one 2>"$T/err" | {
	cat >/dev/null
	echo 'no ack'
	echo '{"_kafka":{"topic":"one"}}'
	head -c 6000 /dev/zero | tr '\0' x
	echo
	printf '{"_kafka":{"topic"'
} >"$T/ack"
is "${PIPESTATUS[0]}" 0 'lines that are no acks'
is "$(grep -c 'not an ack' "$T/err")" 3 'are told'
status_is 0 'and' kafka-sub -g a3 -e one
is "$(wc -l <"$T/out")" 10 'move nothing'
kafka-sub -g a4 --ack "$T/ack" --drain 300ms -e one 2>"$T/err" >"$T/out"
is $? 3 'a sink that never comes: status 3'
like "$(<"$T/err")" 'sink did not end' 'is told'

# Acks are taken while standard output is blocked.
mkfifo "$T/data"
kafka-sub -g a5 --ack "$T/ack" t 2>"$T/err" >"$T/data" &
pid=$!
exec 3<"$T/data" 4>"$T/ack"
head -n 1 <&3 | jq -c '{_kafka}' >"$T/first"
cat "$T/first" >&4
check 'a commit is made' wait_for 30 committed a5 0 1 2 3 4 5
# The queue is filled once, and then memory stays where it is.
rss() { awk '/VmRSS/ { print $2 }' "/proc/$pid/status"; }
at_rest()
{
	local before

	before=$(rss)
	sleep 1
	(($(rss) - before < 500))
}
check 'memory comes to rest meanwhile' wait_for 30 at_rest
kill -9 "$pid"
exec 3<&- 4>&-
wait "$pid" 2>/dev/null
status_is 0 'acks while standard output is blocked' \
	timeout 60 kafka-sub -g a5 -e t
is "$(wc -l <"$T/out")" 19999 'are committed'

# By now more than max.poll.interval.ms has passed.
head -n 20000 <&9 | sort >"$T/got"
exec 9<&-
wait_for 30 pid_gone "$blocked"
is "$(grep -c 'from origin' "$T/blocked.err")" 6 \
	'blocked, it keeps its place in the group'
same_file "$T/got" "$T/want" 'and skips nothing'

# Members come and go: together they hand out everything.
kafka-sub -g m1 --provenance t >"$T/m1" 2>"$T/err1" &
one=$!
wait_for 60 lines_in "$T/m1" 20000
ok $? 'one member has it all'
kafka-sub -g m1 --provenance t >"$T/m2" 2>"$T/err2" &
two=$!
"$BUILD/tests/bench/gentrades" -r 8 -n 20000 >"$T/more"
joined() { kafka-pub --key symbol t <"$T/more" && [[ -s $T/m2 ]]; }
wait_for 60 joined
ok $? 'a second gets its share'
kill -TERM "$one"
wait "$one"
is $? 0 'the first leaves'
n=$(wc -l <"$T/m2")
kafka-pub --key symbol t <"$T/more"
wait_for 60 lines_in "$T/m2" $((n + 20000))
ok $? 'and the second has it all'
kill -TERM "$two"
wait "$two"
is $? 0 'until it leaves too'
total=$(kafka-sub -o beginning -e t | wc -l)
is "$(cat "$T/m1" "$T/m2" | jq -r '._kafka | "\(.partition) \(.offset)"' |
	sort -u | wc -l)" "$total" 'nothing is lost between them'
is "$(cat "$T/m1" "$T/m2" | wc -l)" "$total" 'and nothing handed out twice'
is "$(jq -r '._kafka | "\(.partition) \(.start) \(.offset)"' "$T/m2" |
	sort -s -n -k1,1 | sort -c -n -k1,1 -k2,2 -k3,3 2>&1)" '' \
	'start rises, and within it the offset'

# The broker stops and starts.
kafka-pub --create 2 b </dev/null
kafka-sub -g b1 b >"$T/out" 2>"$T/err" &
pid=$!
kafka-pub b <"$T/ten"
wait_for 60 lines_in "$T/out" 10
peer_kafka_kill "$T/kafka"
said() { grep -q "$BROKERS" "$T/err"; }
wait_for 30 said
ok $? 'a broker that dies: said'
peer_kafka_start "$T/kafka"
kafka-pub b <"$T/ten"
wait_for 60 lines_in "$T/out" 20
ok $? 'and waited for'
kill -TERM "$pid"
wait "$pid"
is $? 0 'and all is well'
is "$(numbers "$T/out" | tr ' ' '\n' | sort | uniq -c |
	awk '$1 < 2' | wc -l)" 0 'and nothing lost'

# A committed offset that the broker no longer has.
kafka-sub -g r1 -c 2 one >/dev/null
cat >"$T/Delete.java" <<'JAVA'
import java.util.Map;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.common.TopicPartition;

public class Delete {
	public static void main(String[] args) throws Exception {
		try (Admin admin = Admin.create(Map.of("bootstrap.servers",
		    args[0]))) {
			admin.deleteRecords(Map.of(new TopicPartition("one", 0),
			    RecordsToDelete.beforeOffset(5))).all().get();
		}
	}
}
JAVA
"$(kafka_java)" -cp "$KAFKA_LIBS/*" "$T/Delete.java" "$BROKERS" \
	>"$T/java.out" 2>&1 || diag_file "$T/java.out"
status_is 3 'a committed offset that is gone' kafka-sub -g r1 -e one
like "$(<"$T/err")" 'one \[0\].* 2 .*5 to 10' 'is told, with what there is'
is "$(cat "$T/out")" '' 'and nothing is jumped over'
status_is 0 'a new group' kafka-sub -g r2 -e one
is "$(numbers "$T/out")" '5 6 7 8 9' 'begins at what is left'

# Static membership: the place is kept while it is away.
kafka-sub -g s1 -X group.instance.id=slot-1 -c 1 one >/dev/null
started=$SECONDS
status_is 0 'a static member comes back' \
	kafka-sub -g s1 -X group.instance.id=slot-1 -e one
is "$(numbers "$T/out")" '6 7 8 9' 'and goes on'
kafka-sub -v -g s1 -X group.instance.id=slot-1 one >/dev/null 2>"$T/err1" &
one=$!
assigned() { grep -q '^kafka-sub: one \[0\] from' "$T/err1"; }
check 'a member of that name' wait_for 30 assigned
kafka-sub -g s1 -X group.instance.id=slot-1 one >/dev/null 2>"$T/err2" &
two=$!
# With group.protocol=consumer it is the second that goes.
gone=$one stays=$two
[[ ${TICKPIPE_GROUP_PROTOCOL-} != consumer ]] || gone=$two stays=$one
wait_for 60 pid_gone "$gone"
wait "$gone"
is $? 3 'there is one of a name; the other ends with status 3'
kill -TERM "$stays"
wait "$stays"
is $? 0 'this one stays'
diag "static membership took $((SECONDS - started)) s"
done_testing
