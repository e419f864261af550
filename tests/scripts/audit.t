#!/bin/bash
# Goal: what differs between stored candles and Binance's klines is found,
# in whatever form these come; with repair, on real data, it is mended too.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/postgres.sh
. "$ROOT/tests/peers/postgres.sh"
# shellcheck source=scripts/lib/compare.sh
. "$ROOT/scripts/lib/compare.sh"

need psql jq
peer_postgres_start "$T/pg"
export TICKPIPE_STACK=$T/none LATENESS=10s TICKPIPE_DATABASE=$DATABASE
unset TICKPIPE_CONF
export PGTZ=Asia/Kolkata
"$ROOT/scripts/init-db" || bail 'no tables'
mkdir "$T/tmp"
export TMPDIR=$T/tmp

# shellcheck disable=SC2317 # called by status_is
audit()
{
	"$ROOT/scripts/audit" "$@"
}

sql()
{
	compare_sql -c "$1"
}

# score NAME MINUTES EQUAL DIFFER MISSING FILE...: with the status of that.
score()
{
	local name=$1 status=1
	local want="$2 minutes with trades: $(($3 + $4)) there, "

	want+="$3 equal in every column, $4 differ, $5 missing"
	(($3 != $2)) || status=0
	shift 5
	status_is "$status" "$name" audit "$@"
	is "$(tail -n 1 "$T/out")" "audit: $want" '  is scored'
}

# Three minutes; the second has no trade. Zeros that say nothing are no
# difference, on either side.
sql "INSERT INTO window_1m VALUES
    ('2025-02-03 04:05Z', '2025-02-03 04:06Z', 'XYZUSDT', 1.5, 2.0, 1.250,
	1.7500, 100.0, 150.000000010, 0.0, 3, 10, 12, true),
    ('2025-02-03 04:07Z', '2025-02-03 04:08Z', 'XYZUSDT', 0.00001, 0.00001,
	0.00001, 0.00001, 123456789012345.5, 1234567890.123455, 7, 2, 13, 14,
	false)"
p=0.00001000
rows=(
    '1738555500000,1.50000000,2.00000000,1.25000000,1.75000000,100.00000000'
    '1738555560000,1.75000000,1.75000000,1.75000000,1.75000000,0.00000000'
    "1738555620000,$p,$p,$p,$p,123456789012345.50000000"
)
rows[0]+=,1738555559999,150.00000001,3,0.00000000,0.00000000,0
rows[1]+=,1738555619999,0.00000000,0,0.00000000,0.00000000,0
rows[2]+=,1738555679999,1234567890.12345500,2,7.00000000,0.00007000,0
names=open_time,open,high,low,close,volume,close_time,quote_volume,count
names+=,taker_buy_volume,taker_buy_quote_volume,ignore

# The forms.
f=$T/XYZUSDT-1m-2025-02-03
printf '%s\n' "${rows[@]}" >"$f.csv"
score "the archive's file" 2 2 0 0 "$f.csv"
is "$(wc -l <"$T/out")$(<"$T/err")" 1 '  and nothing else is said'
printf '%s\r\n' "$names" "${rows[@]}" >"$T/named"
score 'with names on top, of a symbol that is given' 2 2 0 0 \
    -s XYZUSDT "$T/named"
sed -E 's/,(17[0-9]{7}9999),/,\1999,/; s/^[0-9]+/&000/' "$f.csv" >"$T/micro"
score 'in microseconds' 2 2 0 0 --symbol=XYZUSDT "$T/micro"
mark=$'\xef\xbb\xbf'
printf '%s\r\n' "$mark${rows[0]}" "${rows[@]:1}" >"$T/marked"
score 'with a byte order mark' 2 2 0 0 -s XYZUSDT "$T/marked"
printf '%s\n' "$mark$names" "${rows[@]}" >"$T/marked"
score '  and names' 2 2 0 0 -s XYZUSDT "$T/marked"
jq -Rsc 'split("\n") | map(select(. != "") | split(",") |
    [(.[0] | tonumber), .[1, 2, 3, 4, 5], (.[6] | tonumber), .[7],
    (.[8] | tonumber), .[9, 10, 11]])' "$f.csv" >"$f.json"
like "$(<"$f.json")" '^\[\[1738555500000,"1.50000000",' 'as the REST API answers'
score '  on one line' 2 2 0 0 "$f.json"
jq . "$f.json" >"$f.pretty.json"
score '  on several lines' 2 2 0 0 "$f.pretty.json"
{ jq -c '.[:1]' "$f.json"; jq -c '.[1:]' "$f.json"; } >"$T/answers"
score '  several answers' 2 2 0 0 -s XYZUSDT "$T/answers"
jq -c '.[]' "$f.json" >"$T/answers"
score '  a kline a line' 2 2 0 0 -s XYZUSDT "$T/answers"
score '  the same minutes again count once' 2 2 0 0 "$f.csv" "$f.json"
score '  and on standard input' 2 2 0 0 -s XYZUSDT - <"$f.csv"

# frames [FIRST]: of the stream, the first one unfinished before.
frames()
{
	jq -c --argjson first "${1:-10}" '.[] | {e: "kline", E: .[6], s: "XYZUSDT",
	    k: {t: .[0], T: .[6], s: "XYZUSDT", i: "1m", f: $first, L: 12,
	    o: .[1], c: .[4], h: .[2], l: .[3], v: .[5], n: .[8], x: true,
	    q: .[7], V: .[9], Q: .[10], B: "0"}} |
	    if .k.t == 1738555620000 then .k.f = 13 | .k.L = 14 else . end |
	    (select(.k.f == $first) | .k.x = false | .k.n = 1), .,
	    {stream: "xyzusdt@kline_1m", data: .}' "$f.json"
}
frames >"$T/frames"
score 'frames of the stream' 2 2 0 0 "$T/frames"
frames 11 >"$T/frames"
score 'frames say the ids' 2 1 1 0 "$T/frames"
like "$(<"$T/out")" '04:05:00Z XYZUSDT first_trade_id is 10, not 11' \
    '  and one differs'

# What differs.
sed '1s/,1\.75000000,/,1.75000001,/; 1s/,3,0\./,4,0./' "$f.csv" \
    >"$T/XYZUSDT-1m.csv"
score 'two columns that differ' 2 1 1 0 "$T/XYZUSDT-1m.csv"
is "$(head -n -1 "$T/out")" \
    '2025-02-03T04:05:00Z XYZUSDT close is 1.75, not 1.75000001
2025-02-03T04:05:00Z XYZUSDT trades is 3, not 4' '  are said'
sed 's/\.50000000,1738555679999/.50000001,1738555679999/' "$f.csv" \
    >"$T/XYZUSDT-1m.csv"
score 'a difference beyond the digits of a double' 2 1 1 0 "$T/XYZUSDT-1m.csv"
for column in 2 3 4 5 6 8 9 10; do
	awk -F, -v OFS=, -v c="$column" 'NR == 1 { $c += 1 } { print }' \
	    "$f.csv" >"$T/XYZUSDT-1m.csv"
	score "column $column of the file" 2 1 1 0 "$T/XYZUSDT-1m.csv"
done
score 'a symbol that is not there' 2 0 0 2 -s ABC "$f.csv"
like "$(<"$T/out")" '04:07:00Z ABC missing: 2 trades' '  is missing'
sql "INSERT INTO window_1m SELECT window_start - interval '1 minute',
    window_end - interval '1 minute', symbol, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, true
    FROM window_1m WHERE window_start = '2025-02-03 04:07Z'"
status_is 1 'a candle in a minute without trades' audit "$f.csv"
like "$(<"$T/out")" '04:06:00Z XYZUSDT is there, but has no trades' '  is said'
like "$(<"$T/out")" '2 equal .*; 1 there without a trade$' '  and scored'
sql "DELETE FROM window_1m WHERE window_start = '2025-02-03 04:06Z'"

# A minute that is not over.
start=$((($(date +%s) / 60 + 10) * 60))
printf '%s000,1,1,1,1,1,%s999,1,1,1,1,0\n' "$start" $((start + 59)) \
    >"$T/XYZUSDT-1m.csv"
cat "$f.csv" >>"$T/XYZUSDT-1m.csv"
status_is 0 'a minute to come' audit "$T/XYZUSDT-1m.csv"
like "$(<"$T/out")" '^audit: 2 minutes' '  is passed over'

# What is no kline.
bad()
{
	local name=$1 said=$2

	shift 2
	status_is 1 "$name" audit "$@"
	like "$(<"$T/err")" "$said" '  is said'
}
printf '%s\n' "${rows[0]}" "${rows[2]/0.00001/1e-5}" >"$T/XYZUSDT-1m.csv"
bad 'a number in floating point' 'not a number: 1e-5' "$T/XYZUSDT-1m.csv"
like "$(<"$T/out")" '1 equal' '  and the rest is compared'
printf '%s\n' "${rows[0]/559999/799999}" >"$T/XYZUSDT-1m.csv"
bad 'klines of five minutes' 'not a minute' "$T/XYZUSDT-1m.csv"
printf '%s\n' "${rows[0]/1738555500000/1738555500001}" >"$T/XYZUSDT-1m.csv"
bad 'a minute askew' 'not a minute' "$T/XYZUSDT-1m.csv"
cp "$f.csv" "$T/XYZUSDT-5m-2025-02-03.csv"
bad 'a name without a symbol' 'of what symbol' "$T/XYZUSDT-5m-2025-02-03.csv"
echo '1738555500000,1,2,3' >"$T/XYZUSDT-1m.csv"
bad 'a line cut in two' 'not a kline' "$T/XYZUSDT-1m.csv"
printf '%s\n' ",${rows[0]#*,}" "${rows[2]}" >"$T/XYZUSDT-1m.csv"
bad 'a first line cut in two' 'klines refused: 1, .*not a number' \
    "$T/XYZUSDT-1m.csv"
like "$(<"$T/out")" '1 equal' '  and the rest is compared'
printf '%s\n' "${rows[0]}" "$names" "${rows[2]}" >"$T/XYZUSDT-1m.csv"
bad 'names in the middle' 'not a number: open_time' "$T/XYZUSDT-1m.csv"
: >"$T/XYZUSDT-1m-2025-02-04.csv"
bad 'a file of nothing beside a good one' '02-04.csv: no klines' "$f.csv" \
    "$T/XYZUSDT-1m-2025-02-04.csv"
like "$(<"$T/out")" '2 equal' '  which is compared'
echo "$names" >"$T/XYZUSDT-1m-2025-02-04.csv"
bad 'a file of names alone' '02-04.csv: no klines' "$f.csv" \
    "$T/XYZUSDT-1m-2025-02-04.csv"
echo '{"code":-1121,"msg":"Invalid symbol."}' >"$T/XYZUSDT-1m.json"
bad 'an answer that is none' 'not a kline' "$T/XYZUSDT-1m.json"
echo '[[1738555500000,"1.5"' >"$T/XYZUSDT-1m.json"
bad 'JSON cut in two' 'not JSON' "$T/XYZUSDT-1m.json"
: >"$T/XYZUSDT-1m.csv"
status_is 1 'nothing to compare' audit "$T/XYZUSDT-1m.csv"
hostile="O'\"\\ 币"
sql "UPDATE window_1m SET symbol = 'O''\"\\ 币'"
score 'a hostile symbol' 2 2 0 0 -s "$hostile" "$f.csv"

# Wrong use.
status_is 2 'without a file' audit
status_is 2 'an unknown option' audit --all "$f.csv"
status_is 2 'a file that is not there' audit "$T/none-1m.csv"
status_is 0 'help' audit --help
status_is 3 'a database that is not there' \
    env DATABASE='host=127.0.0.1 port=1' "$ROOT/scripts/audit" "$f.csv"
peer_postgres_refuses "$ROOT/scripts/audit" "$f.csv"
status_is 2 'a table that is not there' \
    env TABLE_CANDLES=none "$ROOT/scripts/audit" "$f.csv"
# A signal while others hold the table.
peer_postgres_hold window_1m "$ROOT/scripts/audit" "$f.csv"
is "$HELD_status $(<"$T/err")" '143 ' 'TERM while the table is locked ends it'
is "$HELD_left" 0 '  and what it asked of the server'

# shellcheck disable=SC2317 # called by status_is
full()
{
	audit "$@" >/dev/full
}
status_is 3 'a disk that is full' full "$f.csv"
status_is 141 'a reader that has gone ends it' to_nobody audit "$f.csv"
is "$(<"$T/err")" '' '  quietly'
is "$(ls "$T/tmp")" '' 'no temporary files are left'

# Real trades and the exchange's own klines: seven minutes.
captures=${TICKPIPE_CAPTURES:-$ROOT/../shared/data/binance}
klines=$captures/um-btcusdt-2024-07-18.official-klines-1m.csv
if [[ ! -r $klines ]]; then
	skip "no captures in $captures" 28
	done_testing
fi
RANGE=(2024-07-18T23:57Z 2024-07-19T00:06Z)
# shellcheck disable=SC2317 # called by status_is
repair()
{
	"$ROOT/scripts/repair" "$@"
}

# load: both symbols, as the pipelines do.
sql 'TRUNCATE window_1m'
for symbol in btc eth; do
	bws-trades --replay "$captures/um-${symbol}usdt-2024-07-18.combined.ndjson"
done >"$T/trades"
pg-upsert --ignore crypto_prices <"$T/trades"
ohlc-window -l 10s "$T/trades" >"$T/candles"
pg-upsert --newer trades,closed window_1m <"$T/candles"

# whole NAME: all candles, of ETHUSDT too, are as first made.
whole()
{
	compare_load expected <"$T/candles"
	is "$(compare_differ window_1m expected)" 0 "$1"
}

binance=(-s BTCUSDT "$klines")
score "candles of real trades" 7 7 0 0 "${binance[@]}"
status_is 0 'repair' repair -n "${RANGE[@]}"
like "$(<"$T/out")" '18 candles: 18 right' '  finds them right'

# Rows that are broken, and rows that are gone.
sql "UPDATE window_1m SET high = high + 1, volume = volume - 0.001
	WHERE symbol = 'BTCUSDT' AND window_start = '2024-07-19 00:00Z';
    DELETE FROM window_1m WHERE window_start IN ('2024-07-19 00:02Z',
	'2024-07-19 00:03Z')"
score 'a row broken and two deleted' 7 4 1 2 "${binance[@]}"
like "$(<"$T/out")" \
    'Z BTCUSDT high is 63979, not 63978.*volume is 292.799, not 292.8' \
    '  are said'
status_is 1 'repair --dry-run' repair -n "${RANGE[@]}"
like "$(<"$T/out")" '13 right, 5 to write, 0 kept; ticks missing: 0' \
    '  sees them'
status_is 0 'repair' repair "${RANGE[@]}"
like "$(<"$T/out")" 'BTCUSDT high 63979 -> 63978, volume 292.799 -> 292.8' \
    '  says what it changed'
score 'the candles mended' 7 7 0 0 "${binance[@]}"
whole '  are all as before'

# Ticks that are lost: no candle gets worse, nothing is papered over.
sql "DELETE FROM crypto_prices WHERE symbol = 'BTCUSDT' AND event_time
    BETWEEN '2024-07-19 00:01:30Z' AND '2024-07-19 00:01:31Z'"
lost=$((10701 - $(sql "SELECT count(*) FROM crypto_prices
    WHERE symbol = 'BTCUSDT'")))
status_is 1 "repair without $lost ticks" repair "${RANGE[@]}"
like "$(<"$T/out")" \
    "Z BTCUSDT kept: 1334 trades, the ticks have $((1334 - lost))" \
    '  keeps the candle'
like "$(<"$T/out")" "0 written, 1 kept; ticks missing: $lost\$" '  and says so'
score 'that candle' 7 7 0 0 "${binance[@]}"
sql "DELETE FROM window_1m WHERE window_start = '2024-07-19 00:01Z'"
status_is 1 'the candle is lost as well' repair "${RANGE[@]}"
like "$(<"$T/out")" "2 written, 0 kept; ticks missing: $lost\$" \
    '  and is made of what is there'
score 'it' 7 6 1 0 "${binance[@]}"
like "$(<"$T/out")" "BTCUSDT trades is $((1334 - lost)), not 1334" '  differs'
pg-upsert --ignore crypto_prices <"$T/trades"
status_is 0 'the ticks are back' repair "${RANGE[@]}"
score 'all' 7 7 0 0 "${binance[@]}"
whole '  is as before'

done_testing
