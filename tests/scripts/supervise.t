#!/bin/bash
# Goal: a report that comes in two parts, because the supervisor stopped reading
# in the midst of it, counts as the one that it is.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
export TICKPIPE_RUN=$T/run
# shellcheck source=scripts/lib/supervise.sh
. "$ROOT/scripts/lib/supervise.sh"
SLOT=$T/slot
mkdir "$SLOT"
mkfifo "$T/looked"
exec 5<>"$T/looked"

# supervise_look is called when a second has passed without a whole report: it
# says so to the writer, which goes on only then.
supervise_look()
{
	echo looked >&5
}

# shellcheck disable=SC2317 # called by supervise_wait: nobody watches here
supervise_tell()
{
	:
}

# reported TEXT...: how supervise_wait judges these, the supervisor having looked
# around between each two of them.
reported()
{
	local text line

	true &
	SUPERVISE_group=$!
	exec {SUPERVISE_reports}< <(
		for text; do
			printf '%b' "$text"
			read -r line <&5
		done
	)
	supervise_wait 2>"$T/err"
}

reported "sink started $$\\n" 'sink 0\n'
is "$SUPERVISE_worst $SUPERVISE_first" '0 ' 'whole reports'
reported "sink started $$\\ns" 'ink 0\n'
is "$SUPERVISE_worst $SUPERVISE_first" '0 ' 'the end of a member, cut in its name'
reported "sink started $$\\nsink" ' ' '0' '\n'
is "$SUPERVISE_worst $SUPERVISE_first" '0 ' 'cut more than once'
reported "sink started $$\\nsink 1" '37\n'
is "$SUPERVISE_worst $SUPERVISE_first" '3 sink was killed by SIGKILL' \
    'cut in its status'
reported "sink sta" "rted $$\\n"
is "$SUPERVISE_worst $SUPERVISE_first" '3 sink was killed by SIGKILL' \
    'one that started and never reported its end'

done_testing
