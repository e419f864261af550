# shellcheck shell=bash
# Candles of the table beside candles from elsewhere, for scripts/repair and
# scripts/audit. Sourced after settings.sh and database.sh.
#
# Both sides are files of lines KEY, tab, CANDLE, sorted by candles_sort. KEY is
# window_start and symbol as JSON, CANDLE the record of tickpipe-records(5) as
# ohlc-window writes it, so that what is equal is so letter by letter: no number
# is ever computed with. candles_pairs brings the two sides together, and
# candles.awk takes a candle apart.

# COPY's format for lines of JSON: a delimiter and a quote that none can hold.
# shellcheck disable=SC2034 # for whoever sources this
CANDLES_FORMAT="FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02'"

# candles_psql ARGUMENT...: database_psql in UTC.
candles_psql()
{
	PGTZ=UTC0 PGCLIENTENCODING=UTF8 database_psql "$@"
}

# candles_time COLUMN: in SQL, that time as the commands write it, in quotes.
candles_time()
{
	printf "replace(to_json(%s)::text, '+00:00\"', 'Z\"')" "$1"
}

# candles_line: in SQL, KEY, tab and CANDLE of a row of TABLE_CANDLES.
candles_line()
{
	local start end

	start=$(candles_time c.window_start)
	end=$(candles_time c.window_end)
	cat <<-END
		concat($start, ' ', to_json(c.symbol), E'\\t{"window_start":',
		    $start, ',"window_end":', $end,
		    ',"symbol":', to_json(c.symbol),
		    ',"open":', trim_scale(c.open),
		    ',"high":', trim_scale(c.high),
		    ',"low":', trim_scale(c.low),
		    ',"close":', trim_scale(c.close),
		    ',"volume":' || trim_scale(c.volume),
		    ',"quote_volume":' || trim_scale(c.quote_volume),
		    ',"taker_buy_volume":' || trim_scale(c.taker_buy_volume),
		    ',"trades":', c.trades,
		    ',"first_trade_id":' || c.first_trade_id,
		    ',"last_trade_id":' || c.last_trade_id,
		    ',"closed":', to_json(c.closed), '}')
	END
}

# candles_keyed <CANDLES: the lines of ohlc-window with their keys.
candles_keyed()
{
	awk '{
		match($0, /"symbol":"([^"\\]|\\.)*"/)
		print substr($0, 17, index($0, ",") - 17) " " \
		    substr($0, RSTART + 9, RLENGTH - 9) "\t" $0
	}'
}

# candles_sort <LINES
candles_sort()
{
	LC_ALL=C sort -t $'\t' -k 1,1
}

# candles_pairs HAVE WANT: lines KEY, tab, CANDLE of HAVE, tab, CANDLE of WANT,
# in the order of time; where one side lacks the key its CANDLE is empty.
candles_pairs()
{
	LC_ALL=C join -t $'\t' -a 1 -a 2 -o 0,1.2,2.2 -- "$1" "$2"
}
