#!/usr/bin/env bash
# A bad row is refused with its reason, and costs nobody else anything.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/peers/postgres.sh
. "$ROOT/tests/peers/postgres.sh"
need jq

peer_postgres_start "$T/pg"
TICKPIPE_DATABASE=$DATABASE
export TICKPIPE_DATABASE

sql()
{
	psql -XAtq -v ON_ERROR_STOP=1 -d "$DATABASE" -c "$1"
}

# reasons: what the rejects hold, in short.
reasons()
{
	jq -r '[.line, .sqlstate // "-", .reason] | @tsv' "$T/rejects"
}

sql 'CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL CHECK (n < 1000000000),
	price numeric(12,2), at timestamptz, name varchar(10), ok boolean,
	j jsonb, parent int REFERENCES parent, u int UNIQUE)'

# Every kind of bad row in the middle of a large batch.
bad=(
	'{"id":5,"n":99999999999999999999}	22003'
	'{"id":5,"n":null}	23502'
	'{"id":5,"n":1000000001}	23514'
	'{"id":5,"n":5,"price":12345678901.5}	22003'
	'{"id":5,"n":5,"at":"2024-02-30T00:00:00Z"}	22008'
	'{"id":5,"n":5,"at":"soon"}	22007'
	'{"id":5,"n":5,"name":"longer than ten"}	22001'
	'{"id":5,"n":5,"ok":"maybe"}	22P02'
	'{"id":5,"n":"five"}	22P02'
	'{"id":5,"n":1.5}	22P02'
	'{"id":5,"n":5,"j":{"a":"\u0000"}}	22P05'
	'{"id":5,"n":5,"parent":1}	23503'
	'{"id":999999,"n":5,"u":1}	23505'
	'{"id":5,"n":5,"nope":1}	-'
	'{"id":5,"n":5,"name":"a\u0000b"}	-'
	'{"id":5,"n":5,"at":20240718}	-'
	'{"id":5,"n":5,"price":[1]}	-'
	'{"n":5}	-'
	'{"id":null,"n":5}	-'
	'{"id":5,"id":5,"n":5}	-'
	'{"id":5,"n":5	-'
	'[1]	-'
	'5	-'
	'	-'
	$'{"id":5,"n":5,"name":"\xff"}\t-'
	'{"id":5,"n":5,"_kafka":7}	-'
)
sql "INSERT INTO t (id, n, u) VALUES (1, 1, 1)"
seq 10 4009 | sed 's/.*/{"id":&,"n":&}/' >"$T/in"
for line in "${bad[@]}"; do
	printf '%s\n' "${line%$'\t'*}"
done >>"$T/in"
seq 4010 9009 | sed 's/.*/{"id":&,"n":&}/' >>"$T/in"
status_is 1 'bad rows in the middle of a batch' \
    pg-upsert --rejects "$T/rejects" t <"$T/in"
is "$(sql 'SELECT count(*), sum(n) FROM t WHERE id >= 10')" '9000|40585500' \
    'cost their neighbours nothing'
is "$(sql 'SELECT count(*) FROM t')" 9001 'and are not in the table'
n=4001
for line in "${bad[@]}"; do
	printf '%d\t%s\n' "$n" "${line#*$'\t'}"
	n=$((n + 1))
done | sort -n >"$T/want"
reasons | cut -f 1,2 | sort -n >"$T/got"
same_file "$T/got" "$T/want" 'each is in the rejects with its SQLSTATE'
like "$(<"$T/rejects")" '"line":4001,"record":\{"id":5,"n":99999999999999999999\}' \
    'and the line itself'
like "$(tail -n 1 "$T/err")" '26 lines' 'their number is said at the end'

# The order of versions holds across the halves of a batch that is cut up.
{
	printf '{"id":1,"n":%d}\n' 10 11
	seq 20000 21000 | sed 's/.*/{"id":&,"n":&}/'
	printf '{"id":2,"n":null}\n{"id":1,"n":12}\n'
	seq 22000 23000 | sed 's/.*/{"id":&,"n":&}/'
	printf '{"id":3,"n":null}\n{"id":1,"n":13}\n'
} >"$T/in"
status_is 1 'versions of a key around a bad row' \
    pg-upsert --rejects "$T/rejects" t <"$T/in"
is "$(sql 'SELECT n FROM t WHERE id = 1')" 13 'the last one stays'

# A batch of nothing but bad rows.
rm "$T/rejects"
seq 1 3000 | sed 's/.*/{"id":&,"n":"x"}/' >"$T/in"
status_is 1 'only bad rows' pg-upsert --rejects "$T/rejects" t <"$T/in"
is "$(jq -c .line "$T/rejects" | sort -nu | wc -l)" 3000 'are all refused'

# Without a file they go whole to stderr.
status_is 1 'without --rejects' pg-upsert t <<<'{"id":1,"n":"x y"}'
like "$(<"$T/err")" 'line 1: .*integer: "x y".*\{"id":1,"n":"x y"\}' \
    'the line is on stderr'

status_is 0 '--extra ignore' pg-upsert --extra ignore t \
    <<<'{"id":1,"n":77,"nope":{},"also":[1]}'
is "$(sql 'SELECT n FROM t WHERE id = 1')" 77 'takes the columns there are'

# Lines at the bound.
pad=$(printf '%2000s' '')
printf '{"id":1,%s"n":78}\n{"id":1,"n":79}\n' "$pad" >"$T/in"
status_is 1 'a line too long' pg-upsert --max-line 1000 t <"$T/in"
is "$(sql 'SELECT n FROM t WHERE id = 1')" 79 'alone is refused'

# Rejects that cannot be written: what came before is committed, status 3.
for n in 80 x 81; do
	echo "{\"id\":1,\"n\":$n}"
done >"$T/in"
status_is 3 'a full disk for the rejects' \
    pg-upsert --rejects /dev/full t <"$T/in"
printf '{"id":1,"n":90}\n{"id":1,"n":"x"}\n{"id":1,"n":91}\n' >"$T/in"
status_is 3 'also when the server refuses' \
    pg-upsert --rejects /dev/full t <"$T/in"
is "$(sql 'SELECT n FROM t WHERE id = 1')" 90 'what came before is in'

# Rejects that would be read again.
printf '{"id":1,"n":"x"}\n' >"$T/in"
status_is 2 'the input as rejects' timeout 60 bash -c \
    "ulimit -f 20000; pg-upsert --rejects '$T/in' t <'$T/in'"
like "$(<"$T/err")" 'standard input: input file is output file' 'is said'
is "$(wc -l <"$T/in")" 1 'and it does not grow'

# Memory that runs out in a line, of six million numbers, is no bad line.
starved()
{
	bash -c 'ulimit -v 300000 && exec "$@"' bash "$@"
}
if starved pg-upsert --version >"$T/out" 2>&1; then
	{
		printf '{"id":1,"n":100}\n{"id":1,"n":101,"j":['
		yes 1, | head -n 6000000 | tr -d '\n'
		printf '1]}\n'
	} >"$T/in"
	: >"$T/rejects"
	status_is 3 'memory that runs out' starved pg-upsert \
	    --max-line 200M --rejects "$T/rejects" t <"$T/in"
	like "$(<"$T/err")" 'pg-upsert: out of memory' 'is said'
	is "$(<"$T/rejects")" '' 'refuses no line'
	is "$(sql 'SELECT n FROM t WHERE id = 1')" 100 'what came before is in'
else
	skip 'it does not run in little address space (a sanitizer?)' 4
fi

done_testing
