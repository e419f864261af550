#!/bin/bash
# Goal: --progress is one line on a terminal that gives way to messages and is
# gone at the end, and nothing anywhere else; -v sums up.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

"$BUILD/tests/bench/gentrades" -n 20000 >"$T/trades"
{ head -n 9000 "$T/trades"; echo bad; tail -n +9001 "$T/trades"; } >"$T/in"

# on_terminal COMMAND: what its standard error, a terminal 80 columns wide,
# receives.
on_terminal()
{
	script -qec "stty cols 80; $1" /dev/null >"$T/tty"
}

# What is left to see of $T/tty in the end: lines, later characters over
# earlier ones.
screen()
{
	perl -ne 's/\n//; s/\r$//; my $row = "";
		for my $part (split /\r/, $_, -1) {
			substr($row, 0, length $part) = $part;
		}
		$row =~ s/ +$//; print "$row\n" if $row ne "";' "$T/tty"
}

for command in 'ndjson-validate -t trade' ohlc-window; do
	on_terminal "$command --progress $T/trades >/dev/null"
	like "$(tr '\r' '\n' <"$T/tty")" \
	    "${command%% *}: [0-9]+ %, [0-9.]+ [ kM]B, [0-9.]+ [ k]lines, " \
	    "$command: percentage, bytes and lines of a file"
	like "$(tr '\r' '\n' <"$T/tty")" ' [0-9.]+ [ kMG]B/s,' 'rate'
	like "$(tr '\r' '\n' <"$T/tty")" ', 0 refused' 'lines refused'
	is "$(screen)" '' 'gone at the end'

	on_terminal "$command --progress $T/in >/dev/null"
	like "$(screen)" "^${command%% *}: .*line 9001: not JSON" \
	    'a refused line has a line of its own'
	is "$(screen | wc -l)" 2 'and is all there is, but for the count'

	script -qec "stty cols 1; $command --progress $T/trades >/dev/null" \
	    /dev/null >"$T/tty"
	unlike "$(<"$T/tty")" 'lines' 'nothing in one column'

	on_terminal "cat $T/trades | $command --progress >/dev/null"
	like "$(tr '\r' '\n' <"$T/tty")" "${command%% *}: [0-9.]+ [ kM]B, " \
	    'no percentage of a pipe'

	on_terminal "$command --progress $T/trades $T/trades $T/trades |
	    head -n 1 >/dev/null"
	is "$(screen)" '' 'gone also when the reader goes'

	on_terminal "$command --progress $T/trades"
	unlike "$(<"$T/tty")" ' refused' \
	    'records and status do not share a terminal'

	# shellcheck disable=SC2086 # an option may be in there
	status_is 0 'without a terminal' $command --progress "$T/trades"
	is "$(<"$T/err")" '' 'nothing'

	# shellcheck disable=SC2086
	status_is 0 'a summary' $command -v "$T/trades" "$T/trades"
	like "$(<"$T/err")" "40000 lines, $((2 * $(wc -c <"$T/trades"))) bytes in" \
	    'of lines and bytes'
done

on_terminal "ndjson-validate --progress $T/trades 2>&1 >/dev/null |
    tee $T/piped"
is "$(<"$T/piped")" '' 'standard error into a pipe is no terminal'

# The file grows after the command has looked at its size: meanwhile its output
# holds it back, being more than a pipe holds; and once more behind that size,
# for longer than between two looks at the status.
cp "$T/trades" "$T/grows"
on_terminal "ndjson-validate --progress $T/grows | {
    head -c 1 >/dev/null; cat $T/trades $T/trades >>$T/grows
    head -c $(stat -c %s "$T/trades") >/dev/null; sleep 1; cat >/dev/null; }"
unlike "$(tr '\r' '\n' <"$T/tty")" ' [0-9]{3,} %' \
    'no percentage above 100 of a file that grows'

tac "$T/trades" >"$T/late"
on_terminal "cat $T/late $T/trades $T/trades $T/trades |
    ohlc-window --progress --late /dev/null >/dev/null"
like "$(tr '\r' '\n' <"$T/tty")" ', [0-9]+ late, 0 refused' 'late trades'
done_testing
