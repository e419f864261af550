#!/usr/bin/env bash
# What a text means does not depend on its spelling, nor on the settings of
# the server, the role or the environment: an offset always counts.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/peers/postgres.sh
. "$ROOT/tests/peers/postgres.sh"
need jq

peer_postgres_start "$T/pg"
TICKPIPE_DATABASE=$DATABASE
export TICKPIPE_DATABASE

# sql QUERY: as this test wants it shown, whatever the role's settings are.
sql()
{
	psql -XAtq -v ON_ERROR_STOP=1 -d "$DATABASE_ADMIN" \
	    -c "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD';
		SET IntervalStyle = 'postgres'; SET lc_monetary = 'C'" -c "$1"
}

# Every setting of a role or of the environment that changes what a text
# means.
psql -XAtq -v ON_ERROR_STOP=1 -d "$DATABASE_ADMIN" >"$T/tables.out" 2>&1 \
    <<-'END' || bail "no tables: $(<"$T/tables.out")"
	ALTER ROLE tickpipe SET timezone = 'America/New_York';
	ALTER ROLE tickpipe SET datestyle = 'German, DMY';
	ALTER ROLE tickpipe SET intervalstyle = 'sql_standard';
	ALTER ROLE tickpipe SET timezone_abbreviations = 'Australia';
	ALTER ROLE tickpipe SET array_nulls = off;
	ALTER ROLE tickpipe SET xmloption = document;
	ALTER ROLE tickpipe SET bytea_output = escape;
	ALTER ROLE tickpipe SET extra_float_digits = -5;
	ALTER ROLE tickpipe SET standard_conforming_strings = off;
	ALTER ROLE tickpipe SET quote_all_identifiers = on;
	GRANT ALL ON SCHEMA public TO tickpipe;
	SET ROLE tickpipe;
	CREATE DOMAIN local AS timestamp CHECK (VALUE > '2000-01-01');
	CREATE DOMAIN inner_local AS local;
	CREATE DOMAIN locals AS timestamp(0)[];
	CREATE TYPE visit AS (who text, at timestamp);
	CREATE TYPE spell AS RANGE (subtype = time);
	CREATE TABLE t (id text PRIMARY KEY, zoned timestamptz,
		plain timestamp, whole timestamp(0), dom inner_local, d date,
		tod time, todz timetz, plains timestamp[], locals locals,
		doms inner_local[], days date[], tods time[], span tsrange,
		dayspan daterange, spans tsrange[], zspan tstzrange,
		visit visit, visits visit[], spell spell, i interval,
		m money, ms money[], texts text[], b bytea, f float8,
		x xml, note text);
	CREATE TABLE k (at timestamp PRIMARY KEY, n int);
END
PGTZ=Asia/Kolkata PGDATESTYLE='SQL, MDY'
PGOPTIONS='-c timezone=Asia/Tokyo -c datestyle=Postgres,DMY'
export PGTZ PGDATESTYLE PGOPTIONS

# Each case is a column, the text of its member, and what is stored, by tabs;
# or `refused` and the SQLSTATE, or a part of the reason.
grep -v '^#' >"$T/cases" <<'END'
# Spellings of a moment, in a column without a zone.
plain	2024-07-18T23:57:02+02:00	2024-07-18 21:57:02
plain	2024-07-18T23:57:02.956Z	2024-07-18 23:57:02.956
plain	2024-07-18T23:57:02.956z	2024-07-18 23:57:02.956
plain	2024-07-18 23:57:02+02	2024-07-18 21:57:02
plain	2024-07-18 23:57:02+02:00	2024-07-18 21:57:02
plain	2024-07-18 23:57:02 +0200	2024-07-18 21:57:02
plain	2024-07-18 23:57:02.956-05:30	2024-07-19 05:27:02.956
plain	2024-07-18T23:57+02	2024-07-18 21:57:00
plain	20240718T235702+0200	2024-07-18 21:57:02
plain	2024-07-18T23:57:02+02:00:30	2024-07-18 21:56:32
plain	2024-07-18 23:57:02 Europe/Berlin	2024-07-18 21:57:02
plain	2024-01-18 23:57:02 Europe/Berlin	2024-01-18 22:57:02
plain	2024-07-18 23:57:02 EST	2024-07-19 04:57:02
plain	2024-07-18 23:57:02 CEST	2024-07-18 21:57:02
plain	2024-07-18 23:57:02 UTC	2024-07-18 23:57:02
plain	2024-07-18 23:57:02 Z	2024-07-18 23:57:02
plain	Thu Jul 18 23:57:02 2024 PDT	2024-07-19 06:57:02
plain	Thu, 18 Jul 2024 23:57:02 +0200	2024-07-18 21:57:02
plain	18 July 2024 11:57:02 PM -0300	2024-07-19 02:57:02
# Without an offset it stays what it is.
plain	2024-07-18 23:57:02	2024-07-18 23:57:02
plain	2024-07-18T23:57:02.123456	2024-07-18 23:57:02.123456
plain	2024-07-18T23:57:02.1234567	2024-07-18 23:57:02.123457
plain	2024-07-18T23:57:02.1234567Z	2024-07-18 23:57:02.123457
plain	2024-07-18	2024-07-18 00:00:00
plain	2024/07/18 23:57	2024-07-18 23:57:00
plain	20240718 235702	2024-07-18 23:57:02
plain	18 Jul 2024	2024-07-18 00:00:00
plain	2024-07-18T23:59:60Z	2024-07-19 00:00:00
plain	2024-07-18 24:00:00	2024-07-19 00:00:00
plain	infinity	infinity
plain	-infinity	-infinity
plain	epoch	1970-01-01 00:00:00
plain	0044-03-15 12:00:00 BC	0044-03-15 12:00:00 BC
plain	294276-12-31 23:59:59	294276-12-31 23:59:59
# Day and month are never guessed: the year comes first.
plain	07/08/2024	refused	22008
plain	08.07.2024	refused	22008
d	07/08/2024	refused	22008
# By a clock, which is another one at every replay.
plain	now	refused	holds "now"
plain	Today	refused	holds "today"
plain	tomorrow 12:00	refused	holds "tomorrow"
plain	12:00 yesterday	refused	holds "yesterday"
zoned	now	refused	holds "now"
d	TODAY	refused	holds "today"
tod	now	refused	holds "now"
todz	now	refused	holds "now"
plains	{now}	refused	holds "now"
zspan	[2024-07-18,today)	refused	holds "today"
plain	nowhere	refused	22007
plain	sometime	refused	22007
# Other columns without a zone: through a length, domains, arrays, ranges.
whole	2024-07-18T23:57:02.956+02:00	2024-07-18 21:57:03
dom	2024-07-18 23:57:02+02	2024-07-18 21:57:02
dom	1999-12-31 23:57:02-02	2000-01-01 01:57:02
dom	2000-01-01 00:30:00+02	refused	23514
d	2024-07-18	2024-07-18
d	20240718	2024-07-18
d	2024-07-18T23:57:02Z	2024-07-18
d	2024-07-18T23:57:02-05:00	2024-07-19
d	2024-07-18 00:57:02+02	2024-07-17
d	2024-07-18 00:57:02 Europe/Berlin	2024-07-17
d	2024-07-18 23:57:02	2024-07-18
d	infinity	infinity
d	0044-03-15 BC	0044-03-15 BC
tod	23:57:02.5	23:57:02.5
tod	11:57 PM	23:57:00
tod	23:57:02+02	21:57:02
tod	23:57:02 EST	04:57:02
tod	00:30-05:30	06:00:00
tod	24:00:00	24:00:00
tod	2024-07-18 23:57:02+02	21:57:02
tod	2024-07-18T23:57:02+02:00	refused	22007
tod	2024-07-18 23:57:02 Europe/Berlin	21:57:02
todz	23:57:02	23:57:02+00
todz	23:57:02+02	23:57:02+02
plains	{"2024-07-18 23:57:02+02",NULL,2024-07-18T00:00:00}	{"2024-07-18 21:57:02",NULL,"2024-07-18 00:00:00"}
locals	{{2024-07-18T23:57:02.956+02:00},{2024-07-18}}	{{"2024-07-18 21:57:03"},{"2024-07-18 00:00:00"}}
doms	{"2024-07-18 23:57:02+02"}	{"2024-07-18 21:57:02"}
days	{2024-07-18,2024-07-18T23:57:02-05:00}	{2024-07-18,2024-07-19}
span	[2024-07-18 23:57:02+02,infinity)	["2024-07-18 21:57:02",infinity)
span	["2024-07-18 23:57:02",)	["2024-07-18 23:57:02",)
span	empty	empty
spans	{"[2024-07-18 23:57:02+02,)"}	{"[\"2024-07-18 21:57:02\",)"}
dayspan	[2024-07-18,2024-07-19]	[2024-07-18,2024-07-20)
dayspan	[2024-07-18T23:57:02-05:00,)	[2024-07-19,)
zspan	[2024-07-18 23:57:02+02,)	["2024-07-18 21:57:02+00",)
# Where it would be lost inside a value, it is refused.
tods	{23:57:02}	{23:57:02}
tods	{12:00 PM,00:00}	{12:00:00,00:00:00}
tods	{23:57:02+02}	refused	time with an offset
tods	{23:57 EST}	refused	time with an offset
spell	[10:00,11:00)	[10:00:00,11:00:00)
spell	[10:00Z,11:00Z)	refused	time with an offset
visit	(me,"2024-07-18 23:57:02")	(me,"2024-07-18 23:57:02")
visit	(me now,2024-07-18T23:57:02.5)	("me now","2024-07-18 23:57:02.5")
visit	(me,"2024-07-18 23:57:02.5 +02")	refused	time with an offset
visits	{"(me,2024-07-18T23:57-02:00)"}	refused	time with an offset
# With a zone it is a moment anyway; without one it is in UTC.
zoned	2024-07-18 23:57:02	2024-07-18 23:57:02+00
zoned	2024-07-18 23:57:02 EST	2024-07-19 04:57:02+00
# What other settings could change.
i	-1 2:03:04	-1 days +02:03:04
i	P1DT2H	1 day 02:00:00
texts	{a,NULL,"NULL"}	{a,NULL,"NULL"}
b	\x00ff	\x00ff
m	12.34	$12.34
m	NaN	refused	no amount
m	-Infinity	refused	no amount
m	$12.34	refused	22P02
ms	{1.5,NULL,-2}	{$1.50,NULL,-$2.00}
ms	{1,nan}	refused	no amount
f	0.1234567890123456	0.1234567890123456
x	a<b/>	a<b/>
note	now 12:00+02 07/08/2024	now 12:00+02 07/08/2024
END

# The cases as lines, with their numbers as keys, and what becomes of them.
jq -Rc 'split("\t") | { id: "\(input_line_number)", (.[0]): .[1] }' \
    "$T/cases" >"$T/in"
status_is 1 'times in every spelling' \
    pg-upsert --rejects "$T/rejects" t <"$T/in"
{
	sql "SELECT id || E'\\t' || coalesce(zoned::text, plain::text,
		whole::text, dom::text, d::text, tod::text, todz::text,
		plains::text, locals::text, doms::text, days::text, tods::text,
		span::text, dayspan::text, spans::text, zspan::text,
		visit::text, visits::text, spell::text, i::text, m::text,
		ms::text, texts::text, b::text, f::text, x::text, note) FROM t"
	jq -r '"\(.record.id)\trefused \(.sqlstate // .reason)"' "$T/rejects"
} >"$T/stored"
n=0
while IFS=$'\t' read -r column text want reason; do
	n=$((n + 1))
	got=$(sed -n "s/^$n"$'\t//p' "$T/stored")
	status=0
	if [[ $want == refused ]]; then
		[[ $got == refused*"$reason"* ]] || status=1
	else
		[[ $got == "$want" ]] || status=1
	fi
	ok "$status" "$column '$text': $want${reason:+, $reason}" ||
	    diag "got: $got"
done <"$T/cases"

# One key, however it is written.
cat >"$T/in" <<'END'
{"at":"2024-07-18T23:57:02+02:00","n":1}
{"at":"2024-07-18 21:57:02","n":2}
{"at":"2024-07-18 23:57:02 Europe/Berlin","n":3}
END
status_is 0 'spellings of one key' pg-upsert k <"$T/in"
is "$(sql 'TABLE k')" '2024-07-18 21:57:02|3' 'are one row'
status_is 0 'with --ignore' pg-upsert --ignore k \
    <<<'{"at":"2024-07-18 16:57:02-05","n":4}'
is "$(sql 'TABLE k')" '2024-07-18 21:57:02|3' 'too'

status_is 0 'an amount as a number' pg-upsert t <<<'{"id":"a","m":1e3}'
is "$(sql "SELECT m FROM t WHERE id = 'a'")" "\$1,000.00" 'is that amount'

done_testing
