#!/bin/bash
# Goal: the broker, then the database, stopped in mid-run: nothing is lost, and
# all of it comes by itself once they are back. TICKPIPE_OUTAGE: for how many
# seconds of trades each (5).
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/pipe/lib.sh
. "$ROOT/tests/pipe/lib.sh"

OUTAGE=${TICKPIPE_OUTAGE:-5}
RATE=400

# shellcheck disable=SC2317 # called by wait_for
stored_at_least()
{
	(($(ticks 2000-01-01) >= $1))
}

# database_down: for wait_for.
# shellcheck disable=SC2317 # called by wait_for
database_down()
{
	! psql -X -d "$DATABASE" -c ''
}

# trades_go_on: while it is away, until so many have been made.
trades_go_on()
{
	check '  while trades go on' wait_for 300 exchange_made market \
	    $(($(wc -l <"$T/market.log") + RATE * OUTAGE))
}

# said COMMAND FILE: for wait_for.
# shellcheck disable=SC2317 # called by wait_for
said()
{
	grep -q "^$1: " "$T/$2.err"
}

pipe_setup
exchange_start market --seed 9 --symbols "${SYMBOLS// /,}" --rate "$RATE" \
    --speed 20 --wait-for-clients 4
TICKPIPE_URL=ws://$EXCHANGE_ADDRESS
export TICKPIPE_URL
script candles
script ticks
script ingest

check 'trades arrive' wait_for 300 stored_at_least "$RATE"
peer_kafka_stop "$T/kafka"
check 'the broker is away: kafka-pub reports it' wait_for 300 said kafka-pub ingest
trades_go_on
peer_kafka_start "$T/kafka"
there=$(ticks 2000-01-01)
check 'trades arrive again after the broker was away' \
    wait_for 300 stored_at_least $((there + RATE))
peer_postgres_stop "$T/pg" fast
check 'the database is away' wait_for 120 database_down
check '  and pg-upsert reports it' wait_for 300 said pg-upsert ticks
trades_go_on
peer_postgres_start "$T/pg"
made=$(exchange_ends_trading market "$EXCHANGE_PID")
wait_ticks "$made"
wait_counted "$made"
script_stops 0 ingest
exchange_stop "$EXCHANGE_PID"
is "$(exchange_count market slow)" 0 'the exchange was read all the time'
compare_received <"$T/market.log" >"$T/trades"
is "$(wc -l <"$T/trades")" "$made" 'and makes no more'
script_stops 0 candles
script_stops 0 ticks
same_ticks "$T/trades" 'no tick is missing'
same_candles "$T/trades" 'and no candle differs'
done_testing
