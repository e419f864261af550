#!/bin/bash
# Goal: on a real broker: topics made and missed, Java's partitions, nothing
# lost while the broker is away, messages it refuses.
# shellcheck disable=SC2317 # functions for wait_for
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/kafka.sh
. "$ROOT/tests/peers/kafka.sh"

need kcat jq
peer_kafka_start "$T/kafka"
export TICKPIPE_BROKERS=$BROKERS

# consume TOPIC [FORMAT]
consume()
{
	kcat -b "$BROKERS" -C -q -e -o beginning -t "$1" -f "${2:-%s\n}"
}

# Topics.
echo '{}' >"$T/in"
status_is 2 'a topic that is not there' kafka-pub none <"$T/in"
like "$(<"$T/err")" 'topic none: .*[Uu]nknown topic' 'is named'
status_is 0 'is made when asked' kafka-pub --create 3:1 made <"$T/in"
is "$(consume made)" '{}' 'and gets the line'
status_is 0 'is there already' kafka-pub --create 3 made <"$T/in"
is "$(<"$T/err")" '' 'which is fine'
status_is 0 'has another number of partitions' \
	kafka-pub --create 4 made <"$T/in"
like "$(<"$T/err")" 'has 3 partitions, not 4' 'which is warned of'
status_is 2 'more replicas than brokers' kafka-pub --create 1:3 x <"$T/in"

# Partitions are those of Java's default partitioner.
cat >"$T/Partition.java" <<'JAVA'
import java.io.*;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.utils.Utils;

public class Partition {
	public static void main(String[] args) throws IOException {
		BufferedReader in = new BufferedReader(new InputStreamReader(
		    System.in, StandardCharsets.UTF_8));
		PrintStream out = new PrintStream(System.out, false, "UTF-8");
		for (String key; (key = in.readLine()) != null;) {
			byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
			out.println(key + " " + Utils.toPositive(
			    Utils.murmur2(bytes)) % 20);
		}
		out.flush();
	}
}
JAVA
for ((i = 0; i < 300; i++)); do
	printf 'SYM%dUSDT\n' $((i * 7919))
done >"$T/keys"
printf '%s\n' BTCUSDT é 币安人生USDT 1 '' >>"$T/keys"
jq -cR '{key: .}' "$T/keys" >"$T/in"
status_is 0 'keyed lines' kafka-pub --create 20 --key key keyed <"$T/in"
# An empty key is no key to librdkafka's murmur2_random: any partition.
consume keyed '%k %p\n' | grep -v '^ ' | sort >"$T/got"
"$(kafka_java)" -cp "$KAFKA_LIBS/*" "$T/Partition.java" <"$T/keys" |
	grep -v '^ ' | sort >"$T/want"
is "$(wc -l <"$T/want")" 304 'their partitions in Java'
same_file "$T/got" "$T/want" 'are the same'

# The broker goes away in mid-run and comes back.
kafka-pub --create 5 away </dev/null
"$BUILD/tests/bench/gentrades" -n 40000 >"$T/trades"
mkfifo "$T/fifo"
kafka-pub -v --key symbol away <"$T/fifo" 2>"$T/err" &
pid=$!
exec 3>"$T/fifo"
head -n 20000 "$T/trades" >&3
some() { (($(consume away | wc -l) > 0)); }
wait_for 30 some
peer_kafka_stop "$T/kafka"
tail -n +20001 "$T/trades" >&3 &
feeder=$!
grep_err() { grep -q "$1" "$T/err"; }
wait_for 30 grep_err "$BROKERS"
ok $? 'the broker away: said'
pid_alive "$pid"
ok $? 'and waited for'
peer_kafka_start "$T/kafka"
wait "$feeder"
exec 3>&-
wait "$pid"
is $? 0 'back again: all acknowledged'
like "$(<"$T/err")" '40000 lines, 40000 acknowledged' 'every line'
like "$(<"$T/err")" 'answer again' 'that it is back is said too'
consume away '%p %s\n' | sed 's/^[0-9]* //' | sort >"$T/got"
sort "$T/trades" >"$T/want"
same_file "$T/got" "$T/want" 'nothing is lost, nothing twice'
consume away '%s\n' >"$T/all"
grep BTCUSDT "$T/all" >"$T/got"
grep BTCUSDT "$T/trades" >"$T/want"
same_file "$T/got" "$T/want" 'and a symbol keeps its order'

# Memory stays bounded while the broker is away.
peer_kafka_stop "$T/kafka"
"$BUILD/tests/bench/gentrades" -n 600000 |
	kafka-pub --drain 1s --key symbol away 2>"$T/err" &
sleep 0.1
peer_kafka_start "$T/kafka"
wait $!
is $? 0 'a broker that starts later'
kafka-pub --key symbol away <"$T/fifo" 2>"$T/err" &
pid=$!
exec 3>"$T/fifo"
echo '{"symbol":"X"}' >&3
gone() { consume away | grep -q '"X"'; }
wait_for 30 gone
peer_kafka_kill "$T/kafka"
"$BUILD/tests/bench/gentrades" -n 600000 >&3 2>/dev/null &
feeder=$!
wait_for 30 grep_err "$BROKERS"
settled()
{
	local before
	before=$(grep VmRSS "/proc/$pid/status")
	sleep 0.5
	[[ $before == "$(grep VmRSS "/proc/$pid/status")" ]]
}
wait_for 30 settled
rss=$(awk '/VmRSS/ { print $2 }' "/proc/$pid/status")
((rss < 80000 || ${ASAN:-0}))
ok $? "memory is bounded while the broker is away ($rss kB)"
kill -TERM "$pid"
kill "$feeder"
wait "$feeder" 2>/dev/null
exec 3>&-
wait "$pid"
is $? 3 'asked to stop then: status 3'
like "$(<"$T/err")" 'lines not acknowledged' 'and what is missing is said'

# Too large for the broker, or for the client.
peer_kafka_start "$T/kafka" message.max.bytes=5000
export TICKPIPE_BROKERS=$BROKERS
printf '{"n":"%06000d"}\n' 0 >"$T/in"
status_is 1 'too large for the broker' \
	kafka-pub --rejects "$T/rej" made <"$T/in"
like "$(<"$T/rej")" '^\{"reason":"Broker: Message size too large","line":1' \
	'is in the rejects'
printf '{"n":"%06000d"}\n{"n":2}\n' 0 >"$T/in"
status_is 1 'too large for the client' kafka-pub -X message.max.bytes=4000 \
	--rejects "$T/rej" made <"$T/in"
is "$(wc -l <"$T/rej")" 2 'is in the rejects too'
is "$(consume made | grep -c n.:2)" 1 \
	'and the next line goes through'
done_testing
