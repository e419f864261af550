#!/bin/bash
# What `make demo` runs: the three pipelines, as they are, between a simulated
# exchange, an embedded Kafka and a throwaway PostgreSQL, all on 127.0.0.1.
# Shows the candles as they grow for DEMO_SECONDS, then compares what is in the
# tables with the exchange's own log.
set -u

ROOT=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
BUILD=${TICKPIPE_BUILD:-$ROOT/build}
PATH=${TICKPIPE_BIN:-$ROOT/bin}:$PATH
# shellcheck source=scripts/lib/wait.sh
. "$ROOT/scripts/lib/wait.sh"
# shellcheck source=scripts/lib/daemon.sh
. "$ROOT/scripts/lib/daemon.sh"
# shellcheck source=scripts/lib/postgres.sh
. "$ROOT/scripts/lib/postgres.sh"
# shellcheck source=scripts/lib/compare.sh
. "$ROOT/scripts/lib/compare.sh"

# The market: trades a second, and how much faster than ours its clock runs, so
# that minutes close while one watches. Each of these symbols has a partition
# of its own among 20: candles made of the topic close by the partition's
# clock, and those made of the log by the symbol's.
SYMBOLS='btcusdt ethusdt bnbusdt solusdt'
RATE=200
SPEED=20
SECONDS_SHOWN=${DEMO_SECONDS:-30}

# Rows on the screen; seconds to wait for what should take one.
ROWS=12
PATIENCE=60

T=''
declare -A pid=()

say()
{
	printf 'demo: %s\n' "$*"
}

fail()
{
	say "FAILED: $*"
	exit 1
}

# finish: on every way out.
finish()
{
	local status=$? name

	trap '' HUP INT TERM
	trap - EXIT
	for name in ingest candles ticks exchange kafka; do
		[[ -z ${pid[$name]-} ]] || kill -TERM "${pid[$name]}" 2>/dev/null
	done
	wait
	if [[ -n $T ]]; then
		postgres_stop "$T/postgres" immediate
		postgres_remove "$T/postgres"
		if ((status == 1)); then
			tail -n 8 "$T"/*.err | cut -c 1-300
		fi
		rm -rf -- "$T"
	fi
	exit "$status"
}

# run NAME COMMAND...: in the background, in a group of its own so that ^C
# comes to us alone; its messages are kept in NAME.err.
run()
{
	local name=$1

	shift
	set -m
	"$@" 2>"$T/$name.err" &
	pid[$name]=$!
	set +m
}

# stopped NAME: asks it to end; whether it did so in order.
stopped()
{
	local status

	kill -TERM "${pid[$1]}" 2>/dev/null
	wait "${pid[$1]}"
	status=$?
	unset "pid[$1]"
	((status == 0)) || fail "$1 ended with status $status"
}

start_servers()
{
	local port

	run kafka "$BUILD/tests/peers/mock-kafka" crypto_prices >"$T/kafka.at"
	run exchange "$BUILD/tests/peers/exchange" --symbols "${SYMBOLS// /,}" \
	    --rate "$RATE" --speed "$SPEED" --trades "$TRADES" \
	    --wait-for-clients "$(wc -w <<<"$SYMBOLS")" \
	    --log "$T/log" >"$T/exchange.at"
	port=$(free_port)
	postgres_start "$T/postgres" "$port" fsync=off ||
	    fail 'PostgreSQL does not start'
	DATABASE=$(postgres_conninfo "$T/postgres" tickpipe)
	wait_for "$PATIENCE" test -s "$T/kafka.at" || fail 'no Kafka'
	wait_for "$PATIENCE" test -s "$T/exchange.at" || fail 'no exchange'
}

# The settings of the pipelines: a file as any user's, and no other.
write_settings()
{
	cat >"$T/demo.conf" <<-END
		SYMBOLS='$SYMBOLS'
		TICKPIPE_URL=ws://$(<"$T/exchange.at")
		TICKPIPE_REST=http://$(<"$T/exchange.at")
		BROKERS=$(<"$T/kafka.at")
		KAFKA_PROPERTIES=
		TOPIC=crypto_prices
		GROUP_CANDLES=candles
		GROUP_TICKS=ticks
		DATABASE="$DATABASE"
		TABLE_TICKS=crypto_prices
		TABLE_CANDLES=window_1m
		LATENESS=10s
		UPDATES=500ms
		DATA=$T/data
	END
	export TICKPIPE_CONF=$T/demo.conf TICKPIPE_RUN=$T/run
	export TICKPIPE_STACK=$T/stack
}

start_pipelines()
{
	local name

	"$ROOT/scripts/init-db" || fail 'no tables'
	for name in candles ticks ingest; do
		run "$name" "$ROOT/scripts/$name"
	done
}

# table: the newest candles.
table()
{
	PGOPTIONS='-c timezone=UTC' psql -Xq -d "$DATABASE" -P pager=off \
	    -P footer=off -c "SELECT
		to_char(window_start, 'HH24:MI') AS minute, symbol,
		open, high, low, close, volume, trades,
		CASE WHEN closed THEN 'closed' ELSE '...' END AS \" \"
	    FROM window_1m ORDER BY window_start DESC, symbol LIMIT $ROWS"
}

# line: the newest candle.
line()
{
	compare_sql -F ' ' -c "SELECT to_char(window_start AT TIME ZONE 'UTC', 'HH24:MI'),
		symbol, 'open', open, 'high', high, 'low', low, 'close', close,
		'trades', trades
	    FROM window_1m ORDER BY window_start DESC, symbol LIMIT 1"
}

# show: candles as they grow, on a terminal a table in one place, elsewhere a
# line each time. Ends when all trades have become ticks and are in candles,
# which come by pipelines of their own.
show()
{
	local ticks=0 counted=0 text
	local patience=$((SECONDS + SECONDS_SHOWN + PATIENCE))

	until ((ticks >= TRADES && counted >= TRADES)); do
		read -r ticks counted < <(compare_sql -F ' ' -c 'SELECT
		    (SELECT count(*) FROM crypto_prices),
		    (SELECT coalesce(sum(trades), 0) FROM window_1m)') ||
		    fail 'the database does not answer'
		if [[ -t 1 ]]; then
			text=$(table)
			printf '\e[H\e[J%s of %s trades are in the database\n%s\n' \
			    "$ticks" "$TRADES" "$text"
		else
			printf '%s of %s trades; %s\n' "$ticks" "$TRADES" "$(line)"
		fi
		((SECONDS < patience)) ||
		    fail "of $TRADES trades $ticks have become ticks," \
			"and $counted are in candles"
		still_running
		((ticks >= TRADES && counted >= TRADES)) || sleep 1
	done
	[[ -t 1 ]] || table
}

still_running()
{
	local name

	for name in "${!pid[@]}"; do
		pid_alive "${pid[$name]}" || fail "$name ended by itself"
	done
}

# batch: the log, and the candles that ohlc-window makes of it in one go, into
# tables beside the real ones.
batch()
{
	compare_received <"$T/log" >"$T/trades" &&
	    ohlc-window "$T/trades" >"$T/candles" &&
	    compare_load log <"$T/trades" && compare_load batch <"$T/candles"
}

compare()
{
	local ticks candles bad

	batch || fail 'no recomputation'
	bad=$(compare_differ crypto_prices log "$COMPARE_TICK")
	[[ $bad == 0 ]] || fail "${bad:-some} ticks differ from the exchange's log"
	bad=$(compare_differ window_1m batch)
	[[ $bad == 0 ]] ||
	    fail "${bad:-some} candles differ from a batch recomputation"
	ticks=$(compare_sql -c 'SELECT count(*) FROM crypto_prices')
	candles=$(compare_sql -c 'SELECT count(*) FROM window_1m')
	((ticks == $(wc -l <"$T/log") && candles > 0)) || fail 'nothing came'
	say "to run it for real, with your own hands in it: README.md;" \
	    "how it works: man ./man/tickpipe.7"
	say "proved: $ticks trades in = $ticks ticks stored, and $candles candles" \
	    'equal a batch recomputation in every column'
}

if [[ ! $SECONDS_SHOWN =~ ^[1-9][0-9]{0,3}$ ]]; then
	echo 'demo: DEMO_SECONDS is not a number of seconds' >&2
	exit 2
fi
TRADES=$((RATE * SECONDS_SHOWN))
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
exec </dev/null
T=$(mktemp -d "${TMPDIR:-/tmp}/tickpipe-demo.XXXXXX") || exit 3
# PostgreSQL may run as another user, who must get through.
((EUID != 0)) || chmod 711 "$T"

say 'starting a simulated exchange, an embedded Kafka and a PostgreSQL'
start_servers
write_settings
start_pipelines
show
for name in ingest candles ticks exchange; do
	stopped "$name"
done
compare
