# shellcheck shell=bash
# Servers in the background: started detached, known by their pid file, ended
# by pid. Sourced after wait.sh.
#
# A pid file alone proves nothing: the machine may have been restarted and the
# number given to somebody else. So each server is also known by a MARK, one
# whole argument of its command line that nobody else has (its own folder).

# daemon_start PIDFILE LOG COMMAND...: runs COMMAND in a session of its own,
# with cwd /, no input, output appended to LOG, and no descriptor inherited
# besides (a lock held by the caller must not live on in a server).
# 0 once the pid file is written; whether the server answers is another thing.
daemon_start()
{
	local pidfile=$1 log=$2

	shift 2
	rm -f "$pidfile" || return 1
	# shellcheck disable=SC2016 # expanded by the inner bash
	setsid -f bash -c '
		for fd in /proc/self/fd/*; do
			fd=${fd##*/}
			((fd < 3)) || eval "exec $fd>&-"
		done
		cd / && echo $$ >"$0.new" && mv "$0.new" "$0" && exec "$@"
	' "$pidfile" "$@" </dev/null >>"$log" 2>&1 || return 1
	wait_for 10 test -s "$pidfile"
}

# daemon_pid PIDFILE MARK: prints the pid of the running server, or fails.
daemon_pid()
{
	local pid args arg

	{ read -r pid <"$1"; } 2>/dev/null || return 1
	[[ $pid =~ ^[0-9]+$ ]] && pid_alive "$pid" || return 1
	{ mapfile -d '' args <"/proc/$pid/cmdline"; } 2>/dev/null || return 1
	for arg in "${args[@]}"; do
		if [[ $arg == "$2" ]]; then
			printf '%s\n' "$pid"
			return 0
		fi
	done
	return 1
}

# daemon_running PIDFILE MARK: the same, without a word.
daemon_running()
{
	daemon_pid "$@" >/dev/null
}

# daemon_stop PIDFILE MARK SIGNAL SECONDS: sends SIGNAL and waits until the
# server is gone, and its pid file too. 0 also when there was none; 1 when it
# still runs after SECONDS.
daemon_stop()
{
	local pid

	if pid=$(daemon_pid "$1" "$2"); then
		kill -s "$3" "$pid" 2>/dev/null
		wait_for "$4" pid_gone "$pid" || return 1
	fi
	rm -f "$1"
}

# daemon_tail LOG: the end of a server's log on stderr, for an error message.
daemon_tail()
{
	tail -n 8 "$1" 2>/dev/null | cut -c 1-300 | sed 's/^/    /' >&2
}
