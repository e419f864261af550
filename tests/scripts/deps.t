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
like "$(<"$T/out")" 'pip install [^|]*grafana-foundation-sdk==' \
    "the dashboard's schema has its command"
like "$(<"$T/out")" 'npm install [^|]*@grafana/data@9[^|]*npm install [^|]*@13' \
    'and what its numbers are formatted by, twice'
unlike "$(<"$T/err")" 'missing:.*(pip|npm|grafana)' 'but is not needed'

mkdir -p "$T/deps/kafka/libs"
touch "$T/deps/kafka/libs/kafka_2.13-0.1.jar"
status_is 3 'jars of another version' bare --dry-run
like "$(<"$T/out")" 'mvn -q' 'do not count'

# What is only wanted is no reason to fail. (Where all is there: other-
# wise the rest is missing too.)
if [[ -z $("$ROOT/scripts/deps" --dry-run 2>&1) ]]; then
	mkdir "$T/path"
	cp -s /usr/bin/* "$T/path" 2>/dev/null
	rm -f "$T/path"/g++*
	status_is 0 'without a compiler for the bench' \
	    env PATH="$T/path" "$ROOT/scripts/deps" --dry-run
	like "$(<"$T/out")" 'apt-get install -y [^|]*g[+][+]' \
	    'only the command to install it is printed'
else
	skip 'something else is missing' 2
fi

status_is 2 'an unknown option' "$ROOT/scripts/deps" --force
status_is 0 'help' "$ROOT/scripts/deps" --help
like "$(<"$T/out")" '^usage: scripts/deps' 'is on stdout'

done_testing
