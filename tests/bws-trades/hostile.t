#!/usr/bin/env bash
# Goal: whatever a peer answers, the feed neither dies of it nor believes it,
# and what is wrong with the files it is to write is said.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/bws-trades/lib.sh
. "$ROOT/tests/bws-trades/lib.sh"
need bws-trades ndjson-validate perl jq

# An exchange that lies. STREAM: refuse, its first SUBSCRIBE; frames, of every
# kind that is wrong; hole, one of some trades. REST gives wrong answers, one
# after another, and then good ones.
cat >"$T/liar" <<'PERL'
use strict;
use Digest::SHA 'sha1_base64';
use IO::Socket::INET;

$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';
$| = 1;
my ($stream) = @ARGV;
my ($rests, $streams) = (0, 0);

sub trade
{
	my ($id, $symbol, $time, $price) = @_;

	return sprintf '{"e":"trade","E":1735689600000,"s":"%s","t":%s,'
	    . '"p":"%s","q":"1","T":%s,"m":true,"M":true}',
	    $symbol // 'BTCUSDT', $id, $price // '1.5',
	    $time // 1735689600000;
}

sub healed
{
	return '[' . join(',', map { sprintf '{"id":%s,"price":"1.5",'
	    . '"qty":"1","quoteQty":"1","time":1735689600000,'
	    . '"isBuyerMaker":true,"isBestMatch":true}', $_ } @_) . ']';
}

sub frame
{
	my ($text) = @_;
	my $len = length $text;

	return "\x81" . ($len < 126 ? chr $len : "\x7e" . pack 'n', $len)
	    . $text;
}

sub http
{
	my ($body, $status, @headers) = @_;

	return join "\r\n", 'HTTP/1.1 ' . ($status // '200 OK'), @headers,
	    'Content-Length: ' . length $body, '', $body;
}

my @wrong = (
	http('<html><title>No'), http(''), http('{}'), http('[[]]'),
	http(healed(5, 4, 3)), http(healed(2 .. 5)), http(healed('-1')),
	http(healed('9223372036854775808')), http(healed(3 .. 20000)),
	http('', '302 Found', 'Location: http://127.0.0.1:1/'),
	http('', '204 No Content'), "\x00\xff\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" . healed(3 .. 5),
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n[]\r\n",
	"HTTP/1.1 200 OK\r\n" . "X: y\r\n" x 5000,
	http('{}', '429 T', 'Retry-After: 0'),
);

sub rest
{
	my ($peer, $from, $number) = @_;

	syswrite $peer, $wrong[$number] //
	    http($from <= 6 ? healed($from .. 6) : '[]');
}

my %streams = (
	# Of eight symbols, since one that was asked for in vain pauses.
	hole => sub { map { my $s = $_; map { trade $_, $s } 1, 2, 6 }
	    'A' .. 'H' },
	refuse => sub { () },
	frames => sub {
		((map { trade $_ } 1, '9223372036854775808', '-1',
		    '"7"', 2, 2), trade(2, undef, undef, '99'),
		    trade(3, undef, 1000), trade(3, undef, '"x"'),
		    trade(3, 'OTHERUSDT'), trade(3, 'A' x 65), trade(3, ''),
		    trade(3, 'BTC\u0000USDT'), '{', '[]', '7', '""', "\0",
		    '{"result":null,"id":99}', '{"stream":1,"data":{}}',
		    '{"error":{"code":1,"msg":"\u001b[31m"},"id":-3}',
		    trade(3))
	},
);

sub stream
{
	my ($peer, $key, $number) = @_;
	my $accept = sha1_base64(
	    $key . '258EAFA5-E914-47DA-95CA-C5AB0DC85B11') . '=';
	my $first = 1;

	syswrite $peer, join "\r\n", 'HTTP/1.1 101 S', 'Upgrade: websocket',
	    'Connection: Upgrade', "Sec-WebSocket-Accept: $accept", '', '';
	syswrite $peer, join '', map { frame $_ } $streams{$stream}->();
	while (sysread $peer, my $text, 65536) {
		my $len = ord(substr $text, 1, 1) & 127;
		my $at = $len == 126 ? 4 : 2;
		my $mask = substr $text, $at, 4;

		next if (ord($text) & 15) != 1;
		$text = substr $text, $at + 4;
		$text ^= substr $mask x (length($text) / 4 + 1), 0,
		    length $text;
		$text =~ /"id":(\d+)/ or next;
		syswrite $peer, frame($first && $number == 1 ?
		    "{\"error\":{\"code\":2,\"msg\":\"No\"},\"id\":$1}" :
		    "{\"result\":null,\"id\":$1}");
		syswrite $peer, frame(trade($number));
		$first = 0;
	}
}

my $server = IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1')
    or die $@;
print '127.0.0.1:', $server->sockport, "\n";
while (my $peer = $server->accept) {
	my $head = '';

	while ($head !~ /\r\n\r\n/) {
		sysread $peer, $head, 4096, length $head or last;
	}
	my $from = $head =~ /fromId=(\d+)/ ? $1 : undef;
	my $number = defined $from ? $rests++ : ++$streams;

	if (!fork) {
		close $server;
		rest($peer, $from, $number) if defined $from;
		stream($peer, $1, $number)
		    if $head =~ /sec-websocket-key: *(\S+)/i;
		exit;
	}
	close $peer;
}
PERL

# liar STREAM: sets FEED_ADDRESS to one that lies so.
liar()
{
	rm -f "$T/address"
	perl "$T/liar" "$1" >"$T/address" 2>"$T/liar.err" &
	on_exit end_process $!
	wait_for 20 test -s "$T/address" || bail 'no server'
	FEED_ADDRESS=$(<"$T/address")
}

# ids: those of the records on standard input, in a line.
ids()
{
	jq .trade_id | paste -sd' '
}

# --- Answers of REST -------------------------------------------------------
liar hole
feed_start rest --gaps "$T/rest.gaps" --retry-max 100ms \
    --connect-timeout 3s -v {a..h}
wait_for 60 lines "$T/rest.out" 48
feed_end rest 0
is "$(sort -u "$T/rest.out" | ids | tr ' ' '\n' | sort | uniq -c |
    paste -sd' ' | tr -s ' ')" ' 8 1 8 2 8 3 8 4 8 5 8 6' \
    'wrong answers of REST: none is believed, the good ones are'
is "$(wc -c <"$T/rest.gaps")" 0 'and nothing is given up'
is "$(grep -c 'REST: asked for . from 3' "$T/rest.err")" 24 \
    'each was one request'
is "$(tr -d '\n' <"$T/rest.err" | grep -c '[[:cntrl:]]')" 0 \
    'no terminal gets any of it raw'

# --- Frames ----------------------------------------------------------------
liar frames
feed_start frames --rejects "$T/frames.rejects" btcusdt
wait_for 30 lines "$T/frames.out" 3
feed_end frames 1
is "$(ids <"$T/frames.out")" '1 2 3' 'wrong frames: what is good comes out'
status_is 0 'and only that' ndjson-validate -t trade "$T/frames.out"
is "$(wc -l <"$T/frames.rejects")" 9 'each of the others is refused'
is "$(cat "$T/frames.out" "$T/frames.rejects" | grep -c OTHER)" 0 \
    'but for what is merely not asked for'

# --- Subscriptions ---------------------------------------------------------
# More symbols than a URL takes: some are subscribed to by a message.
liar refuse
mapfile -t many < <(seq -f 'a%050gusdt' 1 40)
feed_start refuse -v --overlap 200ms btcusdt "${many[@]}"
check 'a refused SUBSCRIBE: another connection is made for its streams' \
    wait_for 30 said refuse 'connection 1: closed'
like "$(<"$T/refuse.err")" 'connection 1: is replaced: it lacks streams' \
    'and takes the place of the first one'
feed_end refuse 0

# --- Files -----------------------------------------------------------------
liar hole
for file in gaps frames stats rejects resume; do
	status_is 2 "--$file in a folder that is not there is status 2" \
	    bws-trades --url "ws://$FEED_ADDRESS" "--$file" "$T/no/file" \
	    btcusdt
done
for file in gaps frames stats; do
	status_is 3 "--$file on a full disk is status 3" \
	    bws-trades --url "ws://$FEED_ADDRESS" "--$file" /dev/full \
	    --rest none --settle 0s --stats-interval 100ms a
	like "$(<"$T/err")" '/dev/full: No space left' 'and is said'
done
status_is 0 '--resume without an end: TERM ends it' \
    timeout --foreground --preserve-status 1 \
    bws-trades --url "ws://$FEED_ADDRESS" --resume /dev/zero btcusdt
mkfifo "$T/fifo"
status_is 0 'and where there is no writer' \
    timeout --foreground --preserve-status 1 \
    bws-trades --url "ws://$FEED_ADDRESS" --resume "$T/fifo" btcusdt
done_testing
