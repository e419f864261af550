#!/bin/bash
# Goal: deps says what is missing, and where it may not install it only says so.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

# A machine with next to nothing: no compiler, no apt-get, no Maven.
mkdir "$T/bin"
for tool in bash cat dirname env rm mkdir sed; do
	ln -s "$(type -P "$tool")" "$T/bin/$tool"
done

# bare ARGUMENT...: deps on that machine.
# shellcheck disable=SC2317 # called by the helpers
bare()
{
	env -u JAVA_HOME PATH="$T/bin" TICKPIPE_DEPS="$T/deps" \
	    "$(type -P bash)" "$ROOT/scripts/deps" "$@"
}

status_is 3 'something is missing' bare
like "$(<"$T/out")" 'apt-get install -y [^|]*make gcc [^|]*kcat [^|]*maven' \
    'the packages are named, as the command that installs them'
like "$(<"$T/out")" 'mvn -q [^|]*copy-dependencies' \
    'and the command for the jars of Kafka'
like "$(<"$T/err")" 'deps: missing: make, gcc' 'and what is missing'
check 'nothing was made' test ! -e "$T/deps"
unlike "$(<"$T/out")" '://' 'no host is named'

mkdir -p "$T/deps/kafka/libs"
touch "$T/deps/kafka/libs/kafka_2.13-0.1.jar"
status_is 3 'jars of another version' bare --dry-run
like "$(<"$T/out")" 'mvn -q' 'do not count'

status_is 2 'an unknown option' "$ROOT/scripts/deps" --force
status_is 0 'help' "$ROOT/scripts/deps" --help
like "$(<"$T/out")" '^usage: scripts/deps' 'is on stdout'

done_testing
