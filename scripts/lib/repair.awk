# Of each pair of candles, stored and made of ticks, what scripts/repair has to
# do. Reads the file of symbols and until when each is closed, then the pairs.
# Variables: all, dry, write (the file for the candles to write), named (whether
# those symbols were asked for by name).
# Exit status: 1 when something is wrong that writing does not mend, or is not
# written, or there is nothing at all.

NR == FNR {
	gsub(/"/, "", $2)
	closed_until[$1] = $2
	unseen[$1]
	next
}

{
	candles++
	delete unseen[symbol_of($1)]
	if ($3 == "") {
		parse($2, have)
		keep("no ticks")
		next
	}
	parse($3, want)
	settle()
	holes()
	if ($2 == "")
		compare_nothing()
	else
		compare()
}

END {
	sum_holes()
	nothing = say_unseen()
	printf "repair: %d candles: %d right, %d %s, %d kept; ticks missing: " \
	    "%.0f\n", candles, candles - wrong - kept, written,
	    dry ? "to write" : "written", kept, missing
	exit candles == 0 || nothing > 0 || kept > 0 || missing > 0 || \
	    (dry && wrong > 0)
}

# keep(ticks): the stored candle knows more than the ticks.
function keep(ticks)
{
	print shown($1) " kept: " have["trades"] " trades, " ticks
	kept++
}

# holes(): trades that are in no tick, inside this minute and since the ones
# before. The candles themselves say it: ids rise by one.
function holes(    symbol, first, end, inside)
{
	symbol = symbol_of($1)
	first = want["first_trade_id"]
	end = want["last_trade_id"]
	inside = minus(end, first) + 1 - want["trades"]
	if (inside > 0)
		hole(symbol, " ticks missing between " first " and " end,
		    inside)
	if (symbol in highest && minus(first, highest[symbol]) > 1)
		hole(symbol, " ticks missing before " first,
		    minus(first, highest[symbol]) - 1)
	if (!(symbol in lowest) || minus(first, lowest[symbol]) < 0)
		lowest[symbol] = first
	if (!(symbol in highest) || minus(end, highest[symbol]) > 0)
		highest[symbol] = end
	trades[symbol] += want["trades"]
}

# hole(symbol, text, count): keeps what may have to be said of it.
function hole(symbol, text, count)
{
	hole_of[++holes_seen] = symbol
	hole_text[holes_seen] = shown($1) text ": " sprintf("%.0f", count)
}

# sum_holes(): how many ticks each symbol lacks. Minute by minute cannot say it:
# a trade may stand in another minute than its neighbours, and then is missing
# in the one and too many in the other. So a symbol that lacks none has no hole.
function sum_holes(    symbol, i, lack)
{
	for (symbol in trades) {
		lack[symbol] = minus(highest[symbol], lowest[symbol]) + 1 - \
		    trades[symbol]
		if (lack[symbol] > 0)
			missing += lack[symbol]
	}
	for (i = 1; i <= holes_seen; i++)
		if (lack[hole_of[i]] > 0)
			print hole_text[i]
}

# say_unseen(): how many symbols were asked for, and have nothing in the range.
function say_unseen(    symbol, n)
{
	if (named == 0)
		return 0
	for (symbol in unseen) {
		print substr(symbol, 2, length(symbol) - 2) \
		    ": no ticks and no candles"
		n++
	}
	return n + 0
}

# minus(a, b): of ids, which may have more digits than awk's numbers.
function minus(a, b)
{
	return (high(a) - high(b)) * 1e9 + low(a) - low(b)
}

function high(id)
{
	return substr(id, 1, length(id) - 9) + 0
}

function low(id)
{
	return length(id) > 9 ? substr(id, length(id) - 8) + 0 : id + 0
}

# settle(): the made candle is closed as far as its symbol is.
function settle()
{
	want["closed"] = want["window_end"] <= closed_until[symbol_of($1)] ? \
	    "true" : "false"
	sub(/"closed":[a-z]*/, "\"closed\":" want["closed"], $3)
}

function compare_nothing()
{
	put("missing: " want["trades"] " trades, ids " \
	    want["first_trade_id"] " to " want["last_trade_id"])
}

function compare(    i, c, text)
{
	parse($2, have)
	if (have["trades"] + 0 > want["trades"] + 0) {
		keep("the ticks have " want["trades"])
		return
	}
	for (i = 1; i <= COLUMNS; i++) {
		c = COLUMN[i]
		if (value(have, c) "" != value(want, c) "")
			text = text ", " c " " value(have, c) " -> " \
			    value(want, c)
	}
	if (text != "")
		put(substr(text, 3))
	else if (all) {
		print $3 >write
		written++
	}
}

# put(text): the stored candle is wrong, and how.
function put(text)
{
	print shown($1) " " text
	print $3 >write
	wrong++
	written++
}
