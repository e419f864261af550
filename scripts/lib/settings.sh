# shellcheck shell=bash
# The settings of scripts/tickpipe.conf as variables, for every script here:
# SYMBOLS TICKPIPE_URL TICKPIPE_REST TIME_UNIT RESUME_MESSAGES BROKERS
# KAFKA_PROPERTIES TOPIC PARTITIONS REPLICAS GROUP_CANDLES GROUP_TICKS DATABASE
# TABLE_TICKS TABLE_CANDLES LATENESS UPDATES DATA. Sets ROOT and KAFKA_OPTIONS
# (an array for the Kafka commands), and puts the commands of this tree first in
# PATH. Sourced, never run; the script ends with status 2 when a settings file
# cannot be read.
#
# Which value counts: the environment's, then the settings file's own, then
# that of the local stack (scripts/stack or scripts/compose), then the settings
# file's default.

ROOT=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
PATH=${TICKPIPE_BIN:-$ROOT/bin}:$PATH

# settings_stack: the addresses of the local stack, where the environment has
# none. They stay what they are: defaults.
settings_stack()
{
	local file=${TICKPIPE_STACK:-$ROOT/.stack}/env
	local brokers=${TICKPIPE_BROKERS:-} database=${TICKPIPE_DATABASE:-}

	[[ -r $file ]] || return 0
	# shellcheck source=/dev/null
	. "$file" || return 1
	TICKPIPE_BROKERS=${brokers:-${TICKPIPE_BROKERS:-}}
	TICKPIPE_DATABASE=${database:-${TICKPIPE_DATABASE:-}}
}

# settings_load: all of it.
settings_load()
{
	local conf=${TICKPIPE_CONF:-$ROOT/scripts/tickpipe.conf}

	# Without a slash, `.` would look for the file along PATH.
	[[ $conf == */* ]] || conf=./$conf
	settings_stack || return 1
	# shellcheck source=scripts/tickpipe.conf
	. "$conf" || return 1
	# A settings file of before these were there goes on to serve.
	: "${TICKPIPE_REST:=}" "${TIME_UNIT:=ms}" "${RESUME_MESSAGES:=1000000}"
	# shellcheck disable=SC2034 # for the scripts that load these settings
	KAFKA_OPTIONS=(${KAFKA_PROPERTIES:+-F "$KAFKA_PROPERTIES"})
	export PATH TICKPIPE_URL
	export TICKPIPE_BROKERS=$BROKERS TICKPIPE_DATABASE=$DATABASE
}

if ! settings_load; then
	echo "${0##*/}: cannot read the settings" >&2
	exit 2
fi
