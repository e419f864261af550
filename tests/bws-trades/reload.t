#!/usr/bin/env bash
# HUP: the symbols of --symbols once more, on the connection there is.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/bws-trades/lib.sh
. "$ROOT/tests/bws-trades/lib.sh"
need bws-trades jq
[[ -x $EXCHANGE ]] || skip_all 'the exchange simulator is not built' required

# of SYMBOL FILE: the records of a symbol, without processed_time.
of()
{
	without_processed_time "$2" | grep "\"$1\""
}

# arrives SYMBOL N: whether so many of it have come out, for wait_for.
# shellcheck disable=SC2317 # called by wait_for
arrives()
{
	(($(grep -c "\"$1\"" "$T/hup.out") >= $2))
}

# goes_on: whether another 100 trades of BTCUSDT come.
goes_on()
{
	wait_for 30 arrives BTCUSDT \
	    $(($(grep -c '"BTCUSDT"' "$T/hup.out") + 100))
}

# stretch SYMBOL NAME: a result: what came of it are trades without one left
# out.
stretch()
{
	of "$1" "$T/hup.out" >"$T/got"
	of "$1" "$T/hup.log" | grep -A 1000000 -xF "$(head -n 1 "$T/got")" |
	    head -n "$(wc -l <"$T/got")" >"$T/want"
	same_file "$T/got" "$T/want" "$1: $2" && [[ -s $T/got ]]
}

# --- Other symbols ---------------------------------------------------------
exchange_start hup --symbols btcusdt,ethusdt,xrpusdt,solusdt --rate 800 \
    --wait-for-clients 2
printf 'btcusdt\nethusdt # until HUP\n' >"$T/symbols"
feed_start hup -v --gaps "$T/gaps" --symbols "$T/symbols"
wait_for 30 arrives ETHUSDT 100
printf 'xrpusdt\nsolusdt\nbtcusdt\n' >"$T/symbols"
kill -HUP "$FEED_PID"
wait_for 30 arrives XRPUSDT 100 && wait_for 30 arrives SOLUSDT 100
ok $? 'new ones come'
before=$(grep -c '"ETHUSDT"' "$T/hup.out")
goes_on
is "$(grep -c '"ETHUSDT"' "$T/hup.out")" "$before" 'old ones stop'
like "$(<"$T/hup.err")" 'HUP: 3 symbols: 2 added, 1 dropped' '-v says so'

# Files of no use.
printf 'ethusdt\nno symbol\n' >"$T/symbols"
kill -HUP "$FEED_PID"
wait_for 30 said hup 'symbols: line 2: .*; the symbols stay what they were'
ok $? 'a bad file is refused'
rm "$T/symbols"
kill -HUP "$FEED_PID"
wait_for 30 said hup 'symbols: No such file .*; the symbols stay'
ok $? 'so is none at all'
: >"$T/symbols"
kill -HUP "$FEED_PID"
wait_for 30 said hup 'no symbols; the symbols stay'
ok $? 'and one with nothing in it'
at=$(grep -c '"SOLUSDT"' "$T/hup.out")
goes_on && wait_for 30 arrives SOLUSDT $((at + 100))
ok $? 'everything goes on'
is "$(grep -c '"ETHUSDT"' "$T/hup.out")" "$before" 'as it was'

# Again and again, as fast as it goes: the last one counts.
for symbol in ethusdt bnbusdt adausdt ethusdt; do
	printf 'btcusdt\n%s\n' "$symbol" >"$T/symbols"
	kill -HUP "$FEED_PID"
done
wait_for 30 arrives ETHUSDT $((before + 100))
ok $? 'one that was dropped comes back'
cp "$T/hup.out" "$T/then"
goes_on
tail -n +"$(($(wc -l <"$T/then") + 1))" "$T/hup.out" |
    jq -r .symbol | sort -u | tr '\n' ' ' >"$T/got"
is "$(<"$T/got")" 'BTCUSDT ETHUSDT ' 'of several HUPs the last one counts'
feed_end hup 0
of BTCUSDT "$T/hup.out" >"$T/got"
of BTCUSDT "$T/hup.log" | head -n "$(wc -l <"$T/got")" >"$T/want"
same_file "$T/got" "$T/want" 'the one that was there all the time lost nothing'
stretch XRPUSDT 'from the first to the last none is left out'
stretch SOLUSDT 'from the first to the last none is left out'
is "$(disorder "$T/hup.out")" '' 'and ids rise'
is "$(wc -c <"$T/gaps")" 0 'no gap, also not of the dropped ones'
exchange_end hup
is "$(exchange_count hup connections)" 1 'all on one connection'

# --- All of them others ----------------------------------------------------
# While there is no connection: the next one asks for what is wanted then.
port=$(free_port)
echo btcusdt >"$T/symbols"
FEED_ADDRESS=127.0.0.1:$port feed_start later --symbols "$T/symbols"
wait_for 30 said later 'cannot connect'
echo ethusdt >"$T/symbols"
kill -HUP "$FEED_PID"
exchange_start later --listen "$port" --symbols btcusdt,ethusdt --rate 500 \
    --wait-for-clients 1
wait_for 60 lines "$T/later.out" 100
feed_end later 0
is "$(jq -r .symbol "$T/later.out" | sort -u)" ETHUSDT \
    'HUP without a connection counts for the next one'
exchange_end later

# --- HUP without --symbols -------------------------------------------------
exchange_start none --symbols btcusdt --rate 100
env --default-signal=HUP bws-trades --url "ws://$EXCHANGE_ADDRESS" \
    --rest none btcusdt >"$T/none.out" 2>"$T/none.err" &
FEED_PID=$!
on_exit end_process "$FEED_PID"
wait_for 30 lines "$T/none.out" 10
kill -HUP "$FEED_PID"
wait "$FEED_PID" 2>/dev/null
is $? 129 'without --symbols HUP ends the command as usual'
exchange_end none
done_testing
