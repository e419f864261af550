#!/bin/bash
# Goal: whatever a server sends once the connection is up, frames without end
# and lengths that lie, bws-trades says so and connects again; it neither dies
# of it nor swallows it.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

need perl

cat >"$T/server" <<'PERL'
use strict;
use Digest::SHA 'sha1_base64';
use IO::Socket::INET;

$SIG{PIPE} = 'IGNORE';
$| = 1;
my $trade = '{"e":"trade","E":1735689600000,"s":"BTCUSDT","t":%d,"p":"1.5",'
    . '"q":"1","T":1735689600000,"m":true,"M":true}';
my $block = 'a' x 65536;
my $n = 0;
my %lies = (
	# A length of 1 TiB, and bytes as long as anybody reads them.
	huge => sub { ("\x81\x7f" . pack('Q>', 1 << 40), $block) },
	negative => sub { ("\x81\x7f" . "\xff" x 8, $block) },
	pieces => sub { ("\x01\x01{", "\x00\x7f" . pack('Q>', 65536) . $block) },
	binary => sub { ("\x82\x7f" . pack('Q>', 1 << 40), $block) },
);
my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1')
    or die $@;
print $server->sockport, "\n";
while (my $peer = $server->accept) {
	my $head = '';
	while ($head !~ /\r\n\r\n/) {
		sysread $peer, $head, 4096, length $head or last;
	}
	$head =~ /sec-websocket-key: *(\S+)/i or next;
	my $accept = sha1_base64(
	    $1 . '258EAFA5-E914-47DA-95CA-C5AB0DC85B11') . '=';
	my $text = sprintf $trade, ++$n;
	my ($first, $again) = $lies{$ARGV[0]}->();
	syswrite $peer, "HTTP/1.1 101 S\r\nUpgrade: websocket\r\n"
	    . "Connection: Upgrade\r\nSec-WebSocket-Accept: $accept\r\n\r\n"
	    . "\x81" . chr(length $text < 126 ? length $text : 126)
	    . (length $text < 126 ? '' : pack('n', length $text))
	    . $text . $first;
	for (1 .. 2000) {
		syswrite $peer, $again or last;
	}
	close $peer;
}
PERL

# lies KIND REASON: a server that lies so; the reason is what is said of it.
lies()
{
	local server pid status

	perl "$T/server" "$1" >"$T/port" 2>"$T/server.err" &
	server=$!
	on_exit end_server "$server"
	: >"$T/live"
	wait_for 20 test -s "$T/port" || bail 'no server'
	bws-trades --url "ws://127.0.0.1:$(<"$T/port")" btcusdt \
	    >"$T/live" 2>"$T/err" &
	pid=$!
	check "$1: it connects again" wait_for 30 two_lines ||
	    diag_file "$T/err"
	kill -TERM "$pid"
	wait "$pid"
	status=$?
	is "$status" 0 "$1: and ends in order"
	like "$(<"$T/err")" "$2" "$1: and says what it was"
	end_server "$server"
	rm -f "$T/port"
}

end_server()
{
	kill "$1" 2>/dev/null && wait "$1" 2>/dev/null
	return 0
}

# shellcheck disable=SC2317 # called by wait_for
two_lines()
{
	(($(wc -l <"$T/live") >= 2))
}

lies huge 'longer than --max-line; trying again'
lies negative 'trying again'
lies pieces 'longer than --max-line; trying again'
lies binary 'a binary frame; trying again'
done_testing
