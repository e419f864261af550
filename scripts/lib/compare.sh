# shellcheck shell=bash
# Whether tables hold what lines say: for the demo and the tests. Sourced; uses
# DATABASE. PostgreSQL reads the lines itself: nothing of tickpipe has a hand in
# it.

# compare_sql ARGUMENT...: psql for scripts.
compare_sql()
{
	psql -XAtq -v ON_ERROR_STOP=1 -d "$DATABASE" "$@"
}

# compare_load NAME <LINES: makes the table NAME of NDJSON lines.
compare_load()
{
	# A quote and a delimiter that no line of JSON can hold.
	compare_sql -c 'SET client_min_messages = warning' \
	    -c "DROP TABLE IF EXISTS $1; CREATE TABLE $1 (line jsonb)" &&
	    compare_sql -c "COPY $1 FROM STDIN
		(FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')"
}

# compare_differ TABLE NAME [COLUMNS [CONDITION]]: prints how many rows are in
# one of them alone, judging by COLUMNS (of r; all) where CONDITION (true).
compare_differ()
{
	local columns=${3:-r.*} condition=${4:-true}

	compare_sql -c "WITH
	    have AS (SELECT $columns FROM $1 r WHERE $condition),
	    want AS (SELECT $columns
		FROM $2, jsonb_populate_record(NULL::$1, line) r
		WHERE $condition)
	    SELECT count(*) FROM (
		(TABLE have EXCEPT ALL TABLE want) UNION ALL
		(TABLE want EXCEPT ALL TABLE have)) d"
}

# The columns of a tick that the exchange decides.
# shellcheck disable=SC2034 # for whoever sources this
COMPARE_TICK='symbol, trade_id, price, quantity, event_time, buyer_maker'

# compare_received <LOG: the records of the exchange simulator's log, which
# nobody had received yet, with a processed_time.
compare_received()
{
	sed 's/"event_time":\("[^"]*"\)/&,"processed_time":\1/'
}
