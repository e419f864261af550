# shellcheck shell=bash
# Whether nothing was lost, doubled or different. Sourced by round.
#
# The reference is one undisturbed run of the same commands over the same log,
# the topic from its beginning: its tables are in the schema `reference`, what
# it found late or refused in $T/reference. The commands of the reference are
# those of this build, also where the ones under test were broken on purpose.

# count_proposed: counts rows that are proposed to the tables, those that are
# there already among them. (A sequence counts also what is rolled back, and may
# skip 32 when the database is killed.)
count_proposed()
{
	judge_sql -c "CREATE SEQUENCE proposed_crypto_prices;
	    CREATE SEQUENCE proposed_window_1m;
	    CREATE FUNCTION proposed() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN PERFORM nextval(''public.proposed_'' || TG_TABLE_NAME);
		RETURN NEW; END';
	    CREATE TRIGGER proposed BEFORE INSERT ON crypto_prices
		FOR EACH ROW EXECUTE FUNCTION proposed();
	    CREATE TRIGGER proposed BEFORE INSERT ON window_1m
		FOR EACH ROW EXECUTE FUNCTION proposed()"
}

# reference_make: runs it; nothing writes to the topic any more.
reference_make()
(
	exec 2>"$T/reference.err"
	mkdir "$T/reference" && cd "$T/reference" && judge_sql -c '
	    CREATE SCHEMA reference;
	    CREATE TABLE reference.crypto_prices
		(LIKE public.crypto_prices INCLUDING ALL);
	    CREATE TABLE reference.window_1m
		(LIKE public.window_1m INCLUDING ALL)' || exit
	to="$DATABASE_DIRECT options='-c search_path=reference'"
	may_refuse kafka-sub -q -o beginning -e --provenance \
	    --rejects messages "$TOPIC" >log &&
	may_refuse ohlc-window -q -l "$LATENESS" --late late \
	    --rejects trades <log >candles &&
	pg-upsert -q -d "$to" --newer trades,closed window_1m <candles &&
	may_refuse pg-upsert -q -d "$to" --ignore --rejects tick-rows \
	    crypto_prices <log
)

# may_refuse COMMAND...: some lines refused is no failure.
may_refuse()
{
	"$@"
	(($? <= 1))
}

judge_sql()
{
	psql -XAtq -v ON_ERROR_STOP=1 -d "$DATABASE_DIRECT" "$@"
}

# summary SCHEMA: what must be the same before it is worth comparing.
summary()
{
	judge_sql -c "SELECT (SELECT count(*) FROM $1.crypto_prices),
	    count(*), sum(trades), count(*) FILTER (WHERE closed)
	    FROM $1.window_1m"
}

# arrives: waits until that is so, at most PATIENCE seconds, and no longer than
# the longest pause between two starts of a pipeline when nothing happens.
arrives()
{
	local now='' last since=$SECONDS moved=$SECONDS

	while ((SECONDS - since < PATIENCE && SECONDS - moved < STILL)); do
		last=$now
		now=$(summary public)
		[[ $now != "$WANTED" ]] || return 0
		[[ $now == "$last" ]] || moved=$SECONDS
		sleep 0.5
	done
	echo "there is $now"
	return 1
}

# dump SCHEMA TABLE ORDER >FILE: its rows, byte for byte.
dump()
{
	judge_sql -c "COPY (SELECT * FROM $1.$2 ORDER BY $3) TO STDOUT"
}

same_table()
{
	dump public "$1" "$2" >"$T/got"
	dump reference "$1" "$2" >"$T/expected"
	same_file "$T/got" "$T/expected" "$1: $(wc -l <"$T/expected") rows, as the reference has them"
}

# places FILE...: partition and offset of every line that has them.
places()
{
	cat -- "$@" 2>/dev/null |
	    grep -aoE '"partition":[0-9]+,"offset":[0-9]+' | sort -u
}

# same_places NAME REFERENCE FILE...: each at least once, and no other.
same_places()
{
	local name=$1 want=$2

	shift 2
	places "$@" >"$T/got"
	places "$want" >"$T/expected"
	same_file "$T/got" "$T/expected" "$name: $(wc -l <"$T/expected"), each of them found, and no other"
}

# A second opinion, of PostgreSQL alone: candles recomputed from the ticks. One
# that differs has fewer trades, and as many were late.
recompute="CREATE TEMPORARY TABLE want AS
    SELECT w AS window_start, symbol,
	(array_agg(price ORDER BY event_time, trade_id))[1] AS open,
	max(price) AS high, min(price) AS low,
	(array_agg(price ORDER BY event_time DESC, trade_id DESC))[1] AS close,
	sum(quantity) AS volume, sum(quantity * price) AS quote_volume,
	coalesce(sum(quantity) FILTER (WHERE NOT buyer_maker), 0)
	    AS taker_buy_volume,
	count(*) AS trades, min(trade_id) AS first_trade_id,
	max(trade_id) AS last_trade_id
    FROM public.crypto_prices,
	LATERAL (SELECT date_trunc('minute', event_time) AS w) AS m
    WHERE event_time <= processed_time + interval '1 minute'
    GROUP BY w, symbol;
CREATE TEMPORARY TABLE late AS
    SELECT date_trunc('minute', (line->>'event_time')::timestamptz)
	AS window_start, line->>'symbol' AS symbol,
	count(DISTINCT line->>'trade_id') AS trades
    FROM late_lines GROUP BY 1, 2;
SELECT count(*), count(*) FILTER (WHERE c.trades = want.trades)
    FROM want LEFT JOIN public.window_1m c USING (window_start, symbol);
SELECT count(*) FROM want FULL JOIN public.window_1m c
	USING (window_start, symbol)
    LEFT JOIN late USING (window_start, symbol)
    WHERE NOT CASE
	WHEN c.trades = want.trades THEN
	    (c.open, c.high, c.low, c.close, c.volume, c.quote_volume,
		c.taker_buy_volume, c.first_trade_id, c.last_trade_id) =
	    (want.open, want.high, want.low, want.close, want.volume,
		want.quote_volume, want.taker_buy_volume,
		want.first_trade_id, want.last_trade_id)
	ELSE want.trades - coalesce(c.trades, 0)
	    BETWEEN 1 AND coalesce(late.trades, 0) END"

judge_recomputed()
{
	local out

	sort -u "$T/reference/late" | DATABASE=$DATABASE_DIRECT \
	    compare_load late_lines
	out=$(judge_sql -c "$recompute")
	is "$(tail -n 1 <<<"$out")" 0 "recomputed in SQL: ${out%%$'\n'*} candles | equal in every column, the rest as late as said"
}

# What the ingest delivered is in the topic, and so in the table: every trade of
# its files, once, in every column.
judge_ingested()
{
	local file

	while read -r file; do
		bws-trades -q --replay "$T/market/$file" 2>>"$T/reference.err"
	done <"$T/delivered" | sort -u >"$T/ingested"
	DATABASE=$DATABASE_DIRECT compare_load ingested <"$T/ingested"
	is "$(DATABASE=$DATABASE_DIRECT compare_differ crypto_prices ingested \
	    'r.*' "trade_id < $STRANGE")" 0 \
	    "$(wc -l <"$T/delivered") files delivered, $(wc -l <"$T/ingested") trades: no one is missing"
}

# judge: after everything has ended.
judge()
{
	local data=$T/data

	same_table crypto_prices 'symbol, trade_id'
	same_table window_1m 'window_start, symbol'
	case $SOURCE in
	live) live_judge ;;
	*) judge_ingested ;;
	esac
	judge_recomputed
	same_places 'late trades' "$T/reference/late" "$data"/candles-*/late*
	same_places 'refused by kafka-sub' "$T/reference/messages" \
	    "$data"/*/messages
	same_places 'refused by ohlc-window' "$T/reference/trades" \
	    "$data"/candles-*/trades
	same_places 'refused by the database' "$T/reference/tick-rows" \
	    "$data"/ticks-*/rows
	status_is 0 'reading on as ticks' \
	    kafka-sub -q -g "$GROUP_TICKS" -e --rejects "$T/more" "$TOPIC"
	is "$(wc -l <"$T/out")" 0 'gives nothing: everything was acknowledged'
	[[ $SOURCE != live ]] || live_judge_repaired
	check 'nothing is left running' wait_for 10 nothing_left
	# Of a slot that was killed as a whole the next one to take it clears up.
	is "$(find "$TICKPIPE_RUN" -type p | grep -vwFf "$T/orphaned")" '' \
	    'no FIFO is left'
	is "$(cat "$T/badly")" '' 'everything ended in order or was killed by us'
	is "$(crashed)" '' 'and nothing by a fault of its own'
}

# crashed: what our programs died of beside what we do to them.
crashed()
{
	grep -hE 'was killed by SIG|Sanitizer|runtime error|cannot be run' \
	    "$T"/*.err | grep -vE 'was killed by SIG(KILL|PIPE|TERM)'
}

nothing_left()
{
	[[ -z $(commands) && -z $(bashes '(candles|ticks|ingest)') ]]
}
