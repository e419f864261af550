#!/bin/bash
# Goal: the fuzz targets find nothing in their corpora and a few runs more, and
# what a target finds is told so that it can be seen again.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

need clang
cat >"$T/broken.c" <<'END'
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 1 && data[0] == 'B')
		abort();
	return 0;
}
END
mkdir -p "$T/broken/tests/fuzz"
clang -fsanitize=fuzzer,address -o "$T/broken/tests/fuzz/broken" \
    "$T/broken.c" 2>"$T/err" ||
    skip_all "clang has no libFuzzer (scripts/deps): $(head -n 1 "$T/err")" \
	required

run=$ROOT/tests/fuzz/run
check 'the targets are built' env -u MAKEFLAGS -u MFLAGS \
    make -j2 -C "$ROOT" --no-print-directory fuzz-build || bail 'no targets'

# What is found stays there.
out=$ROOT/build/fuzz/check
rm -rf "$out"
status_is 0 'they find nothing' env TICKPIPE_FUZZ_OUT="$out" "$run" -n 10000 ||
    diag_file "$T/out"
is "$(grep -c ', nothing found$' "$T/out")" 4 'each is told in a line'
for target in records values windows frames; do
	runs=$(sed -n "s/^$target: \([0-9]*\) runs.*/\1/p" "$T/out")
	check "$target: $runs runs" [ "${runs:-0}" -ge 10000 ]
	edges=$(sed -n "s/^$target: .* \([0-9]*\) edges.*/\1/p" "$T/out")
	check "$target: $edges edges" [ "${edges:-0}" -ge 200 ]
	n=$(find "$ROOT/tests/fuzz/corpus/$target" -type f | wc -l)
	check "$target: $n inputs in its corpus" [ "$n" -ge 5 ]
done

export TICKPIPE_FUZZ=$T/broken
status_is 1 'a target that finds something' "$run" -n 100000 broken
like "$(<"$T/out")" '^broken: .* FOUND SOMETHING' 'is told'
again=$(sed -n 's/^again: //p' "$T/out")
check 'with what it was' [ -s "${again##* }" ]
# shellcheck disable=SC2086 # a command and its argument
$again >"$T/again" 2>&1
like "$? $(tail -n 30 "$T/again")" '^[1-9].*deadly signal' 'and finds it again'
status_is 2 'a time that is none' "$run" soon
status_is 2 'nor is nothing' "$run"

done_testing
