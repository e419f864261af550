#!/bin/bash
# Goal: the bench of the dashboard's queries runs each of them, on rows of which
# all find what they look for. No time is tested.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/postgres.sh
. "$ROOT/tests/peers/postgres.sh"
[[ -z $(postgres_missing) ]] || skip_all 'PostgreSQL is not installed' required

export TICKPIPE_BIN=$BIN TICKPIPE_BUILD=$BUILD TMPDIR=$T
export BENCH=sql CANDLES=30000 SYMBOLS=10 TICKS=20000 RUNS=1

status_is 0 'runs to its end' "$ROOT/tests/bench/run"
diag_file "$T/err"
ms='[0-9]+\.[0-9]+'
row=" +[0-9]+ +$ms  $ms\.\.$ms +bar 100: (met|missed)\$"
is "$(grep -cE "$row" "$T/out")" 74 'each query has a row with its times'
is "$(grep -cE "^[^ ].* 0 +$ms " "$T/out")" 0 'none finds nothing'
for size in '30000 minutes of one symbol' '30000 minutes of 10 symbols' \
    '20000 ticks of 20 symbols' 'the same, partitioned by day' \
    'these, and 30000 minutes of one symbol'; do
	like "$(<"$T/out")" "$size" "there is a part: $size"
done
like "$(grep 'list of symbols' "$T/out" | tail -n 1)" ' 10 ' \
    'all symbols are in their list'
like "$(grep -m 1 'of 5m, the view' "$T/out")" ' 500 ' \
    'as many candles as were asked for'

done_testing
