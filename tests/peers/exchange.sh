# shellcheck shell=bash
# The exchange simulator for tests and the demo. Sourced after tests/lib.sh;
# uses on_exit and wait_for.

EXCHANGE=${TICKPIPE_BUILD:-$ROOT/build}/tests/peers/exchange

# exchange_start NAME OPTION...: starts a simulator (options as of
# tests/peers/exchange --help, without --log) and waits until it listens.
# Sets EXCHANGE_PID, EXCHANGE_ADDRESS (127.0.0.1:PORT); its trades are logged
# to $T/NAME.log, its counts at the end to $T/NAME.counts. It ends with the
# test.
exchange_start()
{
	local name=$1

	shift
	"$EXCHANGE" --log "$T/$name.log" "$@" >"$T/$name.address" \
	    2>"$T/$name.counts" &
	EXCHANGE_PID=$!
	on_exit exchange_stop "$EXCHANGE_PID"
	wait_for 20 test -s "$T/$name.address" || return 1
	# shellcheck disable=SC2034 # for the test
	EXCHANGE_ADDRESS=$(<"$T/$name.address")
}

# exchange_stop PID: ends it; its counts are there afterwards.
exchange_stop()
{
	kill "$1" 2>/dev/null && wait "$1" 2>/dev/null
	return 0
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

# exchange_count NAME MEMBER: a number from the counts of a stopped one.
exchange_count()
{
	sed -n "s/.*\"$2\":\([0-9]*\).*/\1/p" "$T/$1.counts"
}

# without_processed_time FILE: the records as the simulator logs them.
without_processed_time()
{
	sed 's/"processed_time":"[^"]*",//' "$1"
}
