#!/bin/bash
# Goal: every panel shows prices, counts and ids with all their digits, and what
# is not known in grey, never in green: by the library that formats fields in
# the oldest Grafana that the dashboard is for, and in a current one.
#
# The packages are those that scripts/deps puts into .deps; the fields are the
# columns that the queries give (queries.t).
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
need jq

DASHBOARD=$ROOT/grafana/dashboards/tickpipe.json

# Not required: nothing that runs needs it.
type -P node >/dev/null || skip_all 'node is not installed (scripts/deps)'
shopt -s nullglob
packages=("${TICKPIPE_DEPS:-$ROOT/.deps}"/grafana-data/*/)
((${#packages[@]} > 0)) ||
    skip_all '@grafana/data is not installed (scripts/deps)'

# shows TEXT PANEL [NAME TYPE VALUE]...: a case: a row of those columns is to be
# seen as TEXT; no column at all is what comes of a query that fails.
shows()
{
	echo "$2: $1" >>"$T/want"
	jq -nc --arg panel "$2" '{panel: $panel, fields: [range(0;
	    $ARGS.positional | length; 3) as $i | $ARGS.positional[$i:$i + 3]
	    | {name: .[0], type: .[1], values: [.[2]
		| if . == "" then empty else fromjson end]}]}' \
	    --args "${@:3}" >>"$T/cases"
}

# ticks LABELS PANEL NAME FROM STEP: a case: the labels of the y axis.
ticks()
{
	local count

	count=$(wc -w <<<"$1")
	echo "$2: $1" >>"$T/want"
	jq -nc --arg panel "$2" --arg name "$3" \
	    '{panel: $panel, axis: $ARGS.positional, fields: [{name: $name,
		type: "number", values: [1]}]}' \
	    --jsonargs "$4" "$5" "$count" >>"$T/cases"
}

for price in 59937.56 1.369689 0.00005522 123456.789012 0.1 100000; do
	shows "price: $price" 'Live price' price number $price
	for name in open high low close; do
		shows "$name: $price" Candles $name number $price
	done
done
# As a number, the smallest get an exponent; as a text, none.
shows 'price: 5.2e-7' 'Live price' price number 0.00000052
for price in 59937.56 1.369689 0.00005522 0.00000052; do
	shows "$price text" 'Last price' 'last price' string "\"$price\""
done
# Grafana itself shortens the volume below candles.
shows 'volume: 1.23 K' Candles volume number 1234.5678
for count in 3 1234567 1360.756 0.017; do
	shows "trades a minute: $count" 'Trades a minute' 'trades a minute' \
	    number $count
done
shows 'first id: 4123456789' Gaps 'first id' number 4123456789
shows 'last id: 9007199254740991' Gaps 'last id' number 9007199254740991
shows 'missing: 1234567' Gaps missing number 1234567
shows 'after: 2025-02-01 00:00:00' Gaps after time 1738368000000
shows 'before: 2025-02-01 00:00:00' Gaps before time 1738368000000

ticks '59937.5 59937.55 59937.6' 'Live price' price 59937.5 0.05
ticks '0.00005521 0.000055215 0.00005522' 'Live price' price 0.00005521 5e-9
ticks '0.0000525 0.000055 0.0000575' Candles close 0.0000525 0.0000025
ticks '0.000021 0.0000215 0.000022' Candles close 0.000021 0.0000005
ticks '120000 122500 125000' 'Trades a minute' 'trades a minute' 120000 2500

shows '-1.23% red' Change change number -1.23456
shows '0.00% green' Change change number 0.0001
shows '12.30% green' Change change number 12.3
shows '0 green' 'Missing trades' missing number 0
shows '1 red' 'Missing trades' missing number 1
shows '1234567 red' 'Missing trades' missing number 1234567
for name in ticks candles; do
	shows '3.3 s green' 'Pipeline lag' $name number 3.25
	shows '1.3 min orange' 'Pipeline lag' $name number 75
	shows '2.0 hour red' 'Pipeline lag' $name number 7200
done
# Clocks differ, a little or badly.
shows '-400.0 ms green' 'Pipeline lag' ticks number -0.4
shows '-1.0 hour red' 'Pipeline lag' ticks number -3600

while read -r name panel; do
	shows 'no value grey' "$panel" "$name" number null
	shows 'no value grey' "$panel" "$name" number ''
	shows 'no value grey' "$panel"
done <<-END
	ticks	Pipeline lag
	candles	Pipeline lag
	missing	Missing trades
	change	Change
END
shows 'no value text' 'Last price' 'last price' string ''
shows 'no value text' 'Last price'

# Whatever is added: no panel of one value is green without one.
is "$(jq -r '.panels[] | select(.type == "stat") | .title' "$DASHBOARD" |
    sort)" "$(grep ': no value' "$T/want" | sed 's/:.*//' | sort -u)" \
    'every panel of one value is tried without one'

for package in "${packages[@]}"; do
	version=$(basename "$package")
	"$ROOT/tests/grafana/format" "$package/node_modules" "$DASHBOARD" \
	    <"$T/cases" >"$T/out" 2>"$T/err"
	status=$?
	if ((status == 3)); then
		skip "$version: $(<"$T/out")" "$(wc -l <"$T/want")"
		continue
	fi
	is "$status $(<"$T/err")" '0 ' "@grafana/data $version formats"
	# Later releases have plurals.
	sed -i 's/ mins / min /; s/ hours / hour /' "$T/out"
	while IFS= read -r want && IFS= read -r got <&3; do
		is "$got" "$want" "$version: $want"
	done <"$T/want" 3<"$T/out"
	is "$(wc -l <"$T/out")" "$(wc -l <"$T/want")" 'a line for each case'
done
done_testing
