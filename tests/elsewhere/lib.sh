# shellcheck shell=bash
# What the parts of make elsewhere share: sourced after tests/lib.sh.
# shellcheck disable=SC2317 # called by on_exit, by wait_for

# scratch NAME: prints a folder for what is fetched: in TICKPIPE_ELSEWHERE, where
# it is kept, or gone at the end.
scratch()
{
	local folder=${TICKPIPE_ELSEWHERE:-$T}/$1

	mkdir -p "$folder" && (CDPATH='' cd -- "$folder" && pwd -P)
}

group=

# shown COMMAND...: its output as remarks, at once. In a process group of its
# own, and in the background: a signal is heard at once, and ends all of it.
shown()
{
	local status

	set -m
	"$@" > >(sed -u 's/^/# /') 2>&1 </dev/null &
	set +m
	group=$!
	wait "$group"
	status=$?
	group=
	return "$status"
}

group_gone()
{
	! kill -0 -- "-$1"
}

# end: what still runs, with the servers that it started.
end()
{
	[[ -n $group ]] || return 0
	kill -TERM -- "-$group"
	wait_for 60 group_gone "$group" || kill -KILL -- "-$group"
} 2>/dev/null
on_exit end
