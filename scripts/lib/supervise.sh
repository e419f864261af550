# shellcheck shell=bash
# Supervision of a pipeline: a member that dies brings it down, and up again.
# Sourced after settings.sh.
#
#	pipeline() { member kafka-sub ... | member pg-upsert ...; }
#	supervise ticks pipeline
#
# Who is who. The script forks a leader, which runs the pipeline in a process
# group of its own. Every member is a command below a bash (`member`) that
# reports how it ended. All of them inherit
#
#	the writing end of a pipe for the reports, so that its end of file means
#	that nobody of the pipeline lives any more: only then is it started anew;
#	a lock on the slot, for the same question asked by another script.
#
# A script that is killed takes its pipeline with it: a watcher, a fork of the
# script, sees the end of a pipe that the script alone writes to, and ends the
# group. Should that have been killed too, the next start finds the slot's lock
# held by a group whose script is gone, and ends it.
#
# A slot is a folder RUN/NAME-N, taken by the lock on its file `script`; the
# first one that is free is taken, so copies of a pipeline on a machine have
# different numbers, and a restarted one has its old one. In it: group (a
# process group, while one runs) and ack (the FIFO). The lock files stay. Who
# has their folder cleaned away under it gives up rather than share a slot.

RUN=${TICKPIPE_RUN:-${XDG_RUNTIME_DIR:-/tmp}/tickpipe-$UID}
[[ $RUN == /* ]] || RUN=$PWD/$RUN
while [[ $RUN == */ ]]; do RUN=${RUN%/}; done

# Seconds: that the others get to end by themselves when one has died; from
# asking the group to end until it is killed (longer than the commands' own
# --drain); until a pipeline counts as healthy; between starts at most.
SUPERVISE_GRACE=10
SUPERVISE_DRAIN=10
SUPERVISE_HEALTHY=60
SUPERVISE_PAUSE_MAX=30

SUPERVISE_name=${0##*/}
SUPERVISE_stop=0	# asked to end
SUPERVISE_group=''	# the process group that runs
SUPERVISE_asked=0	# times that it was asked to end
SUPERVISE_failures=0	# starts without health
SUPERVISE_worst=0	# the status to end with
declare -A SUPERVISE_running=() # shells whose end was not reported yet: pids

say()
{
	printf '%s: %s\n' "$SUPERVISE_name" "$*" >&2
}

# member COMMAND...: one command of a pipeline.
# It alone holds the pipes: kafka-sub ends its output and waits for what comes
# of that, so a second holder, waiting for kafka-sub, would be a deadlock. A
# signal for the group is the command's business; being ignored would be
# inherited, so that comes after its start. (INT it ignores all the same, being
# in the background: what asks it to end is TERM.) What bash has to say of a
# command that was killed, supervise_wait says.
member()
{
	local status

	trap : HUP INT TERM
	echo "$1 started $BASHPID" >&"$SUPERVISE_report"
	"$@" <&0 &
	trap '' HUP INT TERM
	exec </dev/null >/dev/null 2>&1
	wait "$!"
	status=$?
	echo "$1 $status" >&"$SUPERVISE_report"
	return "$status"
}

# supervise_watch: stdin says which group runs ('' for none); at its end the
# script is gone, and the group last named has to go.
supervise_watch()
{
	local line group=''

	trap '' HUP INT TERM
	while read -r line; do
		group=$line
	done
	[[ -z $group ]] || supervise_end "$group"
}

# supervise_watcher: starts it; it must hold neither lock.
supervise_watcher()
{
	exec {SUPERVISE_life}> >(exec {SUPERVISE_lock}>&- \
	    {SUPERVISE_members}>&-; supervise_watch)
	SUPERVISE_watcher=$!
}

# supervise_tell: tells the watcher which group runs; another one, when it has
# been killed. (In a subshell, which a pipe without a reader may kill.)
supervise_tell()
{
	(echo "$SUPERVISE_group" >&"$SUPERVISE_life") 2>/dev/null && return
	exec {SUPERVISE_life}>&-
	supervise_watcher
	(echo "$SUPERVISE_group" >&"$SUPERVISE_life") 2>/dev/null
}

# supervise_end GROUP: asks it to end, and sees to it.
supervise_end()
{
	local tries

	kill -TERM -- "-$1" 2>/dev/null || return 0
	for ((tries = 0; tries < SUPERVISE_DRAIN * 10; tries++)); do
		# Nobody may be there to reap orphans: they keep a number alive,
		# but no lock.
		kill -0 -- "-$1" 2>/dev/null || return 0
		! flock -n "$SLOT/members" true || return 0
		sleep 0.1
	done
	kill -KILL -- "-$1" 2>/dev/null
}

# supervise_run_folder: a private one. In /tmp anybody may have been first.
supervise_run_folder()
{
	if [[ -n $RUN ]]; then
		mkdir -p -- "${RUN%/*}/" && mkdir -m 700 -- "$RUN" 2>/dev/null
	fi
	if [[ ! -d $RUN || ! -O $RUN || -L $RUN ||
	    $(stat -c %A -- "$RUN") == d????w* ||
	    $(stat -c %A -- "$RUN") == d???????w* ]]; then
		say "${RUN:-/} is not a folder of ours alone: set TICKPIPE_RUN"
		exit 2
	fi
}

# supervise_slot NAME: takes a slot. Sets SLOT (the folder) and INSTANCE, holds
# its locks until the end. INSTANCE names the slot among all machines: by the
# lock itself, since two RUN folders on one host (XDG_RUNTIME_DIR is there for
# a login, and not for cron) have slots of the same number.
supervise_slot()
{
	local n lock

	for ((n = 0; ; n++)); do
		SLOT=$RUN/$1-$n
		mkdir -p -- "$SLOT" &&
		    exec {SUPERVISE_lock}>>"$SLOT/script" || exit 3
		flock -n "$SUPERVISE_lock" && break
		exec {SUPERVISE_lock}>&-
	done
	exec {SUPERVISE_members}>>"$SLOT/members" || exit 3
	lock=$(stat -L -c %d.%i -- "/dev/fd/$SUPERVISE_lock") || exit 3
	# shellcheck disable=SC2034 # the pipeline's
	INSTANCE=$HOSTNAME-$n-$lock
	SUPERVISE_name=$1-$n
	supervise_leftover
}

# supervise_leftover: ends what a killed script left in our slot. Its group's
# number is still its own as long as one of it lives, and the lock says so.
supervise_leftover()
{
	local group

	while ! flock -n "$SUPERVISE_members"; do
		if { read -r group <"$SLOT/group"; } 2>/dev/null &&
		    [[ $group =~ ^[1-9][0-9]+$ ]]; then
			say "ending what an earlier run left (group $group)"
			supervise_end "$group"
		fi
		flock -w 1 "$SUPERVISE_members" && break
	done
	rm -f -- "$SLOT/group" "$SLOT/ack" "$SLOT/report"
}

# supervise_lead PIPELINE: the leader, in the new group.
supervise_lead()
{
	trap : HUP INT TERM
	exec {SUPERVISE_lock}>&- {SUPERVISE_reports}<&- {SUPERVISE_life}>&-
	echo "$BASHPID" >"$SLOT/group" || exit 3
	"$1"
	exit 0
}

# supervise_start PIPELINE: sets SUPERVISE_group and SUPERVISE_reports.
supervise_start()
{
	if [[ ! $SLOT/script -ef /dev/fd/$SUPERVISE_lock ]]; then
		say "$SLOT was taken away: set TICKPIPE_RUN to a folder that stays"
		exit 3
	fi
	rm -f -- "$SLOT/ack"
	mkfifo -m 600 -- "$SLOT/ack" "$SLOT/report" &&
	    exec {SUPERVISE_report}<>"$SLOT/report" &&
	    exec {SUPERVISE_reports}<"$SLOT/report" || exit 3
	rm -f -- "$SLOT/report"
	SUPERVISE_asked=0
	# The leader's process group is its own; terminals stay ours.
	set -m
	supervise_lead "$1" &
	SUPERVISE_group=$!
	set +m
	exec {SUPERVISE_report}>&-
	supervise_tell
	((SUPERVISE_stop == 0)) || supervise_ask
}

# supervise_ask: asks the group to end, once: a second signal would kill.
supervise_ask()
{
	((SUPERVISE_asked++ > 0)) || kill -TERM -- "-$SUPERVISE_group" 2>/dev/null
}

# supervise_on_signal: asked to end.
supervise_on_signal()
{
	SUPERVISE_stop=1
	[[ -z $SUPERVISE_group ]] || supervise_ask
}

# supervise_report NAME STATUS [PID]: one that came; STATUS is `started` at the
# beginning.
supervise_report()
{
	if [[ $2 == started ]]; then
		SUPERVISE_running[$1]=$3
		return
	fi
	unset "SUPERVISE_running[$1]"
	supervise_worse "$1" "$2"
	: "${SUPERVISE_deadline:=$((SECONDS + SUPERVISE_GRACE))}"
}

# supervise_look: nothing was reported for a second. Who is gone without a word,
# and still was the last time, was killed: a shell, whose command goes on as if
# nothing were, or the leader.
supervise_look()
{
	local name pid

	kill -0 "$SUPERVISE_watcher" 2>/dev/null || supervise_tell
	for name in "${!SUPERVISE_running[@]}"; do
		pid=${SUPERVISE_running[$name]}
		if [[ $pid == gone ]]; then
			supervise_report "$name" 137
		elif ! kill -0 "$pid" 2>/dev/null; then
			SUPERVISE_running[$name]=gone
		fi
	done
}

# supervise_hurry: asks those that still run to end, and in the end kills them.
supervise_hurry()
{
	if [[ -n $SUPERVISE_deadline ]] && ((SECONDS >= SUPERVISE_deadline))
	then
		supervise_ask
	fi
	if ((SUPERVISE_asked > 0)); then
		: "${SUPERVISE_kill_at:=$((SECONDS + SUPERVISE_DRAIN))}"
		((SECONDS < SUPERVISE_kill_at)) ||
		    kill -KILL -- "-$SUPERVISE_group" 2>/dev/null
	fi
}

# supervise_wait: until nobody of the pipeline lives. Collects the reports:
# SUPERVISE_first (the first end that was no success: the cause), and
# SUPERVISE_worst (the worst status, by supervise_worse).
supervise_wait()
{
	local name status pid line='' part got leader='its leader'

	SUPERVISE_first='' SUPERVISE_worst=0
	SUPERVISE_deadline='' SUPERVISE_kill_at=''
	SUPERVISE_running=(["$leader"]=$SUPERVISE_group)
	while :; do
		# The second may end in the midst of a line: what came of it is
		# kept, or the member would count as killed.
		IFS= read -r -t 1 -u "$SUPERVISE_reports" part
		got=$?
		line+=$part
		if ((got == 0)); then
			read -r name status pid <<<"$line"
			line=''
			supervise_report "$name" "$status" "$pid"
		elif ((got > 128)); then
			supervise_look
		else
			break
		fi
		supervise_hurry
	done
	exec {SUPERVISE_reports}<&-
	# The leader has ended now, and its status is there to be had.
	unset "SUPERVISE_running[$leader]"
	supervise_wait_leader || supervise_worse "$leader" "$?"
	for name in "${!SUPERVISE_running[@]}"; do
		supervise_worse "$name" 137
	done
	SUPERVISE_group=''
	supervise_tell
	rm -f -- "$SLOT/group" "$SLOT/ack"
}

# Its status: 0, whatever its members do. A signal to us ends a wait before its
# time.
supervise_wait_leader()
{
	local status

	while :; do
		wait "$SUPERVISE_group" 2>/dev/null
		status=$?
		if ((status <= 128)) ||
		    ! kill -0 "$SUPERVISE_group" 2>/dev/null; then
			return "$status"
		fi
	done
}

# supervise_worse NAME STATUS: wrong use (2) beats the world (3, and death by a
# signal), which beats the data (1). Death by SIGPIPE is another's death seen
# from above.
supervise_worse()
{
	local status=$2 how="ended with status $2"

	case $status in
	0) return ;;
	126 | 127) status=2 how='cannot be run' ;;
	esac
	if ((status > 128)); then
		how="was killed by SIG$(kill -l "$status" 2>/dev/null)"
	fi
	if [[ -z $SUPERVISE_first || $SUPERVISE_first == *SIGPIPE ]] ||
	    ((status == 2)); then
		SUPERVISE_first="$1 $how"
	fi
	((status <= 3)) || status=3
	case $SUPERVISE_worst,$status in
	2,* | 3,1) ;;
	*) SUPERVISE_worst=$status ;;
	esac
}

# supervise_pause: before the next start; the first one is at once. Jittered,
# so that pipelines which one failure has ended do not come back together.
supervise_pause()
{
	local ms

	if ((SECONDS - SUPERVISE_since >= SUPERVISE_HEALTHY)); then
		SUPERVISE_failures=0
	fi
	if ((SUPERVISE_failures++ == 0)); then
		say "$SUPERVISE_first; starting again"
		return
	fi
	ms=$((1000 << (SUPERVISE_failures < 8 ? SUPERVISE_failures - 2 : 6)))
	((ms <= SUPERVISE_PAUSE_MAX * 1000)) || ms=$((SUPERVISE_PAUSE_MAX * 1000))
	ms=$((ms / 2 + SRANDOM % (ms / 2 + 1)))
	say "$SUPERVISE_first; starting again in $((ms / 1000)).$((ms / 100 % 10)) s"
	while ((ms > 0 && SUPERVISE_stop == 0)); do
		# Not with our lock: it would keep it when we are killed.
		eval "sleep 0.2 $SUPERVISE_lock>&-"
		ms=$((ms - 200))
	done
}

# supervise_open NAME: everything that is there before the first start.
supervise_open()
{
	trap supervise_on_signal HUP INT TERM
	supervise_run_folder
	supervise_slot "$1"
	OUT=$DATA/$SUPERVISE_name
	if ! mkdir -p -- "$OUT"; then
		say "cannot make $OUT: set TICKPIPE_DATA"
		exit 2
	fi
	supervise_watcher
}

supervise_close()
{
	exec {SUPERVISE_life}>&-
	wait "$SUPERVISE_watcher" 2>/dev/null
}

# supervise [--once|--stdin] NAME PIPELINE: runs the function PIPELINE again
# and again. It finds in ACK a fresh FIFO, in INSTANCE a name that no other copy
# has, and in OUT a folder for what is refused or late.
#	--once	its end in order is the end
#	--stdin	it reads the script's input, so it cannot be run twice
# Ends the script: 0 asked to end and drained, or (--once) all delivered; 1
# some data was refused on the way; 2 a member says that a retry cannot help;
# 3 what was asked to end did not drain, or (--stdin) a member died.
supervise()
{
	local mode=always

	if [[ $1 == --* ]]; then
		mode=${1#--}
		shift
	fi
	[[ $mode == stdin ]] || exec </dev/null
	supervise_open "$1"
	# shellcheck disable=SC2034 # the pipeline's
	ACK=$SLOT/ack
	while ((SUPERVISE_stop == 0)); do
		SUPERVISE_since=$SECONDS
		supervise_start "$2"
		supervise_wait
		if ((SUPERVISE_worst == 2)); then
			say "$SUPERVISE_first; trying again cannot help"
			break
		elif ((SUPERVISE_stop > 0)) || [[ $mode == stdin ]]; then
			((SUPERVISE_worst < 2)) || say "$SUPERVISE_first"
			break
		elif [[ $mode == once ]] && ((SUPERVISE_worst < 2)); then
			break
		fi
		: "${SUPERVISE_first:=ended}"
		supervise_pause
	done
	supervise_close
	exit "$SUPERVISE_worst"
}
