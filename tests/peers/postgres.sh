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

# peer_postgres_stop DIR [fast|immediate|kill]: in order, or as a crash would.
peer_postgres_stop()
{
	postgres_stop "$@"
}
