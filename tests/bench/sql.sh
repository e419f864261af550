# shellcheck shell=bash
# What a dashboard asks of the tables, and how long that takes when they are
# large; sourced by tests/bench/run. The rows are made inside PostgreSQL: the
# time is that of the queries, planning included, as the server itself tells
# (EXPLAIN ANALYZE); the median of RUNS, for the role that only reads, with a
# warm cache.

SQL_BAR_MS=100

# sql_run CONNINFO ARGUMENT...
sql_run()
{
	psql -XAtq -v ON_ERROR_STOP=1 -d "$@" 2>"$T/bench.err" </dev/null ||
	    { diag_file "$T/bench.err"; return 1; }
}

# sql_fill TABLE QUERY: its rows anew. The indexes are made after them, by the
# schema, as fast as that goes.
sql_fill()
{
	sql_run "$DATABASE" -c "SET client_min_messages = warning" \
	    -c "DROP TABLE IF EXISTS $1 CASCADE" &&
	sql_run "$DATABASE" -f "$ROOT/sql/schema.sql" &&
	sql_run "$DATABASE" -c "ALTER TABLE $1 DROP CONSTRAINT $1_pkey" \
	    -c "SET client_min_messages = warning" \
	    -c "DROP INDEX IF EXISTS $1_symbol_time, $1_symbol_start, $1_time" \
	    -c "INSERT INTO $1 $2" &&
	sql_run "$DATABASE" -f "$ROOT/sql/schema.sql" \
	    -f "$ROOT/sql/views.sql" -f "$ROOT/sql/roles.sql" &&
	sql_run "$DATABASE" -c "VACUUM ANALYZE $1"
}

# sql_candles SYMBOLS: CANDLES minutes of so many symbols, up to $sql_end, whole
# but for one trade in a thousand minutes.
sql_candles()
{
	sql_fill window_1m "SELECT t, t + interval '1 minute', symbol,
	    60000.01 + n % 977, 60010.50 + n % 977, 59990.25 + n % 977,
	    60000.75 + n % 977, 12.34567890 + n % 7, 741234.12345678 + n % 11,
	    6.12340000 + n % 5, 900 - (n % 1000 = 0)::int,
	    9e9::bigint - 900::bigint * n - 899,
	    9e9::bigint - 900::bigint * n, true
	    FROM generate_series(0, $CANDLES / $1 - 1) AS n,
		LATERAL (SELECT timestamptz '$sql_end'
		    - (n + 1) * interval '1 minute') AS m (t),
		LATERAL (SELECT CASE i WHEN 1 THEN 'BTCUSDT'
		    ELSE 'SYM' || i || 'USDT' END
		    FROM generate_series(1, $1) AS i) AS s (symbol)"
}

# sql_ticks: TICKS trades of 20 symbols in ten days; every second one is
# BTCUSDT's.
sql_ticks()
{
	sql_fill crypto_prices "SELECT CASE WHEN n % 2 = 0 THEN 'BTCUSDT'
	    ELSE 'SYM' || n / 2 % 19 || 'USDT' END, n, 60000.01 + n % 977,
	    0.00123000 + n % 7, t, t + interval '12 ms', n % 3 = 0
	    FROM generate_series(1, $TICKS) AS n,
		LATERAL (SELECT timestamptz '$sql_end' - interval '10 days'
		    + n * (interval '10 days' / $TICKS)) AS m (t)"
}

# sql_query TEXT QUERY: its row of the table.
sql_query()
{
	local i ms=''

	for ((i = 0; i < RUNS + 2; i++)); do
		echo "EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) $2;"
	done >"$T/queries"
	if ! sql_run "$sql_reader" -f "$T/queries" >"$T/plans" ||
	    ! sql_run "$sql_reader" -c "SELECT count(*) FROM ($2) AS rows" \
	    >"$T/rows"; then
		printf '%-40s failed\n' "$1"
		return 1
	fi
	# The first two have warmed the cache.
	ms=$(awk '/^Planning Time/ { plan = $3 }
		/^Execution Time/ && ++n > 2 { print plan + $3 }' "$T/plans" |
	    sort -n | awk '{ a[NR] = $1 }
		END { print a[int((NR + 1) / 2)], a[1], a[NR] }')
	awk -v text="$1" -v rows="$(<"$T/rows")" -v ms="$ms" \
	    -v bar="$SQL_BAR_MS" 'BEGIN {
		split(ms, m, " ")
		printf "%-40s %5d %8.2f  %-15s  bar %d: %s\n", text, rows,
		    m[1], sprintf("%.2f..%.2f", m[2], m[3]), bar,
		    m[1] <= bar ? "met" : "missed" }'
}

# sql_ago INTERVAL: that long before the newest row.
sql_ago()
{
	printf "timestamptz '%s' - interval '%s'" "$sql_end" "$1"
}

sql_heading()
{
	printf '\n%-40s %5s %8s  %s\n' "$1" rows ms least..most
}

# sql_wide COUNT MINUTES NAME: so many candles of a view, and of the function.
sql_wide()
{
	local from status=0

	from=$(sql_ago "$(($1 * $2)) min")
	sql_query "$1 candles of $3, the view" "SELECT * FROM window_$3
	    WHERE symbol = 'BTCUSDT' AND window_start >= $from
	    ORDER BY window_start" || status=1
	sql_query "$1 candles of $3, candles()" "SELECT *
	    FROM candles('BTCUSDT', '$2 min', $from, '$sql_end')
	    ORDER BY window_start" || status=1
	return "$status"
}

# Whatever is asked of candles.
sql_candle_queries()
{
	local status=0 of="symbol = 'BTCUSDT' AND" day

	day=$(sql_ago '1 day')
	sql_query '500 candles of 1m' "SELECT * FROM window_1m WHERE $of
	    window_start >= $(sql_ago '500 min') ORDER BY window_start" ||
	    status=1
	sql_wide 500 5 5m || status=1
	sql_wide 500 15 15m || status=1
	sql_wide 500 45 45m || status=1
	sql_wide 500 60 1h || status=1
	sql_query '300 candles of 2h, candles()' "SELECT *
	    FROM candles('BTCUSDT', '2 h', $(sql_ago '600 h'), '$sql_end')" ||
	    status=1
	sql_query 'trades a minute, of a day' "SELECT window_start, trades
	    FROM window_1m WHERE $of window_start >= $day
	    ORDER BY window_start" || status=1
	sql_query 'the gaps of a day' "SELECT * FROM gaps WHERE $of
	    after_time >= $day ORDER BY after_time" || status=1
	sql_query 'candles of a day that are not whole' "SELECT *
	    FROM window_1m_whole WHERE $of window_start >= $day AND NOT whole
	    ORDER BY window_start" || status=1
	sql_query 'the list of symbols' "$(sql_symbols window_1m)" || status=1
	return "$status"
}

# sql_symbols TABLE: each symbol by one look into the index.
sql_symbols()
{
	printf '%s' "WITH RECURSIVE s AS (
	    (SELECT symbol FROM $1 ORDER BY symbol LIMIT 1)
	    UNION ALL SELECT (SELECT symbol FROM $1 WHERE symbol > s.symbol
		ORDER BY symbol LIMIT 1) FROM s WHERE s.symbol IS NOT NULL)
	    SELECT symbol FROM s WHERE symbol IS NOT NULL"
}

# Whatever is asked of ticks.
sql_tick_queries()
{
	local status=0 of="symbol = 'BTCUSDT' AND"

	sql_query 'price line of 15 minutes' "SELECT event_time, price
	    FROM crypto_prices WHERE $of event_time >= $(sql_ago '15 min')
	    ORDER BY event_time" || status=1
	sql_query 'the last price' "SELECT price FROM crypto_prices
	    WHERE $of true ORDER BY event_time DESC LIMIT 1" || status=1
	sql_query 'newest event_time of a symbol' "SELECT max(event_time)
	    FROM crypto_prices WHERE $of true" || status=1
	sql_query 'newest event_time of all' "SELECT max(newest)
	    FROM ($(sql_symbols crypto_prices)) AS s, LATERAL (
	    SELECT event_time AS newest FROM crypto_prices
	    WHERE symbol = s.symbol ORDER BY event_time DESC LIMIT 1) AS n" ||
	    status=1
	sql_query 'trades a minute, of 15 minutes of ticks' "SELECT
	    date_bin('1 min', event_time, '1970-01-01 00:00Z'), count(*)
	    FROM crypto_prices WHERE $of event_time >= $(sql_ago '15 min')
	    GROUP BY 1 ORDER BY 1" || status=1
	return "$status"
}

# sql_dashboard: the dashboard's own queries, on a screen of 500 candles of the
# narrowest and of the widest timeframe.
sql_dashboard()
{
	local status=0 timeframe minutes end name

	end=$(date -d "$sql_end" +%s)
	for timeframe in '1m 1' '1h 60'; do
		read -r timeframe minutes <<<"$timeframe"
		mkdir -p "$T/dashboard"
		"$ROOT/tests/grafana/expand" \
		    "$ROOT/grafana/dashboards/tickpipe.json" "$T/dashboard" \
		    "$(((end - 500 * 60 * minutes) * 1000))" "${end}000" \
		    symbol=BTCUSDT "timeframe=$timeframe" >"$T/names" || return
		while read -r name; do
			sql_query "dashboard, $timeframe: $name" \
			    "$(<"$T/dashboard/$name.sql")" || status=1
		done <"$T/names"
	done
	return "$status"
}

sql()
{
	local status=0 sql_end='2026-01-01 00:00Z' sql_reader

	# shellcheck source=tests/peers/postgres.sh
	. "$ROOT/tests/peers/postgres.sh"
	[[ -z $(postgres_missing) ]] || return
	room $((CANDLES / 1700 + TICKS / 3000 + 2000)) || return
	peer_postgres_start "$T/pg" max_wal_size=4GB shared_buffers=1GB \
	    maintenance_work_mem=256MB
	sql_reader=$(postgres_conninfo "$T/pg" tickpipe_reader)
	printf 'sql: planning and execution, %s runs each, %s cores\n' \
	    "$RUNS" "$(nproc)"

	sql_candles 1 && sql_heading "$CANDLES minutes of one symbol" &&
	    sql_candle_queries || status=1
	sql_candles "$SYMBOLS" &&
	    sql_heading "$CANDLES minutes of $SYMBOLS symbols" &&
	    sql_candle_queries || status=1
	sql_ticks && sql_heading "$TICKS ticks of 20 symbols in ten days" &&
	    sql_tick_queries && sql_dashboard || status=1
	TICKPIPE_STACK=$T/none "$ROOT/scripts/retention" >"$T/bench.out" \
	    2>"$T/bench.err" && sql_run "$DATABASE" -c 'VACUUM ANALYZE' &&
	    sql_heading 'the same, partitioned by day' &&
	    sql_tick_queries || status=1
	sql_candles 1 &&
	    sql_heading "these, and $CANDLES minutes of one symbol" &&
	    sql_dashboard || status=1
	return "$status"
}
