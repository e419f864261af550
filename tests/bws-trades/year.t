#!/usr/bin/env bash
# The short form of `make year`: days of all kinds of faults, and every trade
# comes out once.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/bws-trades/year.sh
. "$ROOT/tests/bws-trades/year.sh"
need bws-trades openssl perl
[[ -x $EXCHANGE ]] || skip_all 'the exchange simulator is not built' required

# shellcheck disable=SC2034 # for year.sh
YEAR_STILL=30 YEAR_SEED=${TICKPIPE_SEED:-1}

# A deck of faults has each kind once; those of the second one see to it that
# there are occasions for the first.
YEAR_DAYS=6 YEAR_FAULTS=40 YEAR_DAY=3.8 YEAR_ROTATE=1200ms YEAR_AGE=4
YEAR_AFTER=1
year_begin few || bail 'it does not start'
year_await few
year_judge few
year_summary few | sed 's/^/# /'
is "$(year_faults few | tr , '\n' | grep -c ' [1-9]')" 30 'few: all kinds of faults'

# Two connections, none of which is lost: what has to be asked for a thousand
# symbols afterwards takes minutes, by the weight of a minute. Nor does REST hide
# trades, which shows when the next one of the symbol comes.
YEAR_DAYS=2 YEAR_SYMBOLS=1100 YEAR_RATE=1000 YEAR_DAY=5.5 YEAR_FAULTS=12
YEAR_AGE=20 YEAR_ROTATE=5s YEAR_EVERY=.6
YEAR_KINDS=stall,behind,garbage,lose,duplicate,reorder,pieces,hole
YEAR_KINDS+=,slow-handshake,refuse,certificate,rest-500
year_begin many || bail 'it does not start'
year_await many
year_judge many
year_summary many | sed 's/^/# /'
done_testing
