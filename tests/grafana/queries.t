#!/bin/bash
# Goal: every query of the dashboard, as Grafana sends it, gives the columns its
# panel needs and the right rows in the order of time, whatever the symbol is
# called and whatever the URL holds.
#
# Variables go through ${...:percentencode} alone and are decoded in SQL. With
# ${...:sqlstring} a text from the URL would reach the macros, which know no
# quotes (expand.t shows it), and current releases make \" of a double quote.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/postgres.sh
. "$ROOT/tests/peers/postgres.sh"
need perl jq

HERE=$ROOT/tests/grafana
# Two hours of 2025-02-01 UTC, as the browser sends them.
FROM=1738368000000
TO=1738375200000

# shellcheck disable=SC2016,SC1003 # names, whatever they look like
SYMBOLS=(BTCUSDT "O'BRIEN" 'A"B' '\' "\\'" '\0041' "''" '"; SELECT 1'
    "'; DROP TABLE window_1m; --" '--' '/*' '$$' '$1' '$x(y)' '$__timeFrom()'
    '$__unixEpochFilter(true OR' '${__from}' '[[symbol]]' '%' '%27' 'A+B' 'A B'
    'é' '币安人生USDT')

# sql ARGUMENT...: as the owner of the tables.
sql()
{
	psql -XAtq -v ON_ERROR_STOP=1 -d "$DATABASE" "$@" 2>&1
}

# grafana ARGUMENT...: as the dashboard's role, which can only read, with a zone
# and a date style of its own to see that nothing depends on them.
grafana()
{
	PGOPTIONS="-c role=$READER -c default_transaction_read_only=on
	    -c timezone=America/St_Johns -c datestyle=German" \
	    psql -XAtq -v ON_ERROR_STOP=1 -F ' ' -d "$DATABASE_ADMIN" "$@" 2>&1
}

# expand SYMBOL TIMEFRAME [FROM TO]: all queries, to $T/sql.
expand()
{
	rm -rf "$T/sql" && mkdir "$T/sql" &&
	"$HERE/expand" "$ROOT/grafana/dashboards/tickpipe.json" "$T/sql" \
	    "${3:-$FROM}" "${4:-$TO}" "symbol=$1" "timeframe=$2" >"$T/names"
}

# What is shown of each query's rows; times as the browser gets them.
MS='(extract(epoch FROM %s) * 1000)::bigint'
# shellcheck disable=SC2059 # a format it is
in_ms()
{
	printf "$MS" "$1"
}
declare -A SHOWN=(
	[Candles]="$(in_ms '"time"'), trim_scale(open), trim_scale(high),
	    trim_scale(low), trim_scale(close), trim_scale(volume)"
	['Live price']="$(in_ms '"time"'), price"
	['Last price']="$(in_ms '"time"'), \"last price\""
	[Change]='trim_scale(round(change, 4))'
	['Missing trades']='missing'
	['Trades a minute']="$(in_ms '"time"'),
	    trim_scale(\"trades a minute\")"
	[Gaps]="$(in_ms after), $(in_ms before), missing, \"first id\",
	    \"last id\""
)

# rows NAME [COLUMNS]: what the expanded query gives.
rows()
{
	grafana -c "SELECT ${2:-${SHOWN[$1]}} FROM ($(<"$T/sql/$1.sql")) AS q"
}

# all_rows: those of every query with a symbol, each under its name.
all_rows()
{
	local name arguments=()

	for name in "${!SHOWN[@]}"; do
		arguments+=(-c "\\echo $name" -c "SELECT ${SHOWN[$name]}
		    FROM ($(<"$T/sql/$name.sql")) AS q")
	done
	grafana "${arguments[@]}"
}

# trades: two hours of every symbol, one trade in 30 s; each has prices of its
# own, and ids 100 to 104 are missing.
# shellcheck disable=SC2317 # called by check
trades()
{
	printf '%s\n' "${SYMBOLS[@]}" | jq -R . | jq -c --slurp 'to_entries[]
	    | .key as $n | .value as $symbol
	    | range(240) | select(. < 100 or . > 104)
	    | {symbol: $symbol, price: (100 * ($n + 1) + . * 7 % 23 + 0.25),
		event_time: (1738368000 + . * 30 | todate),
		processed_time: (1738368001 + . * 30 | todate),
		quantity: (1 + . % 3 + 0.5), trade_id: .,
		buyer_maker: (. % 2 == 0)}'
}

# shellcheck disable=SC2317 # called by check
load()
{
	trades >"$T/trades" &&
	ohlc-window "$T/trades" >"$T/1m" &&
	pg-upsert -d "$DATABASE" --newer trades,closed window_1m <"$T/1m" &&
	pg-upsert -d "$DATABASE" --ignore crypto_prices <"$T/trades" &&
	sql -c 'VACUUM ANALYZE crypto_prices, window_1m'
}

# expected NAME N SYMBOL TIMEFRAME: the rows by ohlc-window and jq. N counts
# the symbols.
expected()
{
	[[ -e $T/$4 ]] || ohlc-window -w "$4" "$T/trades" >"$T/$4"
	jq -rn --arg name "$1" --argjson n "$2" --arg symbol "$3" \
	    --argjson to $((TO / 1000)) --slurpfile trades "$T/trades" \
	    --slurpfile candles "$T/$4" '
	    def s: .[:19] + "Z" | fromdate;
	    def rounded: . * 10000 | round / 10000;
	    def mine: map(select(.symbol == $symbol))[];
	    def candle: $candles | mine | .start = (.window_start | s);
	    def trade: $trades | mine | .time = (.event_time | s);
	    (100 * $n + 239 * 7 % 23 + 0.25) as $last
	    | if $name == "Candles" then candle
		| "\(.start)000 \(.open) \(.high) \(.low) \(.close) \(.volume)"
	    elif $name == "Trades a minute" then candle | select(.closed)
		| "\(.start)000 \(.trades * 60 / ((.window_end | s) - .start)
		    | . * 1000 | round / 1000)"
	    elif $name == "Live price" then trade
		| select(.time >= $to - 300) | "\(.time)000 \(.price)"
	    elif $name == "Last price" then "\($to - 30)000 \($last)"
	    elif $name == "Change" then
		100 * $last / (100 * $n + 0.25) - 100 | rounded
	    elif $name == "Missing trades" then 5
	    else "1738370940000 1738371180000 5 100 104" end'
}

peer_postgres_start "$T/pg"
export TICKPIPE_STACK="$T/none"
check 'the roles' psql -Xq1 -v ON_ERROR_STOP=1 -d "$DATABASE_ADMIN" \
    -f "$ROOT/sql/roles.sql"
check 'init-db' "$ROOT/scripts/init-db"
READER=tickpipe_reader
check 'known trades' load

# What each panel needs: columns of these names and types.
at=' timestamp with time zone'
declare -A COLUMNS_OF=(
	['Last price']="time$at;last price text"
	[Change]='change numeric'
	['Pipeline lag']='ticks numeric;candles numeric'
	['Missing trades']='missing numeric'
	[Candles]="time$at;open numeric;high numeric;low numeric"\
';close numeric;volume numeric'
	['Live price']="time$at;price numeric"
	['Trades a minute']="time$at;trades a minute numeric"
	[Gaps]="after$at;before$at;missing bigint;first id bigint"\
';last id bigint'
	[symbol]='symbol text'
)
expand BTCUSDT 5m
is "$(sort "$T/names")" "$(printf '%s\n' "${!COLUMNS_OF[@]}" | sort)" \
    'the queries of the dashboard are those known here, one of a name'
for name in "${!COLUMNS_OF[@]}"; do
	is "$({ cat "$T/sql/$name.sql"; echo '\gdesc'; } | grafana |
	    paste -sd ';')" \
	    "${COLUMNS_OF[$name]}" "$name: its columns"
done

for width in 1m 5m 15m 45m 1h; do
	expand BTCUSDT $width
	for name in Candles 'Trades a minute'; do
		rows "$name" >"$T/got"
		expected "$name" 1 BTCUSDT $width >"$T/want"
		same_file "$T/got" "$T/want" "$name, $width"
		check 'of which there are some' test -s "$T/want"
	done
done

n=0
for symbol in "${SYMBOLS[@]}"; do
	n=$((n + 1))
	expand "$symbol" 15m
	all_rows >"$T/got"
	for name in "${!SHOWN[@]}"; do
		echo "$name"
		expected "$name" $n "$symbol" 15m
	done >"$T/want"
	same_file "$T/got" "$T/want" "$symbol: all its rows"
done

expand BTCUSDT 1m "$FROM" $((FROM + 600000))
is "$(rows Gaps)$(rows 'Missing trades')" 0 'no gap in ten minutes without one'

expand BTCUSDT 1m
is "$(rows 'Pipeline lag' "
	abs(ticks - extract(epoch FROM now()) + $TO / 1000 - 30) < 60,
	abs(candles - extract(epoch FROM now()) + $TO / 1000) < 60")" 't t' \
    'Pipeline lag: from the newest trade and the newest candle to now'

is "$(rows symbol symbol)" "$(printf '%s\n' "${SYMBOLS[@]}" | sort)" \
    'symbol: all there are'
grafana -c "EXPLAIN (ANALYZE, TIMING off) $(<"$T/sql/symbol.sql")" >"$T/plan"
like "$(<"$T/plan")" 'Index Only Scan using window_1m_symbol' 'by the index'
unlike "$(<"$T/plan")" 'Seq Scan on window_1m' 'and nothing else'
unlike "$(grep 'Index Only Scan' "$T/plan")" \
    'actual rows=([2-9]|1[0-9])' 'one row a symbol'

# nothing NAME: no query knows anything, nor that no trade is missing.
nothing()
{
	local name

	all_rows >"$T/got"
	for name in "${!SHOWN[@]}"; do
		echo "$name"
		[[ $name != 'Missing trades' ]] || echo
	done >"$T/want"
	same_file "$T/got" "$T/want" "$1"
}
expand NOSUCH 1m
nothing 'of a symbol that is not there there is nothing'
expand '' 1m
nothing 'nor of none, which is what an empty database gives to choose from'
expand BTCUSDT 1m $((FROM - 600000)) $((FROM - 1000))
nothing 'nor of a time without candles'

# What the URL holds reaches the database as letters, digits and %-_.~ in
# quotes: but for these, the queries are those of any other symbol.
bare()
{
	sed -E "s/'[A-Za-z0-9%._~-]*'/''/g" "$T"/sql/*.sql
}

expand BTCUSDT 1m
bare >"$T/want"
# shellcheck disable=SC2016 # texts, whatever they look like
TEXTS=("${SYMBOLS[@]}" "'" '$__timeFilter(event_time)' '$__timeTo('
    '$__unixEpochFilter(1=1); DROP TABLE window_1m; --' '${timeframe}'
    $'1m\n; DROP TABLE window_1m' '$__interval' '' "1m'")
for text in "${TEXTS[@]}"; do
	expand "$text" "$text"
	bare >"$T/got"
	same_file "$T/got" "$T/want" "the same queries with ${text@Q}"
done
# shellcheck disable=SC2016 # as above
for text in "'; DROP TABLE window_1m; --" '$__timeFrom()' 5M ''; do
	expand BTCUSDT "$text"
	rows Candles >"$T/got"
	expected Candles 1 BTCUSDT 1m >"$T/want"
	same_file "$T/got" "$T/want" "a timeframe that is none: $text"
done
is "$(sql -c 'SELECT count(*) FROM window_1m')" "$(wc -l <"$T/1m")" \
    'and the table is as it was'

# Much of everything: 20,000 trades in the last five minutes, 2,000 candles.
check 'a busy symbol' sql -c "INSERT INTO crypto_prices
	SELECT 'BUSY', i, i, 1, to_timestamp($TO / 1000 - 300 + i / 100.0),
	    now(), false FROM generate_series(1, 20000) AS i" \
    -c "INSERT INTO window_1m
	SELECT t, t + interval '1 minute', 'BUSY', 1, 1, 1, 1, 1, 1, 1, 1, 1,
	    1, true
	FROM generate_series(to_timestamp($TO / 1000) - interval '2000 minutes',
	    to_timestamp($TO / 1000), interval '1 minute') AS t" \
    -c 'VACUUM ANALYZE crypto_prices, window_1m'
expand BUSY 1m 0
is "$(rows 'Live price' 'count(*), min(price), max(price)')" \
    '10000 10001 20000' 'Live price: the newest 10,000'
time=$(in_ms '"time"')
is "$(rows Candles "count(*), min($time), max($time)")" \
    "500 $((TO - 30000000)) $((TO - 60000))" 'Candles: the newest 500'
# Compared in a collation that is not the column's, a symbol is in no index.
for name in "${!SHOWN[@]}"; do
	grafana -c 'SET enable_seqscan = off' -c 'SET enable_bitmapscan = off' \
	    -c "EXPLAIN $(<"$T/sql/$name.sql")" >"$T/plan"
	like "$(grep 'Index Cond' "$T/plan")" '[( ]symbol = ' "$name: by the index"
	unlike "$(grep 'Filter' "$T/plan")" '[( ]symbol = ' 'never by a filter'
done

done_testing
