#!/bin/bash
# Goal: however its input, its output or its user end it, ndjson-validate says
# the truth with its exit status, and no line is held back or lost.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

mkfifo "$T/fifo" "$T/full"

# has N: that many lines have come out.
# shellcheck disable=SC2317 # called by wait_for
has()
{
	(($(wc -l <"$T/live") >= $1))
}

# live COMMAND...: starts it with a pipe that stays open as descriptor 3.
live()
{
	: >"$T/live"
	interruptible "$@" <"$T/fifo" >"$T/live" 2>"$T/err" &
	pid=$!
	exec 3>"$T/fifo"
}

# ended: waits for it; sets status to its exit status.
ended()
{
	wait_for 120 pid_gone "$pid" || kill -KILL "$pid"
	wait "$pid"
	status=$?
}

# --- Output that comes at once ---
live ndjson-validate
echo '{"a":1}' >&3
check 'a line comes out while the input stays open' wait_for 120 has 1
printf '{"a":2}\n{"a":' >&3
check 'and the next' wait_for 120 has 2
echo '3}' >&3
check 'and one that came in two parts' wait_for 120 has 3
is "$(tr -d '\n' <"$T/live")" '{"a":1}{"a":2}{"a":3}' 'as they were'
exec 3>&-
ended
is "$status" 0 'the end of the input ends it'
live ndjson-validate - <(echo '{"b":1}')
exec 3>&-
ended
is "$status $(<"$T/live")" '0 {"b":1}' '- and another file'

# --- Readers that go away ---
yes '{"a":1}' | ndjson-validate | head -n 1 >"$T/out"
is "${PIPESTATUS[1]} $(<"$T/out")" '141 {"a":1}' 'head ends it as SIGPIPE would'
exec 4> >(exec head -n 1 >"$T/out")
reader=$!
ndjson-validate <"$T/fifo" >&4 2>"$T/err" &
pid=$!
exec 3>"$T/fifo" 4>&-
echo '{"a":1}' >&3
wait_for 120 pid_gone "$reader"
ended
is "$status $(<"$T/err")" '141 ' 'and also when no more input comes'
exec 3>&-
seq 100000 | sed 's/.*/{"a":&}/' >"$T/many"
status_is 3 'a full disk is the status' \
    bash -c "ndjson-validate '$T/many' >/dev/full"
like "$(<"$T/err")" '^ndjson-validate: standard output: No space' 'and is said'
is "$(wc -l <"$T/err")" 1 'once'
status_is 3 'also when the last write finds it' \
    bash -c "echo '{}' | ndjson-validate >/dev/full"
status_is 3 'a full disk under the rejects' \
    ndjson-validate --rejects /dev/full <<<'x'
like "$(<"$T/err")" '/dev/full: No space' 'is named'
status_is 3 'and wins over refused lines' \
    bash -c "printf 'x\n{}\n' | ndjson-validate >/dev/full"
for file in '<&-' '>&-'; do
	status_is 3 "$file is an error" \
	    bash -c "ndjson-validate - '$T/many' $file"
	like "$(<"$T/err")" 'Bad file descriptor' 'that is said'
done
status_is 1 'a closed standard error loses no good line' \
    bash -c "printf 'x\n{}\n' | ndjson-validate --rejects '$T/r' 2>&-"
is "$(<"$T/out")" '{}' 'which went out'

# --- A descriptor that others made non-blocking ---
exec 4<>"$T/full"
perl -MFcntl -e 'fcntl(STDOUT, F_SETFL, fcntl(STDOUT, F_GETFL, 0) | O_NONBLOCK);
    exec @ARGV' ndjson-validate "$T/many" 2>"$T/err" >"$T/full" 4<&- &
pid=$!
check 'a non-blocking standard output is full' \
    wait_for 120 pipe_is_full "$T/full"
exec 5<"$T/full" 4<&-
cat <&5 >"$T/out"
exec 5<&-
ended
is "$status" 0 'which the end does not mind'
same_file "$T/out" "$T/many" 'a non-blocking standard output loses nothing'

# --- Asked to stop ---
# A --drain of an hour, where the end comes by other means: never by the clock.
for signal in INT TERM; do
	live ndjson-validate --drain 1h
	echo '{"a":1}' >&3
	wait_for 120 has 1
	kill -"$signal" "$pid"
	echo '{"a":2}' >&3
	check "after $signal it reads on" wait_for 120 has 2
	echo '{"a":3}' >&3
	exec 3>&-
	ended
	is "$status $(wc -l <"$T/live")" '0 3' 'to the end, which is success'
	live ndjson-validate --drain 100ms
	echo '{"a":1}' >&3
	wait_for 120 has 1
	kill -"$signal" "$pid"
	ended
	is "$status" 3 "after $signal without an end: the drain is the end"
	like "$(<"$T/err")" '--drain' 'and is named'
	exec 3>&-
done

# Both ways round: the second signal kills, whichever it is.
for signals in 'INT INT 130' 'INT TERM 143' 'TERM INT 130' 'TERM TERM 143'; do
	read -r first second want <<<"$signals"
	live ndjson-validate --drain 1h
	echo '{"a":1}' >&3
	wait_for 120 has 1
	kill -"$first" "$pid"
	echo '{"a":2}' >&3
	wait_for 120 has 2
	kill -"$second" "$pid"
	ended
	is "$status" "$want" "$first, then $second kills"
	exec 3>&-
done

# Ignored by whoever started it: as by a shell for what runs in the background.
: >"$T/live"
(trap '' INT
	exec ndjson-validate --drain 1h <"$T/fifo" >"$T/live" 2>"$T/err") &
pid=$!
exec 3>"$T/fifo"
for n in 1 2; do
	echo '{"a":1}' >&3
	wait_for 120 has "$n"
	kill -INT "$pid"
done
kill -TERM "$pid"
echo '{"a":2}' >&3
check 'an INT that is ignored is ignored, and TERM the first to ask' \
    wait_for 120 has 3
kill -INT "$pid"
echo '{"a":3}' >&3
check 'and behind it INT is ignored as before' wait_for 120 has 4
exec 3>&-
ended
is "$status $(wc -l <"$T/live")" '0 4' 'to the end of the input'

# outlives NAME: the command of pid ends though what it writes to is full.
outlives()
{
	check "$1 is full" wait_for 120 pipe_is_full "$T/full"
	kill -TERM "$pid"
	ended
	is "$status" 3 'and does not outlive the drain'
	exec 4<&-
}
exec 4<>"$T/full"
yes '{"a":1}' 2>"$T/yes" | ndjson-validate --drain 100ms >"$T/full" \
    2>"$T/err" &
pid=$!
outlives 'standard output'
exec 4<>"$T/full"
yes x 2>"$T/yes" | ndjson-validate --drain 100ms 2>"$T/full" >"$T/out" &
pid=$!
outlives 'standard error'
exec 4<>"$T/full"
yes x 2>"$T/yes" | ndjson-validate --drain 100ms --rejects "$T/full" \
    >"$T/out" 2>"$T/err" &
pid=$!
outlives 'the rejects'

# --- Asked to stop with files as input ---
mkfifo "$T/late"
: >"$T/live"
interruptible ndjson-validate --drain 1h "$T/many" "$T/late" >"$T/live" \
    2>"$T/err" &
pid=$!
check 'what a file held is out before the next one is waited for' \
    wait_for 120 has 100000
kill -INT "$pid"
timeout 120 bash -c "echo '{\"a\":\"late\"}' >'$T/late'" &
ended
is "$status $(tail -n 1 "$T/live")" '0 {"a":"late"}' \
    'and a file that opens in time is read to its end'
interruptible ndjson-validate --drain 100ms "$T/late" >"$T/out" 2>"$T/err" &
pid=$!
wait_for 120 catches ndjson-validate "$pid" INT
kill -INT "$pid"
ended
is "$status $(<"$T/err")" '3 ndjson-validate: asked to stop, and the input did not end within --drain' \
    'one that does not open is not waited for'

done_testing
