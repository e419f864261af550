#!/bin/bash
# Goal: a line that a crash or a full disk cut short, at the end of a file that
# is appended to, does not take the next one with it.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

need jq

printf '{"reason":"x","line":1,"rec' >"$T/rejects"
echo bad >"$T/in"
for nth in 1 2; do
	status_is 1 "refused, run $nth" \
		ndjson-validate --rejects "$T/rejects" "$T/in"
done
is "$(wc -l <"$T/rejects")" 3 'each in a line of its own'
is "$(sed 1d "$T/rejects" | jq -r .record | paste -sd' ')" 'bad bad' \
	'behind the torn one'

trade() # MINUTE ID
{
	printf '{"symbol":"A","price":1,"event_time":"2024-01-01T00:%s:00Z",' "$1"
	printf '"processed_time":"2024-01-01T00:59:00Z","trade_id":%s}' "$2"
}
printf '{"symbol":"A","pri' >"$T/late"
{ trade 30 3; echo; trade 10 1; echo; trade 10 2; } >"$T/in"
status_is 0 'late trades, the last without an LF' \
	ohlc-window --late "$T/late" "$T/in"
sed 1d "$T/late" >"$T/got"
{ trade 10 1; echo; trade 10 2; echo; } >"$T/want"
same_file "$T/got" "$T/want" 'likewise, byte for byte'

# A limit to the size of files is an error of a write like another.
for i in {1..200}; do echo "bad $i"; done >"$T/in"
for c in ndjson-validate ohlc-window; do
	status_is 3 "$c: a file at its limit" bash -c \
	    "ulimit -f 2; exec $c -q --rejects $T/limited.$c $T/in"
	like "$(<"$T/err")" 'limited.*: File too large' 'and why'
done

# What cannot be looked at is appended to all the same.
status_is 1 'a device' ndjson-validate --rejects /dev/null "$T/rejects"

done_testing
