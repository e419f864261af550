# shellcheck shell=bash
# Where a Java is that is new enough. Sourced, never run.

# Where Debian's packages install them, each in a folder of its own.
JAVA_FOLDER=${JAVA_FOLDER:-/usr/lib/jvm}

# java_release JAVA: prints its feature release (17), or fails. The file that
# comes with a runtime says it at once; without one, Java itself is started.
java_release()
{
	local home version

	home=$(readlink -f -- "$1") || return 1
	home=${home%/bin/java}
	version=$(sed -n 's/^JAVA_VERSION=//p' "$home/release" 2>/dev/null)
	[[ -n $version ]] || version=$("$1" -version 2>&1) || return 1
	[[ $version =~ \"([0-9]+) ]] || return 1
	printf '%s\n' "${BASH_REMATCH[1]}"
}

# java_find RELEASE: prints the first java of at least that release: of
# JAVA_HOME, of PATH, and of JAVA_FOLDER.
java_find()
{
	local java release

	while read -r java; do
		if [[ -x $java ]] && release=$(java_release "$java") &&
		    ((release >= $1)); then
			printf '%s\n' "$java"
			return 0
		fi
	done < <(
		printf '%s\n' "${JAVA_HOME:+$JAVA_HOME/bin/java}"
		type -P java
		compgen -G "$JAVA_FOLDER/*/bin/java"
	)
	return 1
}
