# shellcheck shell=bash
# Throwaway PostgreSQL for tests: sourced after tests/lib.sh.
#
#	peer_postgres_start "$T/pg"	# sets DATABASE and DATABASE_ADMIN;
#					# skips or bails if it cannot; stopped
#					# at the test's end
#	psql -d "$DATABASE" -f "$ROOT/sql/schema.sql"
#	peer_postgres_stop "$T/pg" immediate
#	peer_postgres_start "$T/pg"	# again: same port, same data
#
# DATABASE is the conninfo of the database `tickpipe` for the role of that
# name (no superuser), DATABASE_ADMIN the same database for the superuser.

PEERS_ROOT=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
# shellcheck source=scripts/lib/wait.sh
. "$PEERS_ROOT/scripts/lib/wait.sh"
# shellcheck source=scripts/lib/daemon.sh
. "$PEERS_ROOT/scripts/lib/daemon.sh"
# shellcheck source=scripts/lib/postgres.sh
. "$PEERS_ROOT/scripts/lib/postgres.sh"

# peer_postgres_start DIR [NAME=VALUE...]: a server in DIR on a free port,
# with further settings if need be. Sets DATABASE and DATABASE_ADMIN.
# Without fsync: a test kills processes, not the machine.
peer_postgres_start()
{
	local dir=$1 port='' missing tries

	shift
	missing=$(postgres_missing)
	if [[ -n $missing ]]; then
		skip_all "not installed: ${missing//$'\n'/, } (scripts/deps)" \
		    required
	fi
	if [[ ! -e $dir/port ]]; then
		on_exit postgres_remove "$dir"
		on_exit postgres_stop "$dir" immediate
	fi
	# A port drawn free may be gone by the time the server binds it.
	for tries in 1 2 3; do
		{ read -r port <"$dir/port"; } 2>/dev/null || port=$(free_port)
		if postgres_start "$dir" "$port" fsync=off "$@" \
		    2>"$T/peer.err"; then
			DATABASE=$(postgres_conninfo "$dir" tickpipe)
			DATABASE_ADMIN=$(postgres_conninfo "$dir" postgres)
			export DATABASE DATABASE_ADMIN
			return 0
		fi
		diag "try $tries: $(<"$T/peer.err")"
		[[ -e $dir/data ]] || rm -f "$dir/port"
	done
	bail 'no PostgreSQL'
}

# peer_postgres_hold TABLE COMMAND...: runs COMMAND while another session has
# the table locked, sends it TERM once it waits for that, and lets the lock go.
# Sets HELD_status, and HELD_left: how many still waited when it had ended.
# stdout and stderr are in $T/out and $T/err.
peer_postgres_hold()
{
	local table=$1 holder pid
	local waiting="FROM pg_stat_activity WHERE wait_event_type = 'Lock'"

	shift
	psql -XAtq -d "$DATABASE" -c BEGIN -c "LOCK TABLE $table" \
	    -c "SELECT 'locked'" -c 'SELECT pg_sleep(300)' \
	    >"$T/holder" 2>&1 &
	holder=$!
	wait_for 120 test -s "$T/holder"
	"$@" >"$T/out" 2>"$T/err" &
	pid=$!
	wait_for 120 peer_postgres_yes "count(*) > 0 $waiting"
	kill -TERM "$pid"
	wait "$pid"
	# shellcheck disable=SC2034 # the test's
	HELD_status=$?
	# shellcheck disable=SC2034 # the test's
	HELD_left=$(psql -XAtq -d "$DATABASE_ADMIN" -c "SELECT count(*) $waiting")
	psql -XAtq -d "$DATABASE_ADMIN" -c "SELECT pg_terminate_backend(pid)
	    FROM pg_stat_activity WHERE query LIKE '%pg_sleep(300)'
		AND pid <> pg_backend_pid()" >"$T/holder"
	wait "$holder"
}

# peer_postgres_yes SQL: 0 when SELECT SQL says t.
peer_postgres_yes()
{
	[[ $(psql -XAtq -d "$DATABASE_ADMIN" -c "SELECT $1") == t ]]
}

# peer_postgres_shape: prints what tables, views, functions and permissions
# there are, or fails; by psql where pg_dump is older than the server, which it
# then refuses.
peer_postgres_shape()
{
	local client server

	client=$(pg_dump --version | sed 's/[^0-9]*\([0-9]*\).*/\1/') &&
	server=$(psql -XAtq -d "$DATABASE" -c 'SHOW server_version_num') ||
	    return 1
	if ((client < server / 10000)); then
		psql -Xq -v ON_ERROR_STOP=1 -d "$DATABASE" -c '\d+ public.*' \
		    -c '\df+ public.*' -c '\dp public.*' -c '\ddp' |
		    grep .
	else
		pg_dump --schema-only --no-owner -d "$DATABASE" |
		    grep -v '^\\\(un\)\?restrict'
	fi
	[[ "${PIPESTATUS[*]}" == '0 0' ]]
}

# peer_postgres_refuses COMMAND...: whether a database that lets nobody in, or
# is not there, is status 2 of COMMAND, quickly and without a question. Four
# results.
peer_postgres_refuses()
{
	local wrong=${DATABASE/passfile=*/} quoted

	status_is 2 'no password' env DATABASE="$wrong passfile=/dev/null" "$@"
	status_is 2 'a wrong password' \
	    env DATABASE="$wrong password=wrong" "$@"
	status_is 2 'a database that does not exist' \
	    env DATABASE="${DATABASE/dbname=tickpipe/dbname=none}" "$@"
	if ! type script >/dev/null 2>&1; then
		skip 'script is not installed'
		return
	fi
	printf -v quoted '%q ' env DATABASE="$wrong passfile=/dev/null" "$@"
	status_is 2 'no password, on a terminal' \
	    timeout 60 script -qec "$quoted" /dev/null
}

# peer_postgres_stop DIR [fast|immediate|kill]: in order, or as a crash would.
peer_postgres_stop()
{
	postgres_stop "$@"
}
