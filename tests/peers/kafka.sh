# shellcheck shell=bash
# Throwaway real Kafka for tests: sourced after tests/lib.sh.
#
#	peer_kafka_start "$T/kafka"	# sets BROKERS; skips or bails if it
#					# cannot; stopped at the test's end
#	kafka-pub -b "$BROKERS" --create 20 trades </dev/null
#	peer_kafka_kill "$T/kafka"	# a crash, or _stop
#	peer_kafka_start "$T/kafka"	# again: same port, same data
#
# No topic is created by being asked for.

PEERS_ROOT=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
# shellcheck source=scripts/lib/wait.sh
. "$PEERS_ROOT/scripts/lib/wait.sh"
# shellcheck source=scripts/lib/daemon.sh
. "$PEERS_ROOT/scripts/lib/daemon.sh"
# shellcheck source=scripts/lib/kafka.sh
. "$PEERS_ROOT/scripts/lib/kafka.sh"

# peer_kafka_start DIR [KEY=VALUE...]: a broker in DIR on a free port, with
# further lines for its configuration if need be. Sets BROKERS.
peer_kafka_start()
{
	local dir=$1 port='' missing tries

	shift
	missing=$(kafka_missing)
	if [[ -n $missing ]]; then
		skip_all "not installed: ${missing//$'\n'/, } (scripts/deps)" \
		    required
	fi
	if [[ ! -e $dir/port ]]; then
		on_exit kafka_kill "$dir"
	fi
	# A port drawn free may be gone by the time the broker binds it.
	for tries in 1 2 3; do
		{ read -r port <"$dir/port"; } 2>/dev/null || port=$(free_port)
		if kafka_start "$dir" "$port" "$@" 2>"$T/peer.err"; then
			BROKERS=127.0.0.1:$(<"$dir/port")
			export BROKERS
			return 0
		fi
		diag "try $tries: $(<"$T/peer.err")"
		[[ -e $dir/data ]] || rm -f "$dir/port"
	done
	bail 'no Kafka'
}

# peer_kafka_stop DIR: in order, as an administrator would.
peer_kafka_stop()
{
	kafka_stop "$1"
}

# peer_kafka_kill DIR: as a crash would.
peer_kafka_kill()
{
	kafka_kill "$1"
}
