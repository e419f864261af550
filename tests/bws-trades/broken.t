#!/usr/bin/env bash
# A connection that breaks or does not come is tried again; a reader that
# stops holds the exchange back, and memory does not grow.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/peers/exchange.sh
. "$ROOT/tests/peers/exchange.sh"
need bws-trades
[[ -x $EXCHANGE ]] || skip_all 'the exchange simulator is not built' required

# shellcheck disable=SC2317 # called by wait_for
lines()
{
	(($(wc -l <"$1") >= $2))
}

# Down at the start, there later.
port=$(free_port)
bws-trades --url "ws://127.0.0.1:$port" btcusdt >"$T/out" 2>"$T/err" &
pid=$!
on_exit end_process "$pid"
wait_for 30 test -s "$T/err"
like "$(<"$T/err")" \
    "^bws-trades: 127.0.0.1:$port: cannot connect: [^;]+; trying again\$" \
    'a server that is down is said at once'
exchange_start later --listen "$port" --symbols btcusdt --rate 1000 \
    --trades 500 --wait-for-clients 1
wait_for 60 lines "$T/out" 500
ok $? 'and found when it comes'
like "$(<"$T/err")" 'connected again' 'which is said, too'
is "$(wc -l <"$T/err")" 2 'the failure once, the success once'
exchange_stop "$EXCHANGE_PID"
kill -TERM "$pid"
wait "$pid"
is $? 0 'TERM while there is no connection ends it in order'
without_processed_time "$T/out" >"$T/bare"
same_file "$T/bare" "$T/later.log" 'everything came out'

# Cut again and again: trades in the gaps are missing, none comes twice.
exchange_start cut --symbols btcusdt --rate 200 --cut-after 40
rm -f "$T/out" "$T/err"
interruptible bws-trades --url "ws://$EXCHANGE_ADDRESS" btcusdt \
    >"$T/out" 2>"$T/err" &
pid=$!
on_exit end_process "$pid"
wait_for 60 lines "$T/out" 130
kill -INT "$pid"
wait "$pid"
is $? 0 'cut connections'
like "$(<"$T/err")" 'the connection broke; trying again' 'are said'
ok "$(($(grep -c 'trying again' "$T/err") > 2))" 'but not each time'
like "$(<"$T/err")" 'trades are missing, [0-9]+ to [0-9]+: there is no --rest' 'and what is missing'
without_processed_time "$T/out" >"$T/bare"
is "$(grep -cvxFf "$T/cut.log" "$T/bare")" 0 'every trade was made'
is "$(uniq -d "$T/bare" | wc -l)" 0 'and none is there twice'
is "$(sort -s -n -t: -k8,8 "$T/bare" | cmp - "$T/bare" 2>&1)" '' \
    'in the order of their ids'
exchange_stop "$EXCHANGE_PID"

# A frame beyond the bound ends the connection, not the command.
exchange_start long --symbols btcusdt --rate 100
rm -f "$T/out" "$T/err"
interruptible bws-trades --max-line 100 --url "ws://$EXCHANGE_ADDRESS" btcusdt \
    >"$T/out" 2>"$T/err" &
pid=$!
on_exit end_process "$pid"
wait_for 30 test -s "$T/err"
like "$(<"$T/err")" 'a frame longer than --max-line; trying again' \
    'a frame beyond --max-line ends the connection'
kill -INT "$pid"
wait "$pid"
is "$? $(wc -c <"$T/out")" '0 0' 'and nothing of it comes out'
exchange_stop "$EXCHANGE_PID"

# A reader that stops.
exchange_start slow --rate 0 --trades 300000 --wait-for-clients 2 \
    --ping 0.5 --pong 60
mkfifo "$T/fifo"
rm -f "$T/out"
cat "$T/fifo" >"$T/out" &
reader=$!
on_exit end_process "$reader"
interruptible bws-trades --url "ws://$EXCHANGE_ADDRESS" btcusdt ethusdt \
    >"$T/fifo" 2>"$T/err" &
pid=$!
on_exit end_process "$pid"
wait_for 30 test -s "$T/out"
kill -STOP "$reader"
# The exchange is held back when its log no longer grows.
# shellcheck disable=SC2317 # called by wait_for
held_back()
{
	local before

	before=$(stat -c %s "$T/slow.log")
	sleep 0.5
	((before > 0 && $(stat -c %s "$T/slow.log") == before))
}
wait_for 30 held_back
ok $? 'a reader that stops holds the exchange back'
ok "$(lines "$T/slow.log" 300000; echo $((! $?)))" 'before all was made'
if [[ -z ${TICKPIPE_SAN:-} ]] && ! ldd "$BIN/bws-trades" | grep -q asan; then
	rss=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status")
	ok "$((rss > 16 * 1024))" "in less than 16 MiB ($rss kB)"
else
	skip 'memory is not the same under sanitizers'
fi
kill -CONT "$reader"
wait_for 60 lines "$T/out" 300000
ok $? 'when it goes on, everything comes'
kill -INT "$pid"
wait "$pid"
is $? 0 'and INT ends it'
wait "$reader"
without_processed_time "$T/out" >"$T/bare"
same_file "$T/bare" "$T/slow.log" 'nothing lost'
exchange_stop "$EXCHANGE_PID"
is "$(exchange_count slow connections) $(exchange_count slow slow)" '1 0' \
    'on one connection'

# A reader that stays away: the stop must not hang.
exchange_start stuck --rate 0 --wait-for-clients 2
sleep 1000 >"$T/nothing" &
sleeper=$!
on_exit end_process "$sleeper"
mkfifo "$T/stuck"
exec 4<>"$T/stuck"
interruptible bws-trades --drain 300ms --url "ws://$EXCHANGE_ADDRESS" \
    btcusdt ethusdt >"$T/stuck" 2>"$T/err" &
pid=$!
on_exit end_process "$pid"
check 'nobody reads, and no more goes out' wait_for 120 pipe_is_full "$T/stuck"
kill -INT "$pid"
wait "$pid"
is $? 3 'INT with a blocked output: status 3 after --drain'
done_testing
