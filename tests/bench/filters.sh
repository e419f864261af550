# shellcheck shell=bash
# Each filter beside something public that reads the same bytes; sourced by
# tests/bench/run.

filters()
{
	local status=0

	"$GEN" -f -n "$TRADES" >"$T/frames" || return
	pair 'ndjson-validate' "ndjson-validate <$T/in" "wc -l $T/in" ||
	    status=1
	pair 'ndjson-validate -t trade' "ndjson-validate -t trade <$T/in" \
	    "cat $T/in | cat" || status=1
	pair 'ohlc-window' "ohlc-window <$T/in" "wc -l $T/in" || status=1
	pair 'bws-trades --replay' "bws-trades --replay $T/frames" \
	    "wc -l $T/frames" || status=1
	# shellcheck disable=SC2034 # pair() reads it
	local RUNS=1

	pair 'ndjson-validate -t trade' "ndjson-validate -t trade <$T/in" \
	    "jq -c . $T/in" || status=1
	pair 'ohlc-window' "ohlc-window <$T/in" "jq -c . $T/in" || status=1
	pair 'bws-trades --replay' "bws-trades --replay $T/frames" \
	    "jq -c . $T/frames" || status=1
	rm -f "$T/frames"
	return "$status"
}
