-- The tables of tickpipe. Run through psql (scripts/init-db does), as often as
-- you like: what is there stays, what an older or half-made schema lacks is
-- added, and columns of another type are converted.

-- Raw ticks, one row a trade. The key is what makes a second delivery of the
-- same trade harmless: the exchange numbers the trades of each symbol.
CREATE TABLE IF NOT EXISTS crypto_prices (
	symbol text,
	trade_id bigint,
	price numeric,
	quantity numeric,
	event_time timestamptz,
	processed_time timestamptz,
	buyer_maker boolean
);

-- Candles of one minute by event time. Unknown (null) are only the columns
-- that need a quantity or a trade id which the input did not have.
CREATE TABLE IF NOT EXISTS window_1m (
	window_start timestamptz,
	window_end timestamptz,
	symbol text,
	open numeric,
	high numeric,
	low numeric,
	close numeric,
	volume numeric,
	quote_volume numeric,
	taker_buy_volume numeric,
	trades bigint,
	first_trade_id bigint,
	last_trade_id bigint,
	closed boolean
);

ALTER TABLE crypto_prices
	ADD COLUMN IF NOT EXISTS symbol text,
	ADD COLUMN IF NOT EXISTS trade_id bigint,
	ADD COLUMN IF NOT EXISTS price numeric,
	ADD COLUMN IF NOT EXISTS quantity numeric,
	ADD COLUMN IF NOT EXISTS event_time timestamptz,
	ADD COLUMN IF NOT EXISTS processed_time timestamptz,
	ADD COLUMN IF NOT EXISTS buyer_maker boolean;

ALTER TABLE window_1m
	ADD COLUMN IF NOT EXISTS window_start timestamptz,
	ADD COLUMN IF NOT EXISTS window_end timestamptz,
	ADD COLUMN IF NOT EXISTS symbol text,
	ADD COLUMN IF NOT EXISTS open numeric,
	ADD COLUMN IF NOT EXISTS high numeric,
	ADD COLUMN IF NOT EXISTS low numeric,
	ADD COLUMN IF NOT EXISTS close numeric,
	ADD COLUMN IF NOT EXISTS volume numeric,
	ADD COLUMN IF NOT EXISTS quote_volume numeric,
	ADD COLUMN IF NOT EXISTS taker_buy_volume numeric,
	ADD COLUMN IF NOT EXISTS trades bigint,
	ADD COLUMN IF NOT EXISTS first_trade_id bigint,
	ADD COLUMN IF NOT EXISTS last_trade_id bigint,
	ADD COLUMN IF NOT EXISTS closed boolean;

-- Columns of another type, such as double precision or a time without a zone
-- (which is taken as UTC). The views stand in the way of that; views.sql makes
-- them anew.
CREATE TEMPORARY TABLE wrong_column AS
SELECT a.attrelid::regclass AS tab, a.attname AS col,
	format_type(a.atttypid, a.atttypmod) AS is_type,
	CASE
		WHEN a.attname = 'symbol' THEN 'text'
		WHEN a.attname LIKE '%\_id' OR a.attname = 'trades' THEN 'bigint'
		WHEN a.attname IN ('event_time', 'processed_time',
			'window_start', 'window_end')
			THEN 'timestamp with time zone'
		WHEN a.attname IN ('buyer_maker', 'closed') THEN 'boolean'
		ELSE 'numeric'
	END AS want_type
FROM pg_attribute a
WHERE NOT a.attisdropped AND (
	a.attrelid = 'crypto_prices'::regclass AND a.attname IN (
		'symbol', 'trade_id', 'price', 'quantity', 'event_time',
		'processed_time', 'buyer_maker')
	OR a.attrelid = 'window_1m'::regclass AND a.attname IN (
		'window_start', 'window_end', 'symbol', 'open', 'high', 'low',
		'close', 'volume', 'quote_volume', 'taker_buy_volume',
		'trades', 'first_trade_id', 'last_trade_id', 'closed'));
DELETE FROM wrong_column WHERE is_type = want_type;

SELECT 'DROP FUNCTION IF EXISTS candles(text, interval, timestamptz,
	timestamptz)'
WHERE EXISTS (SELECT FROM wrong_column)
UNION ALL
SELECT format('DROP VIEW IF EXISTS %s', name)
FROM unnest(ARRAY['window_5m', 'window_15m', 'window_45m', 'window_1h',
	'gaps', 'window_1m_whole']) AS name
WHERE EXISTS (SELECT FROM wrong_column)
\gexec
SELECT format('ALTER TABLE %1$s ALTER COLUMN %2$I TYPE %3$s
	USING (%2$I%4$s)::%3$s',
	tab, col, want_type,
	CASE WHEN is_type LIKE 'timestamp%without time zone'
		THEN ' AT TIME ZONE ''UTC''' ELSE '' END)
FROM wrong_column
\gexec
DROP TABLE wrong_column;

-- What was just added to rows of an older table: the lowest version of a
-- candle, which any other replaces.
UPDATE window_1m SET trades = coalesce(trades, 0),
	closed = coalesce(closed, false),
	window_end = coalesce(window_end, window_start + interval '1 minute')
WHERE trades IS NULL OR closed IS NULL OR window_end IS NULL;
UPDATE crypto_prices SET processed_time = event_time
WHERE processed_time IS NULL;

ALTER TABLE crypto_prices
	ALTER COLUMN symbol SET NOT NULL,
	ALTER COLUMN trade_id SET NOT NULL,
	ALTER COLUMN price SET NOT NULL,
	ALTER COLUMN event_time SET NOT NULL,
	ALTER COLUMN processed_time SET NOT NULL;

ALTER TABLE window_1m
	ALTER COLUMN window_start SET NOT NULL,
	ALTER COLUMN window_end SET NOT NULL,
	ALTER COLUMN symbol SET NOT NULL,
	ALTER COLUMN open SET NOT NULL,
	ALTER COLUMN high SET NOT NULL,
	ALTER COLUMN low SET NOT NULL,
	ALTER COLUMN close SET NOT NULL,
	ALTER COLUMN trades SET NOT NULL,
	ALTER COLUMN closed SET NOT NULL;

SELECT format('ALTER TABLE %s ADD PRIMARY KEY (%s)', tab, key)
FROM (VALUES ('crypto_prices', 'symbol, trade_id'),
	('window_1m', 'window_start, symbol')) AS wanted (tab, key)
WHERE NOT EXISTS (SELECT FROM pg_constraint
	WHERE contype = 'p' AND conrelid = tab::regclass)
\gexec

-- The bounds of tickpipe-records(5). The topic is open to other writers: what
-- no table could hold (a text too long for its index), or what is no price
-- (NaN), is refused here as the one row it is, not retried for ever. Rows of an
-- older table stay as they are.
SELECT format('ALTER TABLE %s ADD CONSTRAINT %s_bounds CHECK (%s) NOT VALID',
	tab, tab, bounds)
FROM (VALUES
	('crypto_prices', 'octet_length(symbol) BETWEEN 1 AND 64
		AND trade_id >= 0 AND price > 0 AND price < 1e18
		AND quantity >= 0 AND quantity < 1e18'),
	('window_1m', 'octet_length(symbol) BETWEEN 1 AND 64
		AND window_start < window_end AND trades >= 0
		AND low > 0 AND low <= open AND low <= close
		AND open <= high AND close <= high AND high < 1e18')
	) AS wanted (tab, bounds)
WHERE NOT EXISTS (SELECT FROM pg_constraint
	WHERE conname = tab || '_bounds' AND conrelid = tab::regclass)
\gexec

-- The price chart: one symbol's stretch of time, read from the index alone.
CREATE INDEX IF NOT EXISTS crypto_prices_symbol_time
	ON crypto_prices (symbol, event_time) INCLUDE (price);

-- All symbols' stretch of time, for a repair: rows arrive nearly in the order
-- of time, so an index of a few pages will do.
CREATE INDEX IF NOT EXISTS crypto_prices_time
	ON crypto_prices USING brin (event_time);

-- The candle chart: one symbol's stretch of time.
CREATE INDEX IF NOT EXISTS window_1m_symbol_start
	ON window_1m (symbol, window_start);

-- Reading from the index alone needs pages that vacuum has seen. By default it
-- comes once the table has grown by a fifth; the newest rows are the ones that
-- charts read. (Partitioned, the table has its settings in its parts.)
SELECT format('ALTER TABLE %s SET (
	autovacuum_vacuum_insert_scale_factor = 0,
	autovacuum_vacuum_insert_threshold = 200000)', oid::regclass)
FROM pg_class
WHERE relkind = 'r' AND reloptions IS NULL AND (oid = 'crypto_prices'::regclass
	OR oid IN (SELECT inhrelid FROM pg_inherits
		WHERE inhparent = 'crypto_prices'::regclass))
\gexec

-- An open candle is updated every second. Room in its page, and no index on a
-- column that changes, let that happen without touching any index.
ALTER TABLE window_1m SET (fillfactor = 70);

-- Charts ask for little: compiling their queries takes longer than running
-- them. Left alone where the owner of the database has chosen, or is another.
SELECT format('ALTER DATABASE %I SET jit = off', datname)
FROM pg_database d
WHERE datname = current_database() AND pg_has_role(datdba, 'USAGE')
	AND NOT EXISTS (SELECT FROM pg_db_role_setting
		WHERE setdatabase = d.oid AND setrole = 0
			AND array_to_string(setconfig, ' ') LIKE '%jit=%')
\gexec
