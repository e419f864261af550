#!/bin/bash
# Goal: options are read strictly, alike in both filters, and help is short.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

# wrong COMMAND ARGUMENT...: refused with what is wrong, the usage and a hint.
wrong()
{
	local text="$*"

	"$@" >"$T/out" 2>"$T/err"
	is "$? $(wc -c <"$T/out") $(sed -n '2s/ .*//p;3p' "$T/err" |
	    tr '\n' ' ')" "2 0 usage: Try '$1 --help'. " "refused: $text"
	like "$(head -n 1 "$T/err")" "^$1: .*[a-z]" "  and it is said why"
}

for command in ndjson-validate ohlc-window; do
	status_is 0 "$command --help" "$command" --help
	cp "$T/out" "$T/help"
	is "$(<"$T/err")" '' '  to standard output'
	# shellcheck disable=SC2016 # perl's own
	check '  fits a screen' perl -ne 'chomp; die $_ if length > 80;
	    END { die $. if $. > 24 }' "$T/help"
	status_is 0 "$command -h" "$command" -h
	same_file "$T/out" "$T/help" '  is the same'
	status_is 0 "$command --help x" "$command" --help x
	for option in -V --version; do
		status_is 0 "$command $option" "$command" "$option"
		like "$(<"$T/out")" "^$command \(tickpipe\) [0-9]+\.[0-9]+\.[0-9]+, jsmn [0-9.]+\$" \
		    '  names the version'
	done
	status_is 3 '  and a full disk is seen' \
	    bash -c "$command --help >/dev/full"
	wrong "$command" -h x
	wrong "$command" -hx
	wrong "$command" -qh
	wrong "$command" -x
	wrong "$command" --nothing
	wrong "$command" --help=1
	wrong "$command" --rejects
	wrong "$command" --quiet=1
	for bytes in 0 63 2G 1K 1.5M -1 x '' 99999999999999999999; do
		wrong "$command" --max-line "$bytes"
	done
	for duration in 5 -1s 2d 1.5s 's' '1 s' 99999999999999999999s; do
		wrong "$command" --drain "$duration"
	done
	status_is 2 'a file that is not there' "$command" "$T/nothing"
	is "$(<"$T/err")" "$command: $T/nothing: No such file or directory" \
	    '  is named'
	status_is 2 'a folder' "$command" "$T"
	is "$(<"$T/err")" "$command: $T: Is a directory" '  is named'
	status_is 2 'rejects that cannot be opened' \
	    "$command" --rejects "$T/nothing/x" /dev/null
	is "$(<"$T/err")" "$command: $T/nothing/x: No such file or directory" \
	    '  are named'
	status_is 0 'nothing in, nothing out' "$command" /dev/null
	is "$(cat "$T/out" "$T/err")" '' '  and nothing said'
done
wrong ndjson-validate -t
wrong ndjson-validate -t trades
wrong ndjson-validate --type=
status_is 2 'late trades that cannot be kept' \
    ohlc-window --late "$T/nothing/x" /dev/null
status_is 0 '-v says what was done' ndjson-validate -v <<<'{}'
like "$(<"$T/err")" '1 lines? passed, 0 refused' '  in figures'

done_testing
