#!/bin/bash
# Goal: kill -9 of any member or of the scripts themselves, in mid-run: nothing
# is lost, nothing counts twice, and what is started again meets nobody.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/pipe/lib.sh
. "$ROOT/tests/pipe/lib.sh"

N=100000

# one_of COMMAND PIPELINE: a pid, once there is one.
one_of()
{
	local pid

	wait_for 30 is_one "$1" "$2" || return 1
	read -r pid < <(members "$1" "$2") && echo "$pid"
}

# shellcheck disable=SC2317 # called by wait_for
is_one()
{
	[[ $(members "$1" "$2" | wc -l) == 1 ]]
}

# kill_member COMMAND PIPELINE: kill -9, and another one comes.
kill_member()
{
	local pid

	pid=$(one_of "$1" "$2") && kill -KILL "$pid" &&
	    wait_for 10 pid_gone "$pid" && one_of "$1" "$2" >"$T/next" &&
	    [[ $(<"$T/next") != "$pid" ]]
	ok $? "$1 of $2 is killed, and comes again"
}

# bashes PIPELINE: the script, and what it has forked of itself.
bashes()
{
	local pid

	for pid in /proc/[0-9]*; do
		{ tr '\0' '\n' <"$pid/environ"; } 2>/dev/null |
		    grep -qxF "TICKPIPE_RUN=$TICKPIPE_RUN" &&
		    tr '\0' ' ' <"$pid/cmdline" 2>/dev/null |
		    grep -q "scripts/$1 \$" && echo "${pid##*/}"
	done
}

zombies()
{
	ps -o stat= --ppid "$(IFS=,; echo "${SCRIPT[*]}")" | sed -n '/^Z/p' | wc -l
}

pipe_setup


frames "$N" 1 10 >"$T/frames"
bws-trades --replay "$T/frames" >"$T/trades"

status_is 2 'a table that is not there' \
    env TABLE_TICKS=nowhere "$ROOT/scripts/ticks"
like "$(<"$T/err")" 'trying again cannot help' 'says that it cannot help'
status_is 2 'a file that is not there' \
    "$ROOT/scripts/ingest" --replay "$T/nowhere"
check 'neither leaves anything' nothing_left

# Members.
script candles
script ticks
script ingest --replay "$T/frames"
kill_member kafka-sub candles-0
kill_member ohlc-window candles-0
kill_member kafka-sub ticks-0
kill_member pg-upsert candles-0
kill_member pg-upsert ticks-0
is "$(zombies)" 0 'no zombie'
script_ends 0 ingest
for command in bws-trades ndjson-validate kafka-pub; do
	script ingest --replay "$T/frames"
	pid=$(one_of "$command" ingest-0)
	kill -KILL "$pid"
	script_ends 0 ingest
	like "$(<"$T/ingest.err")" "$command was killed by SIGKILL; starting" \
	    "$command of a replay is killed: the replay begins again"
done
# Nobody is left who could say how it ended.
script ingest --replay "$T/frames"
one_of kafka-pub ingest-0 >"$T/next"
kill -KILL -- "-$(<"$TICKPIPE_RUN/ingest-0/group")"
script_ends 0 ingest
like "$(tail -n 1 "$T/ingest.err")" 'was killed by SIGKILL; starting' \
    'all of a replay but the script is killed: it begins again'
wait_ticks "$N"
wait_counted "$N"

# The scripts. Their pipelines end with them; with nobody left to see to that,
# the next start does.
kill -KILL "${SCRIPT[candles]}" "${SCRIPT[ticks]}"
check 'the scripts are killed: their pipelines end' wait_for 20 nothing_left
script candles
script ticks
# orphan_candles: kills all of candles but its commands, sets old, one of them,
# and whether it is still there. All are stopped first: none must see another
# die before it dies itself. The script goes last: a group that loses it while
# some in it are stopped gets a HUP.
# shellcheck disable=SC2317 # called below
orphan_candles()
{
	local command pid pids

	# All three: a command is a shell until it runs.
	for command in kafka-sub ohlc-window pg-upsert; do
		one_of "$command" candles-0 >"$T/next"
	done
	old=$(<"$T/next")
	read -ra pids < <(bashes candles | tr '\n' ' ')
	kill -STOP "${pids[@]}"
	for pid in "${pids[@]}"; do
		[[ $pid == "${SCRIPT[candles]}" ]] || kill -KILL "$pid"
	done
	for pid in "${pids[@]}"; do
		[[ $pid == "${SCRIPT[candles]}" ]] || wait_for 20 pid_gone "$pid"
	done
	kill -KILL "${SCRIPT[candles]}"
	wait_for 20 pid_gone "${SCRIPT[candles]}"
	pid_alive "$old"
}

# A shell that was just being made is not found, and then sees them die: once
# more.
for ((try = 1; try < 5; try++)); do
	orphan_candles && break
	diag "they did not stay, try $try"
	sleep 1
	script candles
done
check 'all of candles but its commands is killed: they stay' pid_alive "$old"
script candles
check 'until it is started again' wait_for 30 pid_gone "$old"
like "$(<"$T/candles.err")" 'ending what an earlier run left' \
    'which ends them before it begins'
one_of pg-upsert candles-0 >"$T/next"
is "$(find "$TICKPIPE_RUN" -maxdepth 1 -name 'candles-*' | wc -l)" 1 \
    'in the place that it had'
is "$(left_over | sort | uniq -c | grep -cE ' 1 (ohlc-window)| 2 (kafka-sub|pg-upsert)')" \
    3 'each command is there once'

# A second copy, elsewhere in the group.
"$ROOT/scripts/candles" 2>"$T/second.err" &
second=$!
check 'a second copy has a place of its own' \
    wait_for 30 is_one pg-upsert candles-1
frames "$N" 1000000 10 1000000 >"$T/frames"
bws-trades --replay "$T/frames" >>"$T/trades"
status_is 0 'more trades' "$ROOT/scripts/ingest" --replay "$T/frames"
wait_ticks $((2 * N))
wait_counted $((2 * N))
kill -TERM "$second"
wait "$second"
is "$?" 0 'the second copy ends in order'

# In order, too: at once, and all acknowledged.
script_stops 0 ticks
script_stops 0 candles
check 'nothing is left running' nothing_left
status_is 0 'reading on as ticks' kafka-sub -b "$BROKERS" -g ticks -e crypto_prices
is "$(<"$T/out")" '' 'gives nothing: all was acknowledged'

same_ticks "$T/trades" 'no tick is missing'
same_candles "$T/trades" 'and no candle differs'

# A member that does not answer is not waited for.
script ticks
pid=$(one_of pg-upsert ticks-0)
kill -STOP "$pid"
script_stops 3 ticks
check 'a stopped member is killed' wait_for 10 nothing_left
done_testing
