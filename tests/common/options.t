#!/bin/bash
# What is common to the options of all six commands holds for each of them.
# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# Operands that make an otherwise empty call right, so that what is refused is
# the option under test.
operands()
{
	case $1 in
	bws-trades) echo btcusdt ;;
	kafka-pub) echo -b 127.0.0.1:1 topic ;;
	kafka-sub) echo -b 127.0.0.1:1 -g group topic ;;
	pg-upsert) echo table ;;
	esac
}

refused()
{
	local name=$1

	shift
	status_is 2 "$name" "$@"
	is "$(wc -c <"$T/out")" 0 'nothing on standard output'
	like "$(<"$T/err")" "^${1##*/}: " 'the message begins with the name'
	like "$(<"$T/err")" "usage: ${1##*/} .*Try '${1##*/} --help'" \
	    'usage and where help is'
}

for c in bws-trades ndjson-validate kafka-pub kafka-sub ohlc-window pg-upsert
do
	read -ra ops <<<"$(operands "$c")"
	status_is 0 "$c --help" "$c" --help
	is "$(wc -c <"$T/err")" 0 'nothing on standard error'
	is "$(awk 'length > 80' "$T/out"; awk 'END { print NR <= 24 }' \
	    "$T/out")" 1 'help fits a screen'
	for option in help version verbose quiet rejects max-line drain; do
		like "$(<"$T/out")" "--$option" "help tells of --$option"
	done
	cp "$T/out" "$T/help"
	status_is 0 "$c -h alone" "$c" -h
	same_file "$T/out" "$T/help" 'the same help'
	status_is 0 "$c -V" "$c" -V
	like "$(<"$T/out")" "^$c \(tickpipe\) [0-9]+\.[0-9]+.*, [a-z]+ [0-9]" \
	    'the version, and that of its library'
	status_is 3 "$c --help to a full disk" \
	    bash -c "exec $c --help >/dev/full"
	refused "$c -h in company" "$c" -h "${ops[@]}" x
	refused "$c with an unknown option" "$c" --no-such "${ops[@]}"
	refused "$c with an unknown letter" "$c" -Z "${ops[@]}"
	refused "$c --max-line x" "$c" --max-line x "${ops[@]}"
	refused "$c --max-line 1" "$c" --max-line 1 "${ops[@]}"
	refused "$c --drain 5" "$c" --drain 5 "${ops[@]}"
	refused "$c --drain -1s" "$c" --drain -1s "${ops[@]}"
	refused "$c --rejects without a file" "$c" "${ops[@]}" --rejects
	refused "$c --quiet=x" "$c" --quiet=x "${ops[@]}"
	status_is 2 "$c --rejects in a folder that is not there" \
	    "$c" --rejects "$T/none/rejects" "${ops[@]}"
	[[ -f $ROOT/man/$c.1 ]]
	ok $? "$c has a manual page"
	while read -r option; do
		grep -qF -- "Fl ${option#-}" "$ROOT/man/$c.1"
		ok $? "its manual page has $option"
	done < <(grep -oE -- '--[a-z-]+' "$T/help" | sort -u)
done
done_testing
