# shellcheck shell=bash
# psql for scripts, waited for so that a signal ends both. Sourced after
# settings.sh, by scripts/repair, scripts/audit and scripts/retention.
#
#	database_open repair
#	database_wait database_psql -c 'SELECT 1' >"$T/one" || exit
#
# bash runs a trap only when what it waits for has ended, unless that is in the
# background. Left behind, psql would do its work all the same, whenever the
# lock that it waits for is free.

# shellcheck source=scripts/lib/wait.sh
. "$ROOT/scripts/lib/wait.sh"

T=''

# What PostgreSQL and libpq say of a connection when a retry cannot help. Their
# SQLSTATE is not shown then.
DATABASE_HOPELESS='authentication failed|no password supplied'
DATABASE_HOPELESS+='|(database|role) ".*" does not exist'
DATABASE_HOPELESS+='|no pg_hba[.]conf entry|not permitted to log in'
DATABASE_HOPELESS+='|permission denied for database'
DATABASE_HOPELESS+='|invalid connection option|missing "=" after'

# What is not worth saying: where in PostgreSQL's source or in our SQL an error
# was, and that a query was cancelled as it should be.
DATABASE_QUIET='/^LOCATION:/d; /^LINE [0-9]*:/,/\^$/d; /^Cancel request sent$/d
    /57014: canceling statement due to user request$/d'

# database_open NAME: makes T, a private folder, and sees to a clean end.
database_open()
{
	trap database_close EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	T=$(mktemp -d "${TMPDIR:-/tmp}/tickpipe-$1.XXXXXX") || exit 3
}

database_close()
{
	local group

	trap '' HUP INT TERM
	for group in $(jobs -p); do
		database_end "$group"
	done 2>/dev/null
	[[ -z $T ]] || rm -rf -- "$T"
}

# database_end GROUP: first by INT, at which psql has the server cancel what it
# does; ended otherwise, it would leave that to be done.
database_end()
{
	local signal

	for signal in INT TERM KILL; do
		kill "-$signal" -- "-$1" || break
		! wait_for 5 database_gone "$1" || break
	done
	wait "$1"
}

# shellcheck disable=SC2317 # called by wait_for
database_gone()
{
	! kill -0 -- "-$1"
}

# database_wait COMMAND...: runs it, in a process group and a shell of its own,
# and returns its status.
database_wait()
{
	set -m
	"$@" <&0 &
	set +m
	wait "$!"
}

# database_psql ARGUMENT...: psql that never asks for a password. Status 2: a
# retry cannot help; 3: it can.
database_psql()
{
	local said status

	{
		said=$(LC_ALL=C psql -wXAtq -v ON_ERROR_STOP=1 \
		    -v VERBOSITY=verbose -d "$DATABASE" "$@" 2>&1 >&3)
		status=$?
	} 3>&1
	[[ -z $said ]] || sed "$DATABASE_QUIET" <<<"$said" >&2
	database_judge "$status" "$said"
}

# database_judge STATUS SAID: of psql: 2 is the connection, 3 an error in the
# SQL, which is the world's fault when a lock, a resource or the server was.
database_judge()
{
	case $1 in
	0) return 0 ;;
	2) [[ ! $2 =~ $DATABASE_HOPELESS ]] || return 2 ;;
	3) [[ $2 == *'ERROR:  '@(08|40|53|55P03|57)* ]] || return 2 ;;
	126 | 127) return 2 ;;
	esac
	return 3
}
