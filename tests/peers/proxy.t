#!/bin/bash
# Goal: the proxy hands everything on, and each of its faults is what it says.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/proxy.sh
. "$ROOT/tests/peers/proxy.sh"

need perl flock
ends=$ROOT/tests/peers/proxy-ends.pl
mkdir "$T/served"
perl "$ends" serve "$T/port" "$T/served" 2>"$T/serve.err" &
on_exit proxy_stop $!
wait_for 20 test -s "$T/port" || bail 'no server'
target=$(<"$T/port")
port=$(free_port)
other=$(free_port)
nobody=$(free_port)
served=0

# client NAME [PORT]: a connection, by default on the first route. N is set to
# the number that the server gives it.
client()
{
	local fd

	mkfifo "$T/$1.in"
	perl "$ends" client "${2:-$port}" <"$T/$1.in" >"$T/$1.out" \
	    2>"$T/$1.err" &
	on_exit proxy_stop $!
	exec {fd}>"$T/$1.in"
	inputs[$1]=$fd
	N=$((++served))
}
declare -A inputs

# say NAME LINE: has the client send it.
say()
{
	printf '%s\n' "$2" >&"${inputs[$1]}"
}

# hang_up NAME: the client has no more to send.
hang_up()
{
	local fd=${inputs[$1]}

	exec {fd}>&-
}

# got NAME TEXT, ended NAME HOW, told N HOW: whether the client has got just
# that, was told that its connection ended so, and the server of its N-th.
# shellcheck disable=SC2317 # called by wait_for
got()
{
	[[ $(<"$T/$1.out") == "$2" ]]
}

# shellcheck disable=SC2317
ended()
{
	[[ $(tail -n 1 "$T/$1.err") == "$2" ]]
}

# shellcheck disable=SC2317
told()
{
	[[ $(<"$T/served/$1.end") == "$2" ]] 2>/dev/null
}

# shellcheck disable=SC2317
served_bytes()
{
	(($(stat -c %s "$T/served/$1") == $2))
}

# shellcheck disable=SC2317
counted()
{
	[[ $(proxy_do net count "$1") =~ $2 ]]
}

# shellcheck disable=SC2317
lines()
{
	(($(wc -l <"$1") == $2))
}

# now_ms: for what is to take at least some time.
now_ms()
{
	local now=${EPOCHREALTIME/./}
	echo "${now%???}"
}

status_is 2 'no route is wrong use' "$PROXY"
status_is 2 'nor is this one' "$PROXY" 80
status_is 3 'a port that somebody has' "$PROXY" "$target:$port"
proxy_start net "$port:$target" "$other:$target" "$nobody:$(free_port)" ||
    bail 'no proxy'

# Handing on.
client plain
say plain 'echo 1'
check 'bytes go there and back' wait_for 20 got plain 'echo 1'
hang_up plain
check 'the end of one is told to the other' wait_for 20 told "$N" end
check 'and back' wait_for 20 ended plain end
head -c 300000000 /dev/zero | perl "$ends" client "$port" >"$T/bulk.out" \
    2>"$T/bulk.err"
N=$((++served))
check 'much goes through' wait_for 20 served_bytes "$N" 300000000
rm -f "$T/served/$N"
client down
say down 'send 30000000'
wait_for 20 test -s "$T/down.out"
say down 'echo end'
hang_up down
check 'and comes back' wait_for 60 ended down end
is "$(tr -d x <"$T/down.out") $(wc -c <"$T/down.out")" 'echo end 30000009' \
    'whole'
client refused "$nobody"
served=$((served - 1))
check 'where nobody listens, the client is reset' wait_for 20 \
    ended refused reset
client closed
say closed close
check "the server's reset comes to the client" wait_for 20 ended closed reset
counted 1 '^4 0 33'
ok $? 'what happened is counted'

# cut
client cut
say cut 'echo 1'
wait_for 20 got cut 'echo 1'
cutn=$N
client spared "$other"
say spared 'echo 1'
wait_for 20 got spared 'echo 1'
check 'cut' proxy_do net cut 1
check 'resets the client' wait_for 20 ended cut reset
check 'and the server' wait_for 20 told "$cutn" reset
say spared 'echo 2'
check 'but no other route' wait_for 20 got spared $'echo 1\necho 2'
counted 1 '^5 1 '
ok $? 'and is counted'
counted '*' '^7 1 '
ok $? 'in the sum as well'
proxy_do net cut '*'
check 'a star is all routes' wait_for 20 ended spared reset

# delay
client late
say late 'echo 0'
wait_for 20 got late 'echo 0'
proxy_do net delay 1 400
before=$(now_ms)
say late 'echo 1'
wait_for 20 got late $'echo 0\necho 1'
check 'with a delay of 400 ms an answer takes twice that' \
    test $(($(now_ms) - before)) -ge 800
before=$(now_ms)
hang_up late
check 'an end too is told' wait_for 20 ended late end
check 'but later' test $(($(now_ms) - before)) -ge 800
client cured
proxy_do net delay 1 600000
say cured 'echo 1'
wait_for 20 grep -q sent "$T/cured.err"
proxy_do net delay 1 0
check 'a delay that is taken back holds nothing' wait_for 20 got cured 'echo 1'

# freeze
client held
say held 'echo 0'
wait_for 20 got held 'echo 0'
heldn=$N
check 'freeze' proxy_do net freeze 1
say held 'echo 1'
hang_up held
client fresh
say fresh 'echo 1'
check 'new connections work' wait_for 20 got fresh 'echo 1'
sleep 0.5
is "$(<"$T/held.out") $(<"$T/served/$heldn")" 'echo 0 echo 0' \
    'on a frozen one nothing moves'
told "$heldn" end
is $? 1 'nor is its end told'
is "$(grep -v sent "$T/held.err")" '' 'to either side'
proxy_do net thaw 1
check 'thaw resets it' wait_for 20 ended held reset
check 'for both' wait_for 20 told "$heldn" reset
say fresh 'echo 2'
check 'and none that was not frozen' wait_for 20 got fresh $'echo 1\necho 2'

# silence
check 'silence' proxy_do net silence 1
client mute
served=$((served - 1))
say mute 'echo 1'
say fresh 'echo 3'
wait_for 20 grep -q sent "$T/mute.err"
sleep 0.5
is "$(<"$T/mute.out")$(<"$T/mute.err")" 'sent 7' \
    'a new connection is accepted, and nothing moves'
check 'the server never hears of it' test ! -e "$T/served/$((served + 1))"
proxy_do net clear 1
check 'clear resets it' wait_for 20 ended mute reset
check 'and the old one' wait_for 20 ended fresh reset
client again
say again 'echo 1'
check 'and new ones work' wait_for 20 got again 'echo 1'

# answer
client short
check 'answer' proxy_do net answer 1 7
say short 'send 100'
check 'a cut answer: the client is reset' wait_for 20 ended short reset
is "$(<"$T/short.out")" xxxxxxx 'after its first bytes'
check 'the server is told of an end' wait_for 20 told "$N" end
is "$(<"$T/served/$N")" 'send 100' 'and has got what was sent'
say again 'send 8'
check 'only one is cut' wait_for 20 got again $'echo 1\nxxxxxxxx'
client none
proxy_do net answer 1 0
say none 'send 100'
check 'of 0 bytes' wait_for 20 ended none reset
is "$(<"$T/none.out")" '' 'the client gets none'
# Two million bytes, most of them still at the client's side for the delay,
# lie before a server that answers before it reads them.
client behind
proxy_do net answer 1 3
say behind "pause $T/go"$'\nsend 100'
first=$((${#T} + 10 + 9))
wait_for 20 served_bytes "$N" "$first"
proxy_do net delay 1 300
head -c $((2000000 - first)) /dev/zero >&"${inputs[behind]}"
wait_for 20 grep -q 'sent 2000000' "$T/behind.err"
touch "$T/go"
check 'a client that sent much more is reset' wait_for 20 ended behind reset
check 'and the server gets all of it' wait_for 20 served_bytes "$N" 2000000
check 'and then the end' wait_for 20 told "$N" end
client whole
proxy_do net answer 1 5
proxy_do net clear '*'
say whole 'send 8'
check 'clear forgets an answer' wait_for 20 got whole xxxxxxxx

# Commands
for command in 'melt 1' cut 'cut 0' 'cut 4' 'cut 1 1' 'delay 1' 'delay 1 -1' \
    'delay 1 3600001' 'answer 1 x' "cut $(printf %0300d 1)"; do
	proxy_do net "$command" 2>"$T/err"
	is "$?$(grep -c error: "$T/err")" 11 "error: ${command:0:20}"
done
for i in {1..20}; do
	proxy_do net count 3 &
done >"$T/counts"
wait_for 20 lines "$T/counts" 20
is "$(sort -u "$T/counts")" '1 0 0' 'several may ask at once'
kill -INT "$PROXY_PID"
wait "$PROXY_PID"
is $? 0 'INT ends it in order'
proxy_do net count 1 2>/dev/null
is $? 1 'one that has ended is not waited for'

# A test that is killed leaves none behind, though its children live on.
# shellcheck disable=SC2016 # for the other bash
TMPDIR=$T bash -c '. "$1/tests/lib.sh"
	. "$1/tests/peers/proxy.sh"
	proxy_start orphan "$2"
	sleep 600 & echo "$!" >"$T/child"
	wait' - "$ROOT" "$port:$target" &
victim=$!
disown
wait_for 20 compgen -G "$T/tickpipe-test.*/child"
orphan=$(cat "$T"/tickpipe-test.*/orphan.pid)
child=$(cat "$T"/tickpipe-test.*/child)
check 'it lives while its test does' pid_alive "$orphan"
kill -KILL "$victim"
check 'and ends with it' wait_for 20 pid_gone "$orphan"
check "in spite of the test's children" pid_alive "$child"
kill "$child"

done_testing
