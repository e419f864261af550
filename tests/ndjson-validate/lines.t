#!/bin/bash
# Goal: good lines pass byte for byte, every other line is in the rejects with
# its reason and number.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

need jq perl

# --- Byte for byte ---
printf '%s\n' '{"a":1}' ' { "b" : 1.50e+0 } ' $'\t{}\r' '{"c":"\u005f\ud800"}' \
    '{"c":1,"c":2}' $'{"d":"\xc3\xa9\x7f"}' >"$T/good"
status_is 0 'good lines' ndjson-validate "$T/good"
same_file "$T/out" "$T/good" 'pass as they are'
status_is 0 'several files, and - among them' \
    ndjson-validate "$T/good" - "$T/good" <<<'{"between":1}'
same_file "$T/out" <(cat "$T/good"; echo '{"between":1}'; cat "$T/good") \
    'one behind the other'
printf '{"a":1}\n{"a":2}' >"$T/unended"
status_is 0 'a last line without its end that is whole' \
    ndjson-validate "$T/unended" "$T/good"
same_file "$T/out" <(cat "$T/unended"; echo; cat "$T/good") 'gets one'
printf '{"a":1}\n{"a":' >"$T/torn"
status_is 1 'a torn last line' ndjson-validate "$T/torn" "$T/good"
same_file "$T/out" <(echo '{"a":1}'; cat "$T/good") \
    'is refused, and the next file begins anew'
like "$(<"$T/err")" ': line 2: not JSON: unexpected end at byte 6: \{"a":' \
    'and it is said where'
status_is 2 'a missing file ends it' \
    ndjson-validate "$T/good" "$T/nothing" "$T/good"
same_file "$T/out" "$T/good" 'behind what was before it'

# --- Refused ---
{
	printf '{"a":1}\n\n   \nnull\n[{}]\n"{}"\n{"a":1}{}\n{"a":\xff}\n'
	printf '{"a":"\xc3(\x1b[31m"}\nx\x00y\n{"a":2}\n\xef\xbb\xbf{}\n{"z":1}\n'
} >"$T/mixed"
status_is 1 'bad lines among good ones' \
    ndjson-validate --rejects "$T/rejects" "$T/mixed"
is "$(tr '\n' ' ' <"$T/out")" '{"a":1} {"a":2} {"z":1} ' 'every good one passes'
is "$(jq -r '"\(.line) \(.reason)"' "$T/rejects")" '2 empty line
3 not JSON: unexpected end at byte 4
4 not a JSON object
5 not a JSON object
6 not a JSON object
7 not JSON: more behind the value at byte 8
8 not JSON: unexpected character at byte 6
9 not JSON: invalid UTF-8 at byte 7
10 not JSON: unexpected character at byte 1
12 not JSON: unexpected character at byte 1' 'every bad one is in the rejects'
is "$(jq -c 'select(.line >= 4 and .line <= 7) | .record' "$T/rejects" |
    tr '\n' ' ')" 'null [{}] "{}" "{\"a\":1}{}" ' \
    'as JSON where it is, else as a string'
is "$(jq -r .file "$T/rejects" | sort -u)" "$T/mixed" 'and its file is named'
perl -ne 'print pack("H*", $1), "\n" if /"hex":"(.*?)"/' "$T/rejects" >"$T/hex"
same_file "$T/hex" <(sed -n '8p;9p' "$T/mixed") \
    'bytes that are not UTF-8 come back from hex'
is "$(jq -r 'select(.line == 10) | .record' "$T/rejects" | od -An -c |
    tr -d ' \n')" 'x\0y\n' 'a NUL is kept in the string'
cp "$T/rejects" "$T/before"
ndjson-validate -q --rejects "$T/rejects" "$T/mixed" >"$T/out" 2>"$T/err"
is "$(wc -l <"$T/rejects") $(stat -c %a "$T/rejects")" '20 640' \
    'rejects are appended to, and not for everybody'
is "$(<"$T/err")" 'ndjson-validate: 10 lines refused' '-q: the count alone'
echo nonsense | ndjson-validate -q 2>"$T/err"
like "$(<"$T/err")" 'line 1: .*: nonsense' '-q: a refused line is not dropped'
ndjson-validate "$T/mixed" 2>"$T/err" >"$T/out"
is "$(grep -c ': line [0-9]*: ' "$T/err") $(grep -c . "$T/err")" '10 11' \
    'without rejects each goes to standard error'
# shellcheck disable=SC2016 # perl's own
check 'and nothing that moves a terminal' perl -ne \
    'die $_ if /[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]/' "$T/err"
printf 'bad\n' >"$T/"$'odd\e[31m\x07name'
ndjson-validate "$T/"$'odd\e[31m\x07name' 2>"$T/err" >"$T/out"
like "$(<"$T/err")" 'odd\\x1b\[31m\\x07name: line 1: .*: bad' \
    'nor does the name of a file'
is "$(ndjson-validate --any <<<'' 2>&1 >"$T/out" | head -n 1)" \
    'ndjson-validate: line 1: empty line: ' 'an empty line is told as that'
seq 1000 | ndjson-validate --rejects "$T/r3" >"$T/out" 2>"$T/err"
is "$(wc -l <"$T/r3")" 1000 'a flood of bad lines is kept whole'
check 'and told in a few' [ "$(wc -l <"$T/err")" -lt 50 ]
is "$(tail -n 1 "$T/err")" 'ndjson-validate: 1000 lines refused' 'with the count'

# --- Length ---
# of N [MEMBERS]: an object of N bytes, members behind.
of()
{
	perl -e 'my ($n, $m) = @ARGV; $m //= "";
	    print "{\"a\":\"", "x" x ($n - 8 - length $m), "\"$m}\n"' "$@"
}
kafka='"_kafka":{"topic":"t","partition":0,"offset":1,"start":1}'
{
	of 899999
	of 900000
	of $((900000 + 1 + ${#kafka})) ",$kafka"
} >"$T/longest"
status_is 0 'lines as long as may be, _kafka not counted' \
    ndjson-validate "$T/longest"
same_file "$T/out" "$T/longest" 'pass'
{ of 900001; of 900600 ",$kafka"; of 3000000; echo '{}'; of 899999; } >"$T/longer"
status_is 1 'longer ones' ndjson-validate --rejects "$T/r4" "$T/longer"
is "$(cut -c 1-10 "$T/out" | tr '\n' ' ')" '{} {"a":"xxxx ' 'do not'
is "$(jq -c '[.line, .reason, .bytes, (.record | length)]' "$T/r4")" \
    '[1,"longer than --max-line",900001,1024]
[2,"longer than --max-line",900600,1024]
[3,"longer than --max-line",3000000,1024]' 'their beginning and length are kept'
{ of 64; of 65; of 200; of 577; of 5000; of 64 | tr -d '\n'; } >"$T/short"
status_is 1 '--max-line' ndjson-validate --max-line 64 --rejects "$T/r5" "$T/short"
is "$(wc -l <"$T/out") $(jq -s -c 'map(.bytes // (.record | tojson | length))' \
    "$T/r5")" '2 [65,200,577,5000]' 'is the bound'
status_is 1 'a long line that is torn' ndjson-validate --max-line 64 \
    --rejects "$T/r6" <(of 5000 | head -c 4000)
is "$(jq -c '[.line, .bytes]' "$T/r6")" '[1,4000]' 'is one line'

# --- Provenance ---
at()
{
	printf '"_kafka":{"topic":"t","partition":0,"offset":%s,"start":7}' "$1"
}
{
	echo "{\"a\":1,$(at 1)}"
	echo "{$(at 2)}"
	echo "{\"a\":1,$(at 3),\"b\":[}"
	echo "{\"a\":1,$(at 4),$(at 4)}"
	echo "{ $(at 5) , \"a\":1}"
	echo "{\"a\":1,$(at 6 | sed 's/_/\\u005f/')}"
} >"$T/prov"
status_is 1 'lines with provenance' ndjson-validate --rejects "$T/r7" "$T/prov"
same_file "$T/out" <(sed '3,4d' "$T/prov") 'pass as they are, alone too'
status_is 1 'refused for the record' \
    ndjson-validate -t trade --rejects "$T/r8" "$T/prov"
is "$(tr '\n' ' ' <"$T/out")" \
    "{$(at 1)} {$(at 2)} {$(at 5)} {$(at 6)} " \
    'their provenance goes on alone'
for bad in null 1 '{}' '[]' '"x"' \
    '{"topic":"","partition":0,"offset":0,"start":0}' \
    '{"topic":"a b","partition":0,"offset":0,"start":0}' \
    '{"topic":"t","partition":-1,"offset":0,"start":0}' \
    '{"topic":"t","partition":2147483648,"offset":0,"start":0}' \
    '{"topic":"t","partition":0,"offset":-2,"start":0}' \
    '{"topic":"t","partition":0,"offset":9223372036854775808,"start":0}' \
    '{"topic":"t","partition":0,"offset":0,"start":-1}' \
    '{"topic":"t","partition":0.5,"offset":0,"start":0}' \
    '{"topic":"t","partition":0,"offset":"0","start":0}' \
    '{"topic":"t","partition":0,"offset":0}' \
    '{"topic":"t","partition":0,"offset":0,"offset":1,"start":0}'; do
	echo "{\"a\":1,\"_kafka\":$bad}"
done >"$T/bad"
status_is 1 'provenance that is none' ndjson-validate --rejects "$T/r9" "$T/bad"
is "$(wc -c <"$T/out") $(jq -r .reason "$T/r9" | sort | uniq -c | tr -s ' ')" \
    '0  16 a bad _kafka' 'is refused'
status_is 0 'the largest there is' ndjson-validate <<<'{"_kafka":{"topic":"t","partition":2147483647,"offset":9223372036854775807,"start":9223372036854775807}}'

done_testing
