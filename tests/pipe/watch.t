#!/bin/bash
# Goal: what watches over the scripts may be killed too: a pipeline still comes
# again after its member's death, and ends with its script. Two folders for
# the slots never make one place in the group of two. On the embedded Kafka.
# shellcheck disable=SC2317 # functions for wait_for
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/pipe/lib.sh
. "$ROOT/tests/pipe/lib.sh"
# shellcheck source=tests/peers/mock.sh
. "$ROOT/tests/peers/mock.sh"

# A pipeline whose database is not there waits for it, which is enough here.
peer_mock_start crypto_prices
export TICKPIPE_STACK=$T/none TICKPIPE_RUN=$T/run DATA=$T/data
DATABASE="host=127.0.0.1 port=$(free_port) dbname=none"
export DATABASE
unset TICKPIPE_CONF TICKPIPE_BROKERS TICKPIPE_DATABASE
on_exit scripts_end

# watcher PID: the child of a script that leads no process group.
watcher()
{
	local pid

	for pid in $(ps -o pid= --ppid "$1"); do
		[[ $(ps -o pgid= -p "$pid") -eq $pid ]] || echo "$pid"
	done
}

# member_of PIPELINE: pid of its kafka-sub, once there is one.
member_of()
{
	wait_for 120 has_member "$1" && members kafka-sub "$1"
}
has_member() { [[ $(members kafka-sub "$1" | wc -l) == 1 ]]; }

# another PIPELINE PID: whether another has taken its place.
another()
{
	local pid

	pid=$(members kafka-sub "$1") && [[ -n $pid && $pid != "$2" ]]
}

script ticks
old=$(member_of ticks-0)
pid=$(watcher "${SCRIPT[ticks]}")
like "$pid" '^[0-9]+$' 'a script has a watcher'
kill -KILL "$pid"
kill -KILL "$old"
check 'it is killed, then a member: the pipeline comes again' \
	wait_for 120 another ticks-0 "$old"
like "$(watcher "${SCRIPT[ticks]}")" '^[0-9]+$' 'with another watcher'
kill -KILL "${SCRIPT[ticks]}"
check 'which ends it when the script is killed' wait_for 120 nothing_left
wait "${SCRIPT[ticks]}" 2>/dev/null
unset 'SCRIPT[ticks]'

# Two folders.
script ticks
member_of ticks-0 >"$T/one"
TICKPIPE_RUN=$T/other "$ROOT/scripts/ticks" 2>"$T/other.err" &
other=$!
on_exit kill "$other"
both() { [[ $(members kafka-sub ticks-0 | wc -l) == 2 ]]; }
check 'a copy with another folder for its slots has the same slot' \
	wait_for 120 both
is "$(for pid in $(members kafka-sub ticks-0); do
	tr '\0' '\n' <"/proc/$pid/cmdline" | grep '^group.instance.id='
    done | sort -u | wc -l)" 2 'and another name in the group'

# The folder is cleaned away.
rm -rf "$T/other/ticks-0"
pid=$(members kafka-sub other/)
kill -KILL "$pid"
check 'without its folder it gives up' wait_for 120 pid_gone "$other"
wait "$other"
is $? 3 'with status 3'
like "$(<"$T/other.err")" 'was taken away' 'and the reason'
script_stops 3 ticks
# A folder that others may write to, or somebody's link, is none of ours.
mkdir -m 777 "$T/open"
chmod 777 "$T/open"
ln -s "$T/run" "$T/link"
for folder in "$T/open" "$T/link" "$T/link/" /; do
	TICKPIPE_RUN=$folder status_is 2 "slots in ${folder#"$T/"}" \
	    "$ROOT/scripts/ticks"
	like "$(<"$T/err")" 'not a folder of ours alone' 'are refused'
done
done_testing
