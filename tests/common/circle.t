#!/bin/bash
# Goal: a file that is read and written to at once does not grow without end:
# wrong use, found before a line of it is read, whichever way it is both.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/mock.sh
. "$ROOT/tests/peers/mock.sh"
need kcat

peer_mock_start -p 1 t
export TICKPIPE_BROKERS=$BROKERS

# Lines that are good for each command, late ones, and one that is refused.
trade='"symbol":"A","price":1,"trade_id":1,"processed_time":"2024-01-02T00:00:00Z"'
{
	echo "{\"event_time\":\"2024-01-01T09:00:00Z\",$trade}"
	echo "{\"event_time\":\"2024-01-01T00:00:00Z\",$trade}"
	echo 'refused'
} >"$T/lines"

# circle NAME SHELL: the file f is input and output of it. What goes wrong here
# fills no disk.
circle()
{
	cp "$T/lines" "$T/f"
	status_is 2 "$1" timeout 120 bash -c "cd '$T' && ulimit -f 20000 && $2"
	like "$(cat "$T/err" "$T/said" 2>/dev/null)" \
	    '(f|link|standard input): input file is output file' 'is said'
	is "$(head -n 3 "$T/f")" "$(<"$T/lines")" 'and the file is as it was'
	is "$(wc -l <"$T/f")" "${3:-3}" 'with nothing of its own behind it'
	rm -f "$T/said"
}

for c in ndjson-validate ohlc-window; do
	circle "$c f >>f" "$c f >>f 2>said"
	circle "$c <f >>f" "$c <f >>f 2>said"
	circle "$c - <f >>f" "$c - <f >>f 2>said"
	circle "$c <f 1<>f" "$c <f 1<>f 2>said"
	circle "$c --rejects f f" "$c --rejects f f"
	circle "$c f 2>>f" "$c f 2>>f; s=\$?; tail -n 1 f >said; exit \$s" 4
	ln -f "$T/f" "$T/link"
	circle "$c: a hard link" "$c link >>f 2>said"
	ln -sf f "$T/link"
	circle "$c: a symbolic link" "$c --rejects link f"
	rm "$T/link"
done
circle 'ohlc-window --late f f' 'ohlc-window -q --late f f'
circle 'bws-trades --replay' 'bws-trades --rejects f --replay f'
circle 'kafka-pub' 'kafka-pub --rejects f t <f'

# What was empty and is not when its turn comes.
: >"$T/g"
status_is 2 'a file that the input before it filled' timeout 120 bash -c \
    "cd '$T' && ulimit -f 20000 && echo '{}' | ndjson-validate - g >>g"
is "$(<"$T/g")" '{}' 'with what was before it only'

# --- What is no circle ---
cd "$T" || bail 'no folder'
echo '{"a":1}' >f
: >empty
status_is 0 'a file with nothing in it' ndjson-validate empty
bash -c 'ndjson-validate empty >>empty'
is $? 0 'also as output'
bash -c 'ndjson-validate <f >f'
is "$? $(<f)" '0 ' 'and one that the shell has emptied'
echo '{"a":1}' >f
bash -c '{ cat >copy; ndjson-validate >>f; } <f'
is "$? $(<f)" '0 {"a":1}' 'standard input at its end'
status_is 1 'two outputs may be one' ndjson-validate --rejects both - <<<'x'
bash -c 'ndjson-validate f --rejects both >>both'
is $? 0 'file'
status_is 0 'and no file' bash -c 'ndjson-validate </dev/null >/dev/null'

done_testing
