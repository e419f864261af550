# shellcheck shell=bash
# Ports and waiting: what every script here that starts a server needs.
# Sourced, never run. Nothing here prints but on stdout as documented.

# port_taken PORT: 0 when something on 127.0.0.1 accepts connections there.
port_taken()
{
	(: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# free_port: prints a port of 127.0.0.1 on which nobody listens. Drawn at
# random below the kernel's range for outgoing connections, so that neither
# those nor a second caller are likely to take it before its user binds it.
free_port()
{
	local port tries

	for ((tries = 0; tries < 100; tries++)); do
		port=$((10000 + SRANDOM % 22000))
		if ! port_taken "$port"; then
			printf '%s\n' "$port"
			return 0
		fi
	done
	return 1
}

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
