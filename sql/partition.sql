-- Turns crypto_prices into a table partitioned by day (UTC) of event_time, so
-- that old days can be dropped in a moment. scripts/retention runs it, once, in
-- one transaction with schema.sql and roles.sql, which make anew what belongs
-- to the table, and with the variable cutoff: older rows are left out.
--
-- The key of a partitioned table must hold what it is partitioned by, so it
-- becomes (symbol, trade_id, event_time). A trade that comes again has the same
-- event_time, so nothing else changes. Rows of no day that is there go to
-- crypto_prices_default; sql/days.sql makes days and moves rows into them.
--
-- Readers go on until the last moment; writers wait for the end.

LOCK TABLE crypto_prices IN SHARE ROW EXCLUSIVE MODE;

CREATE TABLE crypto_prices_by_day (LIKE crypto_prices INCLUDING DEFAULTS)
	PARTITION BY RANGE (event_time);
CREATE TABLE crypto_prices_default PARTITION OF crypto_prices_by_day DEFAULT;
SELECT format('CREATE TABLE crypto_prices_%s PARTITION OF crypto_prices_by_day
	FOR VALUES FROM (%L) TO (%L)', to_char(day, 'YYYYMMDD'),
	day AT TIME ZONE 'UTC', (day + interval '1 day') AT TIME ZONE 'UTC')
FROM (SELECT DISTINCT date_trunc('day', event_time AT TIME ZONE 'UTC') AS day
	FROM crypto_prices
	WHERE event_time >= :'cutoff' AND event_time < now() + interval '1 day')
	AS days
WHERE isfinite(day)
\gexec

INSERT INTO crypto_prices_by_day
SELECT * FROM crypto_prices WHERE event_time >= :'cutoff';
ALTER TABLE crypto_prices_by_day
	ADD PRIMARY KEY (symbol, trade_id, event_time);

-- What others were granted.
SELECT format('GRANT %s ON crypto_prices_by_day TO %s', privilege_type,
	CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
FROM pg_class, aclexplode(relacl)
WHERE oid = 'crypto_prices'::regclass AND grantee <> relowner
\gexec
SELECT format('ALTER TABLE %s OWNER TO %s', part, relowner::regrole)
FROM pg_class, unnest(ARRAY['crypto_prices_by_day', 'crypto_prices_default'])
	AS part
WHERE oid = 'crypto_prices'::regclass
	AND relowner <> current_user::regrole
\gexec

DROP TABLE crypto_prices;
ALTER TABLE crypto_prices_by_day RENAME TO crypto_prices;
ALTER INDEX crypto_prices_by_day_pkey RENAME TO crypto_prices_pkey;
