-- Wider candles as views over window_1m, with its columns. Run after schema.sql,
-- as often as you like.
--
-- Buckets are aligned to UTC whatever the session's time zone: the widths all
-- divide the day, so each day's first begins at midnight UTC. A column that is
-- unknown in one of the minutes is unknown in the whole. A wide candle is
-- closed when its minutes are and nothing can follow: its last minute is there,
-- or a later one of the symbol is closed.
--
-- A condition on symbol and window_start goes through the grouping down to the
-- table, where the index beside each view serves it. (Many minutes share a key,
-- so these indexes are small; and none of their columns ever changes.)

-- A view of other columns cannot be replaced.
SELECT format('DROP VIEW %s', v.oid::regclass)
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

CREATE OR REPLACE VIEW window_5m AS
SELECT m.bucket AS window_start,
	m.bucket + interval '5 minutes' AS window_end,
	m.symbol,
	(array_agg(m.open ORDER BY m.window_start))[1] AS open,
	max(m.high) AS high,
	min(m.low) AS low,
	(array_agg(m.close ORDER BY m.window_start DESC))[1] AS close,
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
		AND (max(m.window_end) >= m.bucket + interval '5 minutes'
		OR (SELECT later.window_start FROM window_1m later
			WHERE later.symbol = m.symbol AND later.closed
			ORDER BY later.window_start DESC LIMIT 1)
			>= m.bucket + interval '5 minutes')
		AS closed
FROM (SELECT *, date_bin('5 minutes', window_start, '2000-01-01 00:00Z') AS bucket
	FROM window_1m) m
GROUP BY m.bucket, m.symbol;

CREATE INDEX IF NOT EXISTS window_1m_symbol_5m ON window_1m
	(symbol, date_bin('5 minutes', window_start, '2000-01-01 00:00Z'));

CREATE OR REPLACE VIEW window_15m AS
SELECT m.bucket AS window_start,
	m.bucket + interval '15 minutes' AS window_end,
	m.symbol,
	(array_agg(m.open ORDER BY m.window_start))[1] AS open,
	max(m.high) AS high,
	min(m.low) AS low,
	(array_agg(m.close ORDER BY m.window_start DESC))[1] AS close,
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
		AND (max(m.window_end) >= m.bucket + interval '15 minutes'
		OR (SELECT later.window_start FROM window_1m later
			WHERE later.symbol = m.symbol AND later.closed
			ORDER BY later.window_start DESC LIMIT 1)
			>= m.bucket + interval '15 minutes')
		AS closed
FROM (SELECT *, date_bin('15 minutes', window_start, '2000-01-01 00:00Z') AS bucket
	FROM window_1m) m
GROUP BY m.bucket, m.symbol;

CREATE INDEX IF NOT EXISTS window_1m_symbol_15m ON window_1m
	(symbol, date_bin('15 minutes', window_start, '2000-01-01 00:00Z'));

CREATE OR REPLACE VIEW window_45m AS
SELECT m.bucket AS window_start,
	m.bucket + interval '45 minutes' AS window_end,
	m.symbol,
	(array_agg(m.open ORDER BY m.window_start))[1] AS open,
	max(m.high) AS high,
	min(m.low) AS low,
	(array_agg(m.close ORDER BY m.window_start DESC))[1] AS close,
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
		AND (max(m.window_end) >= m.bucket + interval '45 minutes'
		OR (SELECT later.window_start FROM window_1m later
			WHERE later.symbol = m.symbol AND later.closed
			ORDER BY later.window_start DESC LIMIT 1)
			>= m.bucket + interval '45 minutes')
		AS closed
FROM (SELECT *, date_bin('45 minutes', window_start, '2000-01-01 00:00Z') AS bucket
	FROM window_1m) m
GROUP BY m.bucket, m.symbol;

CREATE INDEX IF NOT EXISTS window_1m_symbol_45m ON window_1m
	(symbol, date_bin('45 minutes', window_start, '2000-01-01 00:00Z'));

CREATE OR REPLACE VIEW window_1h AS
SELECT m.bucket AS window_start,
	m.bucket + interval '1 hour' AS window_end,
	m.symbol,
	(array_agg(m.open ORDER BY m.window_start))[1] AS open,
	max(m.high) AS high,
	min(m.low) AS low,
	(array_agg(m.close ORDER BY m.window_start DESC))[1] AS close,
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
		AND (max(m.window_end) >= m.bucket + interval '1 hour'
		OR (SELECT later.window_start FROM window_1m later
			WHERE later.symbol = m.symbol AND later.closed
			ORDER BY later.window_start DESC LIMIT 1)
			>= m.bucket + interval '1 hour')
		AS closed
FROM (SELECT *, date_bin('1 hour', window_start, '2000-01-01 00:00Z') AS bucket
	FROM window_1m) m
GROUP BY m.bucket, m.symbol;

CREATE INDEX IF NOT EXISTS window_1m_symbol_1h ON window_1m
	(symbol, date_bin('1 hour', window_start, '2000-01-01 00:00Z'));
