#!/usr/bin/env bash
# Every text of json-cases.txt, and depth, is decided as JSON has it.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

table=$(dirname "$0")/json-cases.txt

# texts VERDICT: the texts of that verdict as bytes, one a line.
texts()
{
	perl -ne 'next if /^#/; my ($v, $t) = /^(\S+) (.*)$/ or die $_;
	    next if $v ne $ARGV_VERDICT; $t =~ s/%(..)/chr hex $1/ge;
	    print "$t\n"; BEGIN { $ARGV_VERDICT = shift }' "$1" "$table"
}

# refused FILE: what is refused of each line, as the line itself or in hex.
refused()
{
	perl -ne 'print pack("H*", $1), "\n" if /"hex":"([0-9a-f]*)"/' "$1"
}

texts y >"$T/y"
texts n >"$T/n"
texts i+ >"$T/i+"
texts i- >"$T/i-"
n=$(wc -l <"$T/n")
check "there are $(wc -l <"$T/y") valid texts" [ "$(wc -l <"$T/y")" -ge 95 ]
check "there are $n invalid texts" [ "$n" -ge 188 ]

status_is 0 'every valid text passes' ndjson-validate --any "$T/y"
same_file "$T/out" "$T/y" 'byte for byte'

status_is 1 'invalid texts are refused' \
    ndjson-validate --any --rejects "$T/rejects" "$T/n"
is "$(cat -v "$T/out")" '' 'every one'
is "$(jq -r .line "$T/rejects" | tr '\n' ' ')" "$(seq -s ' ' "$n") " \
    'and each is in the rejects'
is "$(jq -s 'map(select(.reason | test("^not JSON: .* at byte [1-9]"))) |
    length' "$T/rejects")" "$n" 'with what is wrong and where'
tr '\0' Z <"$T/n" | wc -l >"$T/lines"
is "$(jq -s length "$T/rejects")" "$(cat "$T/lines")" \
    'and the rejects are NDJSON'

status_is 0 'what the standard leaves open: accepted' \
    ndjson-validate --any "$T/i+"
same_file "$T/out" "$T/i+" 'byte for byte'
status_is 1 'what the standard leaves open: refused' \
    ndjson-validate --any --rejects "$T/open" "$T/i-"
is "$(cat -v "$T/out")" '' 'every one'
perl -MEncode -ne 'my $copy = $_;
    print if !defined eval { decode("UTF-8", $copy, Encode::FB_CROAK) }' "$T/i-" \
    >"$T/bytes"
refused "$T/open" >"$T/back"
same_file "$T/back" "$T/bytes" 'bytes that are not UTF-8 come back from hex'

# Objects: the default wants one, whatever stands in it or around it.
grep -a '^[ \t]*{' "$T/y" >"$T/objects"
status_is 0 'every valid object passes by default' ndjson-validate "$T/objects"
same_file "$T/out" "$T/objects" 'byte for byte'
grep -av '^[[:space:]]*{' "$T/y" >"$T/others"
status_is 1 'every other valid text is refused by default' \
    ndjson-validate --rejects "$T/rejects2" "$T/others"
is "$(jq -r .reason "$T/rejects2" | sort | uniq -c | tr -s ' ')" \
    " $(wc -l <"$T/others") not a JSON object" 'as no object'

# nested N [NAME]: N arrays, or N objects.
nested()
{
	perl -e 'my ($n, $name) = @ARGV; print $name ? "{\"$name\":" x ($n - 1)
	    . "{}" . "}" x ($n - 1) : "[" x $n . "]" x $n, "\n"' "$@"
}

nested 256 >"$T/deep"
nested 256 a >>"$T/deep"
status_is 0 '256 levels pass' ndjson-validate --any "$T/deep"
same_file "$T/out" "$T/deep" 'byte for byte'
check 'jq reads as many arrays' jq . <(head -n 1 "$T/deep")
nested 257 >"$T/deeper"
# shellcheck disable=SC2129 # one after another reads better
nested 257 a >>"$T/deeper"
nested 100000 >>"$T/deeper"
perl -e 'print "[" x 100000, "\n", "[{\"\":" x 50000, "\n"' >>"$T/deeper"
status_is 1 '257 and more do not' \
    ndjson-validate --any --rejects "$T/rejects3" "$T/deeper"
is "$(wc -c <"$T/out") $(jq -r .reason "$T/rejects3" | sort -u)" \
    '0 not JSON: nested too deeply at byte 1281
not JSON: nested too deeply at byte 257
not JSON: nested too deeply at byte 641' 'and are told so'
status_is 1 'a line as deep as can be, refused for another reason' \
    ndjson-validate -t trade --rejects "$T/rejects4" <(nested 256 a)
check 'is kept so that jq can read the rejects' jq . "$T/rejects4"
is "$(jq -r '.record | if type == "string" then . else tojson end' \
    "$T/rejects4")" "$(nested 256 a)" 'whole'

# Lines whose length tempts a reader to look at everything again and again.
perl -e 'print "{", join(",", map "\"m$_\":[[],[]]", 1 .. 40000), "}\n";
    print "{\"a\":[", join(",", ("[]") x 250000), "]}\n";
    print "{\"", "\\u00e9" x 140000, "\":\"", "\\\\" x 20000, "\"}\n";
    print "{\"a\":", "9" x 890000, "}\n"' >"$T/wide"
status_is 0 'lines of 900,000 bytes' bash -c \
    "ulimit -t 20; exec ndjson-validate '$T/wide'"
same_file "$T/out" "$T/wide" 'byte for byte'

done_testing
