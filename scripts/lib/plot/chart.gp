# A picture of candles for scripts/plot:
#
#	gnuplot -c chart.gp ROWS TITLE WIDTH VOLUME PIXELS PIXELS > PNG
#
# ROWS has start, open, low, high, close, volume; WIDTH is a candle's in
# seconds; VOLUME is 1 when it is known. Times are UTC. Text of others comes as
# an argument, which is never evaluated.

rows = ARG1
width = ARG3 + 0
green = '#26a65b'
red = '#d64541'

set terminal pngcairo noenhanced size ARG5 + 0, ARG6 + 0 font 'Sans,10' \
	background '#ffffff'
set datafile separator "\t"
stats rows using 1 nooutput
if (ARG4 eq '1') {
	stats rows using 6 name 'V' nooutput
	step = V_max > 0 ? 10.0 ** floor(log10(V_max)) : 1.0
	step = V_max < 2 * step ? step / 2 : V_max < 5 * step ? step : 2 * step
}
set xdata time
set timefmt '%s'
first = STATS_min - width * 0.5
last = STATS_max + width * 0.5
set xrange [first:last]
span = last - first
times = span <= 86400 ? '%H:%M' : span < 10 * 86400 ? "%H:%M\n%d %b" : \
	'%Y-%m-%d'
set format x times
unset key
set border 3 lc rgb '#808080'
set tics nomirror tc rgb '#404040' scale 0.5
set grid lc rgb '#e4e4e4' lt 1
set lmargin 12
set rmargin 3
set style fill solid noborder
set boxwidth width * 0.7 absolute

# Candles of one direction alone: others stand at no time.
rising(yes) = (column(5) >= column(2)) == yes ? timecolumn(1, '%s') : NaN

if (ARG4 eq '1') {
	set multiplot
	set origin 0, 0.24
	set size 1, 0.76
	set format x ''
}
set title ARG2 noenhanced
set format y '%.10g'
set bmargin 2
plot rows using (rising(1)):2:3:4:5 with candlesticks lc rgb green, \
	rows using (rising(0)):2:3:4:5 with candlesticks lc rgb red

if (ARG4 eq '1') {
	set origin 0, 0
	set size 1, 0.28
	unset title
	set format x times
	set tmargin 1
	set bmargin 3
	set format y '%.1s%c'
	set yrange [0:*]
	set ytics step
	plot rows using (rising(1)):6 with boxes lc rgb green, \
		rows using (rising(0)):6 with boxes lc rgb red
	unset multiplot
}
