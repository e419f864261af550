# shellcheck shell=bash
# The embedded Kafka for tests: sourced after tests/lib.sh.
#
#	peer_mock_start -p 3 trades	# sets BROKERS; ended with the test
#	peer_mock_stop			# or earlier
#
# Quick to start and enough for most tests; see mock-kafka.c for what only a
# real broker can do.

# peer_mock_start [-p PARTITIONS] [-f API:ERROR,...] TOPIC...: sets BROKERS, and PEER_MOCK_PID.
peer_mock_start()
{
	local mock=$BUILD/tests/peers/mock-kafka

	[[ -x $mock ]] || bail "$mock is not built"
	rm -f "$T/mock-kafka.out" # of one before
	"$mock" "$@" >"$T/mock-kafka.out" 2>"$T/mock-kafka.err" &
	PEER_MOCK_PID=$!
	on_exit peer_mock_stop
	if ! wait_for 120 test -s "$T/mock-kafka.out"; then
		diag_file "$T/mock-kafka.err"
		bail 'no embedded Kafka'
	fi
	BROKERS=$(<"$T/mock-kafka.out")
	export BROKERS
}

peer_mock_stop()
{
	[[ -n ${PEER_MOCK_PID:-} ]] || return 0
	kill "$PEER_MOCK_PID" 2>/dev/null
	wait "$PEER_MOCK_PID" 2>/dev/null
	PEER_MOCK_PID=
}
