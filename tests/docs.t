#!/bin/bash
# Goal: every example of README.md and of the manual pages does what a reader
# who types it expects: it runs, and ends in order.
#
# An example is a block ```sh of README.md (indented blocks are illustrations),
# and in a page's EXAMPLES each `.Bd -literal` or `.Dl`. Lines of JSON are data
# and must be good lines. What an example needs of the world is here: files in
# the folder it runs in, the tree's own scripts and what it builds for tests, a
# Kafka with trades in crypto_prices, a database with the tables, an exchange; addresses are replaced by theirs. What never ends
# gets INT once it has said something.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tests/pipe/lib.sh
. "$ROOT/tests/pipe/lib.sh"

# examples FILE: each example of it, ended by a NUL.
examples()
{
	case $1 in
	*.md) awk '/^```$/ && inside { inside = 0; printf "%c", 0 }
		inside { print }
		/^```sh$/ { inside = 1 }' "$1" ;;
	*) awk '/^\.Sh/ { section = $2; next }
		section != "EXAMPLES" { next }
		/^\.Ed/ { inside = 0; printf "%c", 0; next }
		/^\.Bd .*-literal/ { inside = 1; next }
		/^\.Dl / { sub(/^\.Dl /, ""); print; printf "%c", 0; next }
		inside { print }' "$1" |
	    sed 's/\\(aq/'\''/g; s/\\(dq/"/g; s/\\-/-/g; s/\\&//g; s/\\e/\\/g' ;;
	esac
}

# here EXAMPLE: with this machine's addresses in place of the reader's.
here()
{
	sed -E "s,wss?://[^ ]+,$BWS_TRADES_URL,g
		s/-b +[^ ]+/-b $BROKERS/g
		s/-d +('[^']*'|\"[^\"$]*\"|[^ '\"]+)/-d \"\$DATABASE\"/g
		s/-F +[^ ]+/-F client.properties/g" <<<"$1"
}

# endless EXAMPLE: it waits for what may still come.
endless()
{
	local bounded='kafka-sub[^|]* -[ec] '

	[[ $1 != *head* && $1 != *' -h'* && $1 != *--help* &&
	    $1 != *--version* && $1 != *' -V'* ]] || return 1
	[[ $1 == *bws-trades* && $1 != *--replay* ]] ||
	    [[ $1 == *kafka-sub* && ! $1 =~ $bounded ]]
}

# first_words EXAMPLE: for a test's name.
first_words()
{
	tr -s ' \t\n' ' ' <<<"$1" | cut -c 1-60
}

# listens COMMAND GROUP: for wait_for, whether a command of that process group,
# the last of a pipeline, is ready to be asked to end.
# shellcheck disable=SC2317 # called by wait_for
listens()
{
	local pid

	for pid in $(ps -eo pgid=,pid= | awk -v g="$2" '$1 == g { print $2 }')
	do
		catches "$1" "$pid" INT && return 0
	done
	return 1
}

# run EXAMPLE: in a folder of its own, where its files are. A pipeline counts
# as its members do, but `head` may leave.
run()
{
	local dir=$T/example.$TAP_count status pid quiet=false

	mkdir "$dir" && cp "$T"/files/* "$dir" &&
	    ln -s "$ROOT/man" "$ROOT/scripts" "$dir" &&
	    ln -s "$BUILD" "$dir/build"
	# Not what the last one has left, before this one has begun.
	: >"$T/out" && : >"$T/err"
	set -m
	(cd "$dir" && exec timeout --foreground -s KILL 300 \
	    bash -o pipefail -c "$1") >"$T/out" 2>"$T/err" &
	pid=$!
	set +m
	if endless "$1"; then
		# What goes into a table or a topic shows nothing.
		case $1 in
		*pg-upsert*) wait_for 120 listens pg-upsert "$pid" ;;
		*kafka-pub*) wait_for 120 listens kafka-pub "$pid" ;;
		*) wait_for 120 test -s "$T/out" ;;
		esac || quiet=true
		pid_alive "$pid" || quiet=true
		kill -INT -- "-$pid"
	fi
	wait "$pid"
	status=$?
	TAP_status=$status
	if endless "$1"; then
		# The topic holds the same trades more than once.
		! $quiet && ! grep -qv ' late trades' "$T/err" &&
		    ((status == 0 || status == 130))
	else
		! grep -qE "^usage: |^Try '|not found" "$T/err" &&
		    ((status == 0 || status == 141))
	fi
}

# runs FILE EXAMPLE: as a test.
runs()
{
	run "$(here "$2")"
	ok $? "${1##*/}: $(first_words "$2")" || {
		diag "status $TAP_status"
		diag_file "$T/out"
		diag_file "$T/err"
	}
}

# data FILE EXAMPLE: lines of JSON, which may be folded at blanks.
data()
{
	printf '%s' "$2" | sed -e ':a' -e '$!N' -e 's/\n[ \t]\+//' -e 'ta' \
	    -e 'P' -e 'D' >"$T/lines"
	status_is 0 "${1##*/}: records: $(first_words "$2")" \
	    ndjson-validate "$T/lines"
}

# The local stack, as README.md has it: the producer and the consumer are left
# running in the background.
stack_runs()
{
	local pid

	set -m
	(cd "$ROOT" && exec env -u BROKERS -u DATABASE -u TICKPIPE_BROKERS \
	    -u TICKPIPE_DATABASE -u SYMBOLS TICKPIPE_STACK="$T/stack" \
	    TICKPIPE_URL="$BWS_TRADES_URL" TICKPIPE_RUN="$T/stack.run" \
	    DATA="$T/stack.data" bash -c "$2"$'\nwait') >"$T/out" 2>"$T/err" &
	pid=$!
	set +m
	check "${1##*/}: $(first_words "$2")" wait_for 300 stack_has_candles ||
	    diag_file "$T/err"
	kill -TERM -- "-$pid" 2>/dev/null
	wait "$pid"
	wait_for 120 stack_is_quiet
	TICKPIPE_STACK=$T/stack "$ROOT/scripts/stack" stop >/dev/null
}

# shellcheck disable=SC2317 # called by wait_for
stack_has_candles()
{
	local TICKPIPE_DATABASE='' TICKPIPE_BROKERS=''

	# shellcheck source=/dev/null
	. "$T/stack/env" &&
	    [[ $(psql -XAtq -d "$TICKPIPE_DATABASE" \
	    -c 'SELECT count(*) FROM window_1m') -gt 0 ]]
}

# shellcheck disable=SC2317 # called by wait_for
stack_is_quiet()
{
	local TICKPIPE_RUN=$T/stack.run

	nothing_left
}

pipe_setup
exchange_start market --seed 4 --rate 500 --start 2025-02-01T00:00:00Z \
    --symbols btcusdt,ethusdt,bnbusdt,solusdt,xrpusdt
export BWS_TRADES_URL=ws://$EXCHANGE_ADDRESS
export TICKPIPE_BROKERS=$BROKERS TICKPIPE_DATABASE=$DATABASE DATABASE BROKERS
export TICKPIPE_KAFKA_PORT=0 TICKPIPE_POSTGRES_PORT=0
on_exit postgres_remove "$T/stack/postgres"
on_exit postgres_stop "$T/stack/postgres" immediate
on_exit kafka_kill "$T/stack/kafka"

mkdir "$T/files" "$T/path" "$T/runtime"
export XDG_RUNTIME_DIR=$T/runtime
frames 4000 >"$T/files/frames.ndjson"
bws-trades --replay "$T/files/frames.ndjson" >"$T/files/trades.ndjson"
ohlc-window "$T/files/trades.ndjson" >"$T/files/candles.ndjson"
{ cat "$T/files/trades.ndjson"; echo 'not JSON'; } >"$T/files/day.ndjson"
printf '%s\n' '# what is traded' btcusdt ethusdt >"$T/files/symbols.txt"
cp "$T/files/symbols.txt" "$T/files/symbols"
: >"$T/files/client.properties"
kafka-pub --key symbol --time event_time crypto_prices <"$T/files/trades.ndjson"
# Something is always coming.
set -m
bws-trades btcusdt | kafka-pub --key symbol crypto_prices &
on_exit kill -- "-$(jobs -p %%)"
set +m
if ! type -P man >/dev/null; then
	ln -s "$(type -P mandoc)" "$T/path/man"
	PATH=$PATH:$T/path
fi

for file in "$ROOT/README.md" "$ROOT"/man/*; do
	n=0
	while IFS= read -r -d '' example; do
		n=$((n + 1))
		case $example in
		'{'*) data "$file" "$example" ;;
		scripts/stack*) stack_runs "$file" "$example" ;;
		*) runs "$file" "$example" ;;
		esac
	done < <(examples "$file")
	((n > 0))
	ok $? "${file##*/} has examples: $n"
done
done_testing
