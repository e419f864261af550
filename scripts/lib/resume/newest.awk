# Where each symbol goes on: from the checkpoint (part=1) and from the candles
# of the topic's end (part=2, the output of ohlc-window as it writes it).
# Variables: symbols, topic, positions (of what was read, by positions.awk),
# read (how many messages of each partition), most (how many it may be), resume
# and checkpoint (the files to write).
# Prints how many messages to read instead, more than `read', or 0: enough.
#
# The checkpoint: lines `topic NAME', `read PARTITION OFFSET', `symbol NAME
# TRADE_ID TIME' (`symbol NAME - -' for one that is not in the topic up to
# these offsets), and `end'.

BEGIN {
	n = split(tolower(symbols), word, " ")
	for (i = 1; i <= n; i++)
		wanted[word[i]]
}

part == 1 && $1 == "topic" { old_topic = $2 }
part == 1 && $1 == "read" { old_read[$2] = $3 }
part == 1 && $1 == "symbol" {
	key = tolower($2)
	old_name[key] = $2
	old_id[key] = $3
	old_time[key] = $4
}
part == 1 && $1 == "end" { old_whole = 1 }
part == 1 { next }

match($0, /"last_trade_id":[0-9]+/) {
	last_id = substr($0, RSTART + 16, RLENGTH - 16)
	start = substr($0, 18, 20)
	match($0, /"symbol":"([^"\\]|\\.)*"/)
	symbol = substr($0, RSTART + 10, RLENGTH - 11)
	key = tolower(symbol)
	if (key in wanted && (!(key in id) || start >= time[key])) {
		name[key] = symbol
		id[key] = last_id
		time[key] = start
	}
}

END {
	while ((getline <positions) > 0) {
		first[$1] = $2
		last[$1] = $3
	}
	usable = is_usable()
	look_back()
	more = enough() ? 0 : next_read()
	if (more == 0)
		write()
	printf "%.0f\n", more
}

# is_usable(): whether the checkpoint is of this topic: not of another one that
# had this name, whose offsets went further. (Of an empty partition nothing is
# known.)
function is_usable(    p, same)
{
	if (!old_whole || old_topic != topic)
		return 0
	for (p in old_read) {
		if (p in last && last[p] + 0 < old_read[p] + 0)
			return 0
		if (p in last)
			same = 1
	}
	return same
}

# look_back(): how far what was read reaches. Sets `complete', it has all of
# the topic; `joined', all since the checkpoint; `since', how many messages of
# a partition that is at most.
function look_back(    p, from, length_read)
{
	complete = 1
	joined = usable
	for (p in last) {
		from = p in old_read ? old_read[p] + 1 : 0
		if (last[p] + 1 - from > since)
			since = last[p] + 1 - from
		length_read = last[p] - first[p] + 1
		if (length_read < read)
			continue
		complete = 0
		if (first[p] + 0 > from)
			joined = 0
	}
}

# enough(): whether no symbol is left that reading more could find. Sets
# `unknown', whether one is of those that the checkpoint says nothing of.
function enough(    key, left)
{
	for (key in wanted) {
		if (key in id || complete)
			continue
		if (!usable || !(key in old_id))
			unknown = left = 1
		else if (!joined)
			left = 1
	}
	return !left || read + 0 >= most + 0
}

function next_read(    n)
{
	n = unknown ? read * 10 : since
	return n < most + 0 ? n : most + 0
}

# write(): both files. Of a symbol that was not seen the checkpoint's word
# holds: what came since is sent again, at the worst.
function write(    key, p)
{
	printf "" >resume
	print "topic", topic >checkpoint
	for (p in last)
		print "read", p, last[p] >checkpoint
	for (p in old_read)
		if (usable && !(p in last))
			print "read", p, old_read[p] >checkpoint
	for (key in wanted) {
		if (!(key in id) && usable && key in old_id) {
			name[key] = old_name[key]
			id[key] = old_id[key]
			time[key] = old_time[key]
		} else if (!(key in id)) {
			name[key] = key
			id[key] = time[key] = "-"
		}
		print "symbol", name[key], id[key], time[key] >checkpoint
		if (id[key] != "-")
			printf "{\"symbol\":\"%s\",\"trade_id\":%s," \
			    "\"event_time\":\"%s\"}\n", name[key], id[key],
			    time[key] >resume
	}
	print "end" >checkpoint
}
