#!/usr/bin/env bash
# pg-upsert refuses wrong use with status 2 and says what is wrong.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# Nothing here may reach a database: nobody listens on this port.
PGHOST=127.0.0.1
PGPORT=$(free_port)
export PGHOST PGPORT
unset TICKPIPE_DATABASE

# wrong REGEX ARGUMENT...: the arguments are refused with such a message.
wrong()
{
	local regex=$1

	shift
	status_is 2 "refused: pg-upsert $*" timeout 20 pg-upsert "$@"
	like "$(head -n 1 "$T/err")" "$regex" 'and says why'
	is "$(wc -c <"$T/out")" 0 'and nothing on stdout'
}

wrong 'which TABLE'
wrong 'one TABLE only' a b
wrong 'exclude each other' --newer a --ignore t
wrong '^pg-upsert: --key' --key 'a,' t
wrong '^pg-upsert: --newer.*twice' --newer a,a t
wrong '^pg-upsert: --key' --key '' t
wrong '--extra is refuse or ignore' --extra maybe t
wrong '-d needs an argument' -d
wrong 'unknown option --nope' --nope t
wrong '--ignore.* takes no argument' --ignore=yes t
wrong '-h is help here' -h localhost t
wrong '--max-line' --max-line 10x t
wrong '--drain' --drain 10 t
wrong 'No such file' --ack "$T/none" t
wrong 'No such file' --rejects "$T/none/file" t
wrong 'invalid connection option' -d 'nope=1' t
wrong 'missing "="' -d 'host=127.0.0.1 nonsense' t
wrong 'invalid sslmode' -d 'host=127.0.0.1 sslmode=maybe' t
wrong 'definition of service' -d 'service=tickpipe-no-such' t

status_is 0 '--help' pg-upsert --help
like "$(<"$T/out")" '^usage: pg-upsert .*--newer' 'goes to stdout'
(($(wc -l <"$T/out") <= 24))
ok $? 'and fits a screen'
status_is 0 '-h alone' pg-upsert -h
status_is 0 '--version' pg-upsert --version
like "$(<"$T/out")" 'libpq [0-9]+\.[0-9]+' 'names the library'

# A server that is not there is waited for; INT ends that after the drain.
interruptible pg-upsert --drain 100ms t 2>"$T/err" &
pid=$!
wait_for 20 grep -q 'trying again' "$T/err"
ok $? 'a server that is not there is said at once, and waited for'
kill -INT "$pid"
wait "$pid"
is $? 3 'INT then ends it with status 3'

pg-upsert --drain 100ms -d 'password=secret' t 2>"$T/err" &
pid=$!
wait_for 20 grep -q 'trying again' "$T/err"
kill -TERM "$pid"
wait "$pid"
is $? 3 'so does TERM'
like "$(<"$T/err")" 'password on the command line' \
    'a password in the conninfo is warned about'
unlike "$(<"$T/err")" secret 'and not shown'

done_testing
