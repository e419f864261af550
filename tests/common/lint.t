#!/bin/bash
# Manual pages, scripts, and the warnings of both compilers.
# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need mandoc shellcheck clang gcc

check 'make lint' make -C "$ROOT" --no-print-directory lint
is "$(git -C "$ROOT" grep -nwE 'TODO|FIXME|XXX' -- src scripts sql Makefile \
    2>/dev/null)" '' 'nothing is left for later'
done_testing
