#!/bin/bash
# Goal: tests/stress reports a test that fails now and then as often as it
# did, keeps what it printed, and leaves no process behind, however it ends.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
need prove ps make

cd "$T" || bail 'no folder'
mkdir files
cat >files/flaky.t <<'END'
#!/bin/bash
echo run >>"$0.runs"
runs=$(wc -l <"$0.runs")
echo 1..1
((runs % 2 == 1)) || printf 'not '
echo "ok 1 - run $runs"
echo "# ${MAKEFLAGS-}${RUNS-}${LOAD-}${TESTS-}" >&2
END
printf '%s\n' '#!/bin/bash' 'echo 1..1; echo ok 1' >files/good.t
printf '%s\n' '#!/bin/bash' 'echo 1..0 \# SKIP no' >files/skipped.t

# stress ARGUMENT...: with its outputs below $T/kept.
# shellcheck disable=SC2317 # called by status_is
stress()
{
	"$ROOT/tests/stress" -o kept "$@"
}

# children PID: of that process.
children() { ps -o pid= --ppid "$1"; }

status_is 1 'a test that fails every second run' stress -n 5 -l 1 -j 2 files
like "$(<out)" $'\nload: '"$(nproc) busy loops on $(nproc) cores" \
    'the load is printed'
like "$(<out)" $'\nruns: 5 of 5,' 'and the runs'
like "$(<out)" $'\nfailed 2 of 5 [^\n]*: files/flaky.t\n' \
    'and which file failed how often'
like "$(<out)" $'\npassed 5 [^\n]*: files/good.t\n' 'and which did not'
like "$(<out)" $'\npassed, skipped, 5 [^\n]*: files/skipped.t\n' \
    'or was skipped'
like "$(<out)" 'Result: FAIL \(1 of 3 files\)' 'and the result'
mapfile -t kept < <(sed -n 's/^    //p' out)
is "$(grep -h '^not ok' "${kept[@]}" | tr '\n' ' ')" \
    'not ok 1 - run 2 not ok 1 - run 4 ' 'the output of each failure is kept'
is "$(find kept -type f | wc -l)" 2 'and no other'

status_is 0 'tests that do not fail' stress -n 2 -l 0 files/good.t
like "$(<out)" 'Result: PASS' 'pass'
is "$(find kept -type f | wc -l)" 2 'and leave nothing'

# Through make: what make was told is not for the tests.
rm files/flaky.t.runs
status_is 2 'by make' make -j -C "$ROOT" --no-print-directory BIN="$BIN" \
    BUILD="$(realpath -m --relative-to="$ROOT" build)" RUNS=2 LOAD=0 TESTS="$T/files/flaky.t" \
    -o all -o tests-build stress
like "$(<out)" "failed 1 of 2 [^"$'\n'"]*: $T/files/flaky.t" 'it counts as well'
output=$(sed -n 's/^    //p' out)
like "$output" "$T/build/stress/" 'and keeps below BUILD'
is "$(grep '^# ' "$output")" '# ' 'and what make was told is not for the tests'

for arguments in '' '-n 0 files' '-n x files' '-l -1 files' '-x files' \
    nothing kept/nothing; do
	# shellcheck disable=SC2086 # words
	status_is 2 "refused: stress $arguments" stress $arguments
done
status_is 0 'help' stress -h
is "$(awk 'length > 80' out)" '' 'fits a screen'

# --- The end before the end ---
cat >files/long.t <<'END'
#!/bin/bash
trap 'sleep 0.2; echo cleaned >>"$0.cleaned"; exit 1' TERM
sleep 1000 &
echo "$! $$" >"$0.pids"
wait
END
# begin: stress with a test that waits; sets stress, and the pids of it all.
begin()
{
	rm -f files/long.t.*
	interruptible "$ROOT/tests/stress" -o kept -l 1 files/long.t >out 2>err &
	stress=$!
	check "$1: the test runs" wait_for 60 test -s files/long.t.pids
	read -ra pids < <({ cat files/long.t.pids; children "$stress"; } |
	    tr '\n' ' ')
	check 'next to busy loops' [ ${#pids[@]} -eq $((3 + $(nproc))) ]
}
# gone: none of them is there.
# shellcheck disable=SC2317 # called by wait_for
gone()
{
	local pid

	for pid in "${pids[@]}"; do
		pid_gone "$pid" || return 1
	done
}
for signal in INT TERM; do
	begin "$signal"
	kill -"$signal" "$stress"
	wait "$stress"
	is $? $((128 + $(kill -l "$signal"))) 'ends it'
	check 'and all that it started' gone
	check 'and the test cleans up' test -s files/long.t.cleaned
	like "$(<out)" 'Result: interrupted' 'and the summary says so'
done
begin KILL
disown "$stress"
kill -KILL "$stress"
wait_for 60 pid_gone "$stress"
read -ra test <files/long.t.pids
kill "${test[1]}" "${test[0]}"
check 'killed, it leaves no busy loop' wait_for 120 gone

done_testing
