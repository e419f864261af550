#!/bin/bash
# Goal: with more symbols than the cache holds, lines are read ahead of their
# turn; what comes out is what the same lines give in groups of few symbols.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
GEN=$BUILD/tests/bench/gentrades
need jq

# Some lines are bad, some come twice, some much too late.
"$GEN" -n 60000 -s 800 -d 1800 | awk '
	{ print }
	NR % 997 == 0 { print "bad " NR }
	NR % 101 == 0 { print }
	NR % 5003 == 0 { old = $0 }
	NR % 5003 == 4500 && old { print old }' >"$T/in"

# split_by COUNT: $T/group.N, by a number that a symbol has.
split_by()
{
	rm -f "$T"/group.*
	awk -v count="$1" -v to="$T/group." '
		/^bad/ { next }
		{ match($0, /"symbol":"[^"]*"/)
		  symbol = substr($0, RSTART, RLENGTH)
		  if (!(symbol in number)) number[symbol] = n++
		  print >(to number[symbol] % count) }' "$2"
}

# each_group COMMAND...: sorted, all groups together.
each_group()
{
	local group

	for group in "$T"/group.*; do
		"$@" <"$group"
	done | sort
}

split_by 8 "$T/in"
status_is 1 'many symbols at once' \
    ohlc-window --late "$T/late" --rejects "$T/rejects" "$T/in"
sort "$T/out" >"$T/got"
each_group ohlc-window --late "$T/late.few" >"$T/want" 2>"$T/err"
same_file "$T/got" "$T/want" 'the same candles as in groups'
is "$(sort "$T/late")" "$(sort "$T/late.few")" 'the same late lines'
check 'and there are some' test -s "$T/late"
is "$(wc -l <"$T/rejects")" "$(grep -c '^bad' "$T/in")" 'every bad line refused'
is "$(jq -r '.line' "$T/rejects" | paste -sd' ')" \
    "$(grep -n '^bad' "$T/in" | cut -d: -f1 | paste -sd' ')" \
    'under its own number'

# From four partitions of Kafka, a stretch of each read twice, and one that is
# assigned anew in the middle.
awk '/^bad/ { next }
	{ match($0, /"symbol":"[^"]*"/)
	  symbol = substr($0, RSTART, RLENGTH)
	  if (!(symbol in number)) number[symbol] = n++
	  p = number[symbol] % 4
	  start = p == 2 && NR > 40000 ? 8 : 7
	  line = sprintf("%s,\"_kafka\":{\"topic\":\"t\"," \
	      "\"partition\":%d,\"offset\":%d,\"start\":%d}}",
	      substr($0, 1, length($0) - 1), p, offset[p]++, start)
	  print line
	  if (NR % 2000 > 1900) again[++held] = line
	  if (NR % 2000 == 0) { for (i = 1; i <= held; i++) print again[i]
	      held = 0 } }' "$T/in" >"$T/kafka"
rm -f "$T"/group.* "$T"/late*
for p in 0 1 2 3; do
	grep "\"partition\":$p," "$T/kafka" >"$T/group.$p"
done
status_is 0 'many symbols with provenance' \
    ohlc-window --late "$T/late" "$T/kafka"
grep -v '^{"_kafka"' "$T/out" | sort >"$T/got"
each_group ohlc-window --late "$T/late.few" 2>"$T/err" |
    grep -v '^{"_kafka"' >"$T/want"
same_file "$T/got" "$T/want" 'the same candles, with the same safe offsets'
is "$(sort "$T/late")" "$(sort "$T/late.few")" 'the same late lines'
done_testing
