# shellcheck shell=bash
# The folder STACK, where scripts/stack and scripts/compose keep what they
# start, and its file env, from which all scripts here learn the addresses.
# Sourced after postgres.sh.

# stack_lock NAME: one command at a time that changes anything; NAME is whose
# message it is. Ends the script with status 3 when it cannot have the lock.
stack_lock()
{
	if ! exec 9>>"$STACK/lock"; then
		echo "$1: cannot write to $STACK" >&2
		exit 3
	fi
	if ! flock -w 300 9; then
		echo "$1: another command holds $STACK/lock" >&2
		exit 3
	fi
}

# stack_quoted TEXT: as a word of any shell.
stack_quoted()
{
	printf "'%s'\n" "${1//\'/\'\\\'\'}"
}

# stack_write_env NAME DIR: makes the addresses of what has ever been started
# in DIR those that all scripts use; NAME is who writes it.
stack_write_env()
{
	local port database

	{
		echo "# Written by $1: the addresses of the local stack."
		if { read -r port <"$2/kafka/port"; } 2>/dev/null; then
			echo "export TICKPIPE_BROKERS=127.0.0.1:$port"
		fi
		if database=$(postgres_conninfo "$2/postgres" tickpipe); then
			printf 'export TICKPIPE_DATABASE=%s\n' \
			    "$(stack_quoted "$database")"
		fi
	} >"$STACK/env.new" && mv "$STACK/env.new" "$STACK/env"
}
