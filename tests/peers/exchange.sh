# shellcheck shell=bash
# The exchange simulator for tests and the demo. Sourced after tests/lib.sh;
# uses on_exit and wait_for.

EXCHANGE=${TICKPIPE_BUILD:-$ROOT/build}/tests/peers/exchange

# exchange_start NAME OPTION...: starts a simulator (options as of
# tests/peers/exchange --help, without --log, --events and --counts) and waits
# until it listens. Sets EXCHANGE_PID, EXCHANGE_ADDRESS (127.0.0.1:PORT); its
# trades are logged to $T/NAME.log, its events to $T/NAME.events, its counts at
# the end to $T/NAME.counts. It ends with the test.
exchange_start()
{
	local name=$1

	shift
	rm -f "$T/$name.address" "$T/$name.now"
	"$EXCHANGE" --log "$T/$name.log" --events "$T/$name.events" \
	    --counts "$T/$name.now" "$@" >"$T/$name.address" \
	    2>"$T/$name.counts" &
	EXCHANGE_PID=$!
	on_exit exchange_stop "$EXCHANGE_PID"
	wait_for 120 test -s "$T/$name.address" || return 1
	# shellcheck disable=SC2034 # for the test
	EXCHANGE_ADDRESS=$(<"$T/$name.address")
}

# exchange_stop PID: ends it; its counts are there afterwards.
exchange_stop()
{
	kill "$1" 2>/dev/null && wait "$1" 2>/dev/null
	return 0
}

# exchange_ends_trading NAME PID: has it make no more trades; prints how many
# it made in all.
exchange_ends_trading()
{
	kill -USR2 "$2"
	# It reads its signals in order: after this one no trade was made.
	exchange_counts_now "$1" "$2" && wc -l <"$T/$1.log"
}

# end_process PID: for on_exit, whether it has ended already or is stopped.
end_process()
{
	kill "$1" 2>/dev/null && kill -CONT "$1" 2>/dev/null
	return 0
}

# exchange_made NAME N: whether N trades have been made, for wait_for.
exchange_made()
{
	(($(wc -l <"$T/$1.log") >= $2))
}

# exchange_counts_now NAME PID: lets it write its counts; exchange_count then
# reads those.
exchange_counts_now()
{
	rm -f "$T/$1.now"
	kill -USR1 "$2" && wait_for 120 test -s "$T/$1.now" &&
	    cp "$T/$1.now" "$T/$1.counts"
}

# exchange_count NAME MEMBER: a number from the counts of a stopped one, or of
# the last exchange_counts_now.
exchange_count()
{
	# The faults, some of which are named alike, stand in front.
	sed -n "s/.*\"$2\":\([0-9]*\).*/\1/p" "$T/$1.counts"
}

# exchange_faults NAME [KIND]: how many faults have happened, of that kind.
exchange_faults()
{
	sed -n 's/^{"faults":{\([^}]*\)}.*/\1/p' "$T/$1.counts" | tr , '\n' |
	    awk -F: -v kind="${2:-}" \
	    'kind == "" || $1 == "\"" kind "\"" { n += $2 } END { print n + 0 }'
}

# exchange_caught_up NAME PID N: whether N faults have happened, for wait_for.
exchange_caught_up()
{
	exchange_counts_now "$1" "$2" && (($(exchange_faults "$1") >= $3))
}

# exchange_within_limits NAME: a result: no limit of the exchange's was ever
# exceeded, by the counts.
exchange_within_limits()
{
	local over

	over=$(grep -o '"over_[a-z]*":[0-9]*' "$T/$1.counts" |
	    grep -v ':0$')
	is "$(grep -c '"over_messages"' "$T/$1.counts") $over" '1 ' \
	    "$1: the exchange's limits were kept"
}

# without_processed_time FILE: the records as the simulator logs them.
without_processed_time()
{
	sed 's/"processed_time":"[^"]*",//' "$1"
}
