#!/bin/bash
# Goal: a message that is no line is kept, whole, as one line of the rejects;
# one that cannot be kept is not committed. On the embedded Kafka.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/mock.sh
. "$ROOT/tests/peers/mock.sh"

need kcat jq
peer_mock_start -p 1 lines full
export TICKPIPE_BROKERS=$BROKERS

# A file is one message.
printf '{\n"a":\n1}' >"$T/lines"
kcat -b "$BROKERS" -P -t lines "$T/lines"
status_is 1 'a value of several lines' \
	kafka-sub -o beginning -e --rejects "$T/rejects" lines
is "$(wc -l <"$T/rejects")" 1 'is one line of the rejects'
jq -j .record "$T/rejects" >"$T/got"
same_file "$T/got" "$T/lines" 'with all that is in it'

printf '%s\n' '{"n":1}' '{"n":2}' bad '{"n":3}' |
	kcat -b "$BROKERS" -P -t full
status_is 3 'rejects on a full disk' \
	kafka-sub -g g -e --rejects /dev/full full
is "$(jq .n "$T/out" | paste -sd' ')" '1 2' 'what came before is out'
status_is 1 'the next run' kafka-sub -g g -e --rejects "$T/kept" full
is "$(jq .n "$T/out" | paste -sd' ')" '3' 'goes on where that ended'
is "$(jq -r .record "$T/kept")" bad 'and keeps what could not be kept'

done_testing
