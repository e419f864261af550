# shellcheck shell=bash
# A live feed against the exchange simulator: sourced after tests/lib.sh.
#
#	exchange_start lose --faults 5
#	feed_start lose --gaps "$T/gaps" btcusdt	# of $EXCHANGE_ADDRESS
#	wait_for 30 lines "$T/lose.out" 500
#	feed_end lose 0
#	exact lose 'what comes out is what was made'
#	exchange_end lose

# shellcheck source=tests/peers/exchange.sh
. "$ROOT/tests/peers/exchange.sh"

# feed_start NAME ARGUMENT...: bws-trades in the background, its output in
# $T/NAME.out, messages in $T/NAME.err. Sets FEED_PID. --url and --rest are
# those of FEED_ADDRESS, or else of EXCHANGE_ADDRESS; later ones count.
feed_start()
{
	local name=$1 at=${FEED_ADDRESS:-$EXCHANGE_ADDRESS}

	shift
	interruptible bws-trades --url "ws://$at" --rest "http://$at" \
	    --retry-max 1s --settle 200ms "$@" \
	    >"$T/$name.out" 2>"$T/$name.err" &
	FEED_PID=$!
	on_exit end_process "$FEED_PID"
}

# feed_end NAME STATUS: INT, and a result: what it ends with.
feed_end()
{
	local status

	kill -INT "$FEED_PID"
	wait "$FEED_PID"
	status=$?
	is "$status" "$2" "$1: INT ends it with status $2" ||
	    diag_file "$T/$1.err"
}

# exchange_end NAME: it ends, and its limits were kept.
exchange_end()
{
	exchange_stop "$EXCHANGE_PID"
	exchange_within_limits "$1"
}

# lines FILE N: whether it has so many, for wait_for.
lines()
{
	(($(wc -l <"$1") >= $2))
}

# said NAME REGEX [N]: whether so many (1) such messages have come, for
# wait_for.
said()
{
	(($(grep -cE -- "$2" "$T/$1.err") >= ${3:-1}))
}

# event NAME REGEX [N]: whether the simulator had so many (1), for wait_for.
event()
{
	(($(grep -cE -- "$2" "$T/$1.events") >= ${3:-1}))
}

# disorder FILE: prints the records whose id is not above the one before of
# the same symbol.
disorder()
{
	sed 's/^{"symbol":"\([^"]*\)".*"trade_id":\([0-9]*\).*/\1 \2/' "$1" |
	    awk '($1 in last) && $2 <= last[$1] { print } { last[$1] = $2 }'
}

# exact FEED NAME [LOG]: two results: FEED's output has each trade of the
# simulator LOG (as FEED) once, in the exchange's digits, and in the order of
# ids.
exact()
{
	without_processed_time "$T/$1.out" | sort >"$T/$1.bare"
	sort "$T/${3:-$1}.log" >"$T/$1.want"
	same_file "$T/$1.bare" "$T/$1.want" "$2" ||
	    diag "missing $(comm -13 "$T/$1.bare" "$T/$1.want" | wc -l)," \
	    "too many $(comm -23 "$T/$1.bare" "$T/$1.want" | wc -l)"
	is "$(disorder "$T/$1.out" | head -n 3)" '' "$1: ids rise"
}

# last_count FILE MEMBER: a number of the last line of --stats.
last_count()
{
	tail -n 1 "$1" | sed -n "s/.*\"$2\":\([0-9]*\).*/\1/p"
}
