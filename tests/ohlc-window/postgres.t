#!/bin/bash
# Goal: the candles of a generated day, and of a market with wild numbers, are
# in every column those that PostgreSQL computes from the same trades at once.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/postgres.sh
. "$ROOT/tests/peers/postgres.sh"

need perl
peer_postgres_start "$T/pg"

sql()
{
	PGTZ=Asia/Kolkata PGOPTIONS='-c client_min_messages=warning' \
	    psql -XAtq -v ON_ERROR_STOP=1 -d "$DATABASE" "$@"
}

# load TABLE: standard input as a table of lines.
load()
{
	sql -c "DROP TABLE IF EXISTS $1; CREATE TABLE $1 (line text)" \
	    -c "COPY $1 FROM STDIN (FORMAT csv, DELIMITER E'\x01',
		QUOTE E'\x02', NULL E'\x03')" 2>&1
}

# The trades, each once; and by width and lateness, their candles. (OFFSET 0:
# each line is parsed once, and not once for every member.)
cat >"$T/oracle.sql" <<'END'
DROP TABLE IF EXISTS trades, want, got;
CREATE TABLE trades AS
    SELECT DISTINCT j->>'symbol' AS symbol, (j->>'price')::numeric AS price,
	(j->>'event_time')::timestamptz AS at,
	(j->>'quantity')::numeric AS quantity,
	(j->>'trade_id')::numeric::bigint AS id,
	(j->>'buyer_maker')::boolean AS maker
    FROM (SELECT line::jsonb AS j FROM lines OFFSET 0) AS s;
ALTER TABLE trades ADD UNIQUE (symbol, id);

CREATE TABLE want AS
    SELECT window_start, window_start + :width AS window_end, symbol,
	(array_agg(price ORDER BY at, id))[1] AS open, max(price) AS high,
	min(price) AS low,
	(array_agg(price ORDER BY at DESC, id DESC))[1] AS close,
	sum(quantity) AS volume, sum(quantity * price) AS quote_volume,
	coalesce(sum(quantity) FILTER (WHERE NOT maker), 0)
	    AS taker_buy_volume,
	count(*) AS trades, min(id) AS first_trade_id,
	max(id) AS last_trade_id, window_start + :width <=
	    newest - interval '10 seconds' AS closed
    FROM trades JOIN (SELECT symbol, max(at) AS newest FROM trades
	    GROUP BY symbol) AS s USING (symbol),
	LATERAL (SELECT date_bin(:width, at,
	    timestamptz '1970-01-01 00:00Z') AS window_start) AS w
    GROUP BY window_start, symbol, newest;

CREATE TABLE got AS SELECT line::json AS j,
	(line::json->>'window_start')::timestamptz AS window_start,
	line::json->>'symbol' AS symbol FROM candles;
END

# differences: what is not the same, as a line each; silent when all is.
# A number is the same when it is as a value; a text, without superfluous
# digits, is another matter.
cat >"$T/compare.sql" <<'END'
SELECT 'missing: ' || w.symbol || ' ' || w.window_start FROM want AS w
    LEFT JOIN got AS g USING (window_start, symbol) WHERE g.j IS NULL
UNION ALL
SELECT 'extra: ' || j FROM got LEFT JOIN want AS w
    USING (window_start, symbol) WHERE w.trades IS NULL
UNION ALL
SELECT 'twice: ' || symbol || ' ' || window_start FROM got
    GROUP BY symbol, window_start HAVING count(*) > 1
UNION ALL
SELECT 'members: ' || j FROM got WHERE
    (SELECT string_agg(k, ',') FROM json_object_keys(j) AS k) <>
    'window_start,window_end,symbol,open,high,low,close,volume,' ||
    'quote_volume,taker_buy_volume,trades,first_trade_id,last_trade_id,closed'
UNION ALL
SELECT n.name || ' is ' || n.text || ', not ' || n.value || ': ' || j
    FROM got JOIN want AS w USING (window_start, symbol),
	LATERAL (VALUES ('open', w.open), ('high', w.high), ('low', w.low),
	('close', w.close), ('volume', w.volume),
	('quote_volume', w.quote_volume),
	('taker_buy_volume', w.taker_buy_volume), ('trades', w.trades),
	('first_trade_id', w.first_trade_id),
	('last_trade_id', w.last_trade_id)) AS v (name, value),
	LATERAL (SELECT v.name, v.value, j->>v.name AS text) AS n
    WHERE (n.text::numeric = n.value) IS NOT TRUE
	OR (n.text = trim_scale(n.text::numeric)::text) IS NOT TRUE
UNION ALL
SELECT 'ends: ' || j FROM got JOIN want AS w USING (window_start, symbol)
    WHERE ((j->>'window_end')::timestamptz = w.window_end AND
	(j->>'closed')::boolean = w.closed AND
	j->>'window_start' = to_char(w.window_start AT TIME ZONE 'UTC',
	    'YYYY-MM-DD"T"HH24:MI:SS"Z"')) IS NOT TRUE;
END

# agrees NAME WIDTH FILE: ohlc-window and PostgreSQL, which has FILE's lines.
agrees()
{
	status_is 0 "$1, $2" ohlc-window -w "$2" "$3"
	load candles <"$T/out"
	check '  is computed by PostgreSQL' \
	    sql -v width="interval '$2'" -f "$T/oracle.sql"
	sql -f "$T/compare.sql" >"$T/differences" 2>&1
	is "$(head -n 5 "$T/differences")" '' \
	    "  and is the same in $(sql -c 'SELECT count(*) FROM want') candles"
}

# shuffle SEED: lines up to 9.9 s behind the newest, one in ten twice.
shuffle()
{
	perl -e 'srand shift; my @at;
	    while (my $l = <STDIN>) {
		my ($y, $o, $d, $h, $m, $s) = $l =~
		    /"event_time":"(\d+)-(..)-(..)T(..):(..):([0-9.]+)Z/
		    or die $l;
		my $t = (($y * 372 + $o * 31 + $d) * 24 + $h) * 3600 +
		    $m * 60 + $s;
		push @at, [$t + rand 9.9, $l];
		push @at, [$t + rand 9.9, $l] if rand() < .1;
	    }
	    print map { $_->[1] } sort { $a->[0] <=> $b->[0] } @at' "$1"
}

"$BUILD/tests/bench/gentrades" -n 300000 -s 7 -r 4 -d 86400 >"$T/day"
load lines <"$T/day"
agrees 'a generated day' 1m "$T/day"
check 'with candles of every minute' \
    [ "$(sql -c 'SELECT count(*) FROM got')" -gt 10000 ]
is "$(sql -c "SELECT count(*) FROM got WHERE j->>'closed' = 'false'")" 7 \
    'of which the last of each symbol are open'
cp "$T/out" "$T/plain"
shuffle 1 <"$T/day" >"$T/shuffled"
load lines <"$T/shuffled"
agrees 'shuffled within the lateness, and doubled' 1m "$T/shuffled"
sort "$T/plain" >"$T/want"
sort "$T/out" >"$T/got"
same_file "$T/got" "$T/want" 'and gives the same lines as before'
agrees 'the same' 15m "$T/shuffled"

# A market of everything that a record may hold. Half of the numbers are of the
# greatest or the least size.
perl -e 'srand 7; my $id = 9223372036854775807 - 6000;
    sub digits {
	join("", map { int rand 10 } 1 .. $_[0]) =~ s/^0+(?=.)//r;
    }
    sub number {
	my $n = int rand 4;
	my $t = $n == 0 ? digits(18) . "." . digits(17) . (1 + int rand 9) :
	    $n == 1 ? "0." . "0" x rand(18) . (1 + int rand 9) :
	    $n == 2 ? (1 + int rand 9) . "0" x rand 18 :
	    digits(1 + rand 9) . "." . digits(1 + rand 8);
	$t =~ s/^0*$/1/r;
    }
    sub price { my $t = number; $t =~ /[1-9]/ ? $t : "1e-18" }
    sub written {
	my $t = shift;
	my $n = rand;
	return "\"$t\"" if $n < .1;
	return "$t" . (qw(e0 E+0 e-00))[rand 3] if $n < .2;
	return $t =~ /\./ ? "${t}00" : "$t.0" if $n < .3;
	return "$1$2e-" . length $2 if $n < .5 && $t =~ /^([1-9]\d*)\.(\d+)$/;
	$t;
    }
    my $us = 0;
    for (1 .. 5000) {
	# Often two at one time, of which the ids decide.
	$us += rand() < .01 ? int 4e8 * rand : int 7e5 * rand if rand() < .6;
	my $at = int($us / 1e6) + 86400 * 2 - 1200;
	my $time = sprintf "%s-%02dT%02d:%02d:%02d.%06dZ",
	    $at < 86400 * 2 ? "1969-12" : "1970-01",
	    $at < 86400 * 2 ? 30 + int $at / 86400 : int($at / 86400) - 1,
	    $at / 3600 % 24, $at / 60 % 60, $at % 60, $us % 1000000;
	my $q = rand() < .05 ? 0 : number;
	my @m = ("\"symbol\": " . ("\"A\"", "\"\\u0042\"",
	    "\"\xe5\xb8\x81\xe5\xae\x89\"")[rand 3],
	    "\"price\":" . written(price), "\"event_time\":\"$time\"",
	    "\"processed_time\":\"1971-01-01T00:00:00Z\"",
	    "\"quantity\" :" . written($q), "\"trade_id\":" . ($id + $_),
	    "\"buyer_maker\":" . ("true", "false")[rand 2]);
	@m = map { splice @m, rand @m, 1 } 1 .. @m if rand() < .3;
	print "{", join(rand() < .1 ? " , " : ",", @m), "}\n";
    }' >"$T/wild"
check 'a market with wild numbers is one' ndjson-validate -t trade "$T/wild"
load lines <"$T/wild"
for width in 1m 1s 1h; do
	agrees 'wild numbers' "$width" "$T/wild"
done
shuffle 2 <"$T/wild" >"$T/shuffled"
for width in 1m 1s; do
	agrees 'wild numbers, shuffled and doubled' "$width" "$T/shuffled"
done
ohlc-window "$T/wild" >"$T/out"
check 'among them sums of more than 60 digits' \
    grep -qE '"quote_volume":[0-9.]{60}' "$T/out"
check 'and before 1970' grep -q '"window_start":"1969-12-31' "$T/out"

done_testing
