# Of the rows of rows.jq, those of one symbol, the last state of each candle:
# start, open, low, high, close, volume, in any order. To stderr what was
# refused; to the file of the environment's PLOT_FACTS how many candles, how
# many lines were refused, the width, whether the volume is known, the symbol.
# The symbol is PLOT_SYMBOL, or the one with most candles, the first in the
# alphabet of several.

function refuse(line, why) {
	if (++refused <= 5)
		printf "plot: line %d: %s\n", line, why > "/dev/stderr"
}

BEGIN {
	FS = "\t"
	OFS = "\t"
	wanted = ENVIRON["PLOT_SYMBOL"]
}

$1 == "R" {
	refuse($2, $3)
	next
}

# A line of an open candle may be followed by one that knows more.
{
	symbol = $3
	key = symbol SUBSEP $4
	if (!(symbol in width))
		width[symbol] = $5
	if ($5 != width[symbol]) {
		refuse($2, "a candle of " $5 " s among those of " \
			width[symbol] " s")
		next
	}
	if (!(key in row))
		candles[symbol]++
	else if ($11 + 0 < trades[key] + 0)
		next
	trades[key] = $11
	row[key] = $4 OFS $6 OFS $8 OFS $7 OFS $9 OFS $10
	if ($10 == "-")
		bare[symbol] = 1
}

END {
	if (refused > 5)
		printf "plot: %d lines were refused in all\n", refused \
			> "/dev/stderr"
	for (symbol in candles) {
		symbols++
		if (chosen == "" || candles[symbol] > candles[chosen] ||
		    (candles[symbol] == candles[chosen] && symbol < chosen))
			chosen = symbol
	}
	if (wanted != "")
		chosen = wanted
	else if (symbols > 1)
		printf "plot: drawing %s of %d symbols, see --symbol\n", \
			chosen, symbols > "/dev/stderr"
	print candles[chosen] + 0, refused + 0, width[chosen] + 0, \
		!(chosen in bare), chosen > ENVIRON["PLOT_FACTS"]
	for (key in row) {
		split(key, part, SUBSEP)
		if (part[1] == chosen)
			print row[key]
	}
}
