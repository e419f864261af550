#!/bin/bash
# Goal: init-db makes the tables from nothing, from itself and from an older
# schema, and the wider candles are what their minutes say.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/postgres.sh
. "$ROOT/tests/peers/postgres.sh"

peer_postgres_start "$T/pg"
export TICKPIPE_STACK="$T/none"

# Another zone than the servers', to see that nothing depends on it.
sql()
{
	PGTZ=Asia/Kolkata psql -XAtq -v ON_ERROR_STOP=1 -d "$DATABASE" "$@" 2>&1
}

init_db()
{
	"$ROOT/scripts/init-db"
}

status_is 0 'init-db on an empty database' init_db
is "$(<"$T/out")$(<"$T/err")" '' 'is silent'
peer_postgres_shape >"$T/first" || bail 'no shape'
status_is 0 'init-db again' init_db
is "$(<"$T/out")$(<"$T/err")" '' 'is silent too'
peer_postgres_shape >"$T/second" || bail 'no shape'
same_file "$T/second" "$T/first" 'and changes nothing'

is "$(sql -c "SELECT string_agg(a.attname, ',' ORDER BY k.n)
    FROM pg_index i, unnest(i.indkey) WITH ORDINALITY AS k (attnum, n)
    JOIN pg_attribute a USING (attnum)
    WHERE a.attrelid = i.indrelid AND i.indisprimary AND i.indrelid
	IN ('crypto_prices'::regclass, 'window_1m'::regclass)
    GROUP BY i.indrelid ORDER BY 1")" $'symbol,trade_id\nwindow_start,symbol' \
    'the primary keys are those of the contract'

# A line without quantity has no buyer either; without a price it is none.
check 'a trade without a quantity is stored' sql -c "INSERT INTO crypto_prices
    (symbol, trade_id, price, event_time, processed_time)
    VALUES ('A', 1, 1.50, now(), now())"
like "$(sql -c "INSERT INTO crypto_prices
    (symbol, trade_id, event_time, processed_time)
    VALUES ('A', 2, now(), now())")" 'violates not-null' \
    'a trade without a price is not'
is "$(sql -c "SELECT price FROM crypto_prices")" 1.50 \
    'a price keeps its digits'

# What another writer of the topic may send, between two good trades.
n=10
for line in '"symbol":"A","price":1.5' '"symbol":"A","price":"NaN"' \
    '"symbol":"A","price":"Infinity"' '"symbol":"A","price":0' \
    "\"symbol\":\"$(printf 'x%.0s' {1..9000})\",\"price\":1" \
    '"symbol":"","price":1' '"symbol":"B","price":2.5'; do
	printf '{%s,"trade_id":%d,"event_time":"%s","processed_time":"%s"}\n' \
	    "$line" $((++n)) 2024-07-18T00:00:00Z 2024-07-18T00:00:00Z
done >"$T/lines"
status_is 1 'rows beyond the bounds of the records are refused' pg-upsert \
    -d "$DATABASE" --ignore --rejects "$T/rejects" crypto_prices <"$T/lines"
is "$(jq -r .sqlstate "$T/rejects" | sort | uniq -c | tr -s ' ')" ' 5 23514' \
    'each by the check, none for ever'
is "$(sql -c "SELECT string_agg(symbol || price, ' ' ORDER BY trade_id)
    FROM crypto_prices WHERE trade_id > 10")" 'A1.5 B2.5' \
    'and the good ones around them are there'
sql -c 'DELETE FROM crypto_prices WHERE trade_id > 10'

# Minutes: A at 22:30 to 23:59 with a price that counts up; the last one open.
# B without quantities, one minute of it known, and a bucket's end missing.
sql -c "INSERT INTO window_1m
    SELECT t, t + interval '1 minute', 'A', 100 + n, 101 + n, 99 + n, 100.5 + n,
	0.10, 1.5, 0.05, 3, 3 * n + 1, 3 * n + 3, n < 89
    FROM generate_series(0, 89) AS n,
	LATERAL (SELECT timestamptz '2024-03-30 22:30Z'
	    + n * interval '1 minute') AS s (t)" -c "INSERT INTO window_1m
    (window_start, window_end, symbol, open, high, low, close, volume, trades,
	closed) VALUES
    ('2024-03-31 00:01Z', '2024-03-31 00:02Z', 'B', 1, 4, 1, 2, NULL, 1, true),
    ('2024-03-31 00:03Z', '2024-03-31 00:04Z', 'B', 2, 3, 0.5, 3, 7, 2, true),
    ('2024-03-31 00:46Z', '2024-03-31 00:47Z', 'B', 3, 3, 3, 3, 7, 1, true)"

candles()
{
	sql -F ' ' -c "SELECT to_char(window_start AT TIME ZONE 'UTC', 'DD HH24:MI'),
	    to_char(window_end AT TIME ZONE 'UTC', 'DD HH24:MI'), open, high, low,
	    close, coalesce(volume::text, '-'), trades,
	    coalesce(first_trade_id::text, '-'), coalesce(last_trade_id::text, '-'),
	    closed FROM $1 WHERE symbol = '$2' ORDER BY window_start"
}

is "$(candles window_1h A)" \
'30 22:00 30 23:00 100 130 99 129.5 3.00 90 1 90 t
30 23:00 31 00:00 130 190 129 189.5 6.00 180 91 270 f' \
    '1h: sums, ends and ids; open while its last minute is'
is "$(candles window_45m A)" \
'30 22:30 30 23:15 100 145 99 144.5 4.50 135 1 135 t
30 23:15 31 00:00 145 190 144 189.5 4.50 135 136 270 f' \
    '45m: begins at midnight UTC each day'
is "$(candles window_15m A | wc -l) $(candles window_5m A | wc -l)" '6 18' \
    '15m and 5m: as many as there must be'
is "$(candles window_5m A | tail -n 2)" \
'30 23:50 30 23:55 180 185 179 184.5 0.50 15 241 255 t
30 23:55 31 00:00 185 190 184 189.5 0.50 15 256 270 f' \
    '5m: the last two'
is "$(candles window_5m B)" \
'31 00:00 31 00:05 1 4 0.5 3 - 3 - - t
31 00:45 31 00:50 3 3 3 3 7 1 - - f' \
    'unknown in one minute is unknown in the whole; a later minute closes'
sql -c "UPDATE window_1m SET closed = true WHERE symbol = 'A'"
is "$(candles window_1h A | cut -d ' ' -f 13)" $'t\nt' \
    'the last minute closes the hour'
like "$(sql -c 'SET enable_seqscan = off' -c "EXPLAIN SELECT * FROM window_1h
    WHERE symbol = 'A' AND window_start >= '2024-03-30 23:00Z'")" \
    'Index Scan.*Index Cond: [^|]*date_bin' \
    'a stretch of time is found by the index'

# What an older job may have left: fewer columns, doubles, local times, no keys.
sql -c 'SET client_min_messages = warning' \
    -c 'DROP TABLE window_1m CASCADE; DROP TABLE crypto_prices' \
    -c 'CREATE TABLE window_1m (symbol text, window_start timestamp,
	open double precision, high numeric(20,8), low numeric, close numeric)' \
    -c "INSERT INTO window_1m VALUES ('A', '2024-03-30 22:30', 1.5, 2, 1, 2)" \
    -c 'CREATE VIEW window_5m AS SELECT symbol, open FROM window_1m'
status_is 0 'init-db over an older schema' init_db
is "$(sql -F ' ' -c "SELECT window_start = '2024-03-30 22:30Z',
    window_end - window_start, open, trades, closed FROM window_1m")" \
    't 00:01:00 1.5 0 f' 'keeps its rows, as versions that any other replaces'
sql -c 'TRUNCATE window_1m'
columns="SELECT table_name, column_name, data_type, is_nullable
    FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"
sql -c "$columns" >"$T/converted"
sql -c 'SET client_min_messages = warning' -c 'DROP TABLE window_1m CASCADE'
init_db
sql -c "$columns" >"$T/fresh"
same_file "$T/converted" "$T/fresh" 'and ends up with the same columns'

sql -c 'ALTER TABLE crypto_prices ALTER COLUMN quantity TYPE double precision'
status_is 0 'init-db mends a column below views and functions that are there' \
    init_db
sql -c "$columns" >"$T/mended"
same_file "$T/mended" "$T/fresh" 'they and the columns are what they were'
is "$(sql -c "SELECT count(*) FROM candles('A', '1h', NULL, NULL)")" 0 \
    'and so is candles()'

status_is 3 'init-db without a server' env \
    DATABASE="host=127.0.0.1 port=$(free_port) dbname=x user=x" \
    "$ROOT/scripts/init-db"
status_is 2 'init-db takes no operand' "$ROOT/scripts/init-db" now

done_testing
