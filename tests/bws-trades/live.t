#!/usr/bin/env bash
# Every trade that the exchange makes comes out, once, in its own digits.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/peers/exchange.sh
. "$ROOT/tests/peers/exchange.sh"
need bws-trades
[[ -x $EXCHANGE ]] || skip_all 'the exchange simulator is not built' required

# start NAME ARGUMENT...: bws-trades in the background against the simulator.
start()
{
	local name=$1

	shift
	interruptible bws-trades --url "ws://$EXCHANGE_ADDRESS" "$@" \
	    >"$T/$name.out" 2>"$T/$name.err" &
	pid=$!
	on_exit end_process "$pid"
}

# lines FILE N: whether it has so many, for wait_for.
# shellcheck disable=SC2317 # called by wait_for
lines()
{
	(($(wc -l <"$1") >= $2))
}

# finish NAME LINES: INT after so many lines; the status is in $status.
finish()
{
	wait_for 60 lines "$T/$1.out" "$2" || diag "$1: not $2 lines"
	kill -INT "$pid"
	wait "$pid"
	status=$?
}

# equal NAME: what came out is what was made.
equal()
{
	without_processed_time "$T/$1.out" >"$T/$1.bare"
	same_file "$T/$1.bare" "$T/$1.log" "$2"
}

exchange_start raw --symbols btcusdt --rate 2000 --trades 2000 \
    --wait-for-clients 1
start raw BTCUSDT btcusdt
finish raw 2000
is "$status" 0 'one symbol, a raw stream: INT ends it in order'
equal raw 'what comes out is what was made'
is "$(<"$T/raw.err")" '' 'without a word'
like "$(head -n 1 "$T/raw.out")" \
    '"processed_time":"20[0-9-]+T[0-9:]+\.[0-9]{3,6}Z"' \
    'with the time it was read'
exchange_stop "$EXCHANGE_PID"

printf 'ethusdt # comment\n\n# bnbusdt\nXRPUSDT\n' >"$T/symbols"
exchange_start combined --symbols btcusdt,ethusdt,xrpusdt --rate 3000 \
    --trades 3000 --wait-for-clients 3 --noise --ping 0.4 --pong 30
start combined -v --symbols "$T/symbols" BTCUSDT no-such-symbol
finish combined 3000
is "$status" 0 'several symbols, noise and fragments: INT ends it in order'
equal combined 'what comes out is what was made, and nothing else'
like "$(<"$T/combined.err")" 'the exchange reports: .*Invalid JSON' \
    'an error of the exchange is said'
like "$(<"$T/combined.err")" \
    '[0-9]+ frames: 3000 trades, [0-9]+ others, 0 refused' '-v counts'
exchange_stop "$EXCHANGE_PID"
is "$(exchange_count combined pings)" "$(exchange_count combined pongs)" \
    'every ping was answered'
is "$(exchange_count combined too_many_messages)" 0 \
    'the limit of messages was kept'

# 1,024 streams are more than a URL takes: the rest is asked for by message.
seq -f 'averylongsymbolname%04g' 1 1024 >"$T/many"
exchange_start many --symbols "$(paste -sd, "$T/many")" --rate 0 \
    --trades 20000 --wait-for-clients 1024
start many --symbols "$T/many"
finish many 20000
equal many '1,024 streams: what comes out is what was made'
exchange_stop "$EXCHANGE_PID"
like "$(exchange_count many messages) $(exchange_count many refused) \
$(exchange_count many too_many_messages)" '^[1-9][0-9]* 0 0$' \
    'asked for in few messages, none refused'

exchange_start symbols --symbols '币安人生usdt' --rate 1000 --trades 100 \
    --wait-for-clients 1
BWS_TRADES_URL=ws://$EXCHANGE_ADDRESS bws-trades '币安人生USDT' \
    2>"$T/err" | head -n 100 >"$T/symbols.out"
equal symbols 'a symbol beyond ASCII, a URL from the environment'
exchange_stop "$EXCHANGE_PID"

# INT in mid-stream: whole lines, each as it was made, from the first one on.
exchange_start cut --rate 5000 --wait-for-clients 2
start cut btcusdt ethusdt
finish cut 1000
is "$status" 0 'INT in mid-stream'
without_processed_time "$T/cut.out" >"$T/cut.bare"
head -c "$(stat -c %s "$T/cut.bare")" "$T/cut.log" >"$T/cut.want"
same_file "$T/cut.bare" "$T/cut.want" 'what was read is out, whole'

# Connections without a trade, also after they might have replaced others:
# some hundredths of a second of work, where it was all the time there is.
start idle --overlap 100ms --rotate 1s --rest none none1usdt none2usdt
sleep 3
read -r -a stat <"/proc/$pid/stat"
((stat[13] + stat[14] < 50))
ok $? 'a quiet stream takes no processor' ||
    diag "${stat[13]} + ${stat[14]} ticks"
kill -INT "$pid"
wait "$pid"

# The ends of standard output.
bws-trades --url "ws://$EXCHANGE_ADDRESS" btcusdt >/dev/full 2>"$T/err"
is $? 3 'a full disk is status 3'
like "$(<"$T/err")" 'standard output: No space left' 'and is said'
exchange_stop "$EXCHANGE_PID"
exchange_start quiet --rate 1000 --trades 3 --wait-for-clients 2
bws-trades --url "ws://$EXCHANGE_ADDRESS" btcusdt ethusdt 2>"$T/err" |
    head -n 3 >"$T/out"
is "${PIPESTATUS[0]}" 141 'head ends it on a stream that is quiet now'
is "$(wc -l <"$T/out")" 3 'with its lines'
is "$(<"$T/err")" '' 'quietly'
bws-trades --url "ws://$EXCHANGE_ADDRESS" btcusdt 2>"$T/err" | true
is "${PIPESTATUS[0]}" 141 'also where nothing was ever written'
done_testing
