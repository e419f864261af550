#!/bin/bash
# make install puts commands and manual pages in place, make uninstall takes
# them away.
# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

tree() { (cd "$T/root" && find . -type f | sort); }

# The commands are built already: installing must not build them anew.
check 'make install' make -C "$ROOT" --no-print-directory \
    BIN="$BIN" BUILD="$BUILD" DESTDIR="$T/root" PREFIX=/usr install -o all
for c in bws-trades ndjson-validate kafka-pub kafka-sub ohlc-window pg-upsert
do
	check "$c is there" test -x "$T/root/usr/bin/$c"
	check 'and its manual page' test -f "$T/root/usr/share/man/man1/$c.1"
done
for page in man5/tickpipe-records.5 man7/tickpipe.7; do
	check "$page is there" test -f "$T/root/usr/share/man/$page"
done
check 'make uninstall' make -C "$ROOT" --no-print-directory \
    BIN="$BIN" BUILD="$BUILD" DESTDIR="$T/root" PREFIX=/usr uninstall
is "$(tree)" '' 'nothing is left'
done_testing
