#!/bin/bash
# Goal: scripts/plot shows candles as they are, in a picture and as text.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
need jq gnuplot

# shellcheck disable=SC2317 # called by the helpers
plot()
{
	"$ROOT/scripts/plot" "$@"
}

# candle MINUTE OPEN HIGH LOW CLOSE [MEMBER...]: of a day's minute, as a line;
# SYMBOL in the environment.
candle()
{
	printf '{"window_start":"2025-02-01T00:%02d:00Z",' "$1"
	printf '"window_end":"2025-02-01T00:%02d:00Z","symbol":"%s",' \
	    "$(($1 + 1))" "${SYMBOL:-BTCUSDT}"
	printf '"open":%s,"high":%s,"low":%s,"close":%s%s}\n' \
	    "$2" "$3" "$4" "$5" "${6:+,$6}"
}

# png_size FILE: WIDTHxHEIGHT by its header, or nothing if it is no PNG.
png_size()
{
	[[ $(head -c 8 "$1" | od -An -tx1) == \
	    ' 89 50 4e 47 0d 0a 1a 0a' ]] &&
	    od -An -tu1 -j 16 -N 8 "$1" |
	    awk '{ print $3 * 256 + $4 "x" $7 * 256 + $8 }'
}

# colours FILE: how many pixels are green and how many red, by gnuplot's own
# reader of PNG.
colours()
{
	gnuplot -e "set table '$T/pixels'; set terminal unknown;
	    plot '$1' binary filetype=png using 1:2:3 with rgbimage" \
	    2>/dev/null </dev/null
	awk '$3 == 38 { green++ } $3 == 214 { red++ }
	    END { print green + 0, red + 0 }' "$T/pixels"
}

# rising FILE: how much of it is green, in percent of what is green or red.
rising()
{
	colours "$1" | awk '{ printf "%.0f\n", 100 * $1 / ($1 + $2) }'
}

{
	candle 0 100 104 100 104 '"volume":8,"trades":3'
	candle 1 104 106 102 102 '"volume":4,"trades":3'
	candle 3 102 102 101 101 '"volume":1,"trades":3'
} >"$T/candles"

status_is 0 'candles as text' plot -s 40x11 <"$T/candles"
cat >"$T/want" <<'END'
BTCUSDT 1m  2025-02-01 00:00 to 00:04 UTC
       105.8  │
              │
             ╻█
             ┃█
       102.6 ┃█
             ┃▀ █
             ┃  ▀
             ┃
      volume █▄ ▁
             00:00
END
same_file "$T/out" "$T/want" \
    'every column is its candle, and a minute without is blank'
is "$(<"$T/err")" '' 'without a word'

status_is 0 'as a picture' plot -o "$T/a.png" <"$T/candles"
is "$(png_size "$T/a.png")" 1200x700 'a PNG of the usual size'
status_is 0 'of another size, to standard output' \
    plot --output=- --size 640x400 <"$T/candles"
is "$(png_size "$T/out")" 640x400 'is that size'
read -r green red < <(colours "$T/a.png")
((green > 1000 && red > 1000))
ok $? "with green and red bodies ($green, $red pixels)"
candle 0 100 104 100 104 >"$T/one"
status_is 0 'one candle, and no volume' plot -o "$T/b.png" <"$T/one"
read -r green red < <(colours "$T/b.png")
((green > 1000 && red < 100))
ok $? "which rises ($green, $red)"
candle 0 104 104 100 100 >"$T/one"
status_is 0 'or falls' plot -o "$T/b.png" <"$T/one"
read -r green red < <(colours "$T/b.png")
((green < 100 && red > 1000))
ok $? "in red ($green, $red)"
candle 0 7 7 7 7 '"volume":0' >"$T/one"
status_is 0 'a price that never changed, no volume' plot -o "$T/b.png" <"$T/one"
status_is 0 'as text' plot <"$T/one"

# Updates of an open candle: the last state counts, whatever order they are in.
{
	candle 5 10 10 10 10 '"trades":1'
	candle 5 10 90 10 80 '"trades":9'
	candle 5 10 20 10 20 '"trades":2'
} >"$T/updates"
status_is 0 'updates of one candle' plot <"$T/updates"
like "$(<"$T/out")" '[[:space:]]89 ' 'are one candle, with the most trades'

# Several symbols.
{
	cat "$T/candles"
	SYMBOL=ETHUSDT
	candle 0 1 2 1 2
} >"$T/two"
status_is 0 'two symbols' plot <"$T/two"
like "$(<"$T/out")" '^BTCUSDT 1m' 'the one with most candles is drawn'
like "$(<"$T/err")" '^plot: drawing BTCUSDT of 2 symbols' 'and that is said'
status_is 0 'the other one' plot --symbol ETHUSDT <"$T/two"
like "$(<"$T/out")" '^ETHUSDT 1m' 'when asked for'
is "$(<"$T/err")" '' 'without a word'
status_is 1 'one that is not there' plot --symbol BNBUSDT <"$T/two"
is "$(<"$T/err")" 'plot: no candles of BNBUSDT' 'is said'
# shellcheck disable=SC2016 # a name, not an expansion
SYMBOL='`touch x`$(touch x)\\\"{/=40 x}' candle 0 1 2 1 2 >"$T/hostile"
status_is 0 'a hostile symbol' env -C "$T" "$ROOT/scripts/plot" -o c.png \
    <"$T/hostile"
check 'is not run' test ! -e "$T/x"
# shellcheck disable=SC2016
status_is 0 'and is found by its name' \
    plot --symbol '`touch x`$(touch x)\"{/=40 x}' <"$T/hostile"

# Widths, times with another offset, the last of many.
for minute in {0..59}; do
	candle "$minute" 1 2 1 2
done | sed 's/00:60:00/01:00:00/' >"$T/many"
status_is 0 'more than fit' plot -s 44x12 <"$T/many"
like "$(<"$T/out")" '00:30 to 01:00 UTC, the last 30 of 60' \
    'the last ones are drawn, and that is said'
status_is 0 'the last ten' plot -n 10 <"$T/many"
like "$(<"$T/out")" '00:50 to 01:00 UTC, the last 10 of 60' 'are ten'
sed 's/Z"/+00:00"/g; s/01:00:00/02:00:00/g' "$T/candles" |
    sed 's/T00:\(..\):00+00:00/T02:\1:00+02:00/g' >"$T/offset"
status_is 0 'times with an offset' plot -s 40x11 <"$T/offset"
like "$(<"$T/out")" '2025-02-01 00:00 to 00:04 UTC' 'are shown in UTC'

# Bad lines.
{
	sed -n 1p "$T/candles"
	echo 'not JSON'
	echo '[]'
	echo '{"_kafka":{"topic":"t","partition":0,"offset":1,"start":1}}'
	candle 1 x 1 1 1
	candle 2 1 1 2 1
	candle 4 null 2 1 1
	sed -n 2p "$T/candles"
	sed -n 2p "$T/candles" | sed 's/00:02:00/00:06:00/'
	sed -n 3p "$T/candles" | head -c 50
} >"$T/bad"
status_is 1 'wrong lines' plot -s 40x11 <"$T/bad"
is "$(<"$T/err")" 'plot: line 2: not JSON
plot: line 3: not an object
plot: line 5: not JSON
plot: line 6: open and close are not within low and high
plot: line 7: open is no number
plot: 7 lines were refused in all' 'are reported'
like "$(<"$T/out")" '00:00 to 00:02 UTC' 'and the others drawn'
status_is 1 'no line at all' plot </dev/null
is "$(<"$T/err")" 'plot: no candles came' 'is said'
is "$(<"$T/out")" '' 'and nothing is drawn'
status_is 1 'nor makes it a picture' plot -o "$T/none.png" </dev/null
check 'none is left' test ! -e "$T/none.png"

# Wrong use, and what the world does.
status_is 2 'an operand is wrong use' plot "$T/candles"
status_is 2 'an unknown option' plot --colour
like "$(<"$T/err")" "Try 'scripts/plot --help'" 'is answered with advice'
for size in 640 0x0 x 10x10 99999x400 640x400x1; do
	status_is 2 "a size of $size" plot -o - -s "$size" <"$T/candles"
done
status_is 2 'no number of candles' plot -n 0 <"$T/candles"
status_is 0 'help' plot --help
like "$(<"$T/out")" '^usage: scripts/plot' 'is on stdout'
status_is 3 'a picture that cannot be written' \
    plot -o "$T/none/a.png" <"$T/candles"
like "$(<"$T/err")" "^plot: cannot write to $T/none/a.png" 'is said'
status_is 3 'nor can it on a full disk' plot -o /dev/full <"$T/candles"
# The input comes when the reader has left.
mkfifo "$T/late"
# shellcheck disable=SC2094 # a FIFO
plot -o - -s 1000x1000 <"$T/late" 2>"$T/err" |
    { exec <&-; cat "$T/candles" >"$T/late"; }
is "${PIPESTATUS[0]} $(<"$T/err")" '141 ' 'a reader that has left ends it quietly'

# INT comes to the whole pipeline: what had come is drawn at the input's end.
export TMPDIR=$T/tmp
mkdir "$TMPDIR"
mkfifo "$T/in"

# begin: a plot that reads from $in, whose file shows that it has begun to.
begin()
{
	interruptible "$ROOT/scripts/plot" <"$T/in" >"$T/out" 2>"$T/err" &
	pid=$!
	exec {in}>"$T/in"
	cat "$T/candles" >&"$in"
	wait_for 120 compgen -G "$TMPDIR/tickpipe-plot.*/lines"
}

# no_signal: the signals sent to it have been taken.
# shellcheck disable=SC2317 # called by wait_for
no_signal()
{
	! grep -q '^S[hi].Pnd:.*[1-9a-f]' "/proc/$pid/status"
}

# gone_by_INT: one more INT, and has it ended?
# shellcheck disable=SC2317 # called by wait_for
gone_by_INT()
{
	kill -INT "$pid"
	pid_gone "$pid"
}

begin
kill -INT "$pid"
wait_for 120 no_signal
exec {in}>&-
wait "$pid"
is "$?" 0 'an INT waits for the end of the input'
like "$(<"$T/out")" '^BTCUSDT 1m.*00:00 to 00:04' \
    'and then the chart comes, with what had come'

# all_read: the input was read to its end.
# shellcheck disable=SC2317 # called by wait_for
all_read()
{
	test -s "$TMPDIR"/tickpipe-plot.*/lines
}

# Both at once, as far as plot can tell.
for ((i = 0; i < 10; i++)); do
	begin
	kill -STOP "$pid"
	kill -INT "$pid"
	exec {in}>&-
	wait_for 120 all_read
	kill -CONT "$pid"
	wait "$pid"
	echo "$? $(head -n 1 "$T/out") $(<"$T/err")"
done | sort | uniq -c >"$T/statuses"
like "$(<"$T/statuses")" '^ *10 0 BTCUSDT 1m [^$]*UTC *$' \
    'also an INT that comes with the end'
begin
kill -INT "$pid"
check 'a second one ends it' wait_for 120 gone_by_INT
wait "$pid"
is "$?" 130 'as INT does'
exec {in}>&-
is "$(ls "$TMPDIR")" '' 'and nothing is left behind'

# The commands before it in a pipeline.
"$BUILD/tests/bench/gentrades" -s 3 -n 3000 -d 3600 | ohlc-window -w 5m |
    plot -n 10 --symbol SOLUSDT >"$T/out" 2>"$T/err"
is "${PIPESTATUS[*]} $(<"$T/err")" '0 0 1 plot: no candles of SOLUSDT' \
    'a symbol that ohlc-window did not make'
"$BUILD/tests/bench/gentrades" -s 3 -n 3000 -d 3600 | ohlc-window -w 5m |
    plot --symbol ETHUSDT >"$T/out" 2>"$T/err"
is "${PIPESTATUS[*]} $(<"$T/err")" '0 0 0 ' 'one that it made'
like "$(<"$T/out")" '^ETHUSDT 5m  2024-07-18 00:00 to 01:00 UTC' 'is drawn'

# The picture in README.md is what the command beside it makes, but for the
# fonts of the machine.
command=$(sed -n '/^build.*gentrades/,/^```/p' "$ROOT/README.md" | sed '/^```/d')
like "$command" 'scripts/plot .*-o plot.png' 'README.md says how its picture was made'
ln -s "$BUILD" "$T/build"
ln -s "$ROOT/scripts" "$T/scripts"
status_is 0 'by a command that works' env -C "$T" bash -o pipefail -c "$command"
is "$(png_size "$T/plot.png")" "$(png_size "$ROOT/scripts/plot.png")" \
    'and makes a picture of that size'
share=$(rising "$T/plot.png") was=$(rising "$ROOT/scripts/plot.png")
((share > 40 && share < 80 && share - was < 3 && was - share < 3))
ok $? "and of those candles ($share % green, and $was %)"

done_testing
