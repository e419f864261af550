#!/usr/bin/env bash
# Nothing is lost when nobody reads, when the command is stopped, or when the
# network is away.
#
# Times are shortened: a network that is away for OUTAGE=600 seconds, a command
# that is stopped for STOPPED=120 and the exchange's own pings and queue are
# had by TICKPIPE_FEED_OUTAGE=600 and TICKPIPE_FEED_STOPPED=120.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/bws-trades/lib.sh
. "$ROOT/tests/bws-trades/lib.sh"
# shellcheck source=tests/peers/proxy.sh
. "$ROOT/tests/peers/proxy.sh"
need bws-trades jq
[[ -x $EXCHANGE ]] || skip_all 'the exchange simulator is not built' required

symbols=(btcusdt ethusdt xrpusdt solusdt bnbusdt)
five=$(IFS=,; echo "${symbols[*]}")

# memory_small NAME: a result: it never took more than 16 MiB.
memory_small()
{
	local peak

	if [[ -n ${TICKPIPE_SAN:-} ]] ||
	    ldd "$BIN/bws-trades" | grep -q asan; then
		skip 'memory is not the same under sanitizers'
		return
	fi
	peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' \
	    "/proc/$FEED_PID/status")
	ok "$((peak > 16 * 1024))" "$1: in less than 16 MiB ($peak kB)"
}

# reader NAME: what comes through a pipe goes to NAME.out; sets READER_PID.
# The feed is to write to $T/NAME.pipe.
reader()
{
	mkfifo "$T/$1.pipe"
	cat "$T/$1.pipe" >"$T/$1.read" &
	READER_PID=$!
	on_exit end_process "$READER_PID"
	ln -s "$1.pipe" "$T/$1.out"
}

# read_all NAME N: it has read so many, and feed and reader end.
read_all()
{
	wait_for 120 lines "$T/$1.read" "$2" ||
	    diag "$1: $(wc -l <"$T/$1.read") lines, not $2"
	memory_small "$1"
	feed_end "$1" 0
	wait "$READER_PID"
	rm "$T/$1.out"
	mv "$T/$1.read" "$T/$1.out"
}

# --- A reader that stops ---------------------------------------------------
# Until the exchange has so much waiting for us that it ends the connection.
exchange_start slow --symbols "$five" --rate 12000 --trades 60000 \
    --wait-for-clients 5 --ping 0.3 --pong 60 --queue 65536
reader slow
feed_start slow --buffer 256k --stats "$T/slow.stats" --gaps "$T/slow.gaps" \
    "${symbols[@]}"
wait_for 60 lines "$T/slow.read" 1000
kill -STOP "$READER_PID"
wait_for 60 event slow '"slow"'
ok $? 'nobody reads: the exchange drops us'
wait_for 60 event slow all-made
exchange_counts_now slow "$EXCHANGE_PID"
kill -CONT "$READER_PID"
read_all slow 60000
exact slow 'when somebody reads again: every trade, each once'
is "$(wc -c <"$T/slow.gaps")" 0 'nothing is given up'
ok "$(($(last_count "$T/slow.stats" healed) < 1000))" 'REST had the rest'
exchange_end slow

# Within --buffer pings are answered: trades for more than a pipe holds come
# while nobody reads, and then pings.
exchange_start held --symbols "$five" --rate 4000 --trades 8000 \
    --wait-for-clients 5 --ping 0.4 --pong 60
reader held
feed_start held --rest none "${symbols[@]}"
wait_for 60 lines "$T/held.read" 10
kill -STOP "$READER_PID"
wait_for 60 event held all-made
exchange_counts_now held "$EXCHANGE_PID"
before=$(exchange_count held pongs)
# shellcheck disable=SC2317 # called by wait_for
answered()
{
	exchange_counts_now held "$EXCHANGE_PID" &&
	    (($(exchange_count held pongs) >= before + 4))
}
wait_for 30 answered
ok $? 'while --buffer is not full pings are answered'
ok "$(($(wc -c <"$T/held.log") < 600000))" \
    "with $(wc -c <"$T/held.log") bytes made"
kill -CONT "$READER_PID"
read_all held 8000
exact held 'and then it all comes'
exchange_end held
is "$(exchange_count held connections) $(exchange_count held pongs_late)" \
    '1 0' 'of the one connection'

# --- The command is stopped ------------------------------------------------
# Shortened, the exchange drops us for pings without a pong after a second,
# or for what waits, and not for a minute.
if [[ -n ${TICKPIPE_FEED_STOPPED:-} ]]; then
	stopped=$TICKPIPE_FEED_STOPPED own=()
else
	stopped=2 own=(--ping 0.3 --pong 1 --queue 262144)
fi
count=$(((stopped + 3) * 2000))
exchange_start stopped --symbols "$five" --rate 2000 --trades "$count" \
    --wait-for-clients 5 "${own[@]}"
feed_start stopped --gaps "$T/stopped.gaps" "${symbols[@]}"
wait_for 60 lines "$T/stopped.out" 1000
kill -STOP "$FEED_PID"
sleep "$stopped"
[[ -n ${TICKPIPE_FEED_STOPPED:-} ]] ||
    wait_for 60 event stopped '"(no-pong|slow)"'
ok $? "stopped for $stopped s: the exchange drops us"
kill -CONT "$FEED_PID"
wait_for $((60 + stopped)) lines "$T/stopped.out" "$count"
memory_small stopped
feed_end stopped 0
exact stopped 'continued: every trade, each once'
is "$(wc -c <"$T/stopped.gaps")" 0 'nothing is given up'
exchange_end stopped

# --- The network is away ---------------------------------------------------
# REST first, so that there is a hole already, which is not given up for it.
if [[ -n ${TICKPIPE_FEED_OUTAGE:-} ]]; then
	outage=$TICKPIPE_FEED_OUTAGE own=() ours=(--retry-max 30s)
else
	outage=5 own=(--ping 0.3 --pong 1)
	ours=(--stale 700ms --connect-timeout 500ms --heal-wait 4s)
fi
count=$(((outage + 4) * 500))
port=$(free_port) rest=$(free_port)
exchange_start network --symbols "$five" --rate 500 --trades "$count" \
    --wait-for-clients 5 --faults 1 --fault-after 0.2 --fault-kinds lose \
    "${own[@]}"
proxy_start net "$port:${EXCHANGE_ADDRESS#*:}" \
    "$rest:${EXCHANGE_ADDRESS#*:}" || bail 'no proxy'
proxy_do net silence 2
FEED_ADDRESS=127.0.0.1:$port feed_start network \
    --rest "http://127.0.0.1:$rest" "${ours[@]}" --gaps "$T/network.gaps" \
    "${symbols[@]}"
wait_for 60 said network 'REST: .*; trying again'
ok $? 'a hole that REST does not heal'
proxy_do net silence 1
sleep "$outage"
came=$(wc -l <"$T/network.out")
made=$(wc -l <"$T/network.log")
proxy_do net thaw '*'
wait_for $((60 + outage)) lines "$T/network.out" "$count"
memory_small network
feed_end network 0
ok "$((made - came < outage * 400))" "$outage s without a network"
exact network 'and then: every trade, each once'
is "$(wc -c <"$T/network.gaps")" 0 'nothing is given up, however long it was'
exchange_end network
done_testing
