#!/bin/bash
# Goal: three Kafka brokers are one cluster that outlives one of them, whose
# leaders move, and which clients reach through a proxy alone.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/kafka.sh
. "$ROOT/tests/peers/kafka.sh"
# shellcheck source=tests/peers/proxy.sh
. "$ROOT/tests/peers/proxy.sh"

need kcat perl flock
kafka=$T/kafka

# leaders_are REGEX: whether each partition's leader matches, for wait_for.
# shellcheck disable=SC2317 # called by it
leaders_are()
{
	local leaders

	leaders=$(peer_cluster_leaders "$kafka" trades)
	[[ $(wc -l <<<"$leaders") == 20 ]] && ! grep -qvE " $1\$" <<<"$leaders"
}

# shellcheck disable=SC2317
leads()
{
	peer_cluster_leaders "$kafka" trades | grep -q " $1\$"
}

# The brokers' own ports and the proxy's, as both want them.
routes=()
while read -r -d ' ' front && read -r port; do
	routes+=("$front:$port")
done < <(peer_free_ports 6 | paste -d ' ' - -)
peer_cluster_start "$kafka" "${routes[@]}"
is "$BROKERS" "127.0.0.1:${routes[0]%:*},127.0.0.1:${routes[1]%:*},$(
    )127.0.0.1:${routes[2]%:*}" 'clients are told of the proxy'
proxy_start net "${routes[@]}" || bail 'no proxy'
status_is 0 'a topic of three copies is made' \
    kafka-pub -b "$BROKERS" --create 20:3 trades </dev/null
leaders_are '[123]'
ok $? 'each partition has a leader'
is "$(peer_cluster_topic "$kafka" trades | grep -cE \
    'replicas: [123],[123],[123], isrs: [123],[123],[123]$')" 20 \
    'and three copies'
like "$(grep -h 'Created log for partition trades-' "$kafka"/*/log | head -n 1)" \
    'min.insync.replicas=2' 'of which an acknowledgement means two'

"$BUILD/tests/bench/gentrades" -s 100 -n 10000 >"$T/in"
# shellcheck disable=SC2317 # called by the helpers
publish()
{
	{
		head -n 5000 "$T/in"
		peer_cluster_kill "$kafka" 2
		tail -n +5001 "$T/in"
	} | kafka-pub -b "$BROKERS" --key symbol trades
}
status_is 0 'trades are acknowledged though a broker is killed meanwhile' \
    publish
check 'its leaderships are taken over' wait_for 30 leaders_are '[13]'
status_is 0 'they are read' kafka-sub -b "$BROKERS" -o beginning -e trades
same_file <(sort "$T/out") <(sort "$T/in") 'all of them, once'
read -r accepted _ bytes < <(proxy_do net count '*')
check 'all that went through the proxy' test $((accepted >= 3 && \
    bytes >= 2 * $(wc -c <"$T/in") )) = 1

proxy_do net silence '*'
check 'one that was killed comes back, past the proxy' \
    peer_cluster_start_node "$kafka" 2
status_is 0 'what runs is left alone' peer_cluster_start_node "$kafka" 2
check 'it leads again' wait_for 60 leads 2
before=$(peer_cluster_leaders "$kafka" trades)
check 'leaders are moved' peer_cluster_move_leaders "$kafka" trades
peer_cluster_moved "$kafka" trades "$before"
ok $? 'of every partition'
proxy_do net clear '*'
status_is 0 'readers follow' kafka-sub -b "$BROKERS" -o beginning -e trades
same_file <(sort "$T/out") <(sort "$T/in") 'and miss nothing'

check 'one is stopped in order' peer_cluster_stop "$kafka" 1
check 'it leads nothing' wait_for 30 leaders_are '[23]'

# A power cut.
for n in 2 3; do
	peer_cluster_kill "$kafka" "$n"
done
check 'the first of three waits for no answer' \
    peer_cluster_start_node "$kafka" 1
peer_cluster_start "$kafka"
check 'all come back where they were' wait_for 60 leaders_are '[123]'
status_is 0 'reading on' kafka-sub -b "$BROKERS" -o beginning -e trades
same_file <(sort "$T/out") <(sort "$T/in") 'nothing is lost'

done_testing
