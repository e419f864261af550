-- What readers ask of window_1m: wider candles as views and as a function, what
-- is missing, and which candles are whole. Run after schema.sql, as often as
-- you like.
--
-- Buckets are aligned to 1970-01-01 00:00 UTC whatever the session's time zone,
-- as ohlc-window(1) aligns them: widths that divide the day begin anew at each
-- midnight UTC. A column that is unknown in one of the minutes is unknown in
-- the whole. A wide candle is closed when its minutes are and nothing can
-- follow: its last minute is there, or a later one of the symbol is closed.
--
-- A condition on symbol and window_start goes through a view's grouping down to
-- the table, where the index beside each view serves it. (Many minutes share a
-- key, so these indexes are small; and none of their columns ever changes.)
-- candles() asks for minutes and needs no index of its own.

-- A view of other columns cannot be replaced; candles() returns rows like one.
SELECT unnest(ARRAY['DROP FUNCTION IF EXISTS candles(text, interval,
	timestamptz, timestamptz)', format('DROP VIEW %s', v.oid::regclass)])
FROM pg_class v
WHERE v.relkind = 'v' AND v.oid IN (to_regclass('window_5m'),
		to_regclass('window_15m'), to_regclass('window_45m'),
		to_regclass('window_1h'))
	AND (SELECT array_agg((attname, atttypid)::text ORDER BY attnum)
		FROM pg_attribute
		WHERE attrelid = v.oid AND attnum > 0 AND NOT attisdropped)
	IS DISTINCT FROM ARRAY(SELECT (c, t::regtype::oid)::text
		FROM unnest(ARRAY['window_start', 'window_end', 'symbol', 'open',
			'high', 'low', 'close', 'volume', 'quote_volume',
			'taker_buy_volume', 'trades', 'first_trade_id',
			'last_trade_id', 'closed'],
			ARRAY['timestamptz', 'timestamptz', 'text', 'numeric',
			'numeric', 'numeric', 'numeric', 'numeric', 'numeric',
			'numeric', 'bigint', 'bigint', 'bigint', 'boolean'])
			WITH ORDINALITY AS w (c, t, n) ORDER BY n)
\gexec

-- The width of a candle as hours, minutes and seconds: a day here has 24 hours,
-- also where the session's time zone changes its clocks.
CREATE OR REPLACE FUNCTION candle_width(width interval) RETURNS interval
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
BEGIN
	IF extract(month FROM width) <> 0 OR extract(year FROM width) <> 0
		OR extract(epoch FROM width) <= 0
		OR extract(epoch FROM width) % 60 <> 0 THEN
		RAISE 'the width of a candle is a multiple of a minute, not %',
			width USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN make_interval(secs => extract(epoch FROM width));
END
$$;

-- The views and the function are one query: they differ in the width and in how
-- minutes are chosen. Open and close are looked up by the key of
-- the first and last minute: that costs less than to sort the minutes of each
-- candle.
CREATE TEMPORARY TABLE wider (
	n serial,
	make text,   -- how the statement begins
	width text,  -- an expression, as the next
	bucket text, -- which candle a minute belongs to
	source text, -- what of window_1m
	close text   -- how the statement ends
);
INSERT INTO wider (make, width, bucket, source, close)
SELECT format('CREATE OR REPLACE VIEW window_%s AS', suffix),
	format('interval %L', width),
	format('date_bin(%L, one.window_start, ''1970-01-01 00:00Z'')', width),
	'', ''
FROM (VALUES (1, '5m', '5 minutes'), (2, '15m', '15 minutes'),
	(3, '45m', '45 minutes'), (4, '1h', '1 hour')) AS v (n, suffix, width)
ORDER BY v.n;
-- candles('BTCUSDT', '2 hours', "from", "to"): those whose window_start is at
-- or after "from" and before "to"; a bound that is null or infinite is none.
-- One short walk along the index for each bucket: nothing is sorted.
INSERT INTO wider (make, width, bucket, source, close) VALUES (
	'CREATE OR REPLACE FUNCTION candles(symbol text, width interval,
		"from" timestamptz, "to" timestamptz)
	RETURNS SETOF window_1h
	LANGUAGE sql STABLE PARALLEL SAFE
	BEGIN ATOMIC
	SELECT wide.* FROM (
		SELECT min(window_1m.window_start) AS first,
			max(window_1m.window_start) AS last
		FROM window_1m
		WHERE window_1m.symbol = candles.symbol) AS there
	CROSS JOIN LATERAL generate_series(
		CASE WHEN there.first IS NOT NULL THEN greatest(
			date_bin(candle_width(candles.width),
				candles."from" + candle_width(candles.width)
				- interval ''1 microsecond'',
				''1970-01-01 00:00Z''),
			date_bin(candle_width(candles.width), there.first,
				''1970-01-01 00:00Z'')) END,
		least(candles."to" - interval ''1 microsecond'', there.last),
		candle_width(candles.width)) AS starts (bucket)
	CROSS JOIN LATERAL (',
	'candle_width(candles.width)', 'starts.bucket',
	'WHERE one.symbol = candles.symbol
	AND one.window_start >= starts.bucket
	AND one.window_start < starts.bucket + candle_width(candles.width)',
	') AS wide; END');

SELECT format($make$
%1$s
SELECT m.bucket AS window_start,
	m.bucket + %2$s AS window_end,
	m.symbol,
	(SELECT first.open FROM window_1m first WHERE first.symbol = m.symbol
		AND first.window_start = min(m.window_start)) AS open,
	max(m.high) AS high,
	min(m.low) AS low,
	(SELECT last.close FROM window_1m last WHERE last.symbol = m.symbol
		AND last.window_start = max(m.window_start)) AS close,
	CASE WHEN count(m.volume) = count(*)
		THEN sum(m.volume) END AS volume,
	CASE WHEN count(m.quote_volume) = count(*)
		THEN sum(m.quote_volume) END AS quote_volume,
	CASE WHEN count(m.taker_buy_volume) = count(*)
		THEN sum(m.taker_buy_volume) END AS taker_buy_volume,
	sum(m.trades)::bigint AS trades,
	CASE WHEN count(m.first_trade_id) = count(*)
		THEN min(m.first_trade_id) END AS first_trade_id,
	CASE WHEN count(m.last_trade_id) = count(*)
		THEN max(m.last_trade_id) END AS last_trade_id,
	bool_and(m.closed)
		AND (max(m.window_end) >= m.bucket + %2$s
		OR (SELECT later.window_start FROM window_1m later
			WHERE later.symbol = m.symbol AND later.closed
			ORDER BY later.window_start DESC LIMIT 1)
			>= m.bucket + %2$s)
		AS closed
FROM (SELECT *, %5$s AS bucket
	FROM window_1m one %3$s) m
GROUP BY m.bucket, m.symbol
%4$s$make$, make, width, source, close, bucket)
FROM wider ORDER BY n
\gexec
DROP TABLE wider;

-- Indexes of an older version, with another origin.
SELECT format('DROP INDEX %s', indexrelid::regclass)
FROM pg_index
WHERE indrelid = 'window_1m'::regclass
	AND pg_get_indexdef(indexrelid) LIKE '%date_bin(%2000-01-01%'
\gexec
CREATE INDEX IF NOT EXISTS window_1m_symbol_5m ON window_1m
	(symbol, date_bin('5 minutes', window_start, '1970-01-01 00:00Z'));
CREATE INDEX IF NOT EXISTS window_1m_symbol_15m ON window_1m
	(symbol, date_bin('15 minutes', window_start, '1970-01-01 00:00Z'));
CREATE INDEX IF NOT EXISTS window_1m_symbol_45m ON window_1m
	(symbol, date_bin('45 minutes', window_start, '1970-01-01 00:00Z'));
CREATE INDEX IF NOT EXISTS window_1m_symbol_1h ON window_1m
	(symbol, date_bin('1 hour', window_start, '1970-01-01 00:00Z'));

-- Trades that no candle has: inside a candle, and between it and the next one
-- of the symbol. `missing` of the ids from first_missing_id to last_missing_id
-- are not there: all of them between candles; inside one the row itself does
-- not say which. They happened from after_time on and before before_time, so
-- that these two are what scripts/repair is to be given. A condition on symbol
-- and after_time is served by the index. What lies before a symbol's first
-- candle or after its last is in no candle and so in no gap; where candles have
-- no ids, nothing can be said; and while candles are open, a gap may yet heal.
CREATE OR REPLACE VIEW gaps AS
SELECT c.symbol,
	gap.first_missing_id,
	gap.last_missing_id,
	gap.missing,
	c.window_start AS after_time,
	gap.before_time
FROM window_1m c
LEFT JOIN LATERAL (
	SELECT n.first_trade_id, n.window_end
	FROM window_1m n
	WHERE n.symbol = c.symbol AND n.window_start > c.window_start
	ORDER BY n.window_start
	LIMIT 1) AS next ON true
CROSS JOIN LATERAL (VALUES
	(c.first_trade_id + 1, c.last_trade_id - 1,
		c.last_trade_id - c.first_trade_id + 1 - c.trades,
		c.window_end),
	(c.last_trade_id + 1, next.first_trade_id - 1,
		next.first_trade_id - c.last_trade_id - 1,
		next.window_end)
	) AS gap (first_missing_id, last_missing_id, missing, before_time)
WHERE gap.missing > 0;

-- Each candle and whether it has all its trades: none is missing inside, nor
-- between it and its neighbours. Null where that is not known: there are no
-- ids, or nothing but it in that direction, as for the newest candle.
CREATE OR REPLACE VIEW window_1m_whole AS
SELECT c.window_start, c.window_end, c.symbol, c.open, c.high, c.low, c.close,
	c.volume, c.quote_volume, c.taker_buy_volume, c.trades,
	c.first_trade_id, c.last_trade_id, c.closed,
	c.trades = c.last_trade_id - c.first_trade_id + 1
		AND before.last_trade_id + 1 = c.first_trade_id
		AND c.last_trade_id + 1 = next.first_trade_id AS whole
FROM window_1m c
LEFT JOIN LATERAL (
	SELECT b.last_trade_id
	FROM window_1m b
	WHERE b.symbol = c.symbol AND b.window_start < c.window_start
	ORDER BY b.window_start DESC
	LIMIT 1) AS before ON true
LEFT JOIN LATERAL (
	SELECT n.first_trade_id
	FROM window_1m n
	WHERE n.symbol = c.symbol AND n.window_start > c.window_start
	ORDER BY n.window_start
	LIMIT 1) AS next ON true;
