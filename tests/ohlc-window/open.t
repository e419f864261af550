#!/bin/bash
# Goal: a symbol may have any number of open windows, opened in any order: the
# candles are those of trades in order, and take no time of another kind.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
need perl

# 400,000 minutes with a trade each, and a trade that closes all of them.
perl -MPOSIX=strftime -e '
	sub trade { my ($minute, $id) = @_;
	    my $t = strftime("%Y-%m-%dT%H:%M:00Z", gmtime(60 * $minute));
	    qq({"symbol":"A","price":1.5,"event_time":"$t",) .
	        qq("processed_time":"$t","quantity":1,"trade_id":$id,) .
	        qq("buyer_maker":true}\n) }
	for my $i (0 .. 399_999) { print trade(28_000_000 + $i, $i) }
	print STDERR trade(29_000_000, 400_000)' >"$T/trades" 2>"$T/last"
cat "$T/trades" "$T/last" >"$T/ordered"
{ tac "$T/trades"; cat "$T/last"; } >"$T/newest"
# In strides that meet each once, so that most open between two others.
perl -e 'my @t = <STDIN>; my $n = @t;
	print $t[$_ * 163_841 % $n] for 0 .. $n - 1' <"$T/trades" |
    cat - "$T/last" >"$T/mixed"

# took NAME COMMAND...: as status_is 0; sets ms to the command's own time.
took()
{
	local TIMEFORMAT='%U'

	{ time status_is 0 "$@" 2>&3; } 3>&2 2>"$T/time"
	ms=$(tr -d . <"$T/time")
	ms=$((10#$ms))
}

took '400,000 windows in order' ohlc-window -l 300d "$T/ordered"
ordered=$ms
mv "$T/out" "$T/want"
is "$(wc -l <"$T/want")" 400001 'each has its candle'
is "$(grep -c '"closed":true' "$T/want")" 400000 'and all but the last closed'
for order in newest mixed; do
	took "$order first" ohlc-window -l 300d "$T/$order"
	same_file "$T/out" "$T/want" 'gives the same candles'
	# A sorted array took 20 to 30 times as much.
	((ms < 10 * ordered + 500))
	ok $? 'in time of the same kind' || diag "$ms ms, in order $ordered"
done

done_testing
