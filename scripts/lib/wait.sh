# shellcheck shell=bash
# Ports and waiting: what every script here that starts a server needs.
# Sourced, never run. Nothing here prints but on stdout as documented.

# port_taken PORT: 0 when something on 127.0.0.1 accepts connections there.
port_taken()
{
	(: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# port_draw LOW HIGH: prints a random port of them, LOW to HIGH - 1, on which
# nobody listens.
port_draw()
{
	local port tries

	for ((tries = 0; tries < 100; tries++)); do
		port=$(($1 + SRANDOM % ($2 - $1)))
		if [[ -z ${held[$port]-} ]] && ! port_taken "$port"; then
			printf '%s\n' "$port"
			return 0
		fi
	done
	return 1
}

# free_port: prints a port of 127.0.0.1 on which nobody listens, below the
# kernel's range for outgoing connections, so that none of those takes it
# before its user binds it, or while a server is restarted. Nor does another
# caller get it: it stays reserved in /tmp/tickpipe-ports.UID for as long as
# this script runs. (Not below TMPDIR, which may differ between scripts.)
free_port()
(
	folder=/tmp/tickpipe-ports.$UID high=32000 port='' kept=''
	declare -A held=() alive=()

	{ read -r low _ </proc/sys/net/ipv4/ip_local_port_range; } 2>/dev/null
	((${low:=32768} >= high || low < 12000)) || high=$low
	mkdir -m 700 "$folder" 2>/dev/null
	if [[ -L $folder || ! -O $folder ]]; then
		# Somebody else's: no reservations then.
		port_draw 10000 "$high"
		exit
	fi
	exec 9>>"$folder/lock" && flock 9 || exit
	while read -r port pid; do
		[[ -n ${alive[$pid]-} ]] || {
			pid_alive "$pid"
			alive[$pid]=$?
		}
		if ((alive[$pid] == 0)); then
			held[$port]=$pid
			kept+="$port $pid"$'\n'
		fi
	done 2>/dev/null <"$folder/held"
	port=$(port_draw 10000 "$high") || exit
	printf '%s%s\n' "$kept" "$port $$" >"$folder/held.new" &&
	    mv "$folder/held.new" "$folder/held" && printf '%s\n' "$port"
)

# wait_for SECONDS COMMAND...: runs COMMAND again and again, quietly, until it
# succeeds (0) or about SECONDS have passed (1). Whole seconds.
wait_for()
{
	local end=$((SECONDS + $1 + 1))

	shift
	until "$@" >/dev/null 2>&1; do
		if ((SECONDS >= end)); then
			return 1
		fi
		sleep 0.05
	done
	return 0
}

# pid_alive PID: 0 while the process runs. A zombie does not count, unless it
# is the first thread of a process whose others are still on their way out, and
# with them its sockets and locks.
pid_alive()
{
	local stat threads

	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
	stat=${stat##*) }
	[[ ${stat%% *} == [ZX] ]] || return 0
	threads=("/proc/$1/task/"*)
	((${#threads[@]} > 1))
}

# pid_gone PID: the opposite, for wait_for.
pid_gone()
{
	! pid_alive "$1"
}
