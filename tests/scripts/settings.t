#!/bin/bash
# Goal: a setting is taken from where the user put it.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

unset SYMBOLS BROKERS DATABASE TICKPIPE_BROKERS TICKPIPE_DATABASE TICKPIPE_CONF
export TICKPIPE_STACK=$T/stack

# setting NAME [ASSIGNMENT...]: its value for a script started with those.
setting()
{
	local name=$1

	shift
	env "$@" bash -uc ". \"$ROOT/scripts/lib/settings.sh\"
	    printf '%s\\n' \"\$$name\"" 2>&1
}

is "$(setting TOPIC) $(setting PARTITIONS) $(setting UPDATES)" \
    'crypto_prices 20 1s' 'the defaults are those of the contract'
is "$(setting BROKERS)" 127.0.0.1:9092 'the usual broker without a stack'
is "$(setting TOPIC TOPIC=other)" other 'the environment wins'
is "$(setting BROKERS TICKPIPE_BROKERS=a:1)" a:1 \
    'by the name that the commands know, too'

mkdir "$T/stack"
printf '%s\n' 'TICKPIPE_BROKERS=127.0.0.1:1234' \
    "TICKPIPE_DATABASE='port=4321 passfile='\\''a b'\\'''" >"$T/stack/env"
is "$(setting BROKERS)" 127.0.0.1:1234 'the local stack is the default'
is "$(setting DATABASE)" "port=4321 passfile='a b'" 'for the database as well'
is "$(setting TICKPIPE_DATABASE)" "port=4321 passfile='a b'" \
    'and the commands see it'
is "$(setting BROKERS TICKPIPE_BROKERS=a:1)" a:1 'until the user says otherwise'
is "$(setting DATABASE DATABASE=mine)" mine 'by either name'

cp "$ROOT/scripts/tickpipe.conf" "$T/mine.conf"
# shellcheck disable=SC2016 # the text of the file
sed -i 's/^: "${BROKERS:.*/BROKERS=final:9092/' "$T/mine.conf"
is "$(setting BROKERS TICKPIPE_CONF="$T/mine.conf" BROKERS=a:1)" final:9092 \
    'a plain assignment in a settings file of his own is final'
is "$(cd "$T" && setting BROKERS TICKPIPE_CONF=mine.conf)" final:9092 \
    'which may be named without a folder'
status_is 2 'a settings file that is not there' \
    env TICKPIPE_CONF="$T/none" "$ROOT/scripts/init-db"
like "$(<"$T/err")" 'init-db: cannot read the settings' 'is said'

done_testing
