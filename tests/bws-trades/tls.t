#!/usr/bin/env bash
# wss: the server's name and chain are verified, and what is wrong is said.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/bws-trades/lib.sh
. "$ROOT/tests/bws-trades/lib.sh"
# shellcheck source=tests/peers/certs.sh
. "$ROOT/tests/peers/certs.sh"
need bws-trades openssl
[[ -x $EXCHANGE ]] || skip_all 'the exchange simulator is not built' required
certs_make "$T/certs" || bail 'no certificates'

# fails URL WANT NAME ARGUMENT...: no connection, the reason said at once; INT
# ends the waiting.
fails()
{
	local url=$1 want=$2 name=$3 pid status

	shift 3
	rm -f "$T/err"
	interruptible bws-trades --url "$url" "$@" btcusdt >"$T/out" 2>"$T/err" &
	pid=$!
	on_exit end_process "$pid"
	wait_for 30 test -s "$T/err"
	kill -INT "$pid"
	wait "$pid"
	status=$?
	like "$(<"$T/err")" "$want" "$name: $want"
	is "$(wc -c <"$T/out") $status" '0 0' 'nothing comes out; INT ends it'
}

exchange_start good --symbols btcusdt,ethusdt --rate 0 --trades 50000 \
    --wait-for-clients 2 --noise --cert "$T/certs/server.pem" \
    --key "$T/certs/server.key"
bws-trades --ca "$T/certs/ca.pem" --url "wss://$EXCHANGE_ADDRESS" btcusdt \
    ethusdt 2>"$T/err" | head -n 50000 >"$T/out"
without_processed_time "$T/out" >"$T/bare"
same_file "$T/bare" "$T/good.log" \
    'with the right CA, what comes out is what was made'
unlike "$(<"$T/err")" 'certificate' 'and no complaint'

port=${EXCHANGE_ADDRESS#*:}
fails "wss://$EXCHANGE_ADDRESS" 'unable to get local issuer certificate' \
    "a CA that the system does not know"
fails "wss://$EXCHANGE_ADDRESS" 'unable to get local issuer certificate' \
    'another CA' --ca "$T/certs/other-ca.pem"
fails "ws://$EXCHANGE_ADDRESS" 'cannot connect' 'ws where wss is spoken'
exchange_stop "$EXCHANGE_PID"

# The command is stopped while much comes, and the exchange drops it: the end of
# the connection is met in what TLS has read ahead, and nothing comes after it
# that would wake anybody.
exchange_start ended --symbols btcusdt,ethusdt --rate 10000 --trades 60000 \
    --wait-for-clients 2 --ping 0.3 --pong 1 --cert "$T/certs/server.pem" \
    --key "$T/certs/server.key"
feed_start ended --ca "$T/certs/ca.pem" \
    --url "wss://$EXCHANGE_ADDRESS" --rest "https://$EXCHANGE_ADDRESS" \
    --stale 10m btcusdt ethusdt
wait_for 60 lines "$T/ended.out" 1000
kill -STOP "$FEED_PID"
wait_for 60 event ended '"(no-pong|slow)"'
kill -CONT "$FEED_PID"
wait_for 60 lines "$T/ended.out" 60000
feed_end ended 0
exact ended 'connected anew when the old connection had been read to its end'
exchange_end ended

exchange_start wrong --rate 100 --cert "$T/certs/wrong-name.pem" \
    --key "$T/certs/wrong-name.key"
port=${EXCHANGE_ADDRESS#*:}
fails "wss://$EXCHANGE_ADDRESS" 'IP address mismatch' 'a wrong address' \
    --ca "$T/certs/ca.pem"
fails "wss://localhost:$port" 'hostname mismatch' 'a wrong name' \
    --ca "$T/certs/ca.pem"
exchange_stop "$EXCHANGE_PID"
is "$(exchange_count wrong connections)" 0 'it never got as far as a stream'

# The server's own oldest offer decides: nothing below TLS 1.2 is spoken.
port=$(free_port)
openssl s_server -accept "127.0.0.1:$port" -tls1_1 \
    -cipher 'DEFAULT@SECLEVEL=0' -cert "$T/certs/server.pem" \
    -key "$T/certs/server.key" -quiet >"$T/s_server" 2>&1 &
on_exit end_process $!
wait_for 20 port_taken "$port"
fails "wss://127.0.0.1:$port" 'cannot connect' 'TLS 1.1' \
    --ca "$T/certs/ca.pem"

exchange_start plain --rate 100
fails "wss://$EXCHANGE_ADDRESS" 'cannot connect' 'wss where ws is spoken' \
    --ca "$T/certs/ca.pem"
fails "ws://$EXCHANGE_ADDRESS/nowhere" 'HTTP status 404' 'a wrong path'
done_testing
