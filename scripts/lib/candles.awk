# What scripts/repair and scripts/audit do with a pair of candles: for awk -f,
# before the program. See candles.sh for the lines.

BEGIN {
	FS = "\t"
	COLUMNS = split("window_end open high low close volume quote_volume " \
	    "taker_buy_volume trades first_trade_id last_trade_id closed",
	    COLUMN, " ")
}

# parse(candle, to): its members but the symbol into to[], as text.
function parse(candle, to,    n, i, at, part)
{
	split("", to)
	sub(/"symbol":"([^"\\]|\\.)*",/, "", candle)
	gsub(/["{}]/, "", candle)
	n = split(candle, part, ",")
	for (i = 1; i <= n; i++) {
		at = index(part[i], ":")
		to[substr(part[i], 1, at - 1)] = substr(part[i], at + 1)
	}
}

# symbol_of(key): as JSON.
function symbol_of(key)
{
	return substr(key, index(key, " ") + 1)
}

# shown(key): for a reader, without the quotes.
function shown(key,    at)
{
	at = index(key, " ")
	return substr(key, 2, at - 3) " " \
	    substr(key, at + 2, length(key) - at - 2)
}

# value(of, column): as text, or what stands for none.
function value(of, column)
{
	return column in of ? of[column] : "unknown"
}
