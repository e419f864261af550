#!/bin/bash
# Goal: make elsewhere's frame runs each part, passes on what failed, and hands
# a signal to the part that runs.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

mkdir "$T/parts"
cp "$ROOT/tests/elsewhere/run" "$T/parts"

# part NAME: what stdin says, as a part.
part()
{
	cat >"$T/parts/$1" && chmod +x "$T/parts/$1"
}

part good <<'END'
#!/bin/bash
echo 'ok 1 - good'
END
part bad <<'END'
#!/bin/bash
echo 'not ok 1 - bad'
exit 1
END
part waits <<'END'
#!/bin/bash
trap 'kill "$!"; echo cleaned up; exit 143' TERM
sleep 600 &
echo 'ok 1 - waits'
wait
END
echo 'not a part' >"$T/parts/lib.sh"

status_is 0 'a part that passes' "$T/parts/run" good
like "$(<"$T/out")" 'ok 1 - good' 'is shown'
like "$(<"$T/out")" '# elsewhere: good: passed, ' 'and summed up'
status_is 1 'a part that fails' "$T/parts/run" bad good
like "$(<"$T/out")" 'bad: FAILED \(status 1\)' 'is named'
like "$(<"$T/out")" 'good: passed' 'and keeps no other from running'
for wrong in nothing run lib.sh ../elsewhere/good; do
	status_is 2 "no part: $wrong" "$T/parts/run" "$wrong"
done
like "$(<"$T/err")" 'no such part: [.][.]/elsewhere/good' 'which is said'

"$T/parts/run" waits good >"$T/out" 2>&1 &
pid=$!
check 'the part runs' wait_for 30 grep -q 'ok 1 - waits' "$T/out"
kill -TERM "$pid"
wait "$pid"
is "$?" 143 'TERM ends it'
like "$(<"$T/out")" 'cleaned up' 'after the part has cleaned up'
unlike "$(<"$T/out")" 'good' 'and nothing follows'

mv "$T/parts/waits" "$T/parts/waits.off"
status_is 1 'all of them by default' "$T/parts/run"
like "$(<"$T/out")" 'elsewhere: bad: .*elsewhere: good: ' 'are those two'

done_testing
