# shellcheck shell=bash
# The bars: times as multiples of the yardstick's or of each other's, and peak
# memory, each with its bar and goal; sourced by tests/bench/run.
# shellcheck disable=SC2154 # wall and peak are lib.sh's

# The yardstick in both its forms: Y loads the file and parses it, as simdjson's
# own examples do; P reads it in pieces that stay in the cache, the best that
# can be made of simdjson.
yardstick()
{
	local version

	if [[ ! -x $YARDSTICK ]]; then
		absent 'Y: simdjson' 'g++, libsimdjson-dev'
		return
	fi
	version=$("$YARDSTICK" <"$T/part" | cut -d ' ' -f 3-)
	row y "Y: $version" && row p '   P: the same in pieces' y Y
}

# The rows that are measured against the yardstick, in both forms.
against_yardstick()
{
	local names=(ohlc validate validate_trade) form status=0

	if [[ -x $YARDSTICK ]]; then
		take y "$T/in" "$YARDSTICK" "$T/in"
		take p "$T/in" "$YARDSTICK"
		names+=(y p)
	fi
	take ohlc "$T/in" ohlc-window
	take validate "$T/in" ndjson-validate
	take validate_trade "$T/in" ndjson-validate -t trade
	rounds "${names[@]}" || status=1

	heading "$TRADES trades, 5 symbols"
	yardstick || status=1
	for form in y p; do
		row ohlc ohlc-window "$form" "${form^}" 0.9 0.6
		row validate ndjson-validate "$form" "${form^}" 0.9 0.5
		row validate_trade 'ndjson-validate -t trade' "$form" \
		    "${form^}" 1.1 0.7
	done
	return "$status"
}

# The first $PART of these trades, as jq writes them.
after_jq()
{
	local status=0

	heading "the first $PART of them"
	take part "$T/part" ohlc-window
	if ! type -P jq >/dev/null; then
		absent 'ohlc-window after jq -c .' jq
		absent 'ohlc-window after jq -cS .' jq
		return
	fi
	jq -c . "$T/part" >"$T/jq" && jq -cS . "$T/part" >"$T/jq_sorted" ||
	    return
	take jq "$T/jq" ohlc-window
	take jq_sorted "$T/jq_sorted" ohlc-window
	rounds part jq jq_sorted || status=1
	row part ohlc-window
	row jq 'ohlc-window after jq -c .' part 'x usual' 3 1.5
	row jq_sorted 'ohlc-window after jq -cS .' part 'x usual' 3 1.5
	rm -f "$T/jq" "$T/jq_sorted"
	return "$status"
}

# many_symbols SECONDS [BAR GOAL]: as many trades, of 3 symbols and of 10,000.
many_symbols()
{
	local status=0

	"$GEN" -n "$TRADES" -s 3 -d "$1" >"$T/few" &&
	"$GEN" -n "$TRADES" -s 10000 -d "$1" >"$T/many" || return
	take few "$T/few" ohlc-window
	take many "$T/many" ohlc-window
	rounds few many || status=1
	heading "$TRADES trades in $1 s"
	row few 'ohlc-window, 3 symbols'
	row many 'ohlc-window, 10000 symbols' few 'x 3 symbols' "${@:2}"
	printf '%-40s %8s\n' '  candles of 10000 symbols' \
	    "$(ohlc-window <"$T/many" | wc -l)"
	rm -f "$T/few" "$T/many"
	return "$status"
}

# memory_row NAME TEXT: peak resident memory, of all runs the highest.
memory_row()
{
	local mib

	if [[ -z ${wall[$1]+run} ]]; then
		absent "$2" jq
		return
	fi
	if [[ -z ${wall[$1]} ]]; then
		printf '%-40s failed\n' "$2"
		return
	fi
	mib=$(awk -v kib="${peak[$1]}" 'BEGIN { printf "%.2f", kib / 1024 }')
	printf '%-40s %8s MiB  %s\n' "$2" "$mib" "$(verdict "$mib" "$mib" 8 4)"
}

# A day of many symbols does not fit a file: it is made as it is read.
memory()
{
	printf '\npeak resident memory\n'
	memory_row ohlc ohlc-window
	memory_row validate ndjson-validate
	memory_row validate_trade 'ndjson-validate -t trade'
	memory_row jq 'ohlc-window after jq -c .'
	memory_row jq_sorted 'ohlc-window after jq -cS .'
	rm -f "$T/day.runs"
	take day /dev/stdin ohlc-window
	"$GEN" -s 10000 -d 86400 -n "$DAY_TRADES" | once day || return
	figures day
	printf '%-40s %8.2f MiB  (%s trades through a pipe)\n' \
	    'ohlc-window, a day of 10000 symbols' \
	    "$(awk -v kib="${peak[day]}" 'BEGIN { print kib / 1024 }')" \
	    "$DAY_TRADES"
}

bars()
{
	local status=0

	pin_to_one_core
	printf 'bars: medians of %s runs on %s\n' "$RUNS" "$(cores)"
	against_yardstick || status=1
	after_jq || status=1
	# A busy market, where each of 10,000 symbols trades fifty times a
	# minute, has the bar; then a day, where nearly every trade of them
	# opens a window, so that lines make candles one to one.
	many_symbols $(((TRADES * 6 + 49999) / 50000)) 2 1.3 || status=1
	many_symbols 86400 || status=1
	memory || status=1
	return "$status"
}
