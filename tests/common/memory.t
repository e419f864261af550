#!/bin/bash
# Goal: memory that runs out in the middle of a line ends a command with status
# 3: what came before the line is out, the line is neither refused nor counted.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/mock.sh
. "$ROOT/tests/peers/mock.sh"
need kcat

# Kilobytes of address space; the line needs several times as much.
LIMIT=200000

(ulimit -v "$LIMIT" && exec ndjson-validate --version) >"$T/out" 2>&1 ||
    skip_all 'the commands do not run in little address space (a sanitizer?)'

# 12 MB, of six million numbers.
{
	echo '{"first":1}'
	printf '{"many":['
	yes 1, | head -n 6000000 | tr -d '\n'
	printf '1]}\n{"last":1}\n'
} >"$T/in"

# shellcheck disable=SC2317 # called by status_is
starved()
{
	bash -c 'ulimit -v "$1" && shift && exec "$@"' bash "$LIMIT" "$@"
}

# ends NAME ARGUMENT...: NAME does so, with its input's name.
ends()
{
	status_is 3 "$1: status 3" starved "$@"
	like "$(<"$T/err")" "$1: .*(in|standard input): Cannot allocate memory" \
	    'and why'
}

ends ndjson-validate --max-line 200M --rejects "$T/rejects" "$T/in"
is "$(<"$T/out")" '{"first":1}' 'what came before is out'
is "$(<"$T/rejects")" '' 'and nothing is refused'
ends ndjson-validate --max-line 200M --rejects "$T/rejects" <"$T/in"
status_is 0 'with enough memory' ndjson-validate --max-line 200M "$T/in"
same_file "$T/out" "$T/in" 'it is a line like others'
status_is 1 'and too long is too long' starved ndjson-validate -q \
    --rejects "$T/rejects" "$T/in"

ends ohlc-window --max-line 200M --rejects "$T/late" "$T/in"
is "$(wc -l <"$T/late")" 1 'only the line before it is refused'
ends bws-trades --max-line 200M --rejects "$T/frames" --replay "$T/in"
is "$(<"$T/frames")" '' 'nothing is refused'

# Threads have stacks and heaps of their own.
LIMIT=500000
peer_mock_start -p 1 t
ends kafka-pub -b "$BROKERS" --max-line 200M --rejects "$T/unsent" t <"$T/in"
is "$(<"$T/unsent")" '' 'nothing is refused'
is "$(kcat -b "$BROKERS" -C -q -e -o beginning -t t)" '{"first":1}' \
    'what came before is sent'

done_testing
