#!/bin/bash
# Goal: candles that disagree with the stored ticks are found and mended, and
# nothing else is touched.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/postgres.sh
. "$ROOT/tests/peers/postgres.sh"
# shellcheck source=scripts/lib/compare.sh
. "$ROOT/scripts/lib/compare.sh"

need psql
peer_postgres_start "$T/pg"
export TICKPIPE_STACK=$T/none LATENESS=10s TICKPIPE_DATABASE=$DATABASE
unset TICKPIPE_CONF
# Another zone than the servers', to see that nothing depends on it.
export PGTZ=Asia/Kolkata
"$ROOT/scripts/init-db" || bail 'no tables'
mkdir "$T/tmp"
export TMPDIR=$T/tmp

repair()
{
	"$ROOT/scripts/repair" "$@"
}

sql()
{
	compare_sql -c "$1"
}

# trade SYMBOL ID TIME PRICE QUANTITY [PROCESSED]
trade()
{
	printf '{"symbol":"%s","price":%s,"event_time":"2025-03-01T%sZ",' \
	    "$1" "$4" "$3"
	printf '"processed_time":"2025-03-01T%sZ","quantity":%s,' \
	    "${6:-$3}" "$5"
	printf '"trade_id":%d,"buyer_maker":%s}\n' "$2" \
	    "$(($2 % 3 > 0))" | sed 's/:1}$/:true}/; s/:0}$/:false}/'
}

# Three symbols, one of them hostile, a trade every 7.03125 s: microseconds;
# zeros that a number can do without, and digits beyond those of a double.
market()
{
	local i us

	for ((i = 0; i < 126; i++)); do
		us=$((i * 7031250))
		printf -v time '12:%02d:%02d.%06d' $((us / 60000000)) \
		    $((us / 1000000 % 60)) $((us % 1000000))
		trade AAA $((1000 + i)) "$time" "100.$((i * 37 % 89 + 10))00" \
		    0.100
		trade BBB $((9007199254741993 + i)) "$time" \
		    "123456789012.3456789$((i % 7))" 0.00000001
		trade "O'\\\"\\\\ 币" $((i + 1)) "$time" "$((i % 5 + 1))" 12.50
	done
}

market >"$T/market"
is "$(ndjson-validate -t trade "$T/market" | wc -l)" 378 'a market of trades'

# load: both tables as the pipelines fill them.
load()
{
	sql 'TRUNCATE crypto_prices, window_1m'
	pg-upsert --ignore crypto_prices <"$T/market" &&
	    ohlc-window -l 10s "$T/market" |
	    pg-upsert --newer trades,closed window_1m
}

# whole NAME: the candles are those of the market again.
ohlc-window -l 10s "$T/market" >"$T/candles"
whole()
{
	compare_load expected <"$T/candles"
	is "$(compare_differ window_1m expected)" 0 "$1"
}

# versions: which rows were written when.
versions()
{
	sql 'SELECT xmin, ctid, symbol, window_start FROM window_1m ORDER BY 3, 4'
}

RANGE=(2025-03-01T12:00Z 2025-03-01T12:15Z)

# Wrong use.
status_is 2 'without times' repair
like "$(<"$T/err")" 'FROM and TO are needed' '  says so'
status_is 2 'an unknown option' repair --everything 1 2
status_is 2 'a time that is none' repair yesteryear now
like "$(<"$T/err")" 'yesteryear' '  is named'
status_is 2 'TO before FROM' repair 2025-03-01T12:00:50Z 2025-03-01T12:00:10Z
like "$(<"$T/err")" 'not after FROM' '  is said'
status_is 0 'help' repair --help
status_is 3 'a database that is not there' \
    env DATABASE='host=127.0.0.1 port=1' "$ROOT/scripts/repair" "${RANGE[@]}"
peer_postgres_refuses "$ROOT/scripts/repair" "${RANGE[@]}"
status_is 2 'a table that is not there' \
    env TABLE_TICKS=none "$ROOT/scripts/repair" "${RANGE[@]}"
status_is 1 'tables without anything' repair "${RANGE[@]}"

# Nothing to do.
load
whole 'the candles are those of the market'
versions >"$T/before"
status_is 0 'candles that agree' repair "${RANGE[@]}"
is "$(<"$T/out")" \
    'repair: 45 candles: 45 right, 0 written, 0 kept; ticks missing: 0' \
    'are counted'
is "$(<"$T/err")" '' 'and that is all'
versions >"$T/after"
same_file "$T/after" "$T/before" 'and no row was written'
status_is 0 '--all' repair --all "${RANGE[@]}"
like "$(<"$T/out")" '45 right, 45 written' '  writes every candle'
whole '  as it was'
status_is 0 'one symbol' repair "${RANGE[@]}" AAA
like "$(<"$T/out")" '15 candles: 15 right' '  is looked at alone'
status_is 1 'a symbol that is not there' repair "${RANGE[@]}" CCC
status_is 1 'and beside one that is' repair "${RANGE[@]}" AAA CCC
is "$(<"$T/out")" "CCC: no ticks and no candles
repair: 15 candles: 15 right, 0 written, 0 kept; ticks missing: 0" '  is said'

# Whole minutes.
status_is 0 'parts of minutes' \
    repair '2025-03-01 17:31:20+05:30' 2025-03-01T12:03:00.000001Z AAA
like "$(<"$T/err")" '12:01:00Z to 2025-03-01 12:04:00Z' '  are said'
like "$(<"$T/out")" '3 candles: 3 right' '  and become whole ones'

# What can be wrong with a candle.
broken()
{
	sql "DELETE FROM window_1m WHERE symbol = 'AAA'
	        AND window_start = '2025-03-01 12:01Z';
	    UPDATE window_1m SET close = low WHERE symbol = 'BBB'
	        AND window_start = '2025-03-01 12:02Z';
	    UPDATE window_1m SET trades = trades - 2, last_trade_id =
	        last_trade_id - 2, volume = volume - 25, closed = false
	        WHERE symbol LIKE 'O%' AND window_start = '2025-03-01 12:03Z';
	    UPDATE window_1m SET closed = false WHERE symbol = 'AAA'
	        AND window_start = '2025-03-01 12:04Z';
	    UPDATE window_1m SET volume = NULL, window_end = window_end
	        + interval '1 minute' WHERE symbol = 'AAA'
	        AND window_start = '2025-03-01 12:05Z';
	    UPDATE window_1m SET quote_volume = quote_volume + 1e-17
	        WHERE symbol = 'BBB' AND window_start = '2025-03-01 12:06Z'"
}

broken
versions >"$T/before"
status_is 1 '--dry-run of broken candles' repair -n "${RANGE[@]}"
like "$(<"$T/out")" '45 candles: 39 right, 6 to write, 0 kept' \
    '  finds each'
versions >"$T/after"
same_file "$T/after" "$T/before" '  and writes nothing'
cp "$T/out" "$T/dry"
status_is 0 'broken candles' repair "${RANGE[@]}"
sed 's/6 to write/6 written/' "$T/dry" >"$T/want"
same_file "$T/out" "$T/want" '  are said as before'
whole '  and mended'
said=$(<"$T/out")
like "$said" '12:01:00Z AAA missing: 9 trades, ids 1009 to 1017' \
    '  one is missing'
like "$said" '12:02:00Z BBB close 123456789012.3456789[0-9]* -> 123456789012' \
    '  one has another price, with all its digits'
change='[0-9.]* -> [0-9.]*'
said_3=" O'.* volume $change, trades 7 -> 9, last_trade_id $change, closed f"
like "$said" "12:03:00Z$said_3" \
    '  one lacks trades'
like "$said" '12:04:00Z AAA closed false -> true' '  one was left open'
like "$said" '12:05:00Z AAA window_end .* -> .*, volume unknown -> 0.9' \
    '  one has no volume'
like "$said" '12:06:00Z BBB quote_volume [0-9.]* -> [0-9.]*' \
    '  one differs in the last digit'
status_is 0 'once more' repair "${RANGE[@]}"
like "$(<"$T/out")" '45 right' '  finds nothing'

# Outside of range and symbols nothing is touched.
broken
status_is 0 'a range' repair 2025-03-01T12:02Z 2025-03-01T12:04Z BBB
like "$(<"$T/out")" '2 candles: 1 right, 1 written' '  is mended'
status_is 1 '  and nothing else' repair -n "${RANGE[@]}"
like "$(<"$T/out")" '5 to write' '  so that the rest is to be done'

# The newest minutes are closed as far as the ticks say, and not further.
load
sql "DELETE FROM window_1m WHERE window_start >= '2025-03-01 12:12Z'"
status_is 0 'the last minutes' repair "${RANGE[@]}"
whole '  are closed or not as by ohlc-window'
sql "DELETE FROM window_1m WHERE window_start >= '2025-03-01 12:12Z'"
status_is 0 'a range before them' repair 2025-03-01T12:12Z 2025-03-01T12:13Z
is "$(sql "SELECT bool_and(closed), count(*) FROM window_1m
    WHERE window_start = '2025-03-01 12:12Z'")" 't|3' \
    '  is closed by the ticks behind it'
load
sql "UPDATE window_1m SET closed = true, close = low, open = high
    WHERE window_start = '2025-03-01 12:14Z' AND symbol = 'AAA'"
repair "${RANGE[@]}" >"$T/out"
is "$(sql "SELECT closed FROM window_1m WHERE symbol = 'AAA'
    AND window_start = '2025-03-01 12:14Z'")" t 'what was closed stays closed'
is "$(compare_differ window_1m expected 'symbol, window_start, open, high, low,
    close, volume, trades')" 0 '  and is mended'

# A tick ahead of its time is in no candle of the pipeline, and in none here.
load
trade AAA 1126 12:59:00 100.5 1 12:14:50 | pg-upsert --ignore crypto_prices
status_is 0 'a tick ahead of its time, beyond the range' repair "${RANGE[@]}"
whole '  closes nothing'
status_is 1 '  and within' repair 2025-03-01T12:00Z 2025-03-01T13:00Z
like "$(<"$T/err")" 'event_time is more than' '  is refused'

# Ticks that are lost, and ticks that came late.
load
sql "DELETE FROM crypto_prices WHERE trade_id = 1012"
status_is 1 'a tick that is missing' repair "${RANGE[@]}"
like "$(<"$T/out")" 'AAA kept: [0-9]* trades, the ticks have [0-9]*' \
    '  lowers no candle'
like "$(<"$T/out")" 'AAA ticks missing between 1009 and 1017: 1' '  and is said'
whole '  and nothing was changed'
sql "DELETE FROM window_1m WHERE symbol = 'AAA'"
status_is 1 'candles anew of ticks that lack one' repair "${RANGE[@]}"
like "$(<"$T/out")" '15 written, 0 kept; ticks missing: 1' \
    '  are written, and the lack is said'
grep '"trade_id":1012,' "$T/market" | pg-upsert --ignore crypto_prices
status_is 0 'the tick came late' repair "${RANGE[@]}"
whole '  and is counted'
sql "DELETE FROM crypto_prices WHERE symbol = 'BBB'
    AND event_time < '2025-03-01 12:10Z'"
status_is 1 'minutes without any tick' repair "${RANGE[@]}"
is "$(grep -c 'BBB kept: [89] trades, no ticks' "$T/out")" 10 '  are said'
whole '  and kept'

# Ids that do not rise with the time: what is missing in all counts.
sql 'TRUNCATE crypto_prices, window_1m'
{
	trade CCC 1 12:00:01 1 1
	trade CCC 2 12:00:02 1 1
	trade CCC 5 12:00:03 1 1
	trade CCC 4 12:01:01 1 1
} >"$T/mixed"
pg-upsert --ignore crypto_prices <"$T/mixed"
status_is 1 'a tick that is missing among ids in disorder' repair "${RANGE[@]}"
like "$(<"$T/out")" '2 written, 0 kept; ticks missing: 1$' '  is counted once'
trade CCC 3 12:01:02 1 1 | pg-upsert --ignore crypto_prices
status_is 0 'and when it is there' repair "${RANGE[@]}"
unlike "$(<"$T/out")" 'ticks missing b' '  nothing is said to be missing'
like "$(<"$T/out")" 'ticks missing: 0$' '  and nothing counted'
{
	trade CCC 900 12:02:01 1 1
	trade CCC 6 12:03:01 1 1
} | pg-upsert --ignore crypto_prices
status_is 1 'two series of ids under one symbol' repair "${RANGE[@]}"
like "$(<"$T/out")" 'ticks missing: 893$' '  lack what is between them'

# A pipeline at work meanwhile: it locks, and writes what is newer.
load
broken
sql "BEGIN; UPDATE window_1m SET trades = 5000 WHERE symbol = 'BBB'
    AND window_start = '2025-03-01 12:02Z'; SELECT pg_sleep(3); COMMIT" \
    >"$T/locked" &
# shellcheck disable=SC2317 # called by wait_for
locked()
{
	[[ $(sql "SELECT count(*) FROM pg_stat_activity
	    WHERE wait_event = 'PgSleep'") == 1 ]]
}
check '  is locked by another' wait_for 60 locked
status_is 0 'while a newer version is being written' repair "${RANGE[@]}"
wait "$!"
is "$(sql "SELECT trades FROM window_1m WHERE symbol = 'BBB'
    AND window_start = '2025-03-01 12:02Z'")" 5000 '  that one stays'

# Pipelines that begin with nothing, and a table that loses a candle meanwhile.
feed()
{
	local line n=0

	while IFS= read -r line; do
		printf '%s\n' "$line"
		((++n % 10 > 0)) || sleep 0.1
	done <"$T/market"
}
sql 'TRUNCATE crypto_prices, window_1m'
feed | tee >(pg-upsert --ignore crypto_prices) |
    ohlc-window -l 10s --updates 0 |
    pg-upsert --newer trades,closed window_1m &
runs=0 worst=0
while pid_alive "$!"; do
	sql "DELETE FROM window_1m WHERE window_start = '2025-03-01 12:01Z'"
	repair "${RANGE[@]}" >"$T/out" 2>"$T/err"
	status=$?
	runs=$((runs + 1)) worst=$((status > worst ? status : worst))
done
wait "$!"
is "$((worst < 2)) $(<"$T/err")" '1 ' "repaired $runs times beside pipelines"
# shellcheck disable=SC2317 # called by wait_for
all_ticks()
{
	[[ $(sql 'SELECT count(*) FROM crypto_prices') == 378 ]]
}
check 'all ticks are stored' wait_for 30 all_ticks
status_is 0 'once more afterwards' repair "${RANGE[@]}"
whole '  as if nothing had been'

# Symbols that JSON can write in more than one way.
load
sql "INSERT INTO window_1m SELECT window_start, window_end, E'TAB\\t', open,
    high, low, close, volume, quote_volume, taker_buy_volume, trades,
    first_trade_id, last_trade_id, closed FROM window_1m WHERE symbol = 'AAA'"
status_is 1 'a symbol with a control character' repair "${RANGE[@]}"
like "$(<"$T/err")" 'not looked at: "TAB' '  is said'
like "$(<"$T/out")" '45 right' '  and the others are looked at'

# A signal while others hold the table.
peer_postgres_hold window_1m "$ROOT/scripts/repair" "${RANGE[@]}"
is "$HELD_status $(<"$T/err")" '143 ' 'TERM while the table is locked ends it'
is "$HELD_left" 0 '  and what it asked of the server'

# shellcheck disable=SC2317 # called by status_is
full()
{
	repair "$@" >/dev/full
}
status_is 3 'a disk that is full' full "${RANGE[@]}"
status_is 141 'a reader that has gone ends it' \
    to_nobody repair "${RANGE[@]}" AAA
is "$(<"$T/err")" '' '  quietly'
load
broken
versions >"$T/before"
status_is 3 'a disk that is full, and broken candles' full "${RANGE[@]}"
status_is 141 'and a reader that has gone' to_nobody repair "${RANGE[@]}"
is "$(<"$T/err")" '' '  quietly'
versions >"$T/after"
same_file "$T/after" "$T/before" '  change nothing that is not said'
is "$(ls "$T/tmp")" '' 'no temporary files are left'

done_testing
