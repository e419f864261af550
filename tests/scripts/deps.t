#!/bin/bash
# Goal: deps installs what the release has of what is missing, says what the
# rest is for, and where it may not install anything only says what to do.
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
	env -u JAVA_HOME JAVA_FOLDER="$T/jvm" PATH="$T/bin" \
	    TICKPIPE_DEPS="$T/deps" \
	    "$(type -P bash)" "$ROOT/scripts/deps" "$@"
}

status_is 3 'something is missing' bare
like "$(<"$T/out")" 'apt-get install -y [^|]*make gcc [^|]*kcat [^|]*maven' \
    'the packages are named, as the command that installs them'
like "$(<"$T/out")" 'mvn -q [^|]*copy-dependencies' \
    'and the command for the jars of Kafka'
like "$(<"$T/err")" 'deps: missing: make, for building' 'and what is missing'
like "$(<"$T/err")" 'missing: default-jre-headless or [^,]*, for the Kafka' \
    'with its other names, and what it is for'
like "$(<"$T/err")" 'missing, but not needed: g[+][+], for the yardstick' \
    'or that nothing fails without it'
check 'nothing was made' test ! -e "$T/deps"
unlike "$(<"$T/out")" '://' 'no host is named'
like "$(<"$T/out")" 'pip install [^|]*grafana-foundation-sdk==' \
    "the dashboard's schema has its command"
like "$(<"$T/out")" 'npm install [^|]*@grafana/data@9[^|]*npm install [^|]*@13' \
    'and what its numbers are formatted by, twice'
unlike "$(<"$T/err")" 'missing: [^:]*(pip|npm|grafana)' 'but is not needed'

mkdir -p "$T/deps/kafka/libs"
touch "$T/deps/kafka/libs/kafka_2.13-0.1.jar"
status_is 3 'jars of another version' bare --dry-run
like "$(<"$T/out")" 'mvn -q' 'do not count'

# The same machine with an apt-get: what it was called with goes to apt.log;
# what is in known may be installed, but for what is in broken, and what it
# installs is there afterwards, as a command of that name. Before the first
# update nothing is known where there is a file empty.
touch "$T/broken" "$T/known"
cat >"$T/bin/apt-get" <<END
#!$T/bin/bash
printf '%s\n' "\$*" >>"$T/apt.log"
if [[ \$1 == update ]]; then
	rm -f "$T/empty"
	exit \$(<"$T/update")
fi
names=()
for word in "\${@:2}"; do
	[[ \$word == -* ]] || names+=("\$word")
done
for name in "\${names[@]}"; do
	[[ ! -e $T/empty && \$(<"$T/known") == *" \$name "* ]] || exit 100
	[[ \$* == *--simulate* || \$(<"$T/broken") != *" \$name "* ]] ||
	    exit 100
done
[[ \$* != *--simulate* ]] || exit 0
for name in "\${names[@]}"; do
	printf '#!/bin/sh\n' >"$T/bin/\$name"
	$(type -P chmod) +x "$T/bin/\$name"
done
END
cat >"$T/bin/sudo" <<END
#!$T/bin/bash
shift
exec "\$@"
END
chmod +x "$T/bin/apt-get" "$T/bin/sudo"
# No server to install: this would write to /etc.
ln -s "$(type -P true)" "$T/bin/postgres"
ln -s "$(type -P readlink)" "$T/bin/readlink"

# What both releases have; each has one of its own.
both=' make gcc libc6-dev clang pkg-config librdkafka-dev libwebsockets-dev'
both+=' libpq-dev libssl-dev libjsmn-dev openssl ca-certificates postgresql'
both+=' postgresql-client kcat jq gnuplot-nox mandoc shellcheck valgrind perl'
both+=' procps maven default-jre-headless'
bookworm="$both libclang-rt-14-dev openjdk-17-jre-headless "
trixie="$both libclang-rt-dev openjdk-21-jre-headless "

# release KNOWN [BROKEN]: such a machine, with nothing installed yet.
release()
{
	printf '%s\n' "$1" >"$T/known"
	printf '%s\n' "${2-}" >"$T/broken"
	echo 0 >"$T/update"
	rm -f "$T/apt.log" "$T/bin/"{make,gcc,jq,kcat,mvn,maven}
}

# installed: prints the packages of every install that was not simulated.
installed()
{
	grep '^install' "$T/apt.log" | grep -v -e --simulate |
	    sed 's/.*--no-install-recommends//'
}

release "$bookworm"
status_is 3 'on Debian 12' bare
like "$(installed)" ' make .* libclang-rt-14-dev .* default-jre-headless' \
    'the runtime of its clang is installed'
unlike "$(<"$T/err")" 'missing: (make|jq|kcat),' 'what was installed is there'

release "$trixie"
touch "$T/empty"
status_is 3 'on Debian 13, whose lists were never fetched' bare
like "$(<"$T/apt.log")" $'\nupdate\n' 'they are'
like "$(installed)" ' make .* libclang-rt-dev .* default-jre-headless' \
    'and what has another name there is installed'
is "$(installed | grep -c ' make ')" 1 'with all others, at once'

release "${trixie/ kcat / }"
status_is 3 'without one package' bare
like "$(installed)" ' make .* jq ' 'all others are installed'
unlike "$(installed)" 'kcat' 'without asking for it'
like "$(<"$T/err")" 'missing: kcat, for the tests' 'which is said'
unlike "$(<"$T/err")" 'missing: (make|jq|gcc),' 'of no other'

release "$trixie" ' kcat '
status_is 3 'with one that cannot be installed' bare
check 'all others are' test -e "$T/bin/make" -a -e "$T/bin/jq"
check 'but that one' test ! -e "$T/bin/kcat"
like "$(<"$T/err")" 'missing: kcat, for the tests' 'which is said, too'

release "${trixie/ kcat / }"
echo 100 >"$T/update"
status_is 3 'with a source that fails' bare
like "$(<"$T/err")" 'not all lists are up to date' 'which is said'
like "$(installed)" ' make ' 'what is known is installed'

release "${trixie/ default-jre-headless / }"
status_is 3 'without the usual Java' bare
like "$(installed)" ' openjdk-21-jre-headless' 'another is installed'

# java NAME RELEASE: a runtime of that release.
java()
{
	mkdir -p "$T/$1/bin"
	printf 'IMPLEMENTOR="x"\nJAVA_VERSION="%s"\n' "$2" >"$T/$1/release"
	printf '#!/bin/sh\necho "openjdk version \\"%s\\"" >&2\n' "$2" \
	    >"$T/$1/bin/java"
	chmod +x "$T/$1/bin/java"
}

# shellcheck source=scripts/lib/java.sh
. "$ROOT/scripts/lib/java.sh"
java old 11.0.27
java new 99.0.1
java bare 99
rm "$T/bare/release"
is "$(JAVA_HOME=$T/old PATH=$T/new/bin:$PATH java_find 99)" \
    "$T/new/bin/java" 'a Java that is too old is passed over'
is "$(JAVA_HOME=$T/new PATH=$T/old/bin:$PATH java_find 99)" \
    "$T/new/bin/java" 'that of JAVA_HOME is taken'
is "$(JAVA_HOME=$T/bare java_find 99)" "$T/bare/bin/java" \
    'it may say its release itself'
is "$(JAVA_HOME=$T/new java_find 100)" '' 'none is new enough'

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
