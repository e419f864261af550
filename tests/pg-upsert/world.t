#!/usr/bin/env bash
# The database goes away, comes back, is slow or says no: nothing is lost.

# shellcheck disable=SC2317 # functions that wait_for calls
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/peers/postgres.sh
. "$ROOT/tests/peers/postgres.sh"

peer_postgres_start "$T/pg"
TICKPIPE_DATABASE=$DATABASE
export TICKPIPE_DATABASE

sql()
{
	psql -XAtq -v ON_ERROR_STOP=1 -d "$DATABASE_ADMIN" -c "$1"
}

sql 'CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL);
ALTER TABLE t OWNER TO tickpipe; GRANT ALL ON SCHEMA public TO tickpipe'
mkfifo "$T/feed"

# start ARGUMENT...: pg-upsert reads what is written to descriptor 7.
start()
{
	: >"$T/err"
	interruptible pg-upsert "$@" <"$T/feed" 2>"$T/err" &
	pid=$!
	exec 7>"$T/feed"
}

# feed FROM TO [N]: rows with these ids.
feed()
{
	awk -v from="$1" -v to="$2" -v n="${3:-0}" 'BEGIN {
		for (i = from; i <= to; i++)
			printf "{\"id\":%d,\"n\":%d}\n", i, n }' >&7
}

session_is_there()
{
	[[ $(sql "SELECT count(*) FROM pg_stat_activity
	    WHERE application_name = 'pg-upsert'") == 1 ]]
}

count_is()
{
	[[ $(sql 'SELECT count(*) FROM t') == "$1" ]]
}

said()
{
	grep -qE "$1" "$T/err"
}

# ends STATUS NAME: after the end of the input.
ends()
{
	exec 7>&-
	wait "$pid"
	is $? "$1" "$2" || diag_file "$T/err"
}

# Stopped as by a crash in mid-run, while input goes on.
start t
feed 1 1000
wait_for 30 count_is 1000
ok $? 'rows arrive while the input is open'
peer_postgres_stop "$T/pg" immediate
wait_for 30 said 'trying again'
ok $? 'a lost connection is said at once'
awk 'BEGIN { for (i = 1001; i <= 200000; i++)
	printf "{\"id\":%d,\"n\":0}\n", i }' >&7 &
feeder=$!
sleep 1
pid_alive "$feeder"
ok $? 'the input is held back meanwhile'
(($(wc -l <"$T/err") <= 3))
ok $? 'the trouble is not said again and again' || diag_file "$T/err"
memory=$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")
# (A sanitizer build is larger than anything it holds.)
[[ $BIN == */san/* ]] || ((memory < 32768))
ok $? "memory stays small: $memory kB"
peer_postgres_start "$T/pg"
wait "$feeder"
ends 0 'back again, everything is delivered'
is "$(sql 'SELECT count(*) FROM t')" 200000 'nothing is lost'
like "$(<"$T/err")" 'works again after' 'and that is said'

# Sessions ended by an administrator, again and again.
sql 'TRUNCATE t'
start t
for round in 1 2 3; do
	feed $((round * 10000)) $((round * 10000 + 9999))
	# The one ended before may have had nothing left to say.
	wait_for 30 session_is_there
	sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	    WHERE application_name = 'pg-upsert'" >"$T/killed"
	is "$(wc -l <"$T/killed")" 1 "session $round ended"
	wait_for 30 count_is $((round * 10000))
	ok $? 'its rows arrive all the same'
done
ends 0 'an end in order'

# A session cancelled, a deadlock's victim, a lock not granted in time.
start t -d "$DATABASE options='-c lock_timeout=200ms'"
feed 1 1
wait_for 30 count_is 30001
mkfifo "$T/psql"
psql -XAtq -d "$DATABASE" <"$T/psql" >"$T/psql.out" 2>&1 7>&- &
session=$!
exec 8>"$T/psql"
echo 'BEGIN; LOCK TABLE t IN EXCLUSIVE MODE; SELECT 7;' >&8
wait_for 20 grep -q 7 "$T/psql.out" || bail 'no lock'
feed 2 2
wait_for 30 said 'lock timeout'
ok $? 'a lock that is not granted in time is said'
echo 'COMMIT;' >&8
exec 8>&-
wait "$session"
wait_for 30 count_is 30002
ok $? 'and tried again'

# Read-only, as after a failover to a standby, and back.
sql "ALTER ROLE tickpipe SET default_transaction_read_only = on"
sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'pg-upsert'" >/dev/null
feed 3 3
wait_for 30 said '25006'
ok $? 'a read-only server is said'
sql "ALTER ROLE tickpipe RESET default_transaction_read_only"
wait_for 30 count_is 30003
ok $? 'and tried again on a new connection'

# The table renamed away and back: after the first success that is waited for.
sql 'ALTER TABLE t RENAME TO elsewhere'
feed 4 4
wait_for 30 said '42P01'
ok $? 'a table that has gone is said'
sql 'ALTER TABLE elsewhere RENAME TO t'
wait_for 30 count_is 30004
ok $? 'and waited for'
# Another key, as a table gets that is partitioned.
sql 'ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (n, id)'
feed 4 4
feed 4 4 1
wait_for 30 count_is 30005
ok $? 'a key that has changed is read anew'
sql 'DELETE FROM t WHERE n = 1;
    ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (id)'
sql 'ALTER ROLE tickpipe CONNECTION LIMIT 0'
sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'pg-upsert'" >/dev/null
feed 5 5
wait_for 30 said '53300'
ok $? 'too many connections are said'
sql 'ALTER ROLE tickpipe CONNECTION LIMIT -1'
wait_for 30 count_is 30005
ok $? 'and waited out'
ends 0 'an end in order after all that'

# Two writers with the same rows in opposite orders.
sql 'TRUNCATE t'
seq 1 20000 | sed 's/.*/{"id":&,"n":1}/' >"$T/up"
tac "$T/up" >"$T/down"
pg-upsert t <"$T/up" 2>"$T/err" &
pid=$!
status_is 0 'one of two writers' pg-upsert t <"$T/down"
wait "$pid"
is $? 0 'the other one'
is "$(cat "$T/err")" '' 'no deadlock was met'
is "$(sql 'SELECT count(*), sum(n) FROM t')" '20000|20000' 'the rows are there'

# Asked to stop.
sql 'TRUNCATE t'
start t
feed 1 5000
wait_for 30 count_is 5000
kill -INT "$pid"
feed 5001 30000
ends 0 'after INT it reads on to the end of its input'
is "$(sql 'SELECT count(*) FROM t')" 30000 'and loses nothing'
start --drain 200ms t
feed 30001 30001
wait_for 30 count_is 30001
kill -TERM "$pid"
wait "$pid"
is $? 3 'an end that does not come is status 3'
like "$(<"$T/err")" 'the input did not end in time' 'which is said'
exec 7>&-
start --drain 300ms t
feed 40000 40000
wait_for 30 count_is 30002
peer_postgres_stop "$T/pg" fast
feed 40001 40001
wait_for 30 said 'trying again'
kill -INT "$pid"
ends 3 'a database that stays away is status 3'
like "$(<"$T/err")" 'not everything was committed' 'which is said'
peer_postgres_start "$T/pg"

# What a retry cannot help, before the first success.
echo '{"id":1,"n":1}' >"$T/in"
status_is 2 'no such table' pg-upsert nope <"$T/in"
like "$(<"$T/err")" 'no table nope' 'is said'
status_is 2 'no such database' pg-upsert -d "$DATABASE dbname=nope" t <"$T/in"
like "$(<"$T/err")" 'database "nope" does not exist' 'is said'
status_is 2 'a wrong password' \
    pg-upsert -d "$DATABASE password=wrong" t <"$T/in"
like "$(<"$T/err")" 'password authentication failed' 'is said'
status_is 2 'no password' pg-upsert -d "$DATABASE passfile=/dev/null" t <"$T/in"
sql 'REVOKE INSERT ON t FROM tickpipe; ALTER TABLE t OWNER TO postgres'
status_is 2 'no permission' pg-upsert t <"$T/in"
like "$(<"$T/err")" 'permission denied' 'is said'
sql 'GRANT ALL ON t TO tickpipe'
status_is 0 'which can be had by a grant' pg-upsert t <"$T/in"
PGSERVICEFILE=$T/service status_is 2 'an unknown service' \
    pg-upsert -d service=here t <"$T/in"
tr ' ' '\n' <<<"$DATABASE" | sed "1i [here]
	s/'//g" >"$T/service"
PGSERVICEFILE=$T/service status_is 0 'a service file' \
    pg-upsert -d service=here t <"$T/in"

done_testing
