#!/bin/bash
# Goal: candles of small windows give the larger candles that their trades
# give; a newer version replaces an older one; what does not fit is refused.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

need jq perl
rollup=$(dirname "$0")/rollup.pl

# --- Random trades: see the program. Each part in a folder of its own. ---
for part in 1 2; do
	mkdir "$T/$part"
	T=$T/$part perl "$rollup" $((part * 1000)) 50 >"$T/$part.out" 2>&1 &
done
wait
for part in 1 2; do
	is "$(tail -n 1 "$T/$part.out")" '0 of 50 inputs differ' \
	    "random inputs, part $part" || diag_file "$T/$part.out"
done

# --- The rules, one by one. ---

# candle START END TRADES CLOSED [OPEN HIGH LOW CLOSE [MEMBERS]]: of A, or of
# what $symbol says, on one day; times as MM:SS of the hour from 10:00.
candle()
{
	local o=${5:-1}

	printf '{"window_start":"2024-07-18T10:%sZ",' "$1"
	printf '"window_end":"2024-07-18T10:%sZ","symbol":"%s",' "$2" \
	    "${symbol:-A}"
	printf '"open":%s,"high":%s,"low":%s,"close":%s,"trades":%s,' \
	    "$o" "${6:-$o}" "${7:-$o}" "${8:-$o}" "$3"
	printf '"closed":%s%s}\n' "$4" "${9:+,$9}"
}
trade='{"symbol":"A","price":1,"event_time":"2024-07-18T10:00:00Z","processed_time":"2024-07-18T10:00:00Z"}'
kafka='"_kafka":{"topic":"t","partition":0,"offset":9,"start":1}'

# brief: of each candle its window's begin, symbol, trades, ! where closed.
brief()
{
	jq -rs '[.[] | "\(.window_start // "" | .[11:16])\(.symbol // "-")" +
	    "\(.trades // "")\(if .closed then "!" else "" end)"] | join(" ")'
}
# reasons: of what was refused, each with its line; and removes the file.
reasons()
{
	jq -rs '[.[] | "\(.line): \(.reason)"] | join("; ")' "$T/rejects"
	rm -f "$T/rejects"
}
# roll OPTION...: to five minutes, refused lines to $T/rejects.
roll()
{
	ohlc-window -w 5m --rejects "$T/rejects" "$@" 2>"$T/err"
}

sums='"volume":1.5,"quote_volume":3.25,"taker_buy_volume":0.125,"first_trade_id":7,"last_trade_id":9'
more='"volume":2.25,"quote_volume":0.0000000001,"taker_buy_volume":2,"first_trade_id":3,"last_trade_id":8'
is "$({ candle 01:00 02:00 3 true 5 9 4 6 "$sums"
    candle 03:00 04:00 4 true 6 7 2.5 3.5 "$more"; } | roll)" \
    '{"window_start":"2024-07-18T10:00:00Z","window_end":"2024-07-18T10:05:00Z","symbol":"A","open":5,"high":9,"low":2.5,"close":3.5,"volume":3.75,"quote_volume":3.2500000001,"taker_buy_volume":2.125,"trades":7,"first_trade_id":3,"last_trade_id":9,"closed":false}' \
    'first, last, extremes, sums, lowest and highest id'
is "$({ candle 03:00 04:00 4 true 6 7 2.5 3.5 "$more"
    candle 01:00 02:00 3 false 5 9 4 6 "$sums"; } | roll |
    jq -c '[.open, .close, .first_trade_id]')" '[5,3.5,3]' 'in any order'
for case in 'taker_buy_volume:"taker_buy_volume":[^,]*,' \
    'volume,taker_buy_volume,quote_volume:"volume".*"taker_buy_volume":[^,]*,' \
    'first_trade_id,last_trade_id:,"first_trade_id".*[89]'; do
	is "$({ candle 01:00 02:00 3 true 5 9 4 6 "$sums"
	    candle 03:00 04:00 4 true 6 7 2.5 3.5 "$more" |
	    sed "s/${case#*:}//"; candle 04:00 05:00 1 true 6 7 2 3 "$sums"
	    } | roll | jq -r '["volume", "taker_buy_volume", "quote_volume",
	    "first_trade_id", "last_trade_id"] - keys_unsorted | join(",")')" \
	    "${case%%:*}" "what one part does not know: ${case%%:*}"
done

# Versions.
is "$({ candle 01:00 02:00 3 false 1; candle 01:00 02:00 5 false 2
    candle 01:00 02:00 4 false 3; candle 01:00 02:00 4 true 4
    candle 01:00 02:00 5 false 6; candle 02:00 03:00 1 false 7; } | roll |
    jq -c '[.open, .trades]')" '[2,6]' 'more trades replace, fewer do not'
is "$({ candle 01:00 02:00 5 false 1; candle 01:00 02:00 5 true 2
    candle 01:00 02:00 5 true 3; } | roll -v | jq -c '[.open, .trades]')" \
    '[2,5]' 'of as many trades the closed one, and the first of two'
like "$(<"$T/err")" '2 candles counted, 1 duplicates' 'and it is counted'
is "$({ candle 01:00 02:00 9 true; candle 02:00 03:00 1 true
    candle 01:00 02:00 10 true; } | roll | jq .trades)" 11 \
    'also behind later candles'
is "$({ for i in 1 2 3; do candle 01:00 02:00 $i false $i; done
    for i in 1 2 3; do candle 01:00 02:00 $i true $i; done; } |
    ohlc-window -w 1m 2>"$T/err" | jq -c '[.open, .trades, .closed]')" '[3,3,true]' \
    'the same width in and out merges versions'

# The watermark.
is "$({ candle 00:00 01:00 1 true; candle 04:00 05:00 2 true; } | roll |
    brief)" '10:00A3!' 'a window closes with its last small one'
is "$({ candle 00:00 01:00 1 true; candle 05:00 06:00 2 false; } | roll |
    brief)" '10:00A1 10:05A2' 'what is open closes nothing'
is "$({ candle 00:00 01:00 1 true; candle 05:00 06:00 2 true; } | roll |
    brief)" '10:00A1! 10:05A2' 'what is closed does'
{
	candle 04:00 05:00 1 true
	candle 03:00 04:00 1 true | sed 's/"high":/ &/'
	candle 04:00 05:00 2 true
	symbol=B candle 01:00 02:00 1 true
} >"$T/in"
is "$(roll --late "$T/late" "$T/in" | brief)" '10:00A1! 10:00B1' \
    'a candle for what has closed is late; each symbol has its watermark'
sed -n 2,3p "$T/in" >"$T/want"
same_file "$T/late" "$T/want" 'and its line is kept untouched'
is "$(<"$T/err")" 'ohlc-window: 2 late candles' 'and it is said'
is "$(roll -l 1m "$T/in" | brief)" '10:00A3 10:00B1' '--lateness waits'
is "$({ cat "$T/in"; candle 05:00 06:00 1 true; } | roll -l 1m | brief)" \
    '10:00A3! 10:00B1 10:05A1' 'so long and no longer'
is "$({ candle 11:00 12:00 1 false; candle 03:00 04:00 1 false
    candle 08:00 09:00 1 false; candle 30:00 31:00 1 true; } | roll | brief)" \
    '10:00A1! 10:05A1! 10:10A1! 10:30A1' 'closed at once: by window'
is "$(candle 00:00 01:00 1 true | roll --max-ahead 0us | brief)" '10:00A1' \
    '--max-ahead says nothing of candles'

# One kind of record.
is "$({ echo "$trade"; candle 00:00 01:00 1 true; candle 00:00 01:00 0 true
    } | roll | brief) $? $(reasons)" \
    '10:00A1 0 2: a candle among trades; 3: a candle among trades' \
    'candles among trades are refused'
usual='{"symbol":"A","price":1.5,"event_time":"2024-01-01T10:00:00.000Z",'
usual+='"processed_time":"2024-01-01T10:00:00.100Z","quantity":1,'
usual+='"trade_id":1,"buyer_maker":true}'
is "$({ echo "$usual"; candle 00:00 01:00 1 true; echo "$usual"
    } | roll | brief) $? $(reasons)" '10:00A1 0 2: a candle among trades' \
    'also among those that are read the short way'
is "$({ candle 00:00 01:00 2 true; echo "$trade"; echo '{"event_time":1}'
    } | roll | brief) $(reasons)" \
    '10:00A2 2: a trade among candles; 3: a trade among candles' \
    'trades among candles are refused'
status_is 1 'with status 1' ohlc-window --rejects "$T/rejects" \
    <<<"$(candle 00:00 01:00 2 true; echo "$trade")"
rm -f "$T/rejects"
# In a file: what comes by a pipe may run dry, and then provenance goes out.
{
	echo '{'
	candle 00:00 01:00 0 true
	echo "${trade/:1,/:0,}"
	echo "{$kafka}"
	candle 01:00 02:00 2 true
	echo '{"symbol":"A"}'
	candle 02:00 03:00 0 true
} >"$T/in"
is "$(roll "$T/in" | brief) $(reasons)" '10:00A2 - 1: not JSON: unexpected end at byte 2; 2: trades is zero; 3: price is zero; 6: window_start is missing; 7: trades is zero' \
    'what is bad decides nothing, and says why'
for before in '' "$trade" "$(candle 00:00 01:00 1 true)" '{'; do
	for closed in true 0; do
		status_is 2 "a candle with provenance ends it: '${before:0:20}'" \
		    ohlc-window -w 5m --rejects "$T/rejects" <<<"$before
$(candle 04:00 05:00 1 "$closed" 1 1 1 1 "$kafka")"
		like "$(<"$T/err")" 'one stateful stage' 'and it is said why'
		is "$(wc -c <"$T/out")" 0 'and nothing comes out'
	done
done
rm -f "$T/rejects"

# Widths.
is "$({ candle 00:00 01:00 1 true; candle 01:00 01:30 1 true
    candle 00:00 05:00 1 true; candle 02:00 03:00 1 true; } | roll | brief) $(
    reasons)" '10:00A2 2: a candle of another width; 3: a candle of another width' \
    'all candles have one width'
is "$({ candle 00:00 02:00 1 true; candle 00:00 10:00 1 true
    candle 00:30 01:30 1 true; candle 00:00 00:00.5 1 true
    candle 02:00 03:00 1 true; candle 00:30 01:30 1 true; } | roll | brief) $(
    reasons)" '10:00A1 1: its width does not divide --width; 2: its width does not divide --width; 3: its window_start is not a multiple of its width; 4: a candle of less than 1s; 6: its window_start is not a multiple of its width' \
    'which divides; a refused one does not decide it'
is "$({ candle 00:00 00:01.5 1 true; candle 00:01.5 00:03 1 true; } |
    ohlc-window -w 3s | brief)" '10:00A2!' 'any width that divides'

# The bound of trades.
{
	candle 00:00 01:00 9223372036854775800 true 1
	candle 01:00 02:00 7 true 2
	candle 02:00 03:00 1 true 3 99
	candle 01:00 02:00 8 true 4 99
	candle 00:00 01:00 9223372036854775801 true 5 99
	candle 04:00 05:00 1 true 6 99
	candle 01:00 02:00 5 true 7
	candle 00:00 01:00 9223372036854775800 true 8
} >"$T/in"
is "$(roll "$T/in" | jq -c '[.open, .high, .close, .closed]') $(reasons)" \
    '[1,2,2,false] 3: trades of its window would be beyond 2^63-1; 4: trades of its window would be beyond 2^63-1; 5: trades of its window would be beyond 2^63-1; 6: trades of its window would be beyond 2^63-1' \
    'a line beyond the bound of trades touches nothing'
is "$(roll "$T/in" | grep -o '"trades":[0-9]*')" \
    '"trades":9223372036854775807' 'and the largest is exact'
reasons >"$T/check.out"
is "$({ candle 00:00 01:00 9223372036854775800 false 1
    candle 01:00 02:00 7 true 2
    candle 00:00 01:00 9223372036854775800 true 3; } | roll |
    jq -c '[.open, .close]')" '[3,2]' 'a newer version replaces its trades'

# Times.
at() { candle 00:00 01:00 1 true | sed "s/2024-07-18T10:00:00Z/$1/;s/2024-07-18T10:01:00Z/$2/"; }
is "$(at 1969-12-31T23:59:00Z 1970-01-01T00:00:00Z | ohlc-window -w 1d |
    jq -c '[.window_start, .window_end, .closed]')" \
    '["1969-12-31T00:00:00Z","1970-01-01T00:00:00Z",true]' 'before 1970'
is "$(at 0000-01-01T00:00:00Z 0000-01-01T00:01:00Z | ohlc-window -w 1d |
    jq -c '[.window_start, .closed]')" '["0000-01-01T00:00:00Z",false]' \
    'the year 0000'
is "$({ at 9999-12-31T23:54:00Z 9999-12-31T23:55:00Z
    at 9999-12-31T23:55:00Z 9999-12-31T23:56:00Z; } | roll |
    jq -c '[.window_end, .closed]') $(reasons)" \
    '["9999-12-31T23:55:00Z",true] 2: its window would end after the year 9999' \
    'the year 9999'

# A day of seconds, rising, falling and by chance.
perl -MPOSIX -e 'for (0 .. 86399) { my $p = 1 + $_ * 7919 % 1000;
    printf "{\"window_start\":\"%s\",\"window_end\":\"%s\",\"symbol\":\"A\",\"open\":%d,\"high\":%d,\"low\":%d,\"close\":%d,\"volume\":%s,\"quote_volume\":1,\"trades\":1,\"first_trade_id\":%d,\"last_trade_id\":%d,\"closed\":true}\n",
    (map { strftime "%Y-%m-%dT%H:%M:%SZ", gmtime 1721260800 + $_ } $_, $_ + 1),
    $p, $p + 2, $p, $p + 1, $_ / 8, 2 * $_, 2 * $_ + 1 }' >"$T/day"
ohlc-window -w 1d "$T/day" >"$T/want"
is "$(cut -d , -f 4- "$T/want")" \
    '"open":1,"high":1002,"low":1,"close":683,"volume":466554600,"quote_volume":86400,"trades":86400,"first_trade_id":0,"last_trade_id":172799,"closed":true}' \
    'a day of seconds'
tac "$T/day" | ohlc-window -w 1d -l 1d >"$T/out"
same_file <(sed 's/"closed":false/"closed":true/' "$T/out") "$T/want" \
    'falling'
perl -e 'srand 1; print map { $_->[1] } sort { $a->[0] <=> $b->[0] }
    map { [rand, $_] } <STDIN>' <"$T/day" | ohlc-window -w 1d -l 1d >"$T/out"
same_file <(sed 's/"closed":false/"closed":true/' "$T/out") "$T/want" \
    'by chance'

# --- Updates: input that stays open. ---
mkfifo "$T/fifo"
: >"$T/out"
ohlc-window -w 5m --updates 0 <"$T/fifo" >"$T/out" 2>"$T/err" &
pid=$!
exec 3>"$T/fifo"
# shellcheck disable=SC2317 # called by wait_for
# written N: that many lines have come out.
written() { (($(wc -l <"$T/out") >= $1)); }
candle 00:00 01:00 1 false 1 >&3
check 'updates when input runs dry' wait_for 120 written 1
candle 01:00 02:00 1 false 2 >&3
wait_for 120 written 2
candle 00:00 01:00 2 true 3 >&3
wait_for 120 written 3
candle 01:00 02:00 1 false 9 >&3	# an old version changes nothing
candle 01:00 02:00 4 false 4 >&3
wait_for 120 written 4
candle 04:00 05:00 1 true 5 >&3
wait_for 120 written 5
exec 3>&-
wait "$pid"
is "$(jq -c '[.open, .close, .trades, .closed]' "$T/out" | tr '\n' ' ')" \
    '[1,1,1,false] [1,2,2,false] [3,2,3,false] [3,4,6,false] [3,5,7,true] ' \
    'each as its parts stand'

done_testing
