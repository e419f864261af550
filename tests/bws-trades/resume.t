#!/usr/bin/env bash
# --resume: one that was killed and one that goes on behind what came out of
# it have every trade together, each once.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/bws-trades/lib.sh
. "$ROOT/tests/bws-trades/lib.sh"
need bws-trades ohlc-window jq
[[ -x $EXCHANGE ]] || skip_all 'the exchange simulator is not built' required

# kill_at NAME N: kill -9 of the feed after so many lines. What was whole of
# them is in NAME.whole; NAME.file is its output with the last line torn, and
# with lines that are no trades, or none of these symbols.
kill_at()
{
	wait_for 60 lines "$T/$1.out" "$2" || diag "$1: not $2 lines"
	kill -KILL "$FEED_PID"
	wait "$FEED_PID" 2>/dev/null
	# Whatever it was in the middle of, the last line is torn now.
	tail -n 1 "$T/$1.out" | head -c 100 >"$T/torn"
	head -n -1 "$T/$1.out" >"$T/$1.whole"
	{
		echo '{"provenance":{"source":"a file","count":3}}'
		cat "$T/$1.whole"
		echo '{"symbol":"DOGEUSDT","trade_id":77}'
		echo '{"symbol":"BTCUSDT"}'
		echo '{"trade_id":"9"}'
		head -n 1 "$T/$1.whole"	# a lower id, later
		echo
		cat "$T/torn"
	} >"$T/$1.file"
}

# --- While trades go on ----------------------------------------------------
exchange_start busy --symbols btcusdt,ethusdt,xrpusdt,solusdt --rate 800 \
    --trades 4000 --wait-for-clients 4
symbols=(btcusdt ethusdt xrpusdt solusdt)
feed_start first "${symbols[@]}"
kill_at first 1000
wait_for 30 exchange_made busy 2000
feed_start second -v --gaps "$T/gaps" --resume "$T/first.file" \
    --stats "$T/stats" "${symbols[@]}"
wait_for 60 lines "$T/second.out" $((4000 - $(wc -l <"$T/first.whole")))
feed_end second 0
cat "$T/first.whole" "$T/second.out" >"$T/both.out"
exact both 'killed and resumed: every trade, each once' busy
ok "$(($(last_count "$T/stats" healed) < 900))" \
    'what was made in between is from REST'
is "$(wc -c <"$T/gaps")" 0 'nothing is missing'
like "$(<"$T/second.err")" 'first.file: [0-9]+ lines, [0-9]+ of symbols '\
'that are asked for, 4 of no use' \
    '-v says what was of use'
like "$(<"$T/second.err")" 'first.file: line [0-9]+: passed over: no trade_id' \
    'and each line that was not'
exchange_end busy

# --- No later trade --------------------------------------------------------
# All is made before the second one begins: only REST has it, of all symbols.
# Minutes of event time, so that symbols that came one after another would be
# late for candles.
exchange_start quiet --count 20 --symbols btcusdt --rate 20000 --speed 400 \
    --trades 30000 --wait-for-clients 21
echo btcusdt >"$T/symbols"
seq -f 's%04gusdt' 1 20 >>"$T/symbols"
feed_start third --symbols "$T/symbols"
kill_at third 1000
wait_for 60 event quiet all-made
feed_start fourth --symbols "$T/symbols" --resume "$T/third.file" \
    --stats "$T/quiet.stats" --stats-interval 100ms
wait_for 60 lines "$T/fourth.out" $((30000 - $(wc -l <"$T/third.whole")))
feed_end fourth 0
cat "$T/third.whole" "$T/fourth.out" >"$T/quiet.out"
exact quiet 'all was over when it was resumed: every trade, each once'
is "$(last_count "$T/quiet.stats" healed)" "$(wc -l <"$T/fourth.out")" \
    'all of REST'
exchange_end quiet
# The time that they cover, and how they come out.
first=$(head -n 1 "$T/fourth.out" | jq -r .event_time)
last=$(tail -n 1 "$T/fourth.out" | jq -r .event_time)
ok "$(($(date -d "$last" +%s) - $(date -d "$first" +%s) < 300))" \
    "minutes of trades: $first to $last"
# one_partition: as if all of them came from one partition of a topic.
one_partition()
{
	awk '{ sub(/}$/, ""); print $0 ",\"_kafka\":{\"topic\":\"t\"," \
	    "\"partition\":0,\"offset\":" NR ",\"start\":1}}" }'
}

without_processed_time "$T/fourth.out" |
    sed 's/"event_time":\("[^"]*"\),/&"processed_time":\1,/' >"$T/merged"
one_partition <"$T/merged" >"$T/partition"
status_is 0 'they become candles' ohlc-window --late "$T/late" "$T/partition"
late=$(wc -l <"$T/late")
ok "$((late * 100 > 30000))" "merged by event time: few are late ($late)"
rm "$T/late"
sort -s -t, -k1,1 "$T/merged" | one_partition |
    ohlc-window -q --late "$T/late" >"$T/out"
ok "$(($(wc -l <"$T/late") < 3000))" 'one symbol after another most were'

# --- What cannot be --------------------------------------------------------
status_is 2 'no such file: status 2' timeout 20 bws-trades \
    --url ws://127.0.0.1:1 --rest none --resume "$T/none" btcusdt
like "$(<"$T/err")" 'none: No such file' 'and is said'
status_is 2 'a folder: status 2' timeout 20 bws-trades \
    --url ws://127.0.0.1:1 --rest none --resume "$T" btcusdt

# Nothing in it: as without.
exchange_start empty --symbols btcusdt --rate 500 --trades 200 \
    --wait-for-clients 1
: >"$T/empty.file"
feed_start empty --resume "$T/empty.file" btcusdt
wait_for 60 lines "$T/empty.out" 200
feed_end empty 0
exact empty 'an empty file is a beginning'
is "$(<"$T/empty.err")" '' 'without a word'
exchange_end empty
done_testing
