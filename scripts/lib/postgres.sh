# shellcheck shell=bash
# A PostgreSQL in a folder of its own, on 127.0.0.1 only, with the database
# and the role `tickpipe`, and the roles of sql/roles.sql. For scripts/stack and
# for the tests. Sourced after wait.sh and daemon.sh; all folders are absolute
# paths.
#
# In DIR: data/, log, pid, port, pgpass (random passwords of the roles, so that
# other users of the machine are kept out of the server).
#
# PostgreSQL refuses to run as root. As root it is therefore started as the
# user postgres (or nobody), and where that user cannot reach DIR, the data
# is in a folder under /var/tmp and DIR/data a symbolic link to it.

POSTGRES_SQL=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../../sql" &&
    pwd -P)
POSTGRES_START_SECONDS=60
POSTGRES_STOP_SECONDS=60

# postgres_bin: prints the folder of the newest server installed.
postgres_bin()
{
	local dir

	while read -r dir; do
		if [[ -x $dir/postgres && -x $dir/initdb ]]; then
			printf '%s\n' "$dir"
			return 0
		fi
	done < <(
		printf '%s\n' "${TICKPIPE_POSTGRES_BIN:-}"
		printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV
		type -P postgres | sed 's|/[^/]*$||'
	)
	return 1
}

# postgres_missing: prints what is needed and not here, one thing a line.
postgres_missing()
{
	postgres_bin >/dev/null || echo "PostgreSQL's server"
	type -P psql >/dev/null || echo psql
}

# postgres_conninfo DIR USER [DATABASE]: prints how to connect.
postgres_conninfo()
{
	local port passfile=$1/pgpass

	{ read -r port <"$1/port"; } 2>/dev/null || return 1
	passfile=${passfile//\\/\\\\}
	printf "host=127.0.0.1 port=%s dbname=%s user=%s passfile='%s'\n" \
	    "$port" "${3:-tickpipe}" "$2" "${passfile//\'/\\\'}"
}

# postgres_psql DIR ARGUMENT...: psql as the superuser.
postgres_psql()
{
	local conninfo

	conninfo=$(postgres_conninfo "$1" postgres postgres) || return 1
	shift
	psql -XAtq -v ON_ERROR_STOP=1 -d "$conninfo connect_timeout=10" "$@"
}

# postgres_user DIR: sets POSTGRES_AS to what a command is prefixed with to
# run as the server's user: nothing, unless we are root.
postgres_user()
{
	local uid gid data

	POSTGRES_AS=()
	((EUID == 0)) || return 0
	data=$(readlink -f "$1/data")
	if [[ -d $data && $(stat -c %u "$data") != 0 ]]; then
		read -r uid gid < <(stat -c '%u %g' "$data")
	else
		IFS=: read -r _ _ uid gid _ \
		    < <(getent passwd postgres || getent passwd nobody)
	fi
	POSTGRES_AS=(setpriv "--reuid=$uid" "--regid=$gid" --clear-groups)
}

# postgres_init DIR: makes the data folder if there is none yet, beside and
# renamed, so that an interrupted run leaves nothing that looks finished.
postgres_init()
{
	local dir=$1 bin home=$1 admin

	[[ -e $dir/data/PG_VERSION ]] && return 0
	bin=$(postgres_bin) && postgres_user "$dir" || return 1
	postgres_remove "$dir"
	if ((EUID == 0)); then
		chmod 711 "$dir"
		if ! (cd / && "${POSTGRES_AS[@]}" test -x "$dir"); then
			home=$(mktemp -d /var/tmp/tickpipe-postgres.XXXXXX) &&
			    chmod 711 "$home" || return 1
		fi
	fi
	admin=$(postgres_password "$dir" postgres) &&
	mkdir -m 700 "$home/data.new" &&
	(umask 077 && echo "$admin" >"$home/password") || return 1
	if ((EUID == 0)); then
		chown "${POSTGRES_AS[1]#*=}:${POSTGRES_AS[2]#*=}" \
		    "$home/data.new" "$home/password" || return 1
	fi
	(cd / && "${POSTGRES_AS[@]}" "$bin/initdb" --pgdata="$home/data.new" \
	    --username=postgres --pwfile="$home/password" \
	    --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 \
	    --no-sync) </dev/null >>"$dir/log" 2>&1 &&
	rm -f "$home/password" &&
	if [[ $home != "$dir" ]]; then ln -sfn "$home/data" "$dir/data"; fi &&
	mv "$home/data.new" "$home/data"
}

# postgres_remove DIR: deletes the data, wherever it is. The server is stopped.
postgres_remove()
{
	local target

	if [[ -L $1/data ]]; then
		target=$(readlink "$1/data")
		[[ $target == /var/tmp/tickpipe-postgres.??????/data ]] &&
		    rm -rf "${target%/data}"
	fi
	rm -rf "$1/data" "$1/data.new" "$1/pgpass" "$1/password"
}

# postgres_pid DIR: prints the pid of the folder's server, or fails.
postgres_pid()
{
	daemon_pid "$1/pid" "$(readlink -f "$1/data")"
}

# postgres_answers DIR: 0 when the folder's server lives and answers a query.
postgres_answers()
{
	postgres_pid "$1" >/dev/null &&
	    [[ $(postgres_psql "$1" -c 'SELECT 1' 2>/dev/null) == 1 ]]
}

postgres_answers_or_dead()
{
	postgres_answers "$1" || ! postgres_pid "$1" >/dev/null
}

# postgres_password DIR ROLE: prints it; drawn the first time it is asked for.
postgres_password()
{
	local line='127\.0\.0\.1:\*:\*' password

	password=$(sed -n "s/^$line:$2://p" "$1/pgpass" 2>/dev/null)
	if [[ -z $password ]]; then
		password=$(head -c 16 /dev/urandom | od -An -vtx1 |
		    tr -d ' \n')
		(umask 077 && printf '127.0.0.1:*:*:%s:%s\n' "$2" \
		    "$password" >>"$1/pgpass") || return 1
	fi
	printf '%s\n' "$password"
}

# postgres_tickpipe DIR: the roles and the database, unless they exist. The
# passwords reach the server through stdin and the environment: argv is for all
# to see.
postgres_tickpipe()
{
	local password reader writer

	password=$(postgres_password "$1" tickpipe) &&
	reader=$(postgres_password "$1" tickpipe_reader) &&
	writer=$(postgres_password "$1" tickpipe_writer) || return 1
	postgres_psql "$1" <<-END || return 1
		SELECT 'CREATE ROLE tickpipe LOGIN'
		    WHERE NOT EXISTS (SELECT FROM pg_roles
		        WHERE rolname = 'tickpipe')
		\gexec
		ALTER ROLE tickpipe PASSWORD '$password';
		SELECT 'CREATE DATABASE tickpipe OWNER tickpipe'
		    WHERE NOT EXISTS (SELECT FROM pg_database
		        WHERE datname = 'tickpipe')
		\gexec
	END
	TICKPIPE_READER_PASSWORD=$reader TICKPIPE_WRITER_PASSWORD=$writer \
	    TICKPIPE_READER_PASSWORD_FILE='' TICKPIPE_WRITER_PASSWORD_FILE='' \
	    postgres_psql "$1" -f "$POSTGRES_SQL/roles.sql"
}

# postgres_unlock DIR: deletes the server's own lock file when the process it
# names is gone. The server would find that out by itself, but for a zombie,
# which stays for ever in a container whose first process reaps no strangers.
postgres_unlock()
{
	local pid

	{ read -r pid <"$1/data/postmaster.pid"; } 2>/dev/null || return 0
	[[ $pid =~ ^[0-9]+$ ]] && pid_gone "$pid" &&
	    rm -f "$1/data/postmaster.pid"
}

# postgres_start DIR PORT [NAME=VALUE...]: starts a server and waits until it
# answers and has the database; nothing is done when it runs already, whatever
# its port. NAME=VALUE are settings of the server.
# 0, or 3 with a message on stderr.
postgres_start()
{
	local dir=$1 port=$2 bin data settings=()

	shift 2
	if postgres_pid "$dir" >/dev/null; then
		wait_for "$POSTGRES_START_SECONDS" postgres_answers "$dir" &&
		    postgres_tickpipe "$dir" && return 0
		echo "postgres: runs but does not answer; see $dir/log" >&2
		return 3
	fi
	if port_taken "$port"; then
		echo "postgres: port $port is taken" >&2
		return 3
	fi
	mkdir -p "$dir" && bin=$(postgres_bin) || return 3
	if ! postgres_init "$dir"; then
		echo "postgres: cannot make $dir/data" >&2
		daemon_tail "$dir/log"
		return 3
	fi
	while (($# > 0)); do
		settings+=(-c "$1")
		shift
	done
	postgres_unlock "$dir"
	postgres_user "$dir" && data=$(readlink -f "$dir/data") &&
	echo "$port" >"$dir/port" &&
	daemon_start "$dir/pid" "$dir/log" "${POSTGRES_AS[@]}" \
	    "$bin/postgres" -D "$data" -c port="$port" \
	    -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
	    "${settings[@]}" &&
	wait_for "$POSTGRES_START_SECONDS" postgres_answers_or_dead "$dir" &&
	postgres_answers "$dir" && postgres_tickpipe "$dir" && return 0
	echo "postgres: does not start; see $dir/log" >&2
	daemon_tail "$dir/log"
	return 3
}

# postgres_stop DIR [fast|immediate|kill]: ends the server and waits until it
# is gone: fast ends the sessions in order, immediate needs recovery at the
# next start, kill is a crash of the server's first process.
postgres_stop()
{
	local dir=$1 mode=${2:-fast} pid data signal children child

	case $mode in
	fast) signal=INT ;;
	immediate) signal=QUIT ;;
	kill) signal=KILL ;;
	*) echo "postgres: no such way to stop: $mode" >&2; return 2 ;;
	esac
	pid=$(postgres_pid "$dir") || { rm -f "$dir/pid"; return 0; }
	data=$(readlink -f "$dir/data")
	children=$(postgres_children "$pid")
	if ! daemon_stop "$dir/pid" "$data" "$signal" "$POSTGRES_STOP_SECONDS"
	then
		echo "postgres: does not end; see $dir/log" >&2
		return 3
	fi
	# What a killed server leaves behind ends by itself, but a moment later,
	# and keeps the next start from its shared memory until then.
	for child in $children; do
		wait_for 10 pid_gone "$child" || kill -s KILL "$child"
	done
}

# The server's own processes. (No pgrep: procps may be missing.)
postgres_children()
{
	local stat line parent

	for stat in /proc/[0-9]*/stat; do
		{ read -r line <"$stat"; } 2>/dev/null || continue
		read -r _ parent _ <<<"${line##*) }"
		if [[ $parent == "$1" ]]; then
			stat=${stat%/stat}
			printf '%s\n' "${stat##*/}"
		fi
	done
}
