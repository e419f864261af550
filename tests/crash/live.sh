# shellcheck shell=bash
# The live feed as the source of a round: the exchange simulator, whose log says
# which trades were made, and what must have become of them. Sourced by round.

# shellcheck source=tests/peers/exchange.sh
. "$ROOT/tests/peers/exchange.sh"

# Symbols, all of them with names that begin so; trades a second; how many times
# faster than ours the exchange's clock runs.
LIVE_SYMBOLS=${CRASH_SYMBOLS:-200}
LIVE_NAME=M
LIVE_RATE=${CRASH_RATE:-2000}
LIVE_SPEED=10

# What the exchange does wrong meanwhile. Not all of it: ids that it never gave
# would be missing in the log, and the last ones of a symbol are missing for good
# where REST is asked for them and says once that there are none. (A short round
# does not wait for a silent link to be given up, which takes a minute.)
LIVE_FAULTS=drop,reset,close,stall,behind,garbage,binary,utf8,long
LIVE_FAULTS+=,shutdown,cut,lose,duplicate,reorder,pieces,slow-handshake,refuse
LIVE_FAULTS+=,too-many,rest-429,rest-418,rest-500,rest-slow,rest-cut
LIVE_FAULTS+=,rest-garbage,rest-refuse,rest-short
[[ ${CRASH_FAULTS:-all} == feed ]] || LIVE_FAULTS+=,half-open

# Seconds of trades for a cycle, and for everything to arrive afterwards: REST
# gives 240 pages a minute, and each start asks for every symbol.
LIVE_CYCLE=5
LIVE_PATIENCE=300

# live_exchange PORT: starts it; its trades begin when all streams are there.
# PORT is that of the proxy, where the ingest finds it.
live_exchange()
{
	local names

	printf -v names "${LIVE_NAME}%03dUSDT " $(seq "$LIVE_SYMBOLS")
	SYMBOLS=${names% }
	LIVE_TRADES=$((LIVE_RATE * CYCLES * LIVE_CYCLE))
	exchange_start exchange --seed $((SEED * 10000 + ROUND)) \
	    --symbols "${SYMBOLS// /,}" --rate "$LIVE_RATE" \
	    --speed "$LIVE_SPEED" --trades "$LIVE_TRADES" \
	    --faults $((CYCLES * 2)) --fault-every 3 --fault-after 10 \
	    --fault-kinds "$LIVE_FAULTS" --events "$T/exchange.events" \
	    --start 2025-01-01T00:00:00Z --wait-for-clients "$LIVE_SYMBOLS" ||
	    bail 'no exchange'
	export SYMBOLS TICKPIPE_URL=ws://127.0.0.1:$1
	export TICKPIPE_REST=http://127.0.0.1:$1
}

# live_begins: before anything is broken each symbol is in the topic, for one
# that is not begins with the stream at every start.
live_begins()
{
	wait_for 120 live_all_seen || bail 'no trades'
}

# shellcheck disable=SC2317 # called by wait_for
live_all_seen()
{
	[[ $(judge_sql -c "SELECT count(DISTINCT symbol) FROM crypto_prices
	    WHERE symbol LIKE '$LIVE_NAME%'") == "$LIVE_SYMBOLS" ]]
}

# live_arrives: the market ends, and all of it comes.
live_arrives()
{
	check "the exchange makes its $LIVE_TRADES trades" \
	    wait_for $((CYCLES * LIVE_CYCLE + 60)) \
	    exchange_made exchange "$LIVE_TRADES"
	live_made || bail 'the log cannot be read'
	LIVE_WANTED=$(judge_sql -c 'SELECT count(*) FROM made')
	check "$LIVE_WANTED of them arrive" live_wait
}

# live_made: the table `made' has every trade since the first one of its symbol
# that the topic has.
live_made()
{
	compare_received <"$T/exchange.log" | DATABASE=$DATABASE_DIRECT \
	    compare_load log && judge_sql -c "CREATE TABLE made AS
	    WITH first AS (SELECT symbol, min(trade_id) AS id
		FROM crypto_prices WHERE symbol LIKE '$LIVE_NAME%'
		GROUP BY symbol)
	    SELECT line FROM log JOIN first ON first.symbol = line->>'symbol'
		AND (line->>'trade_id')::bigint >= first.id"
}

# live_wait: until there are as many, as long as they become more.
live_wait()
{
	local now='' last since=$SECONDS moved=$SECONDS

	while ((SECONDS - since < LIVE_PATIENCE && SECONDS - moved < 90)); do
		last=$now
		now=$(judge_sql -c "SELECT count(*) FROM crypto_prices
		    WHERE symbol LIKE '$LIVE_NAME%'")
		[[ $now != "$LIVE_WANTED" ]] || return 0
		[[ $now == "$last" ]] || moved=$SECONDS
		sleep 0.5
	done
	echo "there are $now"
	return 1
}

# live_judge: every trade of the exchange is there, and no other.
live_judge()
{
	is "$(DATABASE=$DATABASE_DIRECT compare_differ crypto_prices made \
	    "$COMPARE_TICK" "symbol LIKE '$LIVE_NAME%'")" 0 \
	    "$LIVE_WANTED trades of the exchange: no one is missing"
	# A line is torn when its writer is killed, and comes again. A gap is
	# open when the ingest is asked to stop, and is healed later.
	is "$(cat "$T"/data/ingest-*/{rejects,undelivered} 2>/dev/null |
	    grep -v '"reason":"not JSON: unexpected end at ')" '' \
	    'and none was refused'
	is "$(grep -v '"reason":"stopped"' "$T"/data/ingest-*/gaps)" '' \
	    'nor given up'
	exchange_stop "$EXCHANGE_PID"
	# Who is killed cannot know that it was asked to wait.
	sed -i 's/"over_retry":[0-9]*/"over_retry":0/' "$T/exchange.counts"
	exchange_within_limits exchange
}

# live_judge_repaired: with the trades that came late all candles are right.
live_judge_repaired()
{
	local symbols columns

	read -ra symbols <<<"$SYMBOLS"
	DATABASE=$DATABASE_DIRECT "$ROOT/scripts/repair" 2025-01-01 2025-01-03 \
	    "${symbols[@]^^}" >"$T/repaired" 2>&1
	is "$?" 0 "repair: $(tail -n 1 "$T/repaired")" ||
	    diag_file "$T/repaired"
	judge_sql -c 'COPY (SELECT line FROM made) TO STDOUT
	    (FORMAT csv, DELIMITER E'\''\x01'\'', QUOTE E'\''\x02'\'')' |
	    ohlc-window -q -l 1d >"$T/made.candles"
	DATABASE=$DATABASE_DIRECT compare_load made_candles \
	    <"$T/made.candles"
	columns='window_start, symbol, open, high, low, close, volume,
	    quote_volume, taker_buy_volume, trades, first_trade_id,
	    last_trade_id'
	is "$(DATABASE=$DATABASE_DIRECT compare_differ window_1m made_candles \
	    "$columns" "symbol LIKE '$LIVE_NAME%'")" 0 \
	    "$(wc -l <"$T/made.candles") candles of the exchange's own trades: no one differs"
}

# live_counts: for the summary of many rounds.
live_counts()
{
	local lines

	lines=$(grep -c "^{\"symbol\":\"$LIVE_NAME" "$T/reference/log")
	echo 'live 1'
	echo "made $LIVE_WANTED"
	echo "repeated $((lines - LIVE_WANTED))"
}
