-- The days of a partitioned crypto_prices: drops those that are old, and makes
-- those that are wanted. scripts/retention runs it, as often as one likes, with
-- the variables cutoff (a time: days before it go) and ahead (how many days
-- after today there are to be). Each step is a transaction of its own and says
-- what it did.

-- A reader who is at it for hours must not hold up those who come after us.
SET lock_timeout = '10s';

-- Old days first: their rows need not be moved.
SELECT format('DROP TABLE %s', day), format('SELECT %L', 'dropped ' || day)
FROM (SELECT inhrelid::regclass AS day, right(relname, 8) AS digits
	FROM pg_inherits JOIN pg_class ON oid = inhrelid
	WHERE inhparent = 'crypto_prices'::regclass
		AND relname ~ '^crypto_prices_[0-9]{8}$') AS days
WHERE (to_date(digits, 'YYYYMMDD') + 1)::timestamp AT TIME ZONE 'UTC'
	<= :'cutoff'::timestamptz
ORDER BY digits
\gexec
DELETE FROM crypto_prices_default WHERE event_time < :'cutoff';

-- A day is made beside the table, takes its rows from the default partition,
-- which nobody else can write to meanwhile, and becomes a part of the table.
SELECT format($step$BEGIN;
	LOCK TABLE crypto_prices_default IN ACCESS EXCLUSIVE MODE;
	CREATE TABLE %1$I (LIKE crypto_prices INCLUDING DEFAULTS
		INCLUDING CONSTRAINTS) WITH (
		autovacuum_vacuum_insert_scale_factor = 0,
		autovacuum_vacuum_insert_threshold = 200000);
	WITH moved AS (DELETE FROM crypto_prices_default
		WHERE event_time >= %2$L AND event_time < %3$L RETURNING *)
	INSERT INTO %1$I SELECT * FROM moved;
	ALTER TABLE %1$I OWNER TO %4$s;
	ALTER TABLE crypto_prices ATTACH PARTITION %1$I
		FOR VALUES FROM (%2$L) TO (%3$L);
	COMMIT$step$, name, day AT TIME ZONE 'UTC',
	(day + interval '1 day') AT TIME ZONE 'UTC', owner),
	format('SELECT %L', 'made ' || name)
FROM (SELECT day, 'crypto_prices_' || to_char(day, 'YYYYMMDD') AS name
	FROM (SELECT generate_series(0, :'ahead'::int) * interval '1 day'
		+ date_trunc('day', now() AT TIME ZONE 'UTC') AS day
	UNION
	SELECT date_trunc('day', event_time AT TIME ZONE 'UTC')
	FROM crypto_prices_default
	WHERE isfinite(event_time) AND event_time < now()) AS wanted) AS days,
	(SELECT relowner::regrole AS owner FROM pg_class
	WHERE oid = 'crypto_prices'::regclass) AS parent
WHERE to_regclass(name) IS NULL
ORDER BY day
\gexec
