# shellcheck shell=bash
# bws-trades at the exchange's end of a connection: how much it takes, over TLS
# and without, how late its lines are, and its memory; sourced by
# tests/bench/run. The load is feedload.c's, one frame a TLS record.

# feed_names COUNT: names as gentrades has them, in $T/COUNT.symbols.
feed_names()
{
	seq 0 $(($1 - 1)) | awk 'BEGIN {
		split("btcusdt ethusdt bnbusdt solusdt xrpusdt", named) }
		{ print $1 < 5 ? named[$1 + 1] : sprintf("sym%05dusdt", $1) }' \
	    >"$T/$1.symbols"
}

# feed_listen tls|plain OPTION...: a feedload, its port in $port; its results
# go to $T/feed.load. The exchange allows 1024 streams a connection.
feed_listen()
{
	local keys=()

	[[ $1 == plain ]] || keys=(-c "$T/certs/server.pem"
	    -k "$T/certs/server.key")
	shift
	load_end # one that a failure has left
	: >"$T/feed.load"
	"$BUILD/tests/bench/feedload" "${keys[@]}" "$@" >"$T/feed.load" &
	load_pid=$!
	wait_for 120 test -s "$T/feed.load" || return
	port=$(head -n 1 "$T/feed.load")
}

load_pid=''

# load_end: whatever became of it.
load_end()
{
	[[ -n $load_pid ]] || return 0
	kill "$load_pid" 2>/dev/null
	wait "$load_pid" 2>/dev/null
	load_pid=''
}

# load_ended: waits for its end, which is to be a good one.
load_ended()
{
	local pid=$load_pid

	load_pid=''
	wait "$pid"
}

# feed_over LINKS PID: whether all of them have a result, or none can come.
feed_over()
{
	local lines

	mapfile -t lines <"$T/feed.load"
	((${#lines[@]} > $1)) || ! pid_alive "$load_pid" ||
	    ! pid_alive "$2"
}

# feed_once NAME tls|plain SYMBOLS READER OPTION...: one run, with feedload's
# OPTIONs. What bws-trades took is appended to $T/NAME.runs, feedload's result
# to $T/NAME.loads (the slowest link's time, all frames); what READER, a shell
# command, made of the output is in $T/feed.read. Fails when bws-trades had
# anything to report, as a disconnect would be.
feed_once()
{
	local name=$1 how=$2 symbols=$3 reader=$4 url=wss pipe
	local links=$((($3 + 1023) / 1024))

	shift 4
	[[ $how == tls ]] || url=ws
	feed_listen "$how" -l "$links" "$@" || return
	rm -f "$T/feed.pid"
	# shellcheck disable=SC2016 # that shell's
	"$BUILD/tests/bench/measure" "$T/$name.runs" \
	    bash -c 'echo $$ >"$0" && exec "$@"' "$T/feed.pid" \
	    bws-trades --ca "$T/certs/ca.pem" --url "$url://127.0.0.1:$port" \
	    --symbols "$T/$symbols.symbols" 2>"$T/bench.err" |
	    bash -c "$reader" >"$T/feed.read" &
	pipe=$!
	wait_for 600 feed_over "$links" "$pipe"
	[[ -s $T/feed.pid ]] && kill "$(<"$T/feed.pid")" 2>/dev/null
	if ! { wait "$pipe" && load_ended && [[ ! -s $T/bench.err ]]; }; then
		diag "failed: $name"
		diag_file "$T/bench.err"
		load_end
		return 1
	fi
	awk 'NR > 1 { frames += $1; if ($2 > us) us = $2
		if ($3 > pong) pong = $3 }
		END { print frames, us, pong }' "$T/feed.load" \
	    >>"$T/$name.loads"
}

# feed_full NAME tls|plain SYMBOLS READER: as much as it takes; every trade
# has to come out.
feed_full()
{
	local links=$((($3 + 1023) / 1024))

	feed_once "$1" "$2" "$3" "$4" -n "$TRADES" &&
	    (($(<"$T/feed.read") == links * TRADES))
}

# feed_public: the same bytes by something public, which knows TLS alone.
feed_public()
{
	feed_listen tls -e -n "$TRADES" &&
	    printf '%s\r\n' "GET /stream?streams=$(paste -sd/ "$T/5.symbols" |
		sed 's/usdt/&@trade/g') HTTP/1.1" 'Host: localhost' \
		'Upgrade: websocket' 'Connection: Upgrade' \
		'Sec-WebSocket-Version: 13' \
		'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' '' |
	    "$BUILD/tests/bench/measure" "$T/public.runs" openssl s_client \
		-quiet -CAfile "$T/certs/ca.pem" \
		-connect "127.0.0.1:$port" 2>"$T/bench.err" |
	    wc -c >"$T/feed.read" && load_ended &&
	    tail -n 1 "$T/feed.load" >>"$T/public.loads"
}

# feed_figure NAME runs|loads COLUMN: the median.
feed_figure()
{
	local low mid high

	# shellcheck disable=SC2034 # of the three the middle one
	read -r low mid high < <(middle "$3" "$T/$1.$2")
	printf '%s\n' "$mid"
}

# feed_row NAME TEXT [MIB_BAR [RATE_BAR]]
feed_row()
{
	if [[ ! -s $T/$1.loads ]]; then
		printf '%-36s failed\n' "$2"
		return 1
	fi
	awk -v text="$2" -v mib_bar="${3-}" -v rate_bar="${4-}" \
	    -v frames="$(feed_figure "$1" loads 1)" \
	    -v us="$(feed_figure "$1" loads 2)" \
	    -v pong="$(feed_figure "$1" loads 3)" \
	    -v cpu="$(feed_figure "$1" runs 2)" \
	    -v kib="$(feed_figure "$1" runs 3)" 'BEGIN {
		rate = frames / cpu * 1e6
		mib = kib / 1024
		line = sprintf("%-36s %9.0f %4.0f %% %6.2f %9.0f %6.1f %6.0f",
		    text, frames / us * 1e6, cpu / us * 100, cpu / frames,
		    rate, mib, pong / 1000)
		if (rate_bar != "")
			line = line sprintf("  bar %d a core: %s", rate_bar,
			    rate >= rate_bar ? "met" : "missed")
		if (mib_bar != "")
			line = line sprintf("  bar %d MiB: %s", mib_bar,
			    mib < mib_bar ? "met" : "missed")
		print line }'
}

# feed_share: what of the time through TLS is TLS's.
feed_share()
{
	[[ -s $T/tls.runs && -s $T/plain.runs ]] || return
	awk -v tls="$(feed_figure tls runs 2)" \
	    -v plain="$(feed_figure plain runs 2)" 'BEGIN {
		printf "share of TLS: %.0f %% of user+sys\n",
		    100 * (tls - plain) / tls }'
}

# feed_lag: 1,000 trades a second, from a frame's making to the line's reading.
feed_lag()
{
	local i seconds=${FEED_SECONDS:-10} out=$T/feed.lags

	for ((i = 0; i < RUNS; i++)); do
		feed_once lag tls 5 "$BUILD/tests/bench/linelag -s 100" \
		    -r 1000 -n $((seconds * 1000 + 100)) &&
		    cat "$T/feed.read" >>"$out" || return
	done
	awk -v p50="$(middle 2 "$out" | cut -d ' ' -f 2)" \
	    -v p99="$(middle 3 "$out" | cut -d ' ' -f 2)" \
	    -v p999="$(middle 4 "$out" | cut -d ' ' -f 2)" \
	    -v most="$(middle 5 "$out" | cut -d ' ' -f 3)" 'BEGIN {
		printf "1000 a second, frame sent to line readable, ms: " \
		    "p50 %.2f, p99 %.2f, p99.9 %.2f, most %.2f  " \
		    "bar p99 5.0: %s\n", p50, p99, p999, most,
		    p99 <= 5 ? "met" : "missed" }'
}

feed()
{
	local status=0 i count=${FEED_SYMBOLS:-2000}

	# shellcheck source=tests/peers/certs.sh
	. "$ROOT/tests/peers/certs.sh"
	on_exit load_end
	certs_make "$T/certs" && feed_names 5 && feed_names "$count" || return
	for ((i = 0; i < RUNS; i++)); do
		feed_full tls tls 5 'wc -l' && feed_full plain plain 5 'wc -l' &&
		    feed_full many tls "$count" 'wc -l' &&
		    feed_full slow tls 5 'sleep 2; wc -l' &&
		    feed_public || status=1
	done
	printf '\n%-36s %9s %6s %6s %9s %6s %6s\n' 'one frame a TLS record' \
	    trades/s u+s us/trade 'a core' MiB 'pong ms'
	feed_row tls 'bws-trades, 5 symbols, TLS' 16 300000 || status=1
	feed_row plain '  plain' 16 || status=1
	feed_row many "bws-trades, $count symbols, TLS" 64 || status=1
	feed_row slow '  5 symbols, the reader 2 s late' 16 || status=1
	feed_row public 'openssl s_client, the same bytes' || status=1
	feed_share || status=1
	feed_lag || status=1
	return "$status"
}
