#!/bin/bash
# Goal: the demo shows candles, proves what it says, would notice a wrong
# candle, and leaves nothing behind.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/postgres.sh
. "$ROOT/tests/peers/postgres.sh"

missing=$(postgres_missing)
[[ -z $missing ]] ||
    skip_all "not installed: ${missing//$'\n'/, } (scripts/deps)" required

# Everything the demo makes and starts has this in its environment.
export TMPDIR=$T/tmp DEMO_SECONDS=5
export TICKPIPE_BUILD=${TICKPIPE_BUILD:-$ROOT/build} TICKPIPE_BIN=$BIN
mkdir -m 711 "$TMPDIR"

# shellcheck disable=SC2317 # called by wait_for
nothing_left()
{
	local pid

	for pid in /proc/[0-9]*; do
		[[ $pid != /proc/$$ && $pid != /proc/$BASHPID ]] || continue
		{ tr '\0' '\n' <"$pid/environ"; } 2>/dev/null |
		    grep -qxF "TMPDIR=$TMPDIR" || continue
		tr '\0' ' ' <"$pid/cmdline" 2>/dev/null | grep -qE \
		    'demo.sh|scripts/|mock-kafka|exchange|postgres|kafka-|pg-' &&
		    return 1
	done
	[[ -z $(ls -A "$TMPDIR") ]]
}

# What a failed demo says stands at its end.
status_is 0 'the demo' "$ROOT/scripts/lib/demo.sh" ||
    diag "$(tail -n 40 "$T/out" | cut -c 1-200)"
like "$(<"$T/out")" 'of 1000 trades; 00:0[0-9] [A-Z]+ open [0-9.]+ high' \
    'shows candles while they grow'
is "$(tail -n 1 "$T/out" | sed 's/[0-9][0-9]* candles/N candles/')" \
    'demo: proved: 1000 trades in = 1000 ticks stored, and N candles equal a batch recomputation in every column' \
    'and ends with what was proved'
is "$(<"$T/err")" '' 'with nothing on stderr'
check 'and leaves nothing' wait_for 120 nothing_left

if type script >/dev/null 2>&1; then
	script -qec "$ROOT/scripts/lib/demo.sh" /dev/null >"$T/out" </dev/null
	is "$?" 0 'the demo on a terminal' ||
	    diag "$(tail -n 20 "$T/out" | cat -v)"
	like "$(<"$T/out")" $'\e\\[H.*of 1000 trades.*minute.*symbol.*closed' \
	    'redraws a table'
else
	skip 'script is not installed' 2
fi

# The live pipeline makes a wrong high, the recomputation a right one. (sed must
# live on when the pipeline is asked to end.)
mkdir "$T/bin"
ln -s "$BIN"/* "$T/bin"
rm "$T/bin/ohlc-window"
cat >"$T/bin/ohlc-window" <<-END
	#!/bin/bash
	if [[ \$* == *--updates* ]]; then
		exec '$BIN/ohlc-window' "\$@" > >(
			trap '' TERM
			exec sed -u 's/"high":/"high":1/'
		)
	fi
	exec '$BIN/ohlc-window' "\$@"
END
chmod +x "$T/bin/ohlc-window"
TICKPIPE_BIN=$T/bin status_is 1 'a wrong candle makes the demo fail' \
    "$ROOT/scripts/lib/demo.sh"
like "$(<"$T/out")" '[1-9][0-9]* candles differ from a batch recomputation' \
    'and it says so'
check 'it leaves nothing then' wait_for 120 nothing_left

# shellcheck disable=SC2317 # called by wait_for
shown()
{
	grep -q 'trades; 00:' "$T/out"
}
set -m
DEMO_SECONDS=60 "$ROOT/scripts/lib/demo.sh" >"$T/out" 2>"$T/err" &
demo=$!
set +m
check 'a demo runs' wait_for 120 shown
kill -INT -- "-$demo"
wait "$demo"
is "$?" 130 '^C ends it'
check 'and it leaves nothing' wait_for 120 nothing_left

status_is 2 'DEMO_SECONDS that is no number' \
    env DEMO_SECONDS=soon "$ROOT/scripts/lib/demo.sh"
done_testing
