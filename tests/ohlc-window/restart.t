#!/bin/bash
# Goal: whatever of a group of pipelines is killed, and whenever partitions move
# between them, ohlc-window gives the candles and the late trades of one
# undisturbed run.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

need perl
histories=$(dirname "$0")/histories.pl

# Each in a folder of its own, so that they can run at the same time. That they
# can fail is the business of tests/crash/broken.t.
for part in 1 2; do
	mkdir "$T/$part"
	T=$T/$part perl "$histories" $((part * 1000)) 60 >"$T/$part.out" 2>&1 &
done
wait
for part in 1 2; do
	is "$(tail -n 1 "$T/$part.out")" '0 of 60 histories differ' \
	    "random histories, part $part" || diag_file "$T/$part.out"
done

# The rules of the offset, one by one. A line of partition 0.
# line OFFSET SECOND [SYMBOL [START]]
line()
{
	local at

	at=$(date -u -d "@$((1721347200 + $2))" +%FT%TZ)
	printf '{"symbol":"%s","price":1,"trade_id":%d,"event_time":"%s",' \
	    "${3:-A}" "$1" "$at"
	printf '"processed_time":"%s","_kafka":{"topic":"t","partition":0,' \
	    "$at"
	printf '"offset":%d,"start":%d}}\n' "$1" "${4:-1}"
}

# brief: of each candle its window, symbol, trades, whether closed, offset.
brief()
{
	jq -rs '[.[] | "\(.window_start // "" | .[14:16])\(.symbol // "-")" +
	    "\(.trades // "")\(if .closed then "!" else "" end)" +
	    "@\(._kafka.offset)"] | join(" ")'
}

is "$({ line 5 0; line 6 1 B; line 7 61; line 8 70; } | ohlc-window | brief)" \
    '00A1!@4 00B1!@6 01A2@6' \
    'only the last of what one trade closes has the new offset'
is "$({ line 5 0; line 6 1; line 7 61; } | ohlc-window | brief)" \
    '00A2@4 01A1@4' 'an open window holds its first trade back'
is "$({ line 5 61; line 6 59; line 7 131; } | ohlc-window | brief)" \
    '00A1!@4 01A1!@6 02A1@6' 'the lowest offset, not the oldest window'
is "$(line 0 0 | ohlc-window | brief)" '00A1@-1' '-1 is legal'
is "$({ line 5 0; line 6 1; line 6 2; line 4 3; line 7 4; } | ohlc-window |
    brief)" '00A3@4' 'an offset that does not rise is skipped'
is "$({ line 5 0; line 6 1; line 3 2 A 2; } | ohlc-window | brief)" \
    '00A1@2' 'a new start drops what was held'
is "$({ line 5 200; line 3 2 A 2; } | ohlc-window 2>&1 | brief)" \
    '00A1@2' 'and the watermark with it'
is "$({ echo '{"_kafka":{"topic":"t","partition":0,"offset":9,"start":1}}'
    line 10 0 A | sed 's/"price":1/"price":0/'; } |
    ohlc-window --rejects "$T/rejects" 2>"$T/err" | tail -n 1 | brief)" '-@10' \
    'with nothing open, all that was read is safe'
is "$({ line 5 0; line 6 1 | sed 's/"price":1/"price":0/'; } |
    ohlc-window --rejects "$T/rejects" 2>"$T/err" | brief)" '00A1@4' \
    'a refused line behind an open window does not move it'
is "$({ line 5 0; line 6 61; line 7 100; } |
    sed 's/"_kafka":{[^}]*}/"_kafka":{"topic":"t","partition":0}/' |
    ohlc-window --rejects "$T/bad" 2>"$T/err" | wc -c) $(jq -r .reason "$T/bad" |
    sort -u)" '0 a bad _kafka' 'provenance that is not whole is refused'
status_is 2 'candles with provenance are refused at once' \
    ohlc-window <<<'{"window_start":"2024-07-19T00:00:00Z","_kafka":{"topic":"t","partition":0,"offset":9,"start":1}}'
like "$(<"$T/err")" 'one stateful stage' 'and it is said why'

done_testing
