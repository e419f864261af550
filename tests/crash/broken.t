#!/bin/bash
# Goal: the commands that are broken on purpose can be built from the tree as
# it is, and random histories find what is broken in each.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

need perl patch make
broken=$ROOT/tests/crash/broken
export TICKPIPE_BIN=$BIN TICKPIPE_BUILD=$BUILD

names=$("$broken/build")
is "${names//$'\n'/ }" 'burst earlyack nonewer noresume oldest start' \
    'six defects'
for name in $names; do
	check "$name applies to the tree" patch --dry-run -f -F0 -d "$ROOT" -p1 \
	    -i "$broken/$name.patch"
done
status_is 2 'another one' "$broken/build" nothing

bin=$("$broken/build" oldest)
is "$bin" "$BUILD/broken/oldest/bin" 'a folder is printed'
is "$(cd "$bin" && echo *)" \
    'bws-trades kafka-pub kafka-sub ndjson-validate ohlc-window pg-upsert' \
    'with all six commands'
check 'that run' "$bin/ohlc-window" --help
check 'one of them is another' test ! "$bin/ohlc-window" -ef "$BIN/ohlc-window"

status_is 0 'the histories' "$broken/histories" -1 200
# What is wrong with the live feed is in no history: a live round finds that.
for name in ${names/noresume/}; do
	like $'\n'"$(<"$T/out")" $'\n'"$name +1 of [0-9]+ histories differ" \
	    "$name is found"
done
done_testing
