#!/bin/bash
# Goal: what the commands that read lines make of an input does not depend on
# the sizes in which it arrives.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

need perl

# writer SIZES FILE: the file in writes of so many bytes, or of random sizes
# of up to so many with a seed: `1`, `r100:7`. The whole of it: `0`.
writer()
{
	perl -e '$SIG{PIPE} = "DEFAULT"; my ($sizes, $file) = @ARGV;
	    open my $in, "<:raw", $file or die; local $/; my $t = <$in>;
	    my ($max, $seed) = $sizes =~ /^r(\d+):(\d+)$/; srand($seed || 0);
	    my $at = 0;
	    while ($at < length $t) {
		my $n = $max ? 1 + int rand $max : $sizes || length $t;
		my $done = syswrite STDOUT, $t, $n, $at;
		defined $done or die $!;
		$at += $done;
	    }' "$@"
}

# Good lines and bad ones, of every length there is a bound for; the last one
# has no end.
perl -e 'srand 3; my $id = 0;
    sub trade {
	my ($space, $more) = @_;
	my $m = 3 + $id - (rand() < .1 ? rand 3 : 0); # some come late
	my $t = sprintf "2024-07-18T%02d:%02d:%02d.%03dZ", $m / 60, $m % 60,
	    rand 60, rand 1000;
	"{\"symbol\":${space}\"" . ("A", "BTCUSDT", "\xe5\xb8\x81")[rand 3] .
	    "\",\"price\":" . (1 + int rand 9999) . ".50," .
	    "\"event_time\":\"$t\",\"processed_time\":\"$t\"," .
	    "\"quantity\":${space}0.0" . int(rand 99) . ",\"trade_id\":" . ++$id . ",\"buyer_maker\":true$more}" }
    for (1 .. 120) {
	print trade("", ""), rand() < .2 ? "\r\n" : "\n";
	print trade(" ", ""), "\n" if rand() < .2;
	print trade("", ",\"note\":\"" . "x" x (rand() < .2 ? 700 + rand 400 :
	    rand 99) . "\""), "\n" if rand() < .3;
	print(("", "\r", "{}", "\xef\xbb\xbf{}", "{\"a\":\"\0\"}", "x\0y",
	    "{\"a\":\xff}", "[1,2", "\"x\"", "1e5", "x" x 5000,
	    "{\"a\":\"" . "y" x (990 + rand 20) . "\"}",
	    substr(trade("", ""), 0, rand 180))[rand 13], "\n") if rand() < .25;
    }
    print trade("", "")' >"$T/in"
lines=$(wc -l <"$T/in")
check "there are $lines lines" [ "$lines" -gt 150 ]

# judge COMMAND...: everything it says of its standard input, in $T/said.
judge()
{
	rm -f "$T/late" "$T/rejects"
	"$@" >"$T/out" 2>"$T/err"
	echo "status $?" >"$T/status"
	touch "$T/late" "$T/rejects"
	tail -n +1 "$T/status" "$T/out" "$T/err" "$T/late" "$T/rejects" \
	    >"$T/said"
}

# same NAME COMMAND...: it says the same, whatever the sizes.
same()
{
	local name=$1 sizes

	shift
	judge "$@" < <(writer 0 "$T/in")
	cp "$T/said" "$T/want"
	like "$(<"$T/status") $(wc -c <"$T/out")" '^status 1 [1-9][0-9]{2}' \
	    "$name: an answer"
	judge "$@" <"$T/in"
	same_file "$T/said" "$T/want" "$name: from a file"
	for sizes in 1 r3:1 r100:2 r5000:3 4096; do
		judge "$@" < <(writer "$sizes" "$T/in")
		same_file "$T/said" "$T/want" "$name: in writes of $sizes"
	done
}

same 'objects' ndjson-validate --max-line 1000
same 'any' ndjson-validate --any --max-line 1000
same 'trades' ndjson-validate -t trade --max-line 1000
same 'trades, rejects in a file' ndjson-validate -q -t trade \
    --max-line 1000 --rejects "$T/rejects"
same 'windows' ohlc-window -q --max-line 1000
same 'windows, files' ohlc-window -q --max-line 1000 -l 0s --late "$T/late" \
    --rejects "$T/rejects"
check 'some of it late' [ -s "$T/late" ]
check 'and some refused' [ -s "$T/rejects" ]

done_testing
