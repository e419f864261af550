#!/usr/bin/env bash
# Connections come and go, and trades do not: the new one is there before the
# old one goes, whatever the reason; and never more of them, or of requests,
# than the exchange allows.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/bws-trades/lib.sh
. "$ROOT/tests/bws-trades/lib.sh"
need bws-trades jq
[[ -x $EXCHANGE ]] || skip_all 'the exchange simulator is not built' required

# fewest NAME: how many connections there were at the least, by the
# simulator's events, from the first one on until now.
fewest()
{
	jq -r .event "$T/$1.events" | awk '
	    $1 == "open" { n++; if (n == 1 && min == "") min = 1 }
	    $1 == "gone" { n--; if (n < min) min = n }
	    END { print min + 0 }'
}

# --- Rotation --------------------------------------------------------------
# Handshakes that take longer than the overlap are among them.
exchange_start turn --symbols btcusdt,ethusdt,xrpusdt --rate 1000 \
    --trades 6000 --wait-for-clients 3 --ping 0.3 --pong 3 --day 4 \
    --faults 2 --fault-every 0.5 --fault-for 0.8 --fault-kinds slow-handshake
feed_start turn -v --rest none --rotate 500ms --overlap 300ms \
    --stats "$T/turn.stats" --gaps "$T/turn.gaps" btcusdt ethusdt xrpusdt
wait_for 60 lines "$T/turn.out" 6000
fewest=$(fewest turn)
feed_end turn 0
exact turn 'replaced again and again: every trade, each once, without REST'
is "$fewest" 1 'there was always one that was open'
is "$(wc -c <"$T/turn.gaps")" 0 'no gap'
ok "$(($(last_count "$T/turn.stats" duplicates) < 100))" \
    'both deliver while they overlap'
like "$(<"$T/turn.err")" 'connection 1: is replaced: its time is over' \
    '-v says why one is replaced'
like "$(<"$T/turn.err")" 'connection 1: closed' 'and that it is closed'
unlike "$(<"$T/turn.err")" 'ended:|failed:' 'none ended otherwise'
exchange_end turn
is "$(exchange_faults turn)" 2 'two handshakes were slow'
ok "$(($(exchange_count turn connections) < 4))" \
    "of $(exchange_count turn connections) connections"
# The last one of each connection may have had no time.
ok "$(($(exchange_count turn pings) - $(exchange_count turn pongs) >
    $(exchange_count turn connections)))" 'every ping was answered'
ok "$(($(exchange_count turn pongs) < 10))" 'of which there were some'
is "$(exchange_count turn pongs_late) $(exchange_count turn no_pong) \
$(exchange_count turn day_ended)" '0 0 0' 'within the second'

# --- serverShutdown --------------------------------------------------------
# Raw and combined, as the seed has it; the connection would end 20 s later.
exchange_start down --symbols btcusdt,ethusdt --rate 500 --trades 2500 \
    --wait-for-clients 2 --faults 4 --fault-every 0.1 --fault-for 20 \
    --fault-kinds shutdown --seed 3
feed_start down -v --rest none --overlap 300ms --frames "$T/down.frames" \
    --stats "$T/down.stats" btcusdt ethusdt
wait_for 60 lines "$T/down.out" 2500
wait_for 60 event down '"kind":"shutdown"' 4
wait_for 60 said down 'connection [0-9]+: closed' 4
fewest=$(fewest down)
feed_end down 0
exact down 'serverShutdown: every trade, each once, without REST'
is "$fewest" 1 'there was always one that was open'
is "$(grep -c 'is replaced: the exchange shuts it down' "$T/down.err")" 4 \
    'each rotates at once'
like "$(grep -c '"frame":{"e":"serverShutdown"' "$T/down.frames") \
$(grep -c '"data":{"e":"serverShutdown"' "$T/down.frames")" '^[1-3] [1-3]$' \
    'raw and combined'
unlike "$(<"$T/down.err")" 'ended:|failed:' 'before the exchange ends it'
exchange_end down

# --- Silence ---------------------------------------------------------------
# Not a byte, pings included; once with the socket gone on the other side.
exchange_start still --symbols btcusdt,ethusdt --rate 500 --trades 2000 \
    --wait-for-clients 2 --faults 2 --fault-every 0.3 --fault-for 30 \
    --fault-kinds stall,half-open --ping 0.5 --pong 60
feed_start still -v --stale 2s --gaps "$T/still.gaps" btcusdt ethusdt
wait_for 60 lines "$T/still.out" 2000
wait_for 60 said still 'ended: silent for ' 2
feed_end still 0
exact still 'a silent link: every trade, each once'
is "$(grep -c 'ended: silent for ' "$T/still.err")" 2 \
    'it is replaced after --stale'
is "$(wc -c <"$T/still.gaps")" 0 'no gap'
exchange_end still
is "$(exchange_faults still)" 2 'twice'

# One without trades, but with pings, is not silent: eight pings are 4 s. (Two
# in a second: pongs count among the five messages.)
exchange_start ping --symbols btcusdt --rate 100 --trades 1 --ping 0.5 \
    --pong 60
feed_start ping -v --stale 2s btcusdt
wait_for 60 event ping all-made
# shellcheck disable=SC2317 # called by wait_for
answered()
{
	exchange_counts_now ping "$EXCHANGE_PID" &&
	    (($(exchange_count ping pongs) >= 8))
}
wait_for 60 answered
feed_end ping 0
exchange_end ping
is "$(exchange_count ping connections)" 1 'pings are enough to hear of it'

# --- Symbols that never sent anything ----------------------------------------
exchange_start named --symbols btcusdt --rate 100 --wait-for-clients 1
feed_start named --quiet-after 2s --rotate 500ms --overlap 100ms \
    btcusdt nosuchusdt northisusdt
wait_for 60 said named 'no trade'
wait_for 60 event named '"open"' 3
feed_end named 0
is "$(<"$T/named.err")" "bws-trades: no trade in 2 s since it was \
subscribed to: nosuchusdt, northisusdt" \
    'those that do not exist are named once, whatever is replaced'
exchange_end named

# --- Many ------------------------------------------------------------------
# Names so long that a connection has to ask for them in eight messages.
seq -f 'alongsymbolname%04gusdt' 1 2100 >"$T/symbols"
exchange_start many --symbols "$(paste -sd, "$T/symbols")" --rate 4000 \
    --trades 8000 --wait-for-clients 2100
feed_start many -v --symbols "$T/symbols" --stats "$T/many.stats"
wait_for 60 lines "$T/many.out" 8000
if [[ -z ${TICKPIPE_SAN:-} ]] && ! ldd "$BIN/bws-trades" | grep -q asan; then
	peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' \
	    "/proc/$FEED_PID/status")
	ok "$((peak > 64 * 1024))" "2,100 symbols in less than 64 MiB ($peak kB)"
else
	skip 'memory is not the same under sanitizers'
fi
feed_end many 0
exact many '2,100 symbols: every trade, each once'
exchange_end many
is "$(exchange_count many connections) $(exchange_count many streams_max)" \
    '3 1024' 'over three connections, of 1,024 streams at the most'
like "$(exchange_count many messages) $(exchange_count many \
    messages_max_second)" '^1[6-9] [1-5]$' 'at most five messages a second'
done_testing
