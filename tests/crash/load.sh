# shellcheck shell=bash
# shellcheck disable=SC2317 # called by their names
# What goes on while things are broken: the ingest, file by file, and the
# pipelines, started again whenever they have ended. Sourced by round.
#
# Everything here is known by files in $T: want/NAME as long as NAME is to run,
# pid/NAME its script. What it said is in NAME.err; killed has a line for every
# script that was killed, badly one for every end that should not be.

STRANGE=100000000 # trade ids from here on are those of strange lines

declare -A KEEPERS=() # pid by NAME

# in_background NAME COMMAND...: a keeper; the round waits for it at the end.
in_background()
{
	local name=$1

	shift
	: >"$T/want/$name"
	"$@" "$name" </dev/null &
	# shellcheck disable=SC2034 # for the round
	KEEPERS["$name"]=$!
}

# keep SCRIPT NAME: runs scripts/SCRIPT until it is no longer wanted.
keep()
{
	local status

	exec 2>>"$T/$2.err"
	while [[ -e $T/want/$2 ]]; do
		"$ROOT/scripts/$1" &
		echo "$!" >"$T/pid/$2"
		# Perhaps asked between the two.
		[[ -e $T/want/$2 ]] || kill -TERM "$!"
		wait "$!"
		status=$?
		keep_judge "$2" "$status"
		((status == 137)) || sleep 0.5
	done
	rm -f "$T/pid/$2"
}

# keep_judge NAME STATUS: killed by us, or in order where that was asked; else
# it is a finding. Asked in the midst of it all its peers may be away: what is
# not drained then is status 3.
keep_judge()
{
	if (($2 == 137)); then
		echo "$1" >>"$T/killed"
	elif [[ -e $T/want/$1 ]]; then
		rm "$T/asked/$1" 2>/dev/null && (($2 <= 1 || $2 == 3)) ||
		    echo "$1 ended by itself with status $2" >>"$T/badly"
	elif (($2 > 1)); then
		echo "$1 ended by itself with status $2" >>"$T/badly"
	fi
}

# unwanted NAME: it is asked to end.
unwanted()
{
	local pid

	rm -f "$T/want/$1"
	{ read -r pid <"$T/pid/$1"; } 2>/dev/null && kill -TERM "$pid"
}

# ingest_files NAME: one file after another, each until it is delivered; then
# some lines that nobody can use.
ingest_files()
{
	local file status n=0

	exec 2>>"$T/$1.err"
	for file in "$T"/market/*; do
		[[ -e $T/want/$1 ]] || break
		while :; do
			"$ROOT/scripts/ingest" --replay "$file" &
			echo "$!" >"$T/pid/$1"
			wait "$!"
			status=$?
			((status > 1)) || break
			((status == 137)) || echo \
			    "$1 ended by itself with status $status" >>"$T/badly"
			echo "$1" >>"$T/killed"
			sleep 0.1
		done
		echo "${file##*/}" >>"$T/delivered"
		((n++ % 4 != 0)) || strange_lines $((STRANGE + n))
		sleep 0.3
	done
	rm -f "$T/pid/$1" "$T/want/$1"
}

# strange_always NAME: such lines every few seconds, as long as NAME is wanted.
strange_always()
{
	local n=0

	exec 2>>"$T/$1.err"
	while [[ -e $T/want/$1 ]]; do
		strange_lines $((STRANGE + 1 + n))
		((n += 4))
		sleep 1.2
	done
}

# strange_lines N: what another writer may put into the topic: refused by
# kafka-sub, by ohlc-window (one of them absurdly late in the future), and by
# the database.
strange_lines()
{
	local day=2025-01-01T00:00:00Z

	to_topic C001USDT <<-END
		no json $1
		{"symbol":"C001USDT","_kafka":{"offset":$1}}
		{"symbol":"C001USDT","price":1,"quantity":1,"trade_id":$1,"event_time":"2099-01-01T00:00:00Z","processed_time":"$day","buyer_maker":true}
	END
	# Each of these makes the database refuse a batch, and its halves.
	(($1 % 32 != 1)) || to_topic C002USDT <<-END
		{"symbol":"C002USDT","price":0,"quantity":1,"trade_id":$1,"event_time":"$day","processed_time":"$day","buyer_maker":true}
		{"symbol":"C002USDT","trade_id":$1}
	END
}

to_topic()
{
	kcat -P -q -b "$BROKERS" -t "$TOPIC" -k "$1" \
	    -X partitioner=murmur2_random
}

# --- What runs. ---

# commands [PIPELINE]: "PID NAME SLOT" for every command of the pipelines, in
# the order of their slots.
commands()
{
	local pid args slot

	for pid in /proc/[0-9]*; do
		{ mapfile -d '' args <"$pid/cmdline"; } 2>/dev/null || continue
		case ${args[0]-} in
		bws-trades | ndjson-validate | kafka-pub | kafka-sub | \
		    ohlc-window | pg-upsert) ;;
		*) continue ;;
		esac
		[[ " ${args[*]}" =~ \ $T/(data|run)/([a-z]+-[0-9]+)/ ]] || continue
		slot=${BASH_REMATCH[2]}
		[[ $slot == "${1-}"* ]] && echo "${pid##*/} ${args[0]} $slot"
	done | sort -k 3 -k 2
}

# bashes PIPELINE: the script and what it has forked of itself.
bashes()
{
	local pid

	for pid in /proc/[0-9]*; do
		{ tr '\0' '\n' <"$pid/environ"; } 2>/dev/null |
		    grep -qxF "TICKPIPE_RUN=$TICKPIPE_RUN" || continue
		tr '\0' ' ' <"$pid/cmdline" 2>/dev/null |
		    grep -qE "scripts/$1( |$)" && echo "${pid##*/}"
	done
}
