# shellcheck shell=bash
# What every test in bash sources first: TAP output and clean ends.
#
#	# shellcheck source=tests/lib.sh
#	. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
#	status_is 0 'reads a good line' ndjson-validate -t trade "$T/in"
#	is "$(wc -l <"$T/out")" 1 'and hands it on'
#	done_testing
#
# Sets ROOT (the tree), BIN (the commands under test, first in PATH; from
# TICKPIPE_BIN or ROOT/bin), BUILD (where the tests' own programs are built;
# from TICKPIPE_BUILD or ROOT/build) and T (a private folder, gone at exit).

set -u
# Whoever starts a test in the background may have it ignore these; then it
# would send INT to commands that do not mind. (Text given to bash -c is no file
# that could be started anew.)
if [[ -f $0 && -n $(trap -p HUP INT QUIT) ]]; then
	exec env --default-signal=HUP,INT,QUIT bash "$0" "$@"
fi
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P) || exit 1
BIN=${TICKPIPE_BIN:-$ROOT/bin}
BUILD=${TICKPIPE_BUILD:-$ROOT/build}
PATH=$BIN:$PATH
# shellcheck source=scripts/lib/wait.sh
. "$ROOT/scripts/lib/wait.sh"	# free_port, wait_for, pid_alive, pid_gone
T=$(mktemp -d "${TMPDIR:-/tmp}/tickpipe-test.XXXXXX") || exit 1
# A server that may not run as root must be able to reach its folder in there.
((EUID != 0)) || chmod 711 "$T"
# Times and sorting are the same on every machine.
export PATH ROOT BIN BUILD T TZ=UTC0 LC_ALL=C.UTF-8
exec </dev/null

TAP_count=0
TAP_failed=0
TAP_done=false
TAP_cleanups=()

# on_exit COMMAND...: run at the end, however it comes; the last one first.
on_exit()
{
	local quoted

	printf -v quoted '%q ' "$@"
	TAP_cleanups+=("$quoted")
}

TAP_finish()
{
	local status=$? i

	trap - EXIT
	trap '' HUP INT TERM
	for ((i = ${#TAP_cleanups[@]} - 1; i >= 0; i--)); do
		eval "${TAP_cleanups[i]}" >&2
	done
	rm -rf "$T"
	if ! $TAP_done && ((status == 0)); then
		diag 'the test ended before done_testing'
		status=1
	fi
	exit "$status"
}
trap TAP_finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# diag TEXT...: a remark for whoever reads the test's output.
diag()
{
	printf '%s\n' "$*" | sed 's/^/# /' >&2
}

# diag_file FILE: its beginning as a remark, control characters made visible.
diag_file()
{
	if [[ -s $1 ]]; then
		diag "${1##*/}:"
		head -c 4000 "$1" | head -n 20 | cat -v | sed 's/^/#   /' >&2
	fi
}

# ok STATUS NAME: passes when STATUS is 0; returns it.
ok()
{
	TAP_count=$((TAP_count + 1))
	if (($1 == 0)); then
		printf 'ok %d - %s\n' "$TAP_count" "${2//#/\\#}"
	else
		TAP_failed=$((TAP_failed + 1))
		printf 'not ok %d - %s\n' "$TAP_count" "${2//#/\\#}"
	fi
	return "$1"
}

# check NAME COMMAND...: passes when the command does. Its output is kept in
# $T/check.out and shown on failure.
check()
{
	local name=$1 status

	shift
	"$@" >"$T/check.out" 2>&1
	status=$?
	ok "$status" "$name" && return 0
	diag "status $status of: $*"
	diag_file "$T/check.out"
	return "$status"
}

# status_is N NAME COMMAND...: passes when the command's exit status is N.
# stdout and stderr are kept in $T/out and $T/err; stdin is the caller's.
# TAP_status holds the status.
status_is()
{
	local want=$1 name=$2

	shift 2
	"$@" >"$T/out" 2>"$T/err"
	TAP_status=$?
	((TAP_status == want))
	ok $? "$name" && return 0
	diag "status $TAP_status, not $want, of: $*"
	diag_file "$T/out"
	diag_file "$T/err"
	return 1
}

# is GOT WANT NAME: passes when the two texts are the same.
is()
{
	[[ $1 == "$2" ]]
	ok $? "$3" && return 0
	diag "     got: ${1:0:2000}"
	diag "expected: ${2:0:2000}"
	return 1
}

# like GOT REGEX NAME: passes when the extended regular expression matches.
like()
{
	[[ $1 =~ $2 ]]
	ok $? "$3" && return 0
	diag "     got: ${1:0:2000}"
	diag "expected: /$2/"
	return 1
}

# unlike GOT REGEX NAME: passes when it does not match.
unlike()
{
	[[ ! $1 =~ $2 ]]
	ok $? "$3" && return 0
	diag "       got: ${1:0:2000}"
	diag "unexpected: /$2/"
	return 1
}

# same_file GOT WANT NAME: passes when the two files hold the same bytes.
same_file()
{
	cmp -s -- "$1" "$2"
	ok $? "$3" && return 0
	diag "$(diff -u -- "$2" "$1" 2>&1 | head -n 20 | cut -c 1-200 | cat -v)"
	return 1
}

# interruptible COMMAND...: for a command in the background that is to get INT,
# which this shell has such a one ignore.
interruptible()
{
	exec env --default-signal=INT "$@"
}

# catches COMMAND PID SIGNAL: for wait_for, 0 once that process is COMMAND and
# handles SIGNAL. Before, it would die of it; and so would the shell that is
# still to become COMMAND.
catches()
{
	local name value

	{ read -r name <"/proc/$2/comm"; } 2>/dev/null || return 1
	[[ $name == "${1:0:15}" ]] || return 1
	while read -r name value; do
		[[ $name != SigCgt: ]] || break
	done 2>/dev/null <"/proc/$2/status"
	((16#${value:-0} >> ($(kill -l "$3") - 1) & 1))
}

# pipe_is_full FIFO: for wait_for, 0 when no more goes into it.
pipe_is_full()
{
	perl -e 'use Fcntl; sysopen my $f, $ARGV[0], O_RDWR or exit 2;
	    my $bits = ""; vec($bits, fileno $f, 1) = 1;
	    exit select(undef, $bits, undef, 0) > 0' "$1"
}

# to_nobody COMMAND...: with a standard output whose reader has gone.
to_nobody()
{
	local fifo=$T/nobody.$BASHPID reader writer status

	# shellcheck disable=SC2094 # both ends, and then one
	mkfifo "$fifo" && exec {reader}<>"$fifo" {writer}>"$fifo" \
	    {reader}<&- && rm "$fifo" || return
	"$@" >&"$writer" {writer}>&-
	status=$?
	exec {writer}>&-
	return "$status"
}

# skip REASON [N]: counts N tests (1) as skipped.
skip()
{
	local i

	for ((i = 0; i < ${2:-1}; i++)); do
		TAP_count=$((TAP_count + 1))
		printf 'ok %d # SKIP %s\n' "$TAP_count" "$1"
	done
}

# skip_all REASON [required]: ends the whole test as skipped; before the first
# result only. With `required` that is a failure where CI=true.
skip_all()
{
	if [[ ${2:-} == required && ${CI:-} == true ]]; then
		bail "$1"
	fi
	TAP_done=true
	printf '1..0 # SKIP %s\n' "$1"
	exit 0
}

# bail REASON: this test file cannot go on and has failed. (Not TAP's own
# `Bail out!`, which would end all other test files too.)
bail()
{
	TAP_done=true
	ok 1 "cannot go on: $1"
	printf '1..%d\n' "$TAP_count"
	exit 1
}

# need COMMAND...: skips the whole test unless all are there (CI: fails).
need()
{
	local command

	for command; do
		type "$command" >/dev/null 2>&1 ||
		    skip_all "$command is not installed" required
	done
}

# done_testing: prints the plan and ends the test.
done_testing()
{
	TAP_done=true
	printf '1..%d\n' "$TAP_count"
	((TAP_failed == 0 && TAP_count > 0))
	exit
}
