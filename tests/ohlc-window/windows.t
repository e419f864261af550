#!/bin/bash
# Goal: windows open, close, refuse and say what they do as ohlc-window(1) has
# it.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

need jq

# trade TIME [SYMBOL [PRICE [MEMBERS]]]: a line; processed when it happened.
trade()
{
	printf '{"symbol":"%s","price":%s,"event_time":"%s",' "${2:-A}" \
	    "${3:-1}" "$1"
	printf '"processed_time":"%s"%s}\n' "$1" "${4:+,$4}"
}

# brief: of each candle its window's begin, symbol, trades, ! where closed.
brief()
{
	jq -rs '[.[] | "\(.window_start | sub("^2024-07-18T"; "") |
	    sub(":00Z$"; "Z"))\(.symbol)\(.trades)" +
	    "\(if .closed then "!" else "" end)"] | join(" ")'
}

day=2024-07-18T

# --- Lateness and closing ---
is "$({ trade ${day}10:00:59.999Z; trade ${day}10:01:09.999Z; } | ohlc-window |
    brief)" '10:00ZA1 10:01ZA1' 'the watermark is the lateness behind'
is "$({ trade ${day}10:00:59.999Z; trade ${day}10:01:10Z; } | ohlc-window |
    brief)" '10:00ZA1! 10:01ZA1' 'a window closes when it reaches its end'
{
	trade ${day}10:00:00Z
	trade ${day}10:01:10Z
	trade ${day}10:00:59.999999Z A 7 '"note": "late"'
	trade ${day}10:01:00Z
} >"$T/late-in"
status_is 0 'late trades do not fail the run' \
    ohlc-window --late "$T/late" "$T/late-in"
sed -n 3p "$T/late-in" >"$T/want"
same_file "$T/late" "$T/want" 'a late one is kept untouched'
is "$(brief <"$T/out")" '10:00ZA1! 10:01ZA2' 'and not counted'
like "$(<"$T/err")" '1 late trade' 'and it is said'
ohlc-window -q --late "$T/late" "$T/late-in" >"$T/out" 2>"$T/err"
is "$(wc -l <"$T/late") $(<"$T/err")" '2 ' 'the file is appended to; -q'
ohlc-window "$T/late-in" >"$T/out" 2>"$T/err"
like "$(<"$T/err")" '--late FILE' 'without it a hint is given'
is "$({ trade ${day}10:00:00Z; trade ${day}10:00:59Z; trade ${day}10:01:00Z
    trade ${day}10:00:59Z; } | ohlc-window -l 0 2>"$T/err" | brief)" \
    '10:00ZA2! 10:01ZA1' 'a lateness of 0'
is "$({ trade ${day}10:00:00Z B; trade ${day}10:00:00Z; trade ${day}12:00:00Z
    trade ${day}10:00:30Z B; } | ohlc-window 2>"$T/err" | brief)" \
    '10:00ZA1! 10:00ZB2 12:00ZA1' 'each symbol has a watermark of its own'
is "$({ trade ${day}10:02:00Z; trade ${day}10:00:00Z; trade ${day}10:01:00Z
    trade ${day}11:00:00Z; } | ohlc-window -l 5m | brief)" \
    '10:00ZA1! 10:01ZA1! 10:02ZA1! 11:00ZA1' 'closed at once: by window'

# --- Widths and times ---
is "$(trade 1969-12-31T23:59:59.999999Z | ohlc-window | jq -c \
    '[.window_start, .window_end]')" \
    '["1969-12-31T23:59:00Z","1970-01-01T00:00:00Z"]' 'before 1970'
is "$(trade 0000-01-01T00:00:00Z | ohlc-window -w 1d | jq -c \
    '[.window_start, .window_end]')" \
    '["0000-01-01T00:00:00Z","0000-01-02T00:00:00Z"]' 'the year 0000'
is "$(trade 9999-12-31T23:58:59.999Z | ohlc-window | jq -c \
    '[.window_start, .window_end]')" \
    '["9999-12-31T23:58:00Z","9999-12-31T23:59:00Z"]' 'the year 9999'
status_is 1 'no window ends after it' \
    ohlc-window --rejects "$T/rejects" <<<"$(trade 9999-12-31T23:59:00Z)"
is "$(wc -c <"$T/out") $(jq -r .reason "$T/rejects")" \
    '0 its window would end after the year 9999' 'and that is the reason'
is "$({ trade 9999-12-31T23:58:00Z; trade 9999-12-31T23:59:00Z
    trade 9999-12-31T23:58:01Z; } | ohlc-window -l 0 2>"$T/err" | jq -c \
    '[.trades, .closed]')" '[2,false]' 'and it touches nothing'
# Every width of whole seconds that divides a day.
for ((seconds = 1; seconds <= 86400; seconds++)); do
	((86400 % seconds != 0)) || printf '%d ' "$seconds" "$(trade \
	    ${day}17:43:29.9Z | ohlc-window -w "${seconds}s" | jq '[.window_start,
	    .window_end] | map(fromdate) | select(.[0] <= 1721324609 and .[1] >
	    1721324609 and .[0] % (.[1] - .[0]) == 0) | .[1] - .[0]')"
done >"$T/widths"
is "$(tr ' ' '\n' <"$T/widths" | uniq -c | grep -c ' 2 ')" 96 \
    'every width that divides a day, aligned'
for case in 1s:56:07Z:56:08Z 5s:56:05Z:56:10Z 90s:55:30Z:57:00Z \
    5m:55:00Z:00:00Z 1h:00:00Z:00:00Z 1d:00:00Z:00:00Z; do
	width=${case%%:*}
	is "$(trade ${day}23:56:07.5Z | ohlc-window -w "$width" | jq -r \
	    '"\(.window_start[14:]):\(.window_end[14:])"')" "${case#*:}" \
	    "-w $width"
done
for width in 0 7s 999ms 25h 2d 1 -1m 1.5m ' 1m' 1min ''; do
	status_is 2 "-w '$width' is refused" ohlc-window -w "$width"
done
for option in '-l -1s' '-l x' '--updates 1' '--updates -1s' '--max-ahead 1x'; do
	# shellcheck disable=SC2086 # an option and its argument
	status_is 2 "$option is refused" ohlc-window $option
done

# --- max-ahead ---
{
	trade ${day}10:00:00Z
	trade ${day}10:30:00Z | sed 's/"processed_time":"[^"]*/&@/;
	    s/T10:30:00Z@/T10:28:59.999999Z/'
	trade ${day}10:00:30Z
} >"$T/ahead"
status_is 1 'an absurd time is refused' \
    ohlc-window --rejects "$T/rejects2" "$T/ahead"
is "$(brief <"$T/out")" '10:00ZA2' 'and touches nothing'
is "$(jq -c '[.line, .reason[:31]]' "$T/rejects2")" \
    '[2,"event_time is more than --max-a"]' 'and is told'
is "$(sed 's/28:59.999999Z/29:00Z/' "$T/ahead" | ohlc-window 2>"$T/err" |
    brief)" '10:00ZA1! 10:30ZA1' 'a minute is allowed'
is "$(ohlc-window --max-ahead 2m "$T/ahead" 2>"$T/err" | brief)" \
    '10:00ZA1! 10:30ZA1' 'or what --max-ahead says'
is "$(trade ${day}10:00:00Z | sed 's/"processed_time":"2024/"processed_time":"3024/' |
    ohlc-window | brief)" '10:00ZA1' 'a processed_time long after is none'

# --- What the members give ---
is "$({ trade ${day}10:00:00Z A 3 '"trade_id":2'; trade ${day}10:00:00Z A 5 \
    '"trade_id":3'; trade ${day}10:00:00Z A 4 '"trade_id":1'; } |
    ohlc-window | jq -c '[.open, .close, .first_trade_id, .last_trade_id]')" \
    '[4,5,1,3]' 'open and close by id where times are the same'
is "$({ trade ${day}10:00:00Z A 3; trade ${day}10:00:00Z A 5
    trade ${day}10:00:00Z A 4; } | ohlc-window | jq -c '[.open, .close]')" \
    '[3,4]' 'by arrival without ids'
is "$({ trade ${day}10:00:01Z A 3 '"trade_id":1'; trade ${day}10:00:00Z A 5 \
    '"trade_id":2'; } | ohlc-window | jq -c '[.open, .close,
    .first_trade_id, .last_trade_id]')" '[5,3,1,2]' 'the time goes before the id'
is "$({ trade ${day}10:00:00Z A 3 '"trade_id":1,"quantity":1'
    trade ${day}10:00:01Z A 9 '"trade_id":1,"quantity":1'; } | ohlc-window |
    jq -c '[.trades, .close, .volume]')" '[1,3,1]' 'a duplicate counts once'
is "$({ trade ${day}10:00:00Z A 3 '"trade_id":1'
    trade ${day}10:01:00Z A 9 '"trade_id":1'; } | ohlc-window | brief)" \
    '10:00ZA1 10:01ZA1' 'the same id in another window is another trade'
is "$({ trade ${day}10:00:00Z A 3; trade ${day}10:00:00Z A 3; } | ohlc-window |
    jq -c '[.trades, has("first_trade_id")]')" '[2,false]' \
    'without ids nothing is a duplicate'
basic='{"window_start":"2024-07-18T10:00:00Z","window_end":"2024-07-18T10:01:00Z","symbol":"A","open":1,"high":1,"low":1,"close":1'
is "$(trade ${day}10:00:00Z | ohlc-window)" \
    "$basic,\"trades\":1,\"closed\":false}" 'the least: eight members and closed'
is "$(trade ${day}10:00:00Z A 1 '"quantity":2' | ohlc-window)" \
    "$basic,\"volume\":2,\"quote_volume\":2,\"trades\":1,\"closed\":false}" \
    'with a quantity'
is "$(trade ${day}10:00:00Z A 1 '"quantity":2,"buyer_maker":true' |
    ohlc-window)" "$basic,\"volume\":2,\"quote_volume\":2,\"taker_buy_volume\":0,\"trades\":1,\"closed\":false}" \
    'with a side'
is "$(trade ${day}10:00:00Z A 1 '"quantity":2,"buyer_maker":false,"trade_id":7' |
    ohlc-window)" "$basic,\"volume\":2,\"quote_volume\":2,\"taker_buy_volume\":2,\"trades\":1,\"first_trade_id\":7,\"last_trade_id\":7,\"closed\":false}" \
    'all of it'
is "$({ trade ${day}10:00:00Z A 1 '"quantity":2'; trade ${day}10:00:00Z; } |
    ohlc-window)" "$basic,\"trades\":2,\"closed\":false}" \
    'what one trade does not say is not guessed'
is "$(trade ${day}10:00:00Z A '"0.00000001000"' '"quantity":1E+2' |
    ohlc-window | grep -o '"open":[^,]*\|"[a-z_]*volume":[^,]*' | tr '\n' ' ')" \
    '"open":0.00000001 "volume":100 "quote_volume":0.000001 ' \
    'numbers in any notation'
is "$(trade ${day}10:00:00Z 'A\"\\\u0007\u5e81\u007f' | ohlc-window |
    grep -o '"symbol":.*,"open')" \
    $'"symbol":"A\\"\\\\\\u0007\u5e81\\u007f","open' \
    'a symbol with everything in it'
status_is 1 'a candle is no trade' ohlc-window --rejects "$T/rejects3" \
    <<<"$(trade ${day}10:00:00Z; trade ${day}10:00:00Z | ohlc-window)"
is "$(jq -r .reason "$T/rejects3") $(brief <"$T/out")" \
    'a candle among trades 10:00ZA1' 'and that is said'

# --- Partitions ---
# at TOPIC PARTITION OFFSET: puts the provenance on a line.
at()
{
	sed "s/}\$/,\"_kafka\":{\"topic\":\"$1\",\"partition\":$2,\"offset\":$3,\"start\":1}}/"
}
is "$({ trade ${day}10:00:00Z A | at t 0 0; trade ${day}12:00:00Z B | at t 1 0
    trade ${day}10:00:30Z A | at t 0 1; trade ${day}10:00:00Z C | at t 0 2
    trade ${day}12:00:00Z C | at t 0 3; } | ohlc-window 2>"$T/err" | brief)" \
    '10:00ZA2! 10:00ZC1! 12:00ZB1 12:00ZC1' \
    'with provenance the watermark is that of the partition'
{
	for topic in b a ab; do
		for partition in 10 9; do
			trade ${day}10:00:00Z A | at $topic $partition 0
		done
	done
	trade ${day}10:00:00Z A
} >"$T/ties"
for i in 1 2 3 4; do
	ohlc-window "$T/ties" | jq -r '._kafka | "\(.topic)\(.partition)"' |
	    tr '\n' ' '
done >"$T/order"
is "$(<"$T/order")" "$(for i in 1 2 3 4; do
    printf %s 'nullnull a9 a10 ab9 ab10 b9 b10 '; done)" \
    'the order of the output is defined to the last'

{
	n=-1
	for at in 10:01:01 10:00:59 10:00:00 10:01:00; do
		for symbol in C AA A B; do
			n=$((n + 1))
			trade "$day${at}Z" "$symbol" | at t 0 "$n"
		done
	done
	trade ${day}12:00:00Z B | at t 0 $((n + 1))
} >"$T/burst"
is "$(ohlc-window "$T/burst" | brief)" \
    '10:00ZA2! 10:00ZAA2! 10:00ZB2! 10:00ZC2! 10:01ZA2! 10:01ZAA2! 10:01ZB2! 10:01ZC2! 12:00ZB1' \
    'what one trade closes comes by window and symbol'
is "$(ohlc-window -l 1d "$T/burst" | brief)" \
    '10:00ZA2 10:00ZAA2 10:00ZB2 10:00ZC2 10:01ZA2 10:01ZAA2 10:01ZB2 10:01ZC2 12:00ZB1' \
    'and so does what is open at the end'

# --- Updates: input that stays open ---
mkfifo "$T/fifo"
# live OPTION...: starts it on a pipe that stays open as descriptor 3.
live()
{
	: >"$T/out"
	ohlc-window "$@" <"$T/fifo" >"$T/out" 2>"$T/err" &
	pid=$!
	exec 3>"$T/fifo"
}
# shellcheck disable=SC2317 # called by wait_for
# written N: that many lines have come out.
written()
{
	(($(wc -l <"$T/out") >= $1))
}
live --updates 0
trade ${day}10:00:00Z >&3
check 'updates when input runs dry' wait_for 120 written 1
is "$(brief <"$T/out")" '10:00ZA1' 'the open candle as it stands'
trade ${day}10:00:01Z >&3
check 'and again when it has changed' wait_for 120 written 2
trade ${day}10:00:01Z B >&3
wait_for 120 written 3
trade ${day}10:01:30Z A >&3
wait_for 120 written 5
exec 3>&-
wait "$pid"
is "$? $(brief <"$T/out")" '0 10:00ZA1 10:00ZA2 10:00ZB1 10:00ZA2! 10:01ZA1 10:00ZB1 10:01ZA1' \
    'only what has changed; at the end all that is open'
live --updates 100ms
trade ${day}10:00:00Z >&3
check 'updates at an interval' wait_for 120 written 1
exec 3>&-
wait "$pid"
is "$(brief <"$T/out")" '10:00ZA1 10:00ZA1' 'and at the end'
live
trade ${day}10:00:00Z >&3
trade ${day}10:01:10Z >&3
check 'without updates a closed candle comes at once' wait_for 120 written 1
is "$(brief <"$T/out")" '10:00ZA1!' 'and nothing else'
exec 3>&-
wait "$pid"
live --updates 0
{
	trade ${day}10:00:00Z | at t 0 5
	trade ${day}10:00:01Z | sed 's/"price":1/"price":-1/' | at t 0 6
} >&3
wait_for 120 written 1
exec 3>&-
wait "$pid"
is "$(jq -c '._kafka.offset' "$T/out" | sort -u)" 4 \
    'updates never say more is safe than is'

done_testing
