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

	wait_for 120 is_one "$1" "$2" || return 1
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
	    wait_for 120 pid_gone "$pid" && one_of "$1" "$2" >"$T/next" &&
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

# no_zombie: for wait_for, as there is one between an end and its wait().
# shellcheck disable=SC2317 # called by wait_for
no_zombie()
{
	[[ $(ps -o stat= --ppid "$(IFS=,; echo "${SCRIPT[*]}")") != *Z* ]]
}

# each_once: of candles' and ticks' pipelines, each command runs once.
# shellcheck disable=SC2317 # called by wait_for
each_once()
{
	is_one kafka-sub candles-0 && is_one ohlc-window candles-0 &&
	    is_one pg-upsert candles-0 && is_one kafka-sub ticks-0 &&
	    is_one pg-upsert ticks-0
}

# replay_dies COMMAND...: runs it, which is to kill something of a replay. The
# broker is frozen meanwhile: a replay ends within a second or two, and this
# one must not have ended by itself before.
replay_dies()
{
	local broker

	broker=$(kafka_pid "$T/kafka") && kill -STOP "$broker"
	script ingest --replay "$T/frames"
	"$@"
	ok $? 'it is found and killed'
	kill -CONT "$broker"
	script_ends 0 ingest
}

# shellcheck disable=SC2317 # called by replay_dies
kill_command()
{
	local pid

	pid=$(one_of "$1" ingest-0) && kill -KILL "$pid"
}

# shellcheck disable=SC2317 # called by replay_dies
kill_group()
{
	one_of kafka-pub ingest-0 >"$T/next" &&
	    kill -KILL -- "-$(<"$TICKPIPE_RUN/ingest-0/group")"
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
check 'no zombie' wait_for 120 no_zombie
script_ends 0 ingest
for command in bws-trades ndjson-validate kafka-pub; do
	replay_dies kill_command "$command"
	like "$(<"$T/ingest.err")" "$command was killed by SIGKILL; starting" \
	    "$command of a replay is killed: the replay begins again"
done
# Nobody is left who could say how it ended.
replay_dies kill_group
like "$(tail -n 1 "$T/ingest.err")" 'was killed by SIGKILL; starting' \
    'all of a replay but the script is killed: it begins again'
wait_ticks "$N"
wait_counted "$N"

# The scripts. Their pipelines end with them; with nobody left to see to that,
# the next start does.
kill -KILL "${SCRIPT[candles]}" "${SCRIPT[ticks]}"
check 'the scripts are killed: their pipelines end' wait_for 120 nothing_left
script candles
script ticks
# orphan_candles: kills all of candles but its commands, and sets old, one of
# them. All are stopped first: none must see another die before it dies itself.
# One that was just being forked is found the next time, so until there is no
# new one. A group whose last parent outside of it goes gets a HUP while some
# in it are stopped: first those that lead no group, then the leaders, which are
# the script's children, and then the script.
orphan_candles()
{
	local command pid pids=() before=none others=() leaders=()

	# All three: a command is a shell until it runs.
	for command in kafka-sub ohlc-window pg-upsert; do
		one_of "$command" candles-0 >"$T/next"
	done
	old=$(<"$T/next")
	while [[ ${pids[*]} != "$before" ]]; do
		before=${pids[*]}
		mapfile -t pids < <(bashes candles)
		kill -STOP "${pids[@]}" 2>/dev/null
	done
	for pid in "${pids[@]}"; do
		if [[ $pid == "${SCRIPT[candles]}" ]]; then
			continue
		elif (($(ps -o pgid= -p "$pid" || echo 0) == pid)); then
			leaders+=("$pid")
		else
			others+=("$pid")
		fi
	done
	for pid in "${others[@]}" "${leaders[@]}" "${SCRIPT[candles]}"; do
		kill -KILL "$pid"
		wait_for 120 pid_gone "$pid"
	done 2>/dev/null
}
orphan_candles
check 'all of candles but its commands is killed: they stay' pid_alive "$old"
script candles
check 'until it is started again' wait_for 120 pid_gone "$old"
like "$(<"$T/candles.err")" 'ending what an earlier run left' \
    'which ends them before it begins'
check 'each command is there once' wait_for 120 each_once
is "$(find "$TICKPIPE_RUN" -maxdepth 1 -name 'candles-*' | wc -l)" 1 \
    'in the place that it had'
is "$(left_over | grep -cE '^(ohlc-window|kafka-sub|pg-upsert)')" 5 \
    'and no other'

# A second copy, elsewhere in the group.
"$ROOT/scripts/candles" 2>"$T/second.err" &
second=$!
check 'a second copy has a place of its own' \
    wait_for 120 is_one pg-upsert candles-1
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
check 'a stopped member is killed' wait_for 120 nothing_left
done_testing
