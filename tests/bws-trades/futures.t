#!/usr/bin/env bash
# Futures: trades that are none of the market's take ids of the series and are
# no gap; what is really missing is reported, for REST has none of it. And a URL
# with a path.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/bws-trades/lib.sh
. "$ROOT/tests/bws-trades/lib.sh"
need bws-trades perl jq
[[ -x $EXCHANGE ]] || skip_all 'the exchange simulator is not built' required

# It says on stderr what it was asked for.
cat >"$T/server" <<'PERL'
use strict;
use Digest::SHA 'sha1_base64';
use IO::Socket::INET;

$SIG{PIPE} = 'IGNORE';
$| = 1;
sub frame {
	my ($id, $kind) = @_;
	my ($price, $quantity) = $kind eq 'MARKET' ? (63943.90, 0.003) : (0, 0);
	my $text = qq({"stream":"btcusdt\@trade","data":{"e":"trade",)
	    . qq("E":1721347022956,"T":1721347022956,"s":"BTCUSDT","t":$id,)
	    . qq("p":"$price","q":"$quantity","X":"$kind","m":true}});
	return "\x81\x7e" . pack('n', length $text) . $text;
}
my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1')
    or die $@;
print $server->sockport, "\n";
while (my $peer = $server->accept) {
	my $head = '';
	while ($head !~ /\r\n\r\n/) {
		sysread $peer, $head, 4096, length $head or last;
	}
	print STDERR $head =~ /^(.*?)\r/, "\n";
	$head =~ /sec-websocket-key: *(\S+)/i or next;
	my $accept = sha1_base64(
	    $1 . '258EAFA5-E914-47DA-95CA-C5AB0DC85B11') . '=';
	syswrite $peer, "HTTP/1.1 101 S\r\nUpgrade: websocket\r\n"
	    . "Connection: Upgrade\r\nSec-WebSocket-Accept: $accept\r\n\r\n"
	    . join '', map { frame(@$_) } [1, 'MARKET'], [2, 'MARKET'],
	    [3, 'NA'], [4, 'MARKET'], [5, 'INSURANCE_FUND'], [8, 'MARKET'],
	    [9, 'NA'], [9, 'NA'], [8, 'MARKET'], [10, 'MARKET'];
	sysread $peer, $head, 4096;
}
PERL
perl "$T/server" >"$T/port" 2>"$T/asked" &
on_exit end_process $!
wait_for 20 test -s "$T/port" || bail 'no server'
EXCHANGE_ADDRESS=127.0.0.1:$(<"$T/port")
feed_start futures --gaps "$T/gaps" btcusdt ethusdt
wait_for 30 lines "$T/futures.out" 5
feed_end futures 0
is "$(jq -c .trade_id "$T/futures.out" | paste -sd ' ')" '1 2 4 8 10' \
    'the trades of the market, each once'
is "$(jq -c '[.symbol, .first_trade_id, .last_trade_id, .reason]' "$T/gaps")" \
    '["BTCUSDT",6,7,"futures"]' 'what is missing, and no id of the others'
like "$(<"$T/futures.err")" 'BTCUSDT: 2 trades are missing, 6 to 7' \
    'which is said'
is "$(grep -c historicalTrades "$T/asked")" 0 'REST is not asked'

exchange_start path --path /deep/down --rate 200 --trades 500 --faults 2 \
    --fault-kinds drop --fault-every 0.5 --wait-for-clients 2
feed_start path --url "ws://$EXCHANGE_ADDRESS/deep/down/" \
    --rest "http://$EXCHANGE_ADDRESS/deep/down" btcusdt ethusdt
wait_for 60 lines "$T/path.out" 500
feed_end path 0
exact path 'URLs with a path: every trade'
exchange_end path
done_testing
