#!/usr/bin/env bash
# Captured frames become exactly their trades; the rest never does.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need bws-trades

frame()
{
	printf '{"e":"trade","E":168065280000%d,"s":"BTCUSDT","t":%d,' "$1" "$1"
	printf '"p":"28165.47000000","q":"0.00056000","T":1680652799999,'
	printf '"m":true,"M":true}'
}

cat >"$T/frames" <<END
$(frame 1)
{"stream":"btcusdt@trade","data":$(frame 2)}
{"result":null,"id":1}
{"error":{"code":2,"msg":"bad $(printf '\\u001b')[31m"},"id":2}
[$(frame 3)]
{"stream":"btcusdt@trade","data":$(frame 4)
not a frame
$(frame 5 | sed 's/"28165.47000000"/28165.47/')
END
printf '%s' "$(frame 6)" >>"$T/frames"	# not ended by a newline

status_is 1 'a capture with refused lines' \
    bws-trades --replay "$T/frames" --rejects "$T/rejects"
is "$(sed 's/.*"trade_id":\([0-9]*\).*/\1/' "$T/out" | tr '\n' ' ')" \
    '1 2 6 ' 'gives its trades and no others'
is "$(head -n 1 "$T/out")" '{"symbol":"BTCUSDT","price":28165.47000000,"event_time":"2023-04-04T23:59:59.999Z","processed_time":"2023-04-05T00:00:00.001Z","quantity":0.00056000,"trade_id":1,"buyer_maker":true}' \
    'in the form of the record, the digits as they were'
is "$(sed 's/.*"line":\([0-9]*\).*/\1/' "$T/rejects" | tr '\n' ' ')" \
    '6 7 8 ' 'the refused lines are in the rejects'
like "$(<"$T/err")" 'the exchange reports: ."error"' \
    'an error of the exchange is said'
like "$(<"$T/err")" '3 lines refused' 'and the total'

cp "$T/out" "$T/first"
bws-trades --replay - <"$T/frames" >"$T/again" 2>"$T/err"
same_file "$T/again" "$T/first" 'from standard input the same, every time'
like "$(<"$T/err")" 'line 7: not JSON: .*: not a frame' \
    'without a rejects file the line is on stderr'
unlike "$(<"$T/err")" $'\e' 'and nothing raw reaches the terminal'

yes "$(frame 7)" | head -n 200000 >"$T/many"
bws-trades --replay "$T/many" 2>"$T/err" >/dev/full
is $? 3 'a full disk is status 3'
like "$(<"$T/err")" 'No space left' 'and is said'
bws-trades --replay "$T/many" 2>"$T/err" | head -n 1 >"$T/out"
is "${PIPESTATUS[0]}" 141 'a reader that has gone ends it as SIGPIPE does'
is "$(<"$T/err")" '' 'quietly'

{ frame 8; printf '%1000s\n' ''; frame 9; printf '\n'; } >"$T/long"
status_is 1 'a line beyond --max-line is refused' \
    bws-trades --max-line 500 --replay "$T/long"
is "$(wc -l <"$T/out")" 1 'and the next one is read'
like "$(<"$T/err")" 'line 1: longer than --max-line' 'and it is said'

mkfifo "$T/fifo"
interruptible bws-trades --drain 100ms --replay "$T/fifo" >"$T/out" 2>"$T/err" &
pid=$!
exec 3>"$T/fifo"
printf '%s\n' "$(frame 1)" >&3
wait_for 20 test -s "$T/out"
ok $? 'what has come is written while more is waited for'
printf '%s\n' "$(frame 2)" >&3
kill -INT "$pid"
exec 3>&-
wait "$pid"
is $? 0 'after INT it reads on to the end of its input'
is "$(wc -l <"$T/out")" 2 'and loses nothing'

data=$ROOT/../shared/data/binance
if [[ ! -d $data ]]; then
	skip "no captures in $data" 17
	done_testing
fi

# capture NAME TRADES: that many trades, every id there, in both forms.
capture()
{
	status_is 0 "$1" bws-trades --replay "$data/$1"
	is "$(wc -l <"$T/out")" "$2" "has $2 trades"
}
capture spot-btcusdt-2023-04-05.raw.ndjson 3144
cp "$T/out" "$T/raw"
capture spot-btcusdt-2023-04-05.combined.ndjson 3144
same_file "$T/out" "$T/raw" 'raw and combined give the same'
gzip -dc "$data/spot-btcusdt-2023-04-05.all-frames.ndjson.gz" |
    bws-trades --replay - >"$T/out"
same_file "$T/out" "$T/raw" 'the same among all other frames'
capture um-btcusdt-2024-07-18.combined.ndjson 10701
capture um-ethusdt-2024-07-18.combined.ndjson 13655
capture spot-trxusdt-2025-03-04.microseconds.raw.ndjson 1000
is "$(head -n 1 "$T/out")" '{"symbol":"TRXUSDT","price":0.2312,"event_time":"2025-03-04T00:00:01.271497Z","processed_time":"2025-03-04T00:00:01.271969Z","quantity":2619.4,"trade_id":348656870,"buyer_maker":true}' \
    'microseconds are kept'

status_is 1 'the awkward frames' bws-trades --rejects "$T/awkward" \
    --replay "$data/awkward-frames.ndjson"
is "$(sed 's/.*"trade_id":\([0-9]*\).*/\1/' "$T/out" | tr '\n' ' ')" \
    '343719861 3071245454 3735683259 5266583935 849714402 12345 ' \
    'six of them are trades'
is "$(sed 's/.*"line":\([0-9]*\).*/\1/' "$T/awkward" | tr '\n' ' ')" \
    '17 26 29 42 ' 'four are not JSON and are refused'
status_is 1 'a pretty-printed trade' \
    bws-trades --replay "$data/awkward-multiline-trade.json"
is "$(wc -l <"$T/out")" 0 'is no trade'
done_testing
