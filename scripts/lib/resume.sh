# shellcheck shell=bash
# Where the live feed goes on: from what the topic has, and never from lines
# that may have died in a pipe. Sourced after settings.sh.
#
#	resume_from_topic FOLDER	# then bws-trades --resume FOLDER/resume
#
# Every trade of a symbol up to the last one in the topic is in the topic:
# bws-trades writes them in the order of their ids, and kafka-pub keeps it. So
# the last one is where to go on. What a killed kafka-pub had under way may
# still arrive after this was read: those trades come twice then, and the
# tables take them once.
#
# FOLDER/resume has a line for each symbol of SYMBOLS that is known, in the
# form that bws-trades reads; one without a line begins with the live stream.
#
# The end of every partition is read, some more of it each time, until every
# symbol was seen. One that hardly trades would cost a long read at every
# start: what was known after the last one is in FOLDER/checkpoint, with the
# offsets up to which it was read, so that no more is read than has come since.
# It says only what was read from the topic.

# Messages of each partition that are read first.
RESUME_FIRST=1000

# resume_from_topic FOLDER: writes FOLDER/resume. 0, or the status to end with:
# 2 where a retry cannot help, else 3. Nothing is printed to standard output.
# A broker that is down is waited for.
resume_from_topic()
{
	local folder=$1 n=$RESUME_FIRST status

	if ((RESUME_MESSAGES == 0)); then
		: >"$folder/resume" && return 0 || return 3
	fi
	((n <= RESUME_MESSAGES)) || n=$RESUME_MESSAGES
	[[ -e $folder/checkpoint ]] || : >"$folder/checkpoint" || return 3
	while ((n > 0)); do
		n=$(resume_read "$folder" "$n")
		status=$?
		((status == 0)) || return "$status"
	done
	mv -f -- "$folder/resume.new" "$folder/resume" &&
	    mv -f -- "$folder/checkpoint.new" "$folder/checkpoint" || return 3
}

# resume_read FOLDER N: reads the last N messages of every partition. Writes
# FOLDER/resume.new and FOLDER/checkpoint.new, and prints how many to read
# instead, or 0 when that was enough.
# A candle of ohlc-window has the last id of its minute: it is what reads the
# lines, whoever wrote them. Lines that nobody can use are refused for good.
resume_read()
{
	local lib=$ROOT/scripts/lib/resume status

	rm -f -- "$1/positions"
	kafka-sub -q -o "-$2" -e --provenance --rejects /dev/null \
	    "${KAFKA_OPTIONS[@]}" "$TOPIC" |
	    LC_ALL=C awk -v positions="$1/positions" -f "$lib/positions.awk" |
	    ohlc-window -q -w 1m -l 1m --rejects /dev/null |
	    LC_ALL=C awk -v symbols="$SYMBOLS" -v topic="$TOPIC" \
		-v read="$2" -v most="$RESUME_MESSAGES" \
		-v positions="$1/positions" -v resume="$1/resume.new" \
		-v checkpoint="$1/checkpoint.new" \
		-f "$lib/newest.awk" part=1 "$1/checkpoint" part=2 -
	status=("${PIPESTATUS[@]}")
	rm -f -- "$1/positions"
	((status[0] != 2)) || return 2
	# Some messages, or lines, may be refused.
	((status[0] <= 1 && status[1] == 0 && status[2] <= 1 &&
	    status[3] == 0)) || return 3
}
