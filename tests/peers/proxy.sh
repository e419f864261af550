# shellcheck shell=bash
# A proxy between a client and a server, for tests that play faults of the
# network. Sourced after tests/lib.sh.
#
#	proxy_start net 15432:5432 19092:9092	# sets PROXY_PID
#	proxy_do net cut 1			# commands: tcp-proxy --help
#	proxy_do net delay '*' 20
#	read -r accepted cut bytes < <(proxy_do net count 2)

PROXY=${TICKPIPE_BUILD:-$ROOT/build}/tests/peers/tcp-proxy

# proxy_start NAME LISTEN:TARGET...: starts a proxy between the ports and
# waits until it listens. It ends with the test.
#
# It reads commands from the FIFO $T/NAME.in, and ends when nobody holds that
# open for writing. The one who does is no child of whom the caller may lose
# sight, but a tail that lives as long as this shell ($$), so the proxy ends
# within a second or two also when the test is killed with -9. The shell
# itself has no end of it open, so none can be inherited by what it starts.
proxy_start()
{
	local name=$1 ready keeper

	shift
	[[ -x $PROXY ]] || bail "$PROXY is not built"
	mkfifo "$T/$name.in" "$T/$name.answers" || return 1
	tail --pid=$$ -f /dev/null >"$T/$name.in" 2>/dev/null &
	keeper=$!
	# <>: it waits for no reader, and none leaving can end it.
	"$PROXY" "$@" <"$T/$name.in" 1<>"$T/$name.answers" \
	    2>"$T/$name.err" &
	PROXY_PID=$!
	echo "$PROXY_PID" >"$T/$name.pid"
	on_exit proxy_stop "$PROXY_PID" "$keeper"
	if ! IFS= read -r -t 20 ready <>"$T/$name.answers" ||
	    [[ $ready != ready ]]; then
		diag_file "$T/$name.err"
		return 1
	fi
}

# proxy_stop PID...
proxy_stop()
{
	kill "$@" 2>/dev/null
	wait "$@" 2>/dev/null
	return 0
}

# proxy_do NAME COMMAND...: has the proxy do it, and prints what it answered
# without its "ok ". 0 for ok; 1, with the reason on stderr, for an error and
# when no answer comes within 5 s. May be called by several processes at once.
# In a subshell, which takes the FIFOs' descriptors with it.
proxy_do()
(
	IFS=' ' name=$1 answer=''
	shift
	if ! pid_alive "$(<"$T/$name.pid")"; then
		echo "proxy $name: has ended" >&2
		exit 1
	fi
	exec {lock}>>"$T/$name.lock" {to}<>"$T/$name.in" \
	    {from}<>"$T/$name.answers" && flock "$lock" || exit 1
	# What one was answered who waited no longer.
	while read -r -t 0 -u "$from"; do
		read -r -u "$from"
	done
	printf '%s\n' "$*" >&"$to"
	read -r -t 5 -u "$from" answer
	if [[ ! $answer =~ ^ok( |$) ]]; then
		echo "proxy $name: $*: ${answer:-no answer}" >&2
		exit 1
	fi
	answer=${answer#ok}
	[[ -z $answer ]] || printf '%s\n' "${answer# }"
)
