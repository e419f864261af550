# shellcheck shell=bash
# The commands that talk to a server, beside kcat and psql; sourced by
# tests/bench/run. The servers are throwaway ones, as in the tests.

# A topic of its own for every run that writes.
new_topic()
{
	topics=$((${topics:-0} + 1))
	kafka-pub -b "$BROKERS" --create 20 "bench$topics" </dev/null
	export TOPIC=bench$topics
}

kafka()
{
	# shellcheck source=tests/peers/kafka.sh
	. "$ROOT/tests/peers/kafka.sh"
	[[ -z $(kafka_missing) ]] || return
	peer_kafka_start "$T/kafka"
	jq -r '.symbol + "\t" + tojson' "$T/in" >"$T/keyed"
	# shellcheck disable=SC2016 # $TOPIC and $BROKERS are for the inner shell
	pair 'kafka-pub --key symbol' \
	    'kafka-pub -b $BROKERS --key symbol $TOPIC <'"$T/in" \
	    'kcat -P -q -b $BROKERS -X acks=all -X enable.idempotence=true -K "	" -t $TOPIC -l '"$T/keyed" new_topic
	new_topic && kafka-pub -b "$BROKERS" --key symbol "$TOPIC" <"$T/in"
	# shellcheck disable=SC2016
	pair 'kafka-sub -o beginning -e' \
	    'kafka-sub -b $BROKERS -o beginning -e $TOPIC' \
	    'kcat -C -q -b $BROKERS -o beginning -e -t $TOPIC'
	# shellcheck disable=SC2016
	pair 'kafka-sub --provenance' \
	    'kafka-sub -b $BROKERS -o beginning -e --provenance $TOPIC' \
	    'kcat -C -q -b $BROKERS -o beginning -e -t $TOPIC'
}

fresh_tables()
{
	psql -qX -d "$DATABASE" -c 'TRUNCATE crypto_prices, window_1m'
}

postgres()
{
	local columns=symbol,price,event_time,processed_time,quantity
	columns+=,trade_id,buyer_maker

	# shellcheck source=tests/peers/postgres.sh
	. "$ROOT/tests/peers/postgres.sh"
	[[ -z $(postgres_missing) ]] || return
	peer_postgres_start "$T/pg" fsync=on max_wal_size=4GB
	psql -qX -d "$DATABASE" -f "$ROOT/sql/schema.sql" >"$T/bench.out" \
	    2>&1 || return
	jq -r '[.[]] | @csv' "$T/in" >"$T/csv"
	# shellcheck disable=SC2016
	pair 'pg-upsert --ignore, empty table' \
	    'pg-upsert -d "$DATABASE" --ignore crypto_prices <'"$T/in" \
	    'psql -qX -d "$DATABASE" -c "\copy crypto_prices ('"$columns) from $T/csv csv\"" \
	    fresh_tables
	# shellcheck disable=SC2016
	fresh_tables && pg-upsert -d "$DATABASE" --ignore crypto_prices \
	    <"$T/in" && pair 'pg-upsert --ignore, all there' \
	    'pg-upsert -d "$DATABASE" --ignore crypto_prices <'"$T/in" \
	    "jq -c . $T/in"
}
