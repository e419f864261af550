# Of each pair of candles, stored and Binance's, what scripts/audit has to say.
# Exit status: 1 when something differs, or there is nothing to compare.

$3 == "" {
	next
}

{
	parse($3, want)
	if (want["trades"] == 0) {
		empty()
		next
	}
	minutes++
	if ($2 == "") {
		print shown($1) " missing: " want["trades"] " trades"
		next
	}
	there++
	parse($2, have)
	if (columns() == 0)
		equal++
}

END {
	printf "audit: %d minutes with trades: %d there, %d equal in every " \
	    "column, %d differ, %d missing", minutes, there, equal,
	    there - equal, minutes - there
	if (extra > 0)
		printf "; %d there without a trade", extra
	print ""
	exit minutes == 0 || equal < minutes || extra > 0
}

# empty(): a minute without trades has no candle.
function empty()
{
	if ($2 == "")
		return
	print shown($1) " is there, but has no trades"
	extra++
}

# columns(): how many differ, each said. A kline does not know them all.
function columns(    i, c, differ)
{
	for (i = 1; i <= COLUMNS; i++) {
		c = COLUMN[i]
		if (!(c in want) || value(have, c) "" == want[c] "")
			continue
		print shown($1) " " c " is " value(have, c) ", not " want[c]
		differ++
	}
	return differ + 0
}
