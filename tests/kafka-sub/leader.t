#!/bin/bash
# Goal: a partition whose leader is unreachable as kafka-sub starts is waited
# for with a word, and not past the first TERM. On a cluster of three.
# shellcheck disable=SC2317 # functions for wait_for
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/kafka.sh
. "$ROOT/tests/peers/kafka.sh"

need jq kcat
kafka=$T/kafka
peer_cluster_start "$kafka"
export TICKPIPE_BROKERS=$BROKERS
# One copy alone: while a broker is away nobody else leads its partitions.
status_is 0 'a topic of one copy' kafka-pub --create 3:1 t
for partition in 0 1 2; do
	seq "$partition" 3 29 | sed 's/.*/{"n":&}/' |
	    kcat -P -b "$BROKERS" -t t -p "$partition"
done
status_is 0 'a member of the group' kafka-sub -g g -e -c 3 t
read -r _ node < <(peer_cluster_leaders "$kafka" t)

said() { [[ -s $1 ]]; }

# starts NAME OPTION...: it is told of the leader, and ends when asked to.
starts()
{
	local name=$1

	shift
	: >"$T/err"
	kafka-sub "$@" t >"$T/out" 2>"$T/err" &
	pid=$!
	wait_for 60 said "$T/err"
	ok $? "$name: says what is wrong"
	kill -TERM "$pid"
	check 'and ends when asked to' wait_for 30 pid_gone "$pid"
	kill -KILL "$pid" 2>/dev/null
	wait "$pid"
	is $? 0 'in order' || diag_file "$T/err"
}

peer_cluster_kill "$kafka" "$node"
starts '-o beginning -e' -o beginning -e
starts '-o -5 -e' -o -5 -e
starts '-o -5' -o -5
starts '-o s@1 -e' -o s@1 -e
starts '-g -e' -g g -e

# One that waits is served when the broker is back.
kafka-sub -o -100 -e t >"$T/out1" 2>"$T/err1" &
one=$!
kafka-sub -g g2 -e t >"$T/out2" 2>"$T/err2" &
two=$!
wait_for 60 said "$T/err1" && wait_for 60 said "$T/err2"
ok $? 'two that wait'
peer_cluster_start_node "$kafka" "$node"
for n in 1 2; do
	((n == 1)) && pid=$one || pid=$two
	check "number $n ends" wait_for 60 pid_gone "$pid"
	kill -KILL "$pid" 2>/dev/null
	wait "$pid"
	is $? 0 'in order' || diag_file "$T/err$n"
	is "$(jq -r .n "$T/out$n" | sort -n | paste -sd' ')" \
	    "$(seq -s ' ' 0 29)" 'with everything'
done
done_testing
