-- Two roles, neither of which owns or makes anything: tickpipe_reader looks
-- (Grafana), tickpipe_writer is what the pipelines need. Run after views.sql,
-- as often as you like, by the owner of the tables; the roles themselves are
-- made by whoever runs this and may create roles, who may also run it first,
-- where there are no tables yet. scripts/init-db runs it.
--
-- A password is taken from the environment, TICKPIPE_READER_PASSWORD and
-- TICKPIPE_WRITER_PASSWORD, or from the file that TICKPIPE_READER_PASSWORD_FILE
-- and TICKPIPE_WRITER_PASSWORD_FILE name. Without one a role keeps what it has;
-- a new one can then be used only where the server asks for none (peer, a
-- certificate). Where the server logs such statements, it logs the password.

\set reader_password `if [ -n "${TICKPIPE_READER_PASSWORD_FILE-}" ]; then cat -- "$TICKPIPE_READER_PASSWORD_FILE"; else printf %s "${TICKPIPE_READER_PASSWORD-}"; fi`
\set writer_password `if [ -n "${TICKPIPE_WRITER_PASSWORD_FILE-}" ]; then cat -- "$TICKPIPE_WRITER_PASSWORD_FILE"; else printf %s "${TICKPIPE_WRITER_PASSWORD-}"; fi`

-- From PostgreSQL 16 on, who creates a role may alter it, and no other role.
SELECT rolsuper OR rolcreaterole AS may_create,
	rolsuper OR rolcreaterole AND (
		current_setting('server_version_num')::int < 160000
		OR (SELECT coalesce(bool_and(pg_has_role(oid,
				'MEMBER WITH ADMIN OPTION')), true)
			FROM pg_roles
			WHERE rolname IN ('tickpipe_reader', 'tickpipe_writer')))
	AS may_alter
FROM pg_roles WHERE rolname = current_user
\gset

SELECT format('CREATE ROLE %I LOGIN', name)
FROM unnest(ARRAY['tickpipe_reader', 'tickpipe_writer']) AS name
WHERE :'may_create' AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

SELECT count(*) = 2 AS roles_exist,
	count(*) = 2 AND :'may_alter' AS may_alter,
	:'reader_password' <> '' OR :'writer_password' <> '' AS passwords
FROM pg_roles WHERE rolname IN ('tickpipe_reader', 'tickpipe_writer')
\gset

\if :may_alter
	-- What is asked for by mistake ends, and what is wrong cannot write even
	-- where somebody has granted it more.
	ALTER ROLE tickpipe_reader SET statement_timeout = '30s';
	ALTER ROLE tickpipe_reader SET default_transaction_read_only = on;
	ALTER ROLE tickpipe_reader SET idle_in_transaction_session_timeout = '1min';
	ALTER ROLE tickpipe_reader SET jit = off;
	SELECT format('ALTER ROLE tickpipe_%s PASSWORD %L', name, password)
	FROM (VALUES ('reader', :'reader_password'),
		('writer', :'writer_password')) AS given (name, password)
	WHERE password <> ''
	\gexec
\elif :passwords
	\warn 'roles.sql: no password was set: this user may not alter tickpipe_reader and tickpipe_writer'
\endif

\if :roles_exist
	-- Revoked first, so that what was granted by an older version goes. In one
	-- transaction (psql -1) nobody sees that.
	SELECT format('REVOKE ALL ON %s FROM tickpipe_reader, tickpipe_writer',
		oid::regclass)
	FROM pg_class
	WHERE relnamespace = current_schema()::regnamespace
		AND relkind IN ('r', 'p', 'v') AND relacl IS NOT NULL
		AND pg_has_role(relowner, 'USAGE')
		AND EXISTS (SELECT FROM aclexplode(relacl) WHERE grantee IN (
			to_regrole('tickpipe_reader'),
			to_regrole('tickpipe_writer')))
	\gexec
	SELECT format('GRANT %s ON %s TO %s', rights, oid, name)
	FROM (VALUES
		('tickpipe_reader', 'SELECT', ARRAY['crypto_prices',
			'window_1m', 'window_5m', 'window_15m', 'window_45m',
			'window_1h', 'gaps', 'window_1m_whole']),
		('tickpipe_writer', 'SELECT, INSERT, UPDATE',
			ARRAY['crypto_prices', 'window_1m'])
		) AS wanted (name, rights, tables),
		unnest(tables) AS one, to_regclass(one) AS oid
	WHERE oid IS NOT NULL
	\gexec
	SELECT format('GRANT USAGE ON SCHEMA %I TO tickpipe_reader,
		tickpipe_writer', nspname)
	FROM pg_namespace n
	WHERE nspname = current_schema() AND pg_has_role(nspowner, 'USAGE')
		AND NOT (has_schema_privilege('tickpipe_reader', n.oid, 'USAGE')
		AND has_schema_privilege('tickpipe_writer', n.oid, 'USAGE'))
	\gexec
\else
	\warn 'roles.sql: tickpipe_reader and tickpipe_writer do not exist, and this user may not create roles: one who may runs psql -f sql/roles.sql, then init-db again'
\endif
