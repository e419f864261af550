# shellcheck shell=bash
# The whole chain on a real Kafka and PostgreSQL: sourced after tests/lib.sh.
#
#	pipe_setup			# servers, topic, tables, settings
#	script candles			# scripts/candles in the background
#	wait_ticks 5000			# until so many rows are in crypto_prices
#	script_stops 0 candles		# TERM; it must end with status 0

# shellcheck source=tests/peers/kafka.sh
. "$ROOT/tests/peers/kafka.sh"
# shellcheck source=tests/peers/postgres.sh
. "$ROOT/tests/peers/postgres.sh"
# shellcheck source=tests/peers/exchange.sh
. "$ROOT/tests/peers/exchange.sh"
# shellcheck source=scripts/lib/compare.sh
. "$ROOT/scripts/lib/compare.sh"

# Each of these has one of the 20 partitions for itself, so that a candle of
# the topic closes by the same clock as one of a file.
PIPE_SYMBOLS='btcusdt ethusdt bnbusdt solusdt'

declare -A SCRIPT=() # pid by name

PIPE_KAFKA=() # further lines, KEY=VALUE, for Kafka's configuration

# pipe_setup: everything the scripts need, and the settings in the environment.
pipe_setup()
{
	need psql kcat
	peer_kafka_start "$T/kafka" "${PIPE_KAFKA[@]}"
	peer_postgres_start "$T/pg"
	export TICKPIPE_STACK=$T/none TICKPIPE_RUN=$T/run DATA=$T/data
	export SYMBOLS=$PIPE_SYMBOLS LATENESS=10s
	unset TICKPIPE_CONF TICKPIPE_BROKERS TICKPIPE_DATABASE
	"$ROOT/scripts/init-db" || bail 'no tables'
	"$ROOT/scripts/setup-kafka" || bail 'no topic'
	on_exit scripts_end
}

# script NAME [ARGUMENT...]: in the background; its messages go to NAME.err.
script()
{
	local name=$1

	shift
	"$ROOT/scripts/$name" "$@" 2>>"$T/$name.err" &
	SCRIPT[$name]=$!
}

# script_ends STATUS NAME: it must end by itself with that status.
script_ends()
{
	local status

	wait "${SCRIPT[$2]}" 2>/dev/null
	status=$?
	unset "SCRIPT[$2]"
	is "$status" "$1" "scripts/$2 ends with status $1" ||
	    diag_file "$T/$2.err"
}

# script_stops STATUS NAME: asked to end, it must.
script_stops()
{
	kill -TERM "${SCRIPT[$2]}"
	script_ends "$@"
}

scripts_end()
{
	local name

	for name in "${!SCRIPT[@]}"; do
		kill -TERM "${SCRIPT[$name]}" 2>/dev/null
	done
	for name in "${!SCRIPT[@]}"; do
		wait "${SCRIPT[$name]}" 2>/dev/null
	done
	SCRIPT=()
}

# members COMMAND [PIPELINE]: pids of a pipeline's command, of this test's.
members()
{
	local pid args

	for pid in /proc/[0-9]*; do
		{ mapfile -d '' args <"$pid/cmdline"; } 2>/dev/null || continue
		if [[ ${args[0]-} == "$1" && "${args[*]}" == *"$T/"*"${2-}"* ]]
		then
			echo "${pid##*/}"
		fi
	done
}

# left_over: processes that this test's pipelines have left, one a line.
left_over()
{
	local pid

	for pid in /proc/[0-9]*; do
		{ tr '\0' '\n' <"$pid/environ"; } 2>/dev/null |
		    grep -qxF "TICKPIPE_RUN=$TICKPIPE_RUN" || continue
		tr '\0' ' ' <"$pid/cmdline" 2>/dev/null |
		    grep -oE 'scripts/(ingest|candles|ticks|consumer)|^(bws-trades|ndjson-validate|kafka-pub|kafka-sub|ohlc-window|pg-upsert)\>'
	done
}

nothing_left()
{
	[[ -z $(left_over) ]]
}

sql()
{
	compare_sql -c "$1"
}

ticks()
{
	sql "SELECT count(*) FROM crypto_prices WHERE event_time >= '$1'"
}

counted()
{
	sql "SELECT sum(trades) FROM window_1m WHERE window_start >= '$1'"
}

# reaches N COUNT SINCE: for wait_for.
reaches()
{
	[[ $("$2" "$3") == "$1" ]]
}

# wait_ticks N [SINCE], wait_counted N [SINCE]: until so many ticks are stored,
# so many trades are in candles.
wait_ticks()
{
	check "$1 ticks are stored" \
	    wait_for 300 reaches "$1" ticks "${2:-2000-01-01}" ||
	    diag "there are $(ticks "${2:-2000-01-01}")"
}

wait_counted()
{
	check "$1 trades are in candles" \
	    wait_for 300 reaches "$1" counted "${2:-2000-01-01}" ||
	    diag "there are $(counted "${2:-2000-01-01}")"
}

# same_ticks TRADES NAME: crypto_prices holds the trades of that file of
# records and no others, in every column but processed_time.
same_ticks()
{
	compare_load expected <"$1"
	is "$(compare_differ crypto_prices expected "$COMPARE_TICK")" 0 "$2"
}

# same_candles TRADES NAME: window_1m holds the candles of that file of
# records and no others, in every column.
same_candles()
{
	ohlc-window -l "$LATENESS" "$1" >"$T/expected.candles"
	compare_load expected <"$T/expected.candles"
	is "$(compare_differ window_1m expected)" 0 "$2"
}

# dump [CONDITION_TICKS CONDITION_CANDLES]: both tables, byte for byte.
dump()
{
	compare_sql -c "COPY (SELECT * FROM crypto_prices WHERE ${1:-true}
	    ORDER BY symbol, trade_id) TO STDOUT" \
	    -c "COPY (SELECT * FROM window_1m WHERE ${2:-true}
	    ORDER BY window_start, symbol) TO STDOUT"
}

# frames N [FIRST [GAP [START]]]: N raw frames as the exchange sends them, four
# symbols in turn, ids from FIRST (1), GAP ms apart (100), from START ms after
# the beginning of 2025 (0); the same at every call.
frames()
{
	awk -v n="$1" -v first="${2:-1}" -v gap="${3:-100}" -v start="${4:-0}" \
	    'BEGIN {
		split("BTCUSDT ETHUSDT BNBUSDT SOLUSDT", symbol, " ")
		srand(42)
		for (i = 0; i < n; i++) {
			t = sprintf("%.0f", 1735689600000 + start + i * gap)
			printf "{\"e\":\"trade\",\"E\":%s,\"s\":\"%s\"," \
			    "\"t\":%d,\"p\":\"%d.%04d0000\"," \
			    "\"q\":\"%d.%03d00000\",\"T\":%s," \
			    "\"m\":%s,\"M\":true}\n",
			    t, symbol[i % 4 + 1], first + int(i / 4),
			    100 + rand() * 50, rand() * 10000, rand() * 3,
			    1 + rand() * 999, t, rand() < 0.5 ? "true" : "false"
		}
	}'
}
