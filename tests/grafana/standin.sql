-- What the dashboard needs of the database besides the tables, in its least
-- form, for a tree whose sql/ has no candles() and no gaps yet.
CREATE FUNCTION candles(symbol text, width interval, "from" timestamptz,
	"to" timestamptz) RETURNS SETOF window_1m LANGUAGE sql STABLE AS $$
	SELECT bucket, bucket + candles.width, m.symbol,
		(array_agg(open ORDER BY window_start))[1],
		max(high), min(low),
		(array_agg(close ORDER BY window_start DESC))[1],
		sum(volume), sum(quote_volume), sum(taker_buy_volume),
		sum(trades)::bigint, min(first_trade_id), max(last_trade_id),
		bool_and(closed)
	FROM (SELECT *, date_bin(candles.width, window_start,
			'1970-01-01 00:00Z') AS bucket
		FROM window_1m AS w
		WHERE w.symbol = candles.symbol
			AND w.window_start >= candles."from"
			AND w.window_start < candles."to" + candles.width) AS m
	WHERE bucket >= candles."from" AND bucket < candles."to"
	GROUP BY bucket, m.symbol
$$;

CREATE VIEW gaps AS
SELECT symbol, last_trade_id + 1 AS first_missing_id,
	next_id - 1 AS last_missing_id, next_id - last_trade_id - 1 AS missing,
	window_start AS after_time, next_end AS before_time
FROM (SELECT *, lead(first_trade_id) OVER w AS next_id,
		lead(window_end) OVER w AS next_end
	FROM window_1m WINDOW w AS (PARTITION BY symbol ORDER BY window_start)
	) AS m
WHERE next_id > last_trade_id + 1;
