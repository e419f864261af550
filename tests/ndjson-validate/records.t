#!/bin/bash
# Goal: of trades and candles every member is checked, in the usual shape of a
# line and in any other.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

need jq perl

for type in trade candle; do
	mkdir "$T/$type"
	cd "$T/$type" || exit
	perl "$ROOT/tests/ndjson-validate/records.pl" "$type" .
	n=$(wc -l <bad)
	check "$type: $(wc -l <good) good lines, $n bad ones" \
	    [ "$n" -gt 200 ]
	status_is 0 'the good ones' ndjson-validate -t "$type" good
	same_file "$T/out" good 'pass byte for byte'
	status_is 1 'the bad ones' \
	    ndjson-validate -t "$type" --rejects rejects bad
	is "$(wc -c <"$T/out")" 0 'do not'
	jq -r .reason rejects >reasons
	same_file reasons why 'each for its own reason'
	# What came before a line does not change what is thought of it.
	paste -d '\n' good bad | grep . | ndjson-validate -q -t "$type" \
	    --rejects mixed >"$T/out" 2>"$T/err"
	same_file "$T/out" good 'mixed, too'
	jq -r .reason mixed >reasons
	same_file reasons why 'each for its own reason'
	status_is 0 'by default each is an object' ndjson-validate good bad
	same_file "$T/out" <(cat good bad) 'and passes'
	cd "$ROOT" || exit
done
status_is 1 'a trade is no candle' ndjson-validate -t candle "$T/trade/good"
is "$(wc -c <"$T/out")" 0 'not one'
status_is 1 'a candle is no trade' ndjson-validate -t trade "$T/candle/good"
is "$(wc -c <"$T/out")" 0 'not one'

# Candles that ohlc-window writes are good, and so are they through jq.
perl -e 'srand 4; for (1 .. 500) { printf "{\"symbol\":\"%s\",\"price\":%s,\"event_time\":\"2024-07-18T%02d:00:00Z\",\"processed_time\":\"2024-07-18T23:00:00Z\",\"quantity\":%s,\"trade_id\":%d,\"buyer_maker\":true}\n",
    ("A", "\\u0001\\\"", "\xe5\xba\x81")[rand 3], 1 + int rand 1e9, $_ / 25, rand(9), $_ }' >"$T/trades"
ohlc-window "$T/trades" >"$T/candles"
status_is 0 'its own candles are good' ndjson-validate -t candle "$T/candles"
check 'and many' [ "$(wc -l <"$T/candles")" -gt 20 ]
jq -cS . "$T/candles" >"$T/sorted"
status_is 0 'also through jq' ndjson-validate -t candle "$T/sorted"

done_testing
