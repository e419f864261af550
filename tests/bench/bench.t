#!/bin/bash
# Goal: the bench prints every row, with a ratio or with what is missing; its
# yardstick and its rivals do the work they are compared for. No time is tested.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
GEN=$BUILD/tests/bench/gentrades
MEASURE=$BUILD/tests/bench/measure
YARDSTICK=$BUILD/tests/bench/yardstick

export TICKPIPE_BIN=$BIN TICKPIPE_BUILD=$BUILD TMPDIR=$T
export TRADES=20000 RUNS=1 DAY_TRADES=20000 BENCH='bars others'
unset FULL
number='[0-9]+\.[0-9]+'
spent="$number +$number\.\.$number +$number +$number"

# rows TEXT COUNT OF [MORE]: COUNT rows that begin with TEXT have a time and a
# ratio.
rows()
{
	local line="^$1 +$spent +$number +$number $3${4-} *$"

	is "$(grep -cE "$line" "$T/figures")" "$2" "$1: a ratio"
}

bound=" +bar $number, goal $number: (missed|bar met|goal met)"

status_is 0 'the bars and the others' "$ROOT/tests/bench/run"
mv "$T/out" "$T/figures"
unlike "$(<"$T/figures")" 'failed|could not run' 'nothing fails'
if [[ -x $YARDSTICK ]]; then
	like "$(<"$T/figures")" "Y: simdjson [0-9.]+ [a-z0-9_]+ +$spent" \
	    'the yardstick: its time'
	rows ' +P: the same in pieces' 1 Y
	for form in Y P; do
		rows ohlc-window 1 "$form" "$bound"
		rows ndjson-validate 1 "$form" "$bound"
		rows 'ndjson-validate -t trade' 1 "$form" "$bound"
	done
else
	like "$(<"$T/figures")" 'Y: simdjson +not installed' \
	    'the yardstick: not installed'
	skip 'no yardstick' 7
fi
if type -P jq >/dev/null; then
	rows 'ohlc-window after jq -c \.' 1 'x usual' "$bound"
	rows 'ohlc-window after jq -cS \.' 1 'x usual' "$bound"
	rows 'jq -c \.' 1 'x ohlc-window'
else
	skip 'no jq' 3
fi
rows 'ohlc-window, 10000 symbols' 1 'x 3 symbols' "$bound"
rows 'ohlc-window, 10000 symbols' 1 'x 3 symbols'
is "$(grep -cE "$number MiB +${bound# +}$" "$T/figures")" 5 \
    'peak memory of all five'
like "$(<"$T/figures")" "a day of 10000 symbols +$number MiB" \
    'and of many symbols'
rows 'wc -l' 1 'x ohlc-window'
rows 'cat FILE \| cat' 1 'x ohlc-window'
for rival in mlr 'candles by duckdb' 'candles by polars'; do
	line=$(grep "^$rival" "$T/figures")
	like "$line" "$spent +$number +$number x |not installed: " \
	    "$rival: a ratio, or not installed"
done
is "$(find "$T" -mindepth 1 -name 'tickpipe-test.*')" '' 'its files are gone'

status_is 0 'the feed' env BENCH=feed TRADES=3000 FEED_SYMBOLS=2000 \
    FEED_SECONDS=1 "$ROOT/tests/bench/run"
is "$(<"$T/err")" '' 'nothing fails, no connection breaks'
took="[0-9]+ +[0-9]+ % +$number +[0-9]+ +$number +[0-9]+"
rate=' +bar 300000 a core: (met|missed)'
memory=' +bar [0-9]+ MiB: (met|missed)'
for row in "bws-trades, 5 symbols, TLS +$took$rate$memory" \
    "  plain +$took$memory" "bws-trades, 2000 symbols, TLS +$took$memory" \
    "  5 symbols, the reader 2 s late +$took$memory" \
    "openssl s_client, the same bytes +$took" \
    'share of TLS: -?[0-9]+ % of user\+sys' \
    "1000 a second, .*: p50 $number, p99 $number, p99.9 $number, most $number"
do
	like "$(<"$T/out")" $'\n'"$row" "a row: ${row%% +*}"
done

# A machine with none of what the bench can do without.
mkdir -p "$T/path" "$T/build/tests"
cp -s /usr/bin/* "$T/path" 2>/dev/null
rm -f "$T/path"/{jq,mlr}
mkdir "$T/build/tests/bench"
ln -s "$GEN" "$MEASURE" "$T/build/tests/bench"
status_is 0 'without jq, miller, simdjson, DuckDB, polars' \
    env PATH="$T/path" TICKPIPE_BUILD="$T/build" PYTHON=false \
    "$ROOT/tests/bench/run"
for what in 'Y: simdjson' 'ohlc-window after jq -c \.' \
    'ohlc-window after jq -cS \.' 'candles by duckdb' 'candles by polars' \
    'jq -c \.' mlr; do
	like "$(<"$T/out")" "${what}[^"$'\n'"]* not installed: " \
	    "$what: not installed"
done
is "$(grep -cE "^(ohlc-window|ndjson-validate).*[YP]: not installed" "$T/out")" 6 \
    'no ratio is made up'

# A command that fails is a row that says so, and a status.
printf '#!/bin/sh\nexit 1\n' >"$T/path/ohlc-window"
ln -s "$BIN/ndjson-validate" "$T/path"
chmod +x "$T/path/ohlc-window"
status_is 1 'a command that fails' env BENCH=bars TICKPIPE_BIN="$T/path" \
    "$ROOT/tests/bench/run"
like "$(<"$T/out")" $'\nohlc-window +failed' 'is said'
unlike "$(grep '^ohlc-window  ' "$T/out")" 'not installed' \
    'and is not taken for what is missing'
like "$(<"$T/out")" $'\n'"ndjson-validate +$spent" 'the other rows are there'
status_is 1 'an unknown part' env BENCH=foo "$ROOT/tests/bench/run"

"$GEN" -n 5000 -s 7 -d 600 >"$T/trades"
is "$(wc -l <"$T/trades")" 5000 'gentrades: as many lines as asked for'
is "$(ndjson-validate -t trade "$T/trades" | wc -l)" 5000 'all of them trades'
is "$("$GEN" -n 5000 -s 7 -d 600 | cksum)" "$(cksum <"$T/trades")" \
    'the same arguments, the same bytes'
for wrong in '-n x' '-s 0' '-d -1' '-n 99999999999999999999' -x operand; do
	# shellcheck disable=SC2086 # an option and its argument
	status_is 2 "gentrades $wrong" "$GEN" $wrong
	like "$(<"$T/err")" 'usage: gentrades' 'says how it is used'
done

if [[ -x $YARDSTICK ]]; then
	# shellcheck disable=SC2016 # perl's own
	sum=$(perl -ne 'for my $name (qw(symbol price event_time quantity
	    trade_id)) { $sum += length $1 if /"$name":"?([^",}]+)/ }
	    END { print "$sum $." }' "$T/trades")
	like "$("$YARDSTICK" <"$T/trades")" "^$sum " \
	    'the yardstick reads all of every line'
	like "$("$YARDSTICK" "$T/trades")" "^$sum " 'in both its ways'
	status_is 1 'a torn line' "$YARDSTICK" < <(head -c 500 "$T/trades")
	status_is 1 'a missing member' "$YARDSTICK" < <(
	    sed '9s/"quantity"/"other"/' "$T/trades")
else
	skip 'no yardstick' 4
fi

LINELAG=$BUILD/tests/bench/linelag
past=$(date -u -d '-1 hour' +%FT%T.000000Z)
head -n 5 "$T/trades" | sed "s/\(\"event_time\":\"\)[^\"]*/\1$past/" >"$T/late"
like "$("$LINELAG" -s 2 <"$T/late")" \
    '^3 9999\.999 9999\.999 9999\.999 36[0-9]{5}\.[0-9]{3}$' \
    'linelag: how old the records are'
like "$("$LINELAG" -n 4 <"$T/late")" '^4 ' 'of so many'
is "$("$LINELAG" </dev/null)" '0 - - - -' 'of none'
status_is 3 'no record' "$LINELAG" < <(echo '{}')
for wrong in '-s x' '-n -1' -x operand; do
	# shellcheck disable=SC2086 # an option and its argument
	status_is 2 "linelag $wrong" "$LINELAG" $wrong
done
for wrong in '-n 0' '-r x' '-l 0' '-c file' operand; do
	# shellcheck disable=SC2086
	status_is 2 "feedload $wrong" "$BUILD/tests/bench/feedload" $wrong
done
status_is 3 'feedload without its certificate' \
    "$BUILD/tests/bench/feedload" -c "$T/none" -k "$T/none"

# candles: sorted, to compare. Sums in doubles are near, the rest is the same.
candles()
{
	jq -r '[(.window_start[:16] | sub(" "; "T")), .symbol, .open, .high,
	    .low, .close, .trades, .first_trade_id, .last_trade_id,
	    (.volume, .quote_volume, .taker_buy_volume | . + 0.5 | floor)] |
	    @csv' | sort
}

for rival in duckdb polars; do
	if ! { type -P jq && python3 -c "import $rival"; } >/dev/null 2>&1; then
		skip "no jq, or no $rival"
		continue
	fi
	ohlc-window "$T/trades" | candles >"$T/candles"
	python3 "$ROOT/tests/bench/${rival}_candles.py" "$T/trades" |
	    candles >"$T/$rival"
	same_file "$T/$rival" "$T/candles" "$rival makes the same candles"
done

: >"$T/result"
status_is 0 'measure' "$MEASURE" "$T/result" sh -c 'echo seen'
is "$(<"$T/out")" seen 'runs the command'
like "$(<"$T/result")" '^[0-9]+ [0-9]+ [1-9][0-9]+$' 'appends three numbers'
status_is 7 'a status is handed on' "$MEASURE" "$T/result" sh -c 'exit 7'
# shellcheck disable=SC2016 # $$ is that shell's
status_is 143 'a signal too' "$MEASURE" "$T/result" sh -c 'kill $$'
is "$(wc -l <"$T/result")" 1 'and such runs have no figures'

done_testing
