#!/bin/bash
# Goal: tickpipe_reader can look and do nothing else, tickpipe_writer has what
# pg-upsert needs and nothing else; who makes them, and with which password.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/postgres.sh
. "$ROOT/tests/peers/postgres.sh"

peer_postgres_start "$T/pg"
export TICKPIPE_STACK="$T/none"
reader=$(postgres_conninfo "$T/pg" tickpipe_reader)
writer=$(postgres_conninfo "$T/pg" tickpipe_writer)

# as CONNINFO SQL...: what the server says.
as()
{
	psql -XAtq -v ON_ERROR_STOP=1 -d "$1" -c "$2" 2>&1
}

status_is 0 'init-db by a user who may create no roles' "$ROOT/scripts/init-db"
is "$(<"$T/err")" '' 'is silent where they exist'
is "$(as "$DATABASE_ADMIN" "SELECT string_agg(rolname || ' ' || (rolsuper
    OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls), ' '
    ORDER BY rolname) FROM pg_roles WHERE rolname LIKE 'tickpipe%'")" \
    'tickpipe false tickpipe_reader false tickpipe_writer false' \
    'none of the roles has an attribute of power'

bws_line='{"symbol":"A","price":1.5,"quantity":2,"trade_id":%d,'
bws_line+='"event_time":"2024-07-18T00:00:%02dZ",'
bws_line+='"processed_time":"2024-07-18T00:00:%02dZ","buyer_maker":true}\n'
for i in {1..9}; do
	# shellcheck disable=SC2059 # the line is the format
	printf "$bws_line" "$i" "$i" "$i"
done >"$T/trades"
ohlc-window "$T/trades" >"$T/candles"

# The writer: both tables as the pipelines fill them, each line twice.
for _ in 1 2; do
	status_is 0 'the writer suffices for ticks' pg-upsert -d "$writer" \
	    --ignore crypto_prices <"$T/trades"
	status_is 0 'and for candles' pg-upsert -d "$writer" \
	    --newer trades,closed window_1m <"$T/candles"
done
is "$(as "$writer" 'SELECT count(*) FROM crypto_prices')" 9 'which it may read'
for statement in 'DELETE FROM window_1m' 'TRUNCATE crypto_prices' \
    'DROP TABLE window_1m' 'ALTER TABLE crypto_prices ADD more text' \
    'CREATE TABLE mine (a int)' 'SELECT * FROM window_5m' \
    'CREATE ROLE other' "COPY window_1m TO PROGRAM 'true'"; do
	like "$(as "$writer" "$statement")" \
	    'permission denied|must be (owner|superuser)' \
	    "the writer may not: $statement"
done

# The reader: all that a dashboard asks, and not one change.
for source in crypto_prices window_1m window_5m window_15m window_45m \
    window_1h gaps window_1m_whole "candles('A', '5m', NULL, NULL)"; do
	like "$(as "$reader" "SELECT count(*) FROM $source")" '^[0-9]+$' \
	    "the reader reads $source"
done
for statement in "INSERT INTO window_1m SELECT * FROM window_1m" \
    'DELETE FROM crypto_prices' 'UPDATE crypto_prices SET price = 1' \
    'TRUNCATE window_1m' 'CREATE TABLE mine (a int)'; do
	like "$(as "$reader" "$statement")" 'read-only transaction' \
	    "the reader may not: $statement"
	like "$(PGOPTIONS='-c default_transaction_read_only=off' \
	    as "$reader" "$statement")" 'permission denied' \
	    'not even when it lets itself write'
done
is "$(as "$reader" 'SHOW statement_timeout')" 30s 'it has a timeout'
like "$(as "$reader" "SET statement_timeout = '100ms'; SELECT pg_sleep(60)")" \
    'statement timeout' 'that ends a statement'
is "$(as "$reader" 'SELECT rolname FROM pg_authid')" \
    'ERROR:  permission denied for table pg_authid' 'and sees no passwords'

# What somebody has granted beyond that goes.
as "$DATABASE" 'GRANT DELETE ON window_1m TO tickpipe_reader, tickpipe_writer;
    GRANT SELECT ON window_5m TO tickpipe_writer'
grants()
{
	as "$DATABASE" "SELECT relname, relacl FROM pg_class
	    WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
}
"$ROOT/scripts/init-db"
grants >"$T/first"
unlike "$(<"$T/first")" 'tickpipe_(reader|writer)=[a-z]*d' \
    'init-db takes back what is too much'
"$ROOT/scripts/init-db"
grants >"$T/second"
same_file "$T/second" "$T/first" 'and again changes nothing'
is "$(as "$reader" 'SELECT count(*) FROM window_1m')" 1 'the reader still reads'

# Where the roles do not exist.
as "$DATABASE_ADMIN" 'DROP OWNED BY tickpipe_reader, tickpipe_writer;
    DROP ROLE tickpipe_reader, tickpipe_writer'
status_is 0 'init-db without the roles, by a user who may not make them' \
    "$ROOT/scripts/init-db"
like "$(<"$T/err")" 'tickpipe_reader and tickpipe_writer do not exist' \
    'says so'
as "$DATABASE_ADMIN" 'ALTER ROLE tickpipe CREATEROLE'
echo "it's a secret" >"$T/password"
status_is 0 'by a user who may' env \
    TICKPIPE_READER_PASSWORD_FILE="$T/password" TICKPIPE_WRITER_PASSWORD='wri"ter' "$ROOT/scripts/init-db"
is "$(<"$T/out")$(<"$T/err")" '' 'it makes them, in silence'
login()
{
	PGPASSWORD=$2 as "${1/passfile=*/passfile=/dev/null}" 'SELECT 1'
}
is "$(login "$reader" "it's a secret")$(login "$writer" 'wri"ter')" $'11' \
    'with the passwords of a file and of the environment'
like "$(login "$reader" other)" 'password authentication failed' \
    'and with no other'
status_is 0 'once more without passwords' "$ROOT/scripts/init-db"
is "$(login "$reader" "it's a secret")" 1 'they stay what they are'
status_is 2 'a password file that cannot be read' env \
    TICKPIPE_READER_PASSWORD_FILE="$T/nowhere" "$ROOT/scripts/init-db"
like "$(<"$T/err")" "init-db: cannot read $T/nowhere" 'ends it'
as "$DATABASE_ADMIN" 'ALTER ROLE tickpipe NOCREATEROLE'
status_is 0 'a password, and a user who may not set it' env \
    TICKPIPE_READER_PASSWORD=new "$ROOT/scripts/init-db"
like "$(<"$T/err")" 'no password was set' 'is said'
unlike "$(cat "$ROOT"/sql/*.sql)" "PASSWORD '" 'no password is in a file of SQL'

done_testing
