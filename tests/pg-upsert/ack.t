#!/usr/bin/env bash
# Acknowledgements: after COMMIT, per partition, and never in anybody's way.

# shellcheck disable=SC2317 # functions that wait_for calls
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/peers/postgres.sh
. "$ROOT/tests/peers/postgres.sh"
need jq

peer_postgres_start "$T/pg"
TICKPIPE_DATABASE=$DATABASE
export TICKPIPE_DATABASE

sql()
{
	psql -XAtq -v ON_ERROR_STOP=1 -d "$DATABASE" -c "$1"
}

sql 'CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL)'
mkfifo "$T/ack"

# kafka PARTITION OFFSET [START]: the member.
kafka()
{
	printf '"_kafka":{"topic":"t.x","partition":%d,"offset":%d,"start":%d}' \
	    "$1" "$2" "${3:-1}"
}

# acks: what was read, in short; the last of each partition.
acks()
{
	jq -r '._kafka | "\(.topic) \(.partition) \(.offset) \(.start)"' \
	    "$T/acks" | sort -s -k 2,2n | awk '{ last[$2] = $0 }
	    END { for (p in last) print last[p] }' | sort
}

# The usual case, refused lines and lines of provenance alone among them.
{
	awk 'BEGIN { for (i = 0; i < 25000; i++) printf "{\"id\":%d,\"n\":%d,\"_kafka\":{\"topic\":\"t.x\",\"partition\":%d,\"offset\":%d,\"start\":1}}\n", i, i, i % 4, i }'
	echo "{\"id\":1,\"n\":null,$(kafka 0 30000)}"
	echo "{\"id\":1,\"nope\":null,$(kafka 1 30001)}"
	echo "{$(kafka 2 30002)}"
	echo "{$(kafka 9 -1 7)}"
} >"$T/in"
cat "$T/ack" >"$T/acks" &
reader=$!
status_is 1 'lines with provenance' pg-upsert --ack "$T/ack" \
    --rejects "$T/rejects" t <"$T/in"
wait "$reader"
is "$(acks)" $'t.x 0 30000 1\nt.x 1 30001 1\nt.x 2 30002 1\nt.x 3 24999 1\nt.x 9 -1 7' \
    'the last of each partition is acknowledged'
is "$(sql 'SELECT count(*) FROM t')" 25000 'and everything is there'
is "$(jq -r .line "$T/rejects" | tr '\n' ' ')" '25002 25001 ' \
    'refused lines are in the rejects'

# Never before commit: another session holds the row's lock.
sql 'TRUNCATE t; INSERT INTO t VALUES (1, 0)'
mkfifo "$T/psql" "$T/feed"
psql -XAtq -d "$DATABASE" <"$T/psql" >"$T/psql.out" 2>&1 &
session=$!
exec 8>"$T/psql"
echo 'BEGIN; UPDATE t SET n = 1 WHERE id = 1; SELECT 7;' >&8
wait_for 20 grep -q 7 "$T/psql.out" || bail 'no lock'
pg-upsert --ack "$T/ack" t <"$T/feed" 2>"$T/err" 8>&- &
pid=$!
exec 7>"$T/feed"
cat "$T/ack" >"$T/acks" 7>&- 8>&- &
reader=$!
echo "{\"id\":1,\"n\":2,$(kafka 0 5)}" >&7
waiting()
{
	[[ $(sql "SELECT count(*) FROM pg_stat_activity
	    WHERE application_name = 'pg-upsert'
	    AND wait_event_type = 'Lock'") == 1 ]]
}
wait_for 20 waiting
ok $? 'a lock is waited for'
sleep 0.3
is "$(cat "$T/acks")" '' 'nothing is acknowledged meanwhile'
echo 'COMMIT;' >&8
wait_for 20 grep -q '"offset":5' "$T/acks"
ok $? 'but once it is committed'
is "$(sql 'SELECT n FROM t')" 2 'and it is committed'

# A reader that goes, and another one that comes.
kill "$reader"
wait "$reader" 2>/dev/null
echo "{\"id\":1,\"n\":3,$(kafka 0 6)}" >&7
committed()
{
	[[ $(sql 'SELECT n FROM t WHERE id = 1') == "$1" ]]
}
wait_for 20 committed 3
ok $? 'without a reader rows still arrive'
cat "$T/ack" >"$T/acks" 7>&- 8>&- &
reader=$!
wait_for 20 grep -q '"offset":6' "$T/acks"
ok $? 'and a new reader gets the last acknowledgement'

# A line that belongs to no row is acknowledged too, at once.
echo "{$(kafka 3 70)}" >&7
wait_for 20 grep -q '"partition":3,"offset":70' "$T/acks"
ok $? 'provenance alone is acknowledged while the input is open'
exec 7>&-
wait "$pid"
is $? 0 'the end of input is an end in order'
wait "$reader"
exec 8>&-
wait "$session"

# Nothing to acknowledge: the reader, here later than we, still sees the end.
pg-upsert --ack "$T/ack" t <"$T/feed" 2>"$T/err" &
pid=$!
exec 7>"$T/feed"
connected()
{
	[[ $(sql "SELECT count(*) FROM pg_stat_activity
	    WHERE application_name = 'pg-upsert'") == 1 ]]
}
wait_for 20 connected || bail 'no session'
cat "$T/ack" >"$T/acks" 7>&- &
reader=$!
met() { [[ /proc/$reader/fd/3 -ef $T/ack ]]; }
wait_for 20 met
ok $? 'a reader is looked for before there is a word for it'
exec 7>&-
wait "$pid"
is $? 0 'no line at all'
gone() { ! kill -0 "$reader" 2>/dev/null; }
wait_for 20 gone
ok $? 'ends the acknowledgements too'
kill "$reader" 2>/dev/null
wait "$reader" 2>/dev/null

# A reader that does not read: a full pipe delays acknowledgements only.
sql 'TRUNCATE t'
exec 6<>"$T/ack"
awk 'BEGIN { for (i = 0; i < 60000; i++) printf "{\"id\":%d,\"n\":1,\"_kafka\":{\"topic\":\"%0200d\",\"partition\":%d,\"offset\":%d,\"start\":1}}\n", i, i % 7, i % 100, i }' >"$T/in"
status_is 0 'nobody reads the acknowledgements' \
    pg-upsert --drain 300ms --ack "$T/ack" t <"$T/in"
is "$(sql 'SELECT count(*) FROM t')" 60000 'and all rows arrive'
like "$(<"$T/err")" 'not read' 'which is said'
exec 6>&-

status_is 0 'no reader at all' pg-upsert --ack "$T/ack" t \
    <<<"{\"id\":1,\"n\":2,$(kafka 0 5)}"
status_is 0 'a plain file' pg-upsert --ack "$T/plain" t < <(
	: >"$T/plain"
	echo "{\"id\":1,\"n\":2,$(kafka 0 5)}"
)
done_testing
