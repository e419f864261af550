#!/usr/bin/env bash
# What --frames keeps replays as what it was: the same records, with the time
# of receipt, and the same refusals.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need bws-trades ndjson-validate

# frame ID
frame()
{
	printf '{"e":"trade","E":1680652800002,"s":"BTCUSDT","t":%d,' "$1"
	printf '"p":"28165.47000000","q":"0.00056000","T":1680652799999,'
	printf '"m":true,"M":true}'
}

# rest ID
rest()
{
	printf '{"id":%d,"price":"28165.47000000","qty":"0.00056000",' "$1"
	printf '"quoteQty":"15.77","time":1680652799999,'
	printf '"isBuyerMaker":true,"isBestMatch":true}'
}

# record ID TIME
record()
{
	printf '{"symbol":"BTCUSDT","price":28165.47000000,'
	printf '"event_time":"2023-04-04T23:59:59.999Z",'
	printf '"processed_time":"2023-04-05T00:00:0%s",' "$2"
	printf '"quantity":0.00056000,"trade_id":%d,"buyer_maker":true}\n' "$1"
}

at='"received":"2023-04-05T00:00:0'
cat >"$T/kept" <<END
{${at}1.123456Z","frame":$(frame 1)}
{${at}1.200000Z","frame":{"stream":"btcusdt@trade","data":$(frame 2)}}
$(frame 3)
{${at}3.000001Z","frame":$(frame 2)}
{${at}4.000000Z","symbol":"BTCUSDT","trades":[$(rest 4),$(rest 6)]}
{${at}4.100000Z","symbol":"BTCUSDT","trades":[]}
{${at}4.200000Z","frame":{"result":null,"id":1}}
{${at}5.000000Z","frame":" $(frame 7 | sed 's/"/\\"/g')"}
{${at}6.000000Z","frame":"HTTP/1.1 400 \u001b[31m"}
{${at}7.000000Z","symbol":"BTCUSDT","trades":[$(rest 9),$(rest 8)]}
{${at}8.000000Z","symbol":"BTCUSDT","trades":"<html>"}
{"received":"yesterday","frame":$(frame 9)}
{"received":"2023-04-05T00:00:09.
END
{
	record 1 1.123456Z
	record 2 1.200Z
	record 3 0.002Z	# a bare frame: the time is its own
	record 2 3.000001Z	# of another connection
	record 4 4.000Z
	record 6 4.000Z
	record 7 5.000Z
} >"$T/want"
status_is 1 'kept frames and bare ones, some refused' \
    bws-trades -v --replay "$T/kept" --rejects "$T/rejects"
same_file "$T/out" "$T/want" 'give what they gave, at the time they came'
is "$(sed 's/.*"line":\([0-9]*\).*/\1/' "$T/rejects" | tr '\n' ' ')" \
    '9 10 11 12 13 ' 'the others are refused again'
is "$(sed 's/^{"reason":"\(.*\)","file":.*/\1/' "$T/rejects")" \
'not JSON: unexpected character at byte 1
trade 2: the ids do not rise
not JSON: unexpected character at byte 1
\"received\" is no RFC 3339 time
not JSON: unexpected end at byte 34' 'each for its reason'
like "$(<"$T/err")" '13 frames: 7 trades, 1 others, 5 refused' 'and counted'
unlike "$(<"$T/err")" $'\e' 'and nothing raw reaches the terminal'
status_is 0 'the records are records' ndjson-validate -t trade "$T/want"

data=$ROOT/../shared/data/binance
page=rest-trades-ethbtc-2023-03-20.json
if [[ ! -e $data/$page ]]; then
	skip "no $page in $data" 5
	done_testing
fi
{
	printf '{"received":"2023-03-20T02:45:37.591Z","symbol":"ETHBTC",'
	printf '"trades":'
	tr -d '\r\n' <"$data/$page"
	printf '}\n'
} >"$T/page"
status_is 0 'an answer of the exchange' bws-trades --replay "$T/page"
is "$(wc -l <"$T/out")" 1000 'has 1000 trades'
is "$(sed 's/.*"trade_id":\([0-9]*\).*/\1/' "$T/out" |
    awk 'NR > 1 && $1 != last + 1 { print } { last = $1 }')" '' \
    'with no id left out'
is "$(head -n 1 "$T/out")" '{"symbol":"ETHBTC","price":0.06436200,"event_time":"2023-03-20T02:45:37.591Z","processed_time":"2023-03-20T02:45:37.591Z","quantity":0.01580000,"trade_id":409018748,"buyer_maker":false}' \
    'in the form of the record'
cp "$T/out" "$T/records"
status_is 0 'which is good' ndjson-validate -t trade "$T/records"
done_testing
