# Candles as text for scripts/plot, a column each. Rows as those of choose.awk,
# by time; the rest comes in the environment: PLOT_TITLE, PLOT_WIDTH (of a
# candle, in seconds), PLOT_VOLUME (1: known), PLOT_LINES (of the prices),
# PLOT_COLOUR (1: with colours).
#
# A rising body is a heavy line, a falling one a block, so that they differ
# without colours too. Heights count half lines.

# half(price): the half line it falls in, 0 the lowest.
function half(price) {
	if (top == bottom)
		return int(halves / 2)
	return int((price - bottom) / (top - bottom) * (halves - 1) + 0.5)
}

# cell(i, line): what candle i shows in a line, by whether its upper and its
# lower half are of the body (2), of a wick (1), or neither (0).
function cell(i, line,    u, l) {
	u = part(i, 2 * line + 1)
	l = part(i, 2 * line)
	return glyph[falling[i], u, l]
}

function part(i, h) {
	if (h < low[i] || h > high[i])
		return 0
	return h >= body[i] && h <= roof[i] ? 2 : 1
}

function paint(i, text) {
	if (!colours || text == " ")
		return text
	return (falling[i] ? "\033[31m" : "\033[32m") text "\033[0m"
}

# label(price, step): with as many digits as a step makes a difference in.
function label(price, step,    n) {
	if (step == 0)
		return sprintf("%.10g", price)
	for (n = 0; n < 8 && step < 1; n++)
		step *= 10
	return sprintf("%." n "f", price)
}

function clock(seconds) {
	seconds -= int(seconds / 86400) * 86400
	return sprintf("%02d:%02d", int(seconds / 3600), \
		int(seconds / 60) % 60)
}

function glyphs(i,    rise, fall) {
	split("  ,╵,╹,╷,│,╿,╻,╽,┃", rise, ",")
	split("  ,╵,▀,╷,│,█,▄,█,█", fall, ",")
	rise[1] = fall[1] = " "
	for (i = 0; i < 9; i++) {
		glyph[0, i % 3, int(i / 3)] = rise[i + 1]
		glyph[1, i % 3, int(i / 3)] = fall[i + 1]
	}
}

# volume_line(): bars of eight heights.
function volume_line(i, line, most,    bars, n) {
	split("▁,▂,▃,▄,▅,▆,▇,█", bars, ",")
	for (i = 0; i < slots; i++)
		if (i in volume && volume[i] > most)
			most = volume[i]
	line = sprintf("%12s ", "volume")
	for (i = 0; i < slots; i++) {
		if (!(i in volume) || volume[i] <= 0) {
			line = line " "
			continue
		}
		n = int(volume[i] / most * 8 + 0.999)
		line = line paint(i, bars[n < 1 ? 1 : n])
	}
	sub(/ +$/, "", line)
	print line
}

# time_line(): a time below every twelfth column.
function time_line(i, line) {
	line = sprintf("%13s", "")
	for (i = 0; i < slots; i += 12)
		line = line sprintf("%-12s", clock(from + i * width))
	sub(/ +$/, "", line)
	print line
}

BEGIN {
	FS = "\t"
	width = ENVIRON["PLOT_WIDTH"]
	halves = 2 * ENVIRON["PLOT_LINES"]
	colours = ENVIRON["PLOT_COLOUR"] == 1
	glyphs()
}

{
	if (NR == 1)
		from = $1
	i = int(($1 - from) / width + 0.5)
	slots = i + 1
	bottom = NR == 1 || $3 < bottom ? $3 + 0 : bottom
	top = NR == 1 || $4 > top ? $4 + 0 : top
	open_at[i] = $2 + 0
	low_at[i] = $3 + 0
	high_at[i] = $4 + 0
	close_at[i] = $5 + 0
	volume[i] = $6
}

END {
	for (i in low_at) {
		falling[i] = close_at[i] < open_at[i]
		low[i] = half(low_at[i])
		high[i] = half(high_at[i])
		body[i] = half(falling[i] ? close_at[i] : open_at[i])
		roof[i] = half(falling[i] ? open_at[i] : close_at[i])
	}
	step = (top - bottom) / (halves - 1) * 2
	print ENVIRON["PLOT_TITLE"]
	for (line = halves / 2 - 1; line >= 0; line--) {
		text = sprintf("%12s ", (halves / 2 - 1 - line) % 4 ? "" : \
			label(bottom + (line + 0.25) * step, step))
		for (i = 0; i < slots; i++)
			text = text (i in low ? paint(i, cell(i, line)) : " ")
		sub(/ +$/, "", text)
		print text
	}
	if (ENVIRON["PLOT_VOLUME"] == 1)
		volume_line()
	time_line()
}
