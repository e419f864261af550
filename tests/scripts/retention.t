#!/bin/bash
# Goal: retention partitions crypto_prices by day without losing or doubling a
# row, makes the days to come and drops the old ones; pg-upsert, also one that
# runs meanwhile, fills it as before.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/postgres.sh
. "$ROOT/tests/peers/postgres.sh"

peer_postgres_start "$T/pg"
export TICKPIPE_STACK="$T/none"

sql()
{
	PGTZ=Asia/Kolkata PGOPTIONS='-c client_min_messages=warning' \
	    psql -XAtq -v ON_ERROR_STOP=1 -d "$DATABASE" -c "$1" 2>&1
}

# shellcheck disable=SC2317 # called by the helpers
retention()
{
	"$ROOT/scripts/retention" "$@"
}

# day N: the date N days from today, in UTC; dates must not change under way.
if ((10#$(date -u +%H%M) >= 2355)); then
	sleep 310
fi
day()
{
	date -u -d "$1 days" +%Y%m%d
}

# ticks SYMBOL FROM TO DAY: trades with these ids, a second apart, at noon.
ticks()
{
	awk -v symbol="$1" -v from="$2" -v to="$3" \
	    -v day="$(date -u -d "$4 days" +%F)" 'BEGIN {
		for (i = from; i <= to; i++) {
			time = sprintf("%sT12:%02d:%02dZ", day, i / 60 % 60,
			    i % 60)
			printf "{\"symbol\":\"%s\",\"trade_id\":%d,\"price\":" \
			    "1.50,\"quantity\":1,\"event_time\":\"%s\"," \
			    "\"processed_time\":\"%s\",\"buyer_maker\":true}\n",
			    symbol, i, time, time
		} }'
}

upsert()
{
	pg-upsert -d "$DATABASE" --ignore crypto_prices
}

# shellcheck disable=SC2317
count_is()
{
	[[ $(sql 'SELECT count(*) FROM crypto_prices') == "$1" ]]
}

# parts: the days of the table, and how many rows each has.
parts()
{
	sql "SELECT string_agg(right(p::text, 8) || ':' || n, ' ' ORDER BY p::text)
	    FROM (SELECT p.oid::regclass AS p, count(t.tableoid) AS n
	    FROM pg_inherits JOIN pg_class p ON p.oid = inhrelid
	    LEFT JOIN crypto_prices t ON t.tableoid = p.oid
	    WHERE inhparent = 'crypto_prices'::regclass GROUP BY 1) AS parts"
}

status_is 2 'without the table' retention
like "$(<"$T/err")" 'run scripts/init-db' 'is said'
"$ROOT/scripts/init-db" || bail 'no tables'
status_is 0 'an empty table' retention --ahead 1
is "$(<"$T/out")" "partitioned crypto_prices
made crypto_prices_$(day 0)
made crypto_prices_$(day 1)" 'has today and the days to come'
is "$(<"$T/err")" '' 'and nothing else is said'
peer_postgres_shape >"$T/first" || bail 'no shape'
status_is 0 'again' retention --ahead 1
is "$(<"$T/out")$(<"$T/err")" '' 'there is nothing to do'
status_is 0 'init-db after it' "$ROOT/scripts/init-db"
is "$(<"$T/out")$(<"$T/err")" '' 'is silent'
peer_postgres_shape >"$T/second" || bail 'no shape'
same_file "$T/second" "$T/first" 'and changes nothing'

# Rows of a table as it was: what is in it, and who may read it.
sql 'DROP TABLE crypto_prices CASCADE'
"$ROOT/scripts/init-db" || bail 'no tables'
sql 'GRANT SELECT ON crypto_prices TO PUBLIC'
for n in -9 -3 -1 0; do
	ticks A "$((n * 100 + 1001))" "$((n * 100 + 1050))" "$n"
done >"$T/all"
upsert <"$T/all"
# One that runs while the table changes below it.
mkfifo "$T/feed"
pg-upsert -d "$DATABASE" --ignore crypto_prices <"$T/feed" 2>"$T/running" &
pid=$!
exec 7>"$T/feed"
ticks B 1 10 0 >&7
wait_for 30 count_is 210
ok $? 'pg-upsert has written to the table'
content='SELECT * FROM crypto_prices ORDER BY symbol, trade_id'
sql "$content" >"$T/before"
status_is 0 'a table with rows' retention --ahead 2
sql "$content" >"$T/after"
same_file "$T/after" "$T/before" 'has the same rows'
is "$(parts)" "$(day -9):50 $(day -3):50 $(day -1):50 $(day 0):60 $(day 1
    ):0 $(day 2):0 _default:0" 'each in its day'
is "$(sql "SELECT string_agg(grantee || ' ' || privilege_type, ',' ORDER BY
    grantee, privilege_type) FROM information_schema.role_table_grants
    WHERE table_name = 'crypto_prices' AND grantee <> 'tickpipe'")" \
    'PUBLIC SELECT,tickpipe_reader SELECT,tickpipe_writer INSERT,'\
'tickpipe_writer SELECT,tickpipe_writer UPDATE' 'and the same readers'
ticks B 11 20 0 >&7
wait_for 60 count_is 220
ok $? 'the pg-upsert that ran meanwhile goes on'
exec 7>&-
wait "$pid"
is $? 0 'and ends in order'
like "$(<"$T/running")" '42P10; trying again' 'it has said what it met'
like "$(<"$T/running")" 'works again' 'and that it is over'

# The loader, as before: twice the same, mixed with new ones, and bad rows.
status_is 0 'trades that are there' upsert <"$T/all"
is "$(sql 'SELECT count(*) FROM crypto_prices')" 220 'change nothing'
{ ticks A 1 10 -1; head -n 1 "$T/all"; ticks A 1 10 -1; } >"$T/mixed"
status_is 0 'among new ones, that come twice' upsert <"$T/mixed"
is "$(sql 'SELECT count(*) FROM crypto_prices')" 230 'they count once'
sed 's/"price":1.50/"price":0/' <(ticks C 1 1 0) >"$T/bad"
status_is 1 'a row beyond the bounds' upsert <"$T/bad"
like "$(<"$T/err")" 'check constraint "crypto_prices_bounds"' 'is refused by the table as before'
status_is 0 'by the role that writes' pg-upsert --ignore \
    -d "$(postgres_conninfo "$T/pg" tickpipe_writer)" crypto_prices \
    < <(ticks A 2001 2010 0)
is "$(psql -XAt -d "$(postgres_conninfo "$T/pg" tickpipe_reader)" \
    -c 'SELECT count(*) FROM crypto_prices')" 240 'and read by the other'

# Rows of days that are not there wait in the default partition.
{ ticks A 3001 3005 -20; ticks A 3006 3010 -2; ticks A 3011 3020 5; } |
    upsert
is "$(parts)" "$(day -9):50 $(day -3):50 $(day -1):60 $(day 0):80 $(day 1
    ):0 $(day 2):0 _default:20" 'rows of other days are kept'
status_is 0 'until the next run' retention --keep 3 --ahead 5
is "$(<"$T/out")" "dropped crypto_prices_$(day -9)
made crypto_prices_$(day -2)
made crypto_prices_$(day 3)
made crypto_prices_$(day 4)
made crypto_prices_$(day 5)" 'which makes their days and drops the old ones'
is "$(parts)" "$(day -3):50 $(day -2):5 $(day -1):60 $(day 0):80 $(day 1
    ):0 $(day 2):0 $(day 3):0 $(day 4):0 $(day 5):10 _default:0" \
    'with their rows, and without what is older'
status_is 0 'the same again' retention --keep 3 --ahead 5
is "$(<"$T/out")$(<"$T/err")" '' 'does nothing'

# From a plain table, what is old is not even copied.
sql 'DROP TABLE crypto_prices CASCADE'
"$ROOT/scripts/init-db" || bail 'no tables'
upsert <"$T/all"
status_is 0 'a first run that drops' retention --keep 1 --ahead 0
is "$(parts)" "$(day -1):50 $(day 0):50 _default:0" 'keeps what is asked for'
is "$(sql "SELECT count(*) FROM pg_class c WHERE relkind = 'r' AND reloptions
    @> ARRAY['autovacuum_vacuum_insert_threshold=200000']")" 3 \
    'each part is vacuumed as the table was'

# A signal while others hold the table.
parts >"$T/before"
peer_postgres_hold crypto_prices "$ROOT/scripts/retention" --keep 0
is "$HELD_status $(<"$T/err")" '143 ' 'TERM while the table is locked ends it'
is "$HELD_left" 0 'and what it asked of the server'
parts >"$T/after"
same_file "$T/after" "$T/before" 'so that nothing is dropped afterwards'

# A reader who stays holds it up, but not for ever.
psql -XAtq -d "$DATABASE" -c 'BEGIN' -c 'SELECT count(*) FROM crypto_prices' \
    -c 'SELECT pg_sleep(60)' >"$T/reader" 2>&1 &
pid=$!
wait_for 30 test -s "$T/reader"
status_is 3 'a day that somebody reads' retention --keep 0
like "$(<"$T/err")" 'lock timeout' 'is not waited for without end'
kill "$pid"
sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE query LIKE '%pg_sleep(60)' AND pid <> pg_backend_pid()" >"$T/ended"
status_is 0 'and goes at the next run' retention --keep 0 --ahead 0
is "$(<"$T/out")" "dropped crypto_prices_$(day -1)" 'as it should'

status_is 3 'without a server' env \
    DATABASE="host=127.0.0.1 port=$(free_port) dbname=x user=x" \
    "$ROOT/scripts/retention"
peer_postgres_refuses "$ROOT/scripts/retention"
status_is 2 'another table of ticks' env TABLE_TICKS=my_ticks \
    "$ROOT/scripts/retention"
like "$(<"$T/err")" 'crypto_prices alone, not my_ticks' 'is said'
for wrong in --keep '--keep x' '--keep -1' '--ahead 1.5' now; do
	# shellcheck disable=SC2086 # an option and its value
	status_is 2 "wrong use: $wrong" retention $wrong
done
status_is 0 'help' retention --help
like "$(<"$T/out")" '^usage: scripts/retention' 'is on stdout'

done_testing
