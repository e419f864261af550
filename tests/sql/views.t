#!/bin/bash
# Goal: the wider candles of the views and of candles() are those that
# ohlc-window makes of the same trades, in every column; gaps and
# window_1m_whole find each trade that is missing and no other; and a stretch of
# time of one symbol is read through an index.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/postgres.sh
. "$ROOT/tests/peers/postgres.sh"

peer_postgres_start "$T/pg"
export TICKPIPE_STACK="$T/none"
export PGOPTIONS='-c client_min_messages=warning'

# A zone whose clocks change at the end of March: nothing depends on it.
sql()
{
	PGTZ=Europe/Berlin psql -XAtq -v ON_ERROR_STOP=1 -d "$DATABASE" "$@" 2>&1
}

"$ROOT/scripts/init-db" || bail 'init-db failed'

# A day of five symbols. With a trade every 20 s in the mean, minutes without
# any are among them; without quantities, and without ids, two symbols more.
"$BUILD/tests/bench/gentrades" -n 20000 -r 3 >"$T/trades"
grep BNBUSDT "$T/trades" | jq -c '.symbol = "NOQUANTITY" |
    if .trade_id % 50 == 0 then del(.quantity, .buyer_maker) else . end' \
    >"$T/more"
grep XRPUSDT "$T/trades" | jq -c '.symbol = "NOID" | del(.trade_id)' >>"$T/more"
cat "$T/more" >>"$T/trades"
ohlc-window "$T/trades" >"$T/minutes"
check 'minutes are stored' pg-upsert -d "$DATABASE" --newer trades,closed \
    window_1m <"$T/minutes"
sql -c 'ANALYZE window_1m'

columns='window_start, window_end, symbol, open, high, low, close, volume,
    quote_volume, taker_buy_volume, trades, first_trade_id, last_trade_id'

# differ TABLE SOURCE COLUMNS: the rows that only one of the two has.
differ()
{
	sql -c "(SELECT '>', $3 FROM $1 EXCEPT SELECT '>', $3 FROM $2)
	    UNION ALL
	    (SELECT '<', $3 FROM $2 EXCEPT SELECT '<', $3 FROM $1)" | head -n 5
}

# compare WIDTH SOURCE: by ohlc-window once from trades and once from minutes.
# From trades `closed` is that of ohlc-window but for each symbol's last candle
# (ohlc-window(1), "Candles from candles"); from minutes it always is.
compare()
{
	local width=$1 source=$2 count

	sql -c "DROP TABLE IF EXISTS by_trades, by_minutes" \
	    -c 'CREATE TABLE by_trades (LIKE window_1m INCLUDING INDEXES)' \
	    -c 'CREATE TABLE by_minutes (LIKE window_1m INCLUDING INDEXES)'
	ohlc-window -w "$width" "$T/trades" |
	    pg-upsert -d "$DATABASE" by_trades
	ohlc-window -w "$width" "$T/minutes" |
	    pg-upsert -d "$DATABASE" by_minutes
	count=$(sql -c 'SELECT count(*) > 6 FROM by_trades')
	is "$(differ by_trades "$source" "$columns")$count" t \
	    "$source is ohlc-window -w $width in every column"
	is "$(differ by_minutes "$source" "$columns, closed")" '' \
	    "$source is ohlc-window -w $width of the minutes, closed included"
	is "$(differ "by_trades WHERE $not_last" "$source WHERE $not_last" \
	    'window_start, symbol, closed')" '' \
	    'and of the trades, but for the last candle of a symbol'
}

# for one of two tables whose newest rows do not count
not_last="(symbol, window_start) NOT IN (SELECT symbol, max(window_start)
    FROM by_trades GROUP BY symbol)"

# every WIDTH: candles() of all symbols.
every()
{
	printf '%s' "(SELECT c.* FROM (SELECT DISTINCT symbol FROM window_1m) s,
	    candles(s.symbol, '$1', '-infinity', 'infinity') c) AS every"
}

for width in 5m 15m 45m 1h; do
	compare "$width" "window_$width"
done
for width in 1m 5m 45m 3h 1d; do
	sql -c "DROP TABLE IF EXISTS called" \
	    -c "CREATE TABLE called AS SELECT * FROM $(every "${width/%m/ min}")"
	compare "$width" called
done

# The bounds are those of window_start, whatever they are themselves.
starts()
{
	sql -F ' ' -c "SELECT to_char(window_start AT TIME ZONE 'UTC', 'HH24:MI')
	    FROM candles('BTCUSDT', $1) ORDER BY window_start" | tr '\n' ' '
}
is "$(starts "'45m', '2024-07-18 01:30Z', '2024-07-18 03:45Z'")" \
    '01:30 02:15 03:00 ' 'candles(): from is inclusive, to is exclusive'
is "$(starts \
    "'45m', '2024-07-18 00:00:00.000001Z', '2024-07-18 01:30:00.1Z'")" \
    '00:45 01:30 ' 'between starts: the next one'
is "$(starts "'11m', '2024-07-18 00:00Z', '2024-07-18 00:13Z'")" \
    '00:01 00:12 ' 'a width that does not divide the day is aligned to 1970'
is "$(starts "'8h', NULL, NULL")" '00:00 08:00 16:00 ' \
    'without a bound: all there is'
is "$(sql -c "SELECT count(*) FROM candles('it''s', '1h', '-infinity',
    NULL)")" 0 'no candles of a symbol that is not there'
is "$(sql -c "SELECT count(*) FROM candles(symbol => 'BTCUSDT', width => '1h',
    \"from\" => '2024-07-18 05:00Z', \"to\" => '2024-07-18 05:00Z')")" 0 \
    'nor of an empty stretch; arguments have names'
for width in '90 s' '0' '-1 h' '1 month'; do
	like "$(sql -c "SELECT * FROM candles('A', '$width', NULL, NULL)")" \
	    'the width of a candle is a multiple of a minute' \
	    "a width of $width is refused"
done
is "$(sql -F ' ' -c "INSERT INTO window_1m SELECT t, t + interval '1 minute',
	'SPRING', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, true
	FROM generate_series(timestamptz '2024-03-30 00:00Z',
	    '2024-03-31 23:59Z', interval '1 minute') t" \
    -c "SELECT extract(epoch FROM window_start) % 86400,
    extract(epoch FROM window_end - window_start), trades
    FROM candles('SPRING', '1 day', NULL, NULL)" | tr '\n' ' ')" \
    '0.000000 86400.000000 1440 0.000000 86400.000000 1440 ' \
    'a day has 24 hours, also where clocks change'

# Ids 1 to 10, 11 to 20 ... a minute; then trades are taken away. B's neighbours
# in time lie between those of A.
minute()
{
	sql -c "INSERT INTO window_1m VALUES
	    ('2024-01-01 00:$2Z', timestamptz '2024-01-01 00:$2Z'
	    + interval '1 minute', '$1', 1, 1, 1, 1, 1, 1, 1, $3, $4, $5, true)"
}
minute A 00 10 1 10
minute A 01 8 11 20	# two inside
minute A 02 10 21 30
minute A 04 4 36 39	# none at 03, which had 31 to 35
minute A 05 10 40 49
minute A 06 7 51 60	# 50 between, three inside
minute B 00 1 5 5
minute B 03 1 6 6
minute C 00 1 NULL NULL	# no ids
minute C 01 1 NULL NULL

is "$(sql -F ' ' -c "SELECT symbol, first_missing_id, last_missing_id, missing,
    to_char(after_time AT TIME ZONE 'UTC', 'MI'),
    to_char(before_time AT TIME ZONE 'UTC', 'MI')
    FROM gaps WHERE symbol IN ('A', 'B', 'C') ORDER BY 1, 2")" \
'A 12 19 2 01 02
A 31 35 5 02 05
A 50 50 1 05 07
A 52 59 3 06 07' 'gaps: inside candles and between them, with their times'
is "$(sql -c "SELECT count(*) FROM gaps WHERE symbol LIKE '%USDT'")" 0 \
    'and none where nothing is missing'
is "$(sql -F ' ' -c "SELECT symbol, string_agg(coalesce(left(whole::text, 1),
    '-'), '' ORDER BY window_start) FROM window_1m_whole
    WHERE symbol IN ('A', 'B', 'C') GROUP BY 1 ORDER BY 1")" \
'A -fffff
B --
C --' 'window_1m_whole: what misses a trade, or may, at either end'
sql -c "UPDATE window_1m SET trades = 10 WHERE symbol = 'A'
	AND first_trade_id = 11"
is "$(sql -F ' ' -c "SELECT string_agg(coalesce(left(whole::text, 1), '-'), ''
    ORDER BY window_start) FROM window_1m_whole WHERE symbol = 'A'")" \
    -tffff 'a candle that is mended is whole'
is "$(sql -c "SELECT count(*) FILTER (WHERE whole), count(*)
    FILTER (WHERE NOT whole), count(*) FILTER (WHERE whole IS NULL)
    FROM window_1m_whole WHERE symbol = 'BTCUSDT'")" \
    "$(jq -rn '[inputs | select(.symbol == "BTCUSDT")] | length - 2' \
    "$T/minutes")|0|2" 'all but the first and the last of an undisturbed run'

# Enough minutes that reading them all would cost more.
sql -c "INSERT INTO window_1m SELECT t, t + interval '1 minute', s, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, true
	FROM unnest(ARRAY['P', 'Q', 'R', 'S']) s, generate_series(
	    timestamptz '2024-05-01 00:00Z', '2024-05-11', '1 minute') t" \
    -c 'VACUUM ANALYZE window_1m'

# plan QUERY: how it is read, on one line.
plan()
{
	sql -c "EXPLAIN $1" | tr -s '\n ' ' '
}
# by_index NAME QUERY COLUMN: symbol and both ends of the stretch are the
# condition of an index, and nothing is read in full.
by_index()
{
	local got both="[^~]*>=[^~]*$3[^~]*<"

	got=$(plan "$2")
	like "$got" "Index Cond: \(\(symbol = 'Q'::text\) AND [^:]*$3$both" \
	    "$1: a symbol's stretch of time is found by the index"
	unlike "$got" 'Seq Scan' 'and no table is read in full'
}
for width in 5m 15m 45m 1h; do
	by_index "window_$width" "SELECT * FROM window_$width WHERE symbol = 'Q'
	    AND window_start >= '2024-05-03 00:00Z'
	    AND window_start < '2024-05-03 05:00Z'" date_bin
done
by_index 'candles()' "SELECT * FROM candles('Q', '45m', '2024-05-03 00:00Z',
    '2024-05-03 05:00Z')" window_start
by_index gaps "SELECT * FROM gaps WHERE symbol = 'Q'
    AND after_time >= '2024-05-03 00:00Z'
    AND after_time < '2024-05-04 00:00Z'" window_start
by_index window_1m_whole "SELECT * FROM window_1m_whole WHERE symbol = 'Q'
    AND window_start >= '2024-05-03 00:00Z'
    AND window_start < '2024-05-04 00:00Z'" window_start

done_testing
