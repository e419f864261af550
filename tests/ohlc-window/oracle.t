#!/bin/bash
# Goal: candles, late and refused trades of random inputs are those that a
# batch computation with big integers gives.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

need perl
oracle=$(dirname "$0")/oracle.pl

for part in 1 2; do
	mkdir "$T/$part"
	T=$T/$part perl "$oracle" $((part * 1000)) 120 >"$T/$part.out" 2>&1 &
done
wait
for part in 1 2; do
	is "$(tail -n 1 "$T/$part.out")" '0 of 120 inputs differ' \
	    "random inputs, part $part" || diag_file "$T/$part.out"
done

done_testing
