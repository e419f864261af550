#!/bin/bash
# Goal: the broker, then the database, stopped in mid-run: nothing is lost, and
# all of it comes by itself once they are back. TICKPIPE_OUTAGE: for how many
# seconds each (5).
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/pipe/lib.sh
. "$ROOT/tests/pipe/lib.sh"

OUTAGE=${TICKPIPE_OUTAGE:-5}
RATE=400
TRADES=$((RATE * (OUTAGE * 2 + 12)))

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

pipe_setup
exchange_start market --seed 9 --symbols "${SYMBOLS// /,}" --rate "$RATE" \
    --speed 20 --trades "$TRADES" --wait-for-clients 4
TICKPIPE_URL=ws://$EXCHANGE_ADDRESS
export TICKPIPE_URL
script candles
script ticks
script ingest

check 'trades arrive' wait_for 60 stored_at_least "$RATE"
peer_kafka_stop "$T/kafka"
sleep "$OUTAGE"
peer_kafka_start "$T/kafka"
there=$(ticks 2000-01-01)
check 'trades arrive again after the broker was away' \
    wait_for 90 stored_at_least $((there + RATE))
peer_postgres_stop "$T/pg" fast
check 'the database is away' wait_for 10 database_down
sleep "$OUTAGE"
peer_postgres_start "$T/pg"
wait_ticks "$TRADES"
wait_counted "$TRADES"
script_stops 0 ingest
exchange_stop "$EXCHANGE_PID"
is "$(exchange_count market slow)" 0 'the exchange was read all the time'
compare_received <"$T/market.log" >"$T/trades"
is "$(wc -l <"$T/trades")" "$TRADES" 'the exchange made them all'
script_stops 0 candles
script_stops 0 ticks
same_ticks "$T/trades" 'no tick is missing'
same_candles "$T/trades" 'and no candle differs'
like "$(<"$T/ingest.err")" kafka-pub: 'kafka-pub said that the broker was away'
like "$(<"$T/ticks.err")" pg-upsert: 'pg-upsert said that the database was away'
done_testing
