#!/bin/bash
# Goal: what the exchange sent arrives, from a file and from the socket: every
# trade in one table, the exact candles in the other; once more changes nothing.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/pipe/lib.sh
. "$ROOT/tests/pipe/lib.sh"

CAPTURES=${TICKPIPE_CAPTURES:-$ROOT/../shared/data/binance}
pipe_setup
script consumer

# Two symbols for the simulator, two for the captures.
export SYMBOLS='bnbusdt solusdt'
exchange_start market --seed 5 --symbols bnbusdt,solusdt --rate 1000 \
    --speed 100 --trades 4000 --wait-for-clients 2
TICKPIPE_URL=ws://$EXCHANGE_ADDRESS
export TICKPIPE_URL
script ingest
wait_ticks 4000
wait_counted 4000
script_stops 0 ingest
exchange_stop "$EXCHANGE_PID"
compare_received <"$T/market.log" >"$T/trades"
same_ticks "$T/trades" 'the ticks are the trades that the exchange made'
same_candles "$T/trades" 'the candles are those of ohlc-window alone'

files=("$CAPTURES"/um-{btc,eth}usdt-2024-07-18.combined.ndjson)
if [[ -e ${files[0]} && -e ${files[1]} ]]; then
	for file in "${files[@]}"; do
		bws-trades --replay "$file" >>"$T/trades"
		status_is 0 "ingest ${file##*/}" \
		    "$ROOT/scripts/ingest" --replay "$file"
	done
	wait_ticks 28356
	wait_counted 28356
	same_ticks "$T/trades" 'the ticks are the captured trades'
	same_candles "$T/trades" 'the candles are those of ohlc-window alone'
	is "$(sql "SELECT extract(epoch FROM window_start)::bigint * 1000, open, high,
	    low, close, volume, extract(epoch FROM window_end)::bigint * 1000 - 1,
	    quote_volume, trades, taker_buy_volume
	    FROM window_1m WHERE symbol = 'BTCUSDT' AND window_start BETWEEN
	    '2024-07-18 23:58Z' AND '2024-07-19 00:04Z' ORDER BY 1" |
	    sed 's/\(\.[0-9]*[1-9]\)0*|/\1|/g; s/\.0*|/|/g')" \
	    "$(cut -d, -f1-10 "${files[0]%.combined.ndjson}.official-klines-1m.csv" |
	    sed -E 's/,/|/g; s/(\.[0-9]*[1-9])0*(\||$)/\1\2/g; s/\.0*(\||$)/\1/g' |
	    sort)" 'and Binance says the same of each complete minute'
else
	skip "no captures in $CAPTURES" 7
fi

# Once more: while the windows are open, and then when they are closed. A trade
# of a later minute comes behind it all in its partition.
minute=("event_time BETWEEN '2025-01-01' AND '2025-01-01 00:00:59'"
    "window_start = '2025-01-01'")
frames 4000 1 10 >"$T/frames"
frames 4 5000 10 90000 >"$T/later"
frames 4 6000 10 900000 >"$T/latest"
status_is 0 'ingest' "$ROOT/scripts/ingest" --replay "$T/frames"
wait_ticks 4000 2025-01-01
wait_counted 4000 2025-01-01
dump "${minute[@]}" >"$T/once"
status_is 0 'the same from standard input' "$ROOT/scripts/ingest" --replay - \
    <"$T/frames"
status_is 0 'and later trades' "$ROOT/scripts/ingest" --replay "$T/later"
wait_ticks 4004 2025-01-01
wait_counted 4004 2025-01-01
dump "${minute[@]}" >"$T/twice"
same_file "$T/twice" <(sed '/^2025/s/f$/t/' "$T/once") \
    'the same trades again change nothing but that the minute is closed'
status_is 0 'and again' "$ROOT/scripts/ingest" --replay "$T/frames"
status_is 0 'and trades still later' "$ROOT/scripts/ingest" --replay "$T/latest"
wait_ticks 4008 2025-01-01
wait_counted 4008 2025-01-01
dump "${minute[@]}" >"$T/thrice"
same_file "$T/thrice" "$T/twice" 'again, when all are late: nothing changes'
is "$(wc -l <"$DATA/candles-0/late")" 4000 'the late file has them'

script_stops 0 consumer
check 'nothing is left running' wait_for 120 nothing_left
is "$(find "$TICKPIPE_RUN" -type p)" '' 'and no FIFO'
done_testing
