#!/bin/bash
# Goal: a broker refuses a whole batch for one record; kafka-pub finds out which
# one, rejects it alone with its own reason, and delivers all others once and in
# order. On a real broker.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/kafka.sh
. "$ROOT/tests/peers/kafka.sh"

need kcat jq perl
# Kafka 4's own default, which 3.9 has not.
ahead=log.message.timestamp.after.max.ms=3600000
peer_kafka_start "$T/kafka" "$ahead"
export TICKPIPE_BROKERS=$BROKERS

# lines SEED COUNT BAD [KIND...]: prints lines of five symbols, BAD of them at
# random places bad in one of the KINDs (late: a time two years ahead; large).
lines()
{
	perl -e '
		my ($seed, $count, $bad, @kinds) = @ARGV;
		srand $seed;
		my %bad;
		$bad{int rand $count} = 1 while keys %bad < $bad;
		for my $n (0 .. $count - 1) {
			my $kind = $bad{$n} ? $kinds[rand @kinds] : "good";
			my $time = 1000 * (time + ($kind eq "late" ?
			    2 * 365 * 86400 : -$count + $n));
			printf qq({"symbol":"S%d","t":%d,"n":%d,"kind":"%s","x":"%s"}\n),
			    rand 5, $time, $n, $kind,
			    "x" x ($kind eq "large" ? 6000 : rand 50);
		}' "$@"
}

consume()
{
	kcat -b "$BROKERS" -C -q -e -o beginning -t "$1"
}

# by_symbol: keeps the order within a symbol alone.
by_symbol()
{
	sort -s -t '"' -k 4,4
}

# check_run NAME TOPIC: sends $T/in, and judges what became of it.
check_run()
{
	rm -f "$T/rej"
	status_is 1 "$1: status 1" timeout 120 kafka-pub --key symbol \
	    --time t --rejects "$T/rej" "$2" <"$T/in"
	unlike "$(<"$T/err")" 'not (sent|delivered|acknowledged)' \
	    'nothing is left open'
	grep -v '"kind":"good"' "$T/in" | sort >"$T/want"
	jq -c .record "$T/rej" | sort >"$T/got"
	same_file "$T/got" "$T/want" 'exactly the bad ones are rejected'
	is "$(jq -r 'select(.reason != ({
		late: "Broker: Invalid timestamp",
		large: "Broker: Message size too large"
	    }[.record.kind]))' "$T/rej")" '' 'each with its own reason'
	is "$(jq -c 'select(.line != .record.n + 1)' "$T/rej")" '' \
	    'and its line number'
	grep '"kind":"good"' "$T/in" | by_symbol >"$T/want"
	consume "$2" | by_symbol >"$T/got"
	same_file "$T/got" "$T/want" 'the good ones are there once, in order'
}

for seed in 1 2 3 4 5 6; do
	kafka-pub --create $((seed % 3 + 1)) "late$seed" </dev/null
	lines "$seed" $((seed * 150)) $((seed * seed)) late >"$T/in"
	check_run "$((seed * seed)) times among $((seed * 150)) lines" \
	    "late$seed"
done
kafka-pub --create 1 one </dev/null
lines 7 1 1 late >"$T/in"
check_run 'a bad line alone' one
lines 8 40 40 late >"$T/in"
check_run 'nothing but bad lines' one

# Many batches: what comes later waits until the parts are settled.
kafka-pub --create 2 many </dev/null
lines 9 30000 20 late >"$T/in"
check_run 'many batches' many

# What comes line by line is settled too, and so is a batch with a bad end.
kafka-pub --create 1 slow </dev/null
mkfifo "$T/fifo"
kafka-pub --key symbol --time t --rejects "$T/slow.rej" slow <"$T/fifo" \
    2>"$T/err" &
pid=$!
exec 3>"$T/fifo"
lines 10 3 1 late >"$T/in"
cat "$T/in" >&3
# shellcheck disable=SC2317 # for wait_for
settled() { (($(consume slow | wc -l) == 2)); }
check 'while the input stays open, too' wait_for 30 settled
check 'the bad line is rejected' wait_for 30 test -s "$T/slow.rej"
is "$(jq -r .reason "$T/slow.rej")" 'Broker: Invalid timestamp' \
    'with its reason'
exec 3>&-
wait "$pid"
is $? 1 'and the end is status 1'

# Without a file they follow whole on standard error.
lines 11 10 1 late >"$T/in"
kafka-pub --key symbol --time t one <"$T/in" 2>"$T/err"
is $? 1 'without --rejects: status 1'
is "$(grep -c '"kind":"late"' "$T/err") $(grep -c '"kind":"good"' "$T/err")" \
    '1 0' 'the bad line follows, no other'

# Too large for the broker, alone or together, and times besides.
peer_kafka_stop "$T/kafka"
peer_kafka_start "$T/kafka" "$ahead" message.max.bytes=5000
kafka-pub --create 2 large </dev/null
lines 12 500 9 large >"$T/in"
check_run 'too large' large
kafka-pub --create 2 both </dev/null
lines 13 500 20 large late >"$T/in"
check_run 'too large, or a wrong time' both
kafka-pub --create 1 sum </dev/null
lines 14 500 0 >"$T/in"
status_is 0 'a batch that is too large as a whole' \
    timeout 120 kafka-pub --key symbol sum <"$T/in"
consume sum >"$T/got"
same_file "$T/got" "$T/in" 'is sent in parts'

# A compacted topic takes nothing without a key.
peer_kafka_stop "$T/kafka"
peer_kafka_start "$T/kafka" log.cleanup.policy=compact
kafka-pub --create 1 compacted </dev/null
lines 15 20 0 >"$T/in"
status_is 1 'no keys' timeout 120 kafka-pub --rejects "$T/keys.rej" \
    compacted <"$T/in"
is "$(jq -r .reason "$T/keys.rej" | sort -u)" \
    'Broker: Broker failed to validate record' 'is the reason of each'
is "$(jq -c .line "$T/keys.rej" | wc -l)" 20 'of 20 lines'
status_is 0 'with keys' kafka-pub --key symbol compacted <"$T/in"
done_testing
