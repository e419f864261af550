#!/usr/bin/env bash
# What the stream leaves out is asked of REST and comes out as if it had been
# streamed; what cannot be had is said, once, with its ids.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/bws-trades/lib.sh
. "$ROOT/tests/bws-trades/lib.sh"
need bws-trades curl jq perl
[[ -x $EXCHANGE ]] || skip_all 'the exchange simulator is not built' required

# lost NAME KIND: the faults' trades, one a line: SYMBOL FIRST LAST.
lost()
{
	jq -r --arg kind "$2" 'select(.event == "fault" and .kind == $kind) |
	    "\(.symbol) \(.first // .trade_id) \(.last // .trade_id)"' \
	    "$T/$1.events" | sort
}

# gaps FILE REASON: what it has of them, one a line; lines of another form or
# with another reason are there as they are.
gaps()
{
	local time='"20[0-9-]{8}T[0-9:]{8}\.[0-9]{3,6}Z"'

	sed -E "s/^\{\"symbol\":\"([A-Z0-9]+)\",\"first_trade_id\":([0-9]+),\
\"last_trade_id\":([0-9]+),\"reason\":\"$2\",\"after\":$time,\
\"before\":$time,\"time\":$time\}\$/\1 \2 \3/" "$1" | sort
}

# --- Healed ----------------------------------------------------------------
# Lost frames, ends of connections, ends in mid-frame.
exchange_start healed --symbols btcusdt,ethusdt,xrpusdt --rate 600 \
    --trades 2400 --wait-for-clients 3 --faults 3 --fault-every 0.1 \
    --fault-kinds lose,drop,cut
feed_start healed --gaps "$T/healed.gaps" --stats "$T/healed.stats" \
    btcusdt ethusdt xrpusdt
wait_for 60 lines "$T/healed.out" 2400
feed_end healed 0
exact healed 'what was lost is there, as if it had been streamed'
is "$(wc -c <"$T/healed.gaps")" 0 'nothing is reported missing'
ok "$(($(last_count "$T/healed.stats" healed) < 3))" 'REST had it'
exchange_end healed
is "$(exchange_faults healed)" 3 'of three faults'

exchange_start micro --symbols btcusdt,ethusdt --rate 500 --trades 800 \
    --wait-for-clients 2 --faults 4 --fault-every 0.1 --fault-kinds lose \
    --microseconds
feed_start micro --microseconds --stats "$T/micro.stats" btcusdt ethusdt
wait_for 60 lines "$T/micro.out" 800
feed_end micro 0
exact micro 'likewise in microseconds'
is "$(last_count "$T/micro.stats" healed)" 4 'four of them by REST'
exchange_end micro

# --- Nothing to ask --------------------------------------------------------
exchange_start none --symbols btcusdt,ethusdt --rate 500 --trades 800 \
    --wait-for-clients 2 --faults 4 --fault-every 0.1 --fault-kinds lose
feed_start none --rest none --gaps "$T/none.gaps" btcusdt ethusdt
wait_for 60 lines "$T/none.out" 796
feed_end none 0
lost none lose >"$T/want"
gaps "$T/none.gaps" no_rest >"$T/got"
same_file "$T/got" "$T/want" 'without --rest each missing id is in --gaps'
while read -r symbol id _; do
	echo "bws-trades: $symbol: 1 trade is missing, $id to $id: \
there is no --rest to ask"
done <"$T/want" >"$T/messages"
sort "$T/none.err" >"$T/got"
same_file "$T/got" "$T/messages" 'and on standard error'
without_processed_time "$T/none.out" | sort >"$T/bare"
sort "$T/none.log" | comm -23 - "$T/bare" |
    jq -r '"\(.symbol) \(.trade_id) \(.trade_id)"' | sort >"$T/got"
same_file "$T/got" "$T/want" 'and all others come out'
exchange_end none

# --- The exchange's own ----------------------------------------------------
exchange_start hole --symbols btcusdt,ethusdt --rate 500 --trades 1000 \
    --wait-for-clients 2 --faults 3 --fault-every 0.2 --fault-kinds hole
feed_start hole -v --gaps "$T/hole.gaps" btcusdt ethusdt
wait_for 60 lines "$T/hole.out" 1000
feed_end hole 0
exact hole 'ids that the exchange never gave hold nothing back'
lost hole hole >"$T/want"
gaps "$T/hole.gaps" exchange >"$T/got"
same_file "$T/got" "$T/want" 'each such hole is reported once'
is "$(grep -c 'missing, .*: the exchange has none$' "$T/hole.err")" 3 \
    'and said once'
while read -r symbol first _; do
	ok "$(($(grep -c "asked for $symbol from $first\$" "$T/hole.err") < 2))" \
	    "REST was asked twice before $symbol $first was believed"
done <"$T/want"
exchange_end hole

# --- REST is down ----------------------------------------------------------
exchange_start down --symbols btcusdt --rate 200 --trades 400 \
    --wait-for-clients 1 --faults 1 --fault-after 0.2 --fault-kinds lose
feed_start down --rest "http://127.0.0.1:$(free_port)" --gaps "$T/down.gaps" \
    --heal-wait 1s --retry-max 300ms btcusdt
wait_for 60 lines "$T/down.out" 399
lost down lose >"$T/want"
gaps "$T/down.gaps" gave_up >"$T/got"
same_file "$T/got" "$T/want" 'REST down: given up after --heal-wait'
like "$(<"$T/down.err")" 'REST: .*; trying again' 'that it is down is said'
like "$(<"$T/down.err")" ' missing, .*: REST was asked in vain' \
    'so is what is missing'
feed_end down 0
exchange_end down

# REST down, and the end before it is given up: that is said, too.
exchange_start ended --symbols btcusdt --rate 200 --trades 100 \
    --wait-for-clients 1 --faults 1 --fault-after 0.2 --fault-kinds lose
feed_start ended --rest "http://127.0.0.1:$(free_port)" \
    --gaps "$T/ended.gaps" --retry-max 300ms btcusdt
wait_for 60 event ended all-made
wait_for 60 said ended 'REST: .*; trying again'
feed_end ended 0
first=$(lost ended lose | cut -d' ' -f 2)
last=$(tail -n 1 "$T/ended.log" | jq .trade_id)
is "$(jq -r '"\(.reason) \(.first_trade_id) \(.last_trade_id)"' \
    "$T/ended.gaps")" "stopped $first $last" \
    'ended before it was given up: all that waited is in --gaps'
exchange_end ended

# --- Limits ----------------------------------------------------------------
# It says to wait, and it is waited.
exchange_start limits --symbols btcusdt,ethusdt --rate 300 --trades 1500 \
    --wait-for-clients 2 --faults 3 --fault-every 0.1 \
    --fault-kinds lose,rest-429,rest-418
feed_start limits btcusdt ethusdt
wait_for 60 lines "$T/limits.out" 1500
feed_end limits 0
exact limits 'asked to wait, it waits, and then has everything'
like "$(<"$T/limits.err")" 'REST: HTTP status 4(29|18), waiting for [23] s' \
    'and says so'
exchange_end limits
is "$(exchange_faults limits rest-429) $(exchange_faults limits rest-418) \
$(exchange_count limits over_retry)" '1 1 0' '429 and 418, none ignored'

# --rest-weight, of which others behind the same address have used some.
exchange_start weight --symbols btcusdt --rate 500 --trades 1000 \
    --wait-for-clients 1 --faults 6 --fault-every 0.1 --fault-kinds lose \
    --minute 100000
for _ in 1 2 3; do
	curl -s "http://$EXCHANGE_ADDRESS/api/v3/historicalTrades?symbol=\
BTCUSDT&limit=1"
done >"$T/check.out"
feed_start weight --rest-weight 100 --settle 0s --gaps "$T/weight.gaps" \
    btcusdt
wait_for 60 event weight all-made
sleep 0.5
feed_end weight 0
exchange_end weight
is "$(exchange_count weight requests) $(exchange_count weight \
    weight_max_minute)" '4 100' '--rest-weight counts what others have used'
is "$(jq -r .reason "$T/weight.gaps")" stopped 'and the rest waits'

# --- Whatever they write, no terminal gets it as it is ----------------------
cat >"$T/server" <<'PERL'
use strict;
use Digest::SHA 'sha1_base64';
use IO::Socket::INET;

$SIG{PIPE} = 'IGNORE';
$| = 1;
my $esc = "\x1b]0;x\x07\x1b[31m\xc2\x9b2J";
sub trade {
	my ($symbol, $id) = @_;
	return qq({"e":"trade","E":1735689600000,"s":"$symbol","t":$id,)
	    . '"p":"1.5","q":"1","T":1735689600000,"m":true,"M":true}';
}
sub frame {
	my ($text, $first) = @_;
	my $len = length $text;
	return chr($first // 0x81) . ($len < 126 ? chr $len :
	    "\x7e" . pack 'n', $len) . $text;
}
my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1')
    or die $@;
print $server->sockport, "\n";
my $n = 0;
my @held;
while (my $peer = $server->accept) {
	my $head = '';
	while ($head !~ /\r\n\r\n/) {
		sysread $peer, $head, 4096, length $head or last;
	}
	# REST, and the first attempt, are refused in words.
	if ($head !~ /sec-websocket-key: *(\S+)/i || ++$n == 1) {
		my $body = qq({"code":-1,"msg":"$esc\\u001b[32m"});
		syswrite $peer, "HTTP/1.1 400 $esc\r\nContent-Length: "
		    . length($body) . "\r\nServer: $esc\r\n\r\n$body";
		close $peer;
		next;
	}
	my $accept = sha1_base64(
	    $1 . '258EAFA5-E914-47DA-95CA-C5AB0DC85B11') . '=';
	syswrite $peer, "HTTP/1.1 101 $esc\r\nUpgrade: websocket\r\n"
	    . "Connection: Upgrade\r\nX-Word: $esc\r\n"
	    . "Sec-WebSocket-Accept: $accept\r\n\r\n"
	    . frame(trade('BTCUSDT', 10 * $n))
	    . frame(trade('\u001b[31mUSDT', 1))
	    . frame(trade("$esc", 3))
	    . frame(trade('\u009b31mUSDT', 5))
	    . frame(qq({"error":{"code":2,"msg":"\x7f\xc2\x9b2J"},"id":1}))
	    . frame(qq({"stream":"$esc","data":{"e":"$esc"}}))
	    . frame("$esc no JSON")
	    . frame(trade('BTCUSDT', 10 * $n + 5))
	    . ($n < 3 ? frame(pack('n', 1008) . $esc, 0x88) : '');
	# From the third on it stays, so that patience with REST has an end.
	push @held, $peer;
}
PERL
perl "$T/server" >"$T/port" 2>"$T/server.err" &
on_exit end_process $!
wait_for 20 test -s "$T/port" || bail 'no server'
EXCHANGE_ADDRESS=127.0.0.1:$(<"$T/port")
feed_start words -v --retry-max 100ms --heal-wait 300ms \
    --gaps "$T/words.gaps" --rejects "$T/words.rejects" btcusdt
wait_for 60 lines "$T/words.out" 3
wait_for 20 said words 'asked in vain'
ok $? 'what cannot be healed is said'
feed_end words 1
like "$(<"$T/words.err")" 'the exchange reports: .*\\x7f\\xc2\\x9b2J' \
    'an error is said, and made visible'
like "$(<"$T/words.err")" 'REST: HTTP status 400' 'so is a refusal'
is "$(cat "$T"/words.{err,gaps,rejects,out} | tr -d '\n' |
    perl -ne 'print "$1\n" while /([\x00-\x1f\x7f]|\xc2[\x80-\x9f])/g' |
    cat -v | sort -u)" '' 'no control character anywhere'
is "$(jq -r .symbol "$T/words.out" | sort -u)" BTCUSDT \
    'and no trade of a symbol that was not asked for'
done_testing
