#!/bin/bash
# Goal: a port that takes connections and closes them (TLS where none is
# expected, a balancer with nobody behind it) is told of once, not waited for
# in silence.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

need perl

perl -MIO::Socket::INET -e '$| = 1;
    my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1");
    print $s->sockport, "\n"; 1 while close($s->accept)' >"$T/port" &
server=$!
on_exit kill "$server"
wait_for 20 test -s "$T/port" || bail 'no server'

# tells NAME COMMAND...: it must say something, and end when asked to.
tells()
{
	local name=$1 pid

	shift
	: >"$T/err"
	"$@" -b "127.0.0.1:$(<"$T/port")" t </dev/null 2>"$T/err" &
	pid=$!
	wait_for 30 test -s "$T/err"
	like "$(<"$T/err")" 'connection was closed' "$name says what happens"
	sleep 1
	is "$(wc -l <"$T/err")" 1 "$name says it once"
	kill -TERM "$pid"
	wait "$pid"
}

tells 'kafka-sub -o' kafka-sub -o beginning
tells 'kafka-sub -g' kafka-sub -g g
tells 'kafka-pub' kafka-pub --drain 300ms
done_testing
