#!/bin/bash
# Manual pages, scripts, and the warnings of both compilers.
# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need mandoc shellcheck clang gcc

check 'make lint' make -C "$ROOT" --no-print-directory lint
is "$(cd "$ROOT" && grep -rnwE 'TODO|FIXME|XXX' src scripts sql Makefile)" '' \
    'nothing is left for later'
done_testing
