#!/bin/bash
# The exchange simulator: REST, limits and faults are what its options say.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/exchange.sh
. "$ROOT/tests/peers/exchange.sh"
need curl jq perl openssl ohlc-window
[[ -x $EXCHANGE ]] || skip_all 'the exchange simulator is not built' required
# shellcheck source=tests/peers/certs.sh
. "$ROOT/tests/peers/certs.sh"

# get PATH [ARGUMENT...]: its body; head and body are in $T/head and $T/body.
# The status is curl's.
get()
{
	local path=$1 status

	shift
	curl -s --max-time 20 -D "$T/head" -o "$T/body" "$@" \
	    "http://$EXCHANGE_ADDRESS$path"
	status=$?
	cat "$T/body" 2>/dev/null
	return "$status"
}

# code: of the last get; header NAME: of it.
code()
{
	sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$T/head"
}
header()
{
	tr -d '\r' <"$T/head" | sed -n "s/^$1: //Ip"
}

# talk TARGET COMMAND...: a WebSocket client; what it saw is in $T/seen.
talk()
{
	timeout 60 perl "$ROOT/tests/peers/exchange-end.pl" \
	    "$EXCHANGE_ADDRESS" "$@" >"$T/seen"
}

# --- REST -----------------------------------------------------------------
trades=/api/v3/historicalTrades
exchange_start rest --symbols btcusdt,xrpusdt --rate 0 --trades 5000 \
    --speed 40 --microseconds --minute 100000 --path /a/b
wait_for 20 exchange_made rest 5000
grep '"BTCUSDT"' "$T/rest.log" >"$T/btc"
first=$(head -n 1 "$T/btc" | jq .trade_id)

# rows: a page as the log has it.
rows()
{
	jq -r '.[] | "\(.id) \(.price) \(.qty) \(.time) \(.isBuyerMaker)"'
}
jq -r '"\(.trade_id) \(.price) \(.quantity) \(.event_time) \(.buyer_maker)"' \
    "$T/btc" | perl -MTime::Local -pe '
	s/ (\d+)-(\d+)-(\d+)T(..):(..):(..)\.(\d+)Z/
	" " . timegm($6, $5, $4, $3, $2 - 1, $1) . $7/e;
	s/ (\d+\.?\d*) (\d+\.?\d*) / sprintf " %.8f %.8f ", $1, $2/e' >"$T/want"
from=$first
: >"$T/pages"
while get "$trades?symbol=BTCUSDT&fromId=$from&limit=1000" \
    -H 'X-MBX-TIME-UNIT: MICROSECOND' >/dev/null &&
    [[ $(<"$T/body") != '[]' ]]; do
	rows <"$T/body" >>"$T/pages"
	from=$(($(jq '.[-1].id' "$T/body") + 1))
done
same_file "$T/pages" "$T/want" 'page by page, all trades as they were made'
is "$(get "$trades?symbol=BTCUSDT" | rows | cut -d' ' -f 1,4)" \
    "$(tail -n 500 "$T/want" | cut -d' ' -f 1,4 | sed 's/...$//')" \
    'without fromId the newest 500; milliseconds by default'
is "$(get "$trades?symbol=BTCUSDT&limit=3" | jq -c '.[0] | keys_unsorted')" \
    '["id","price","qty","quoteQty","time","isBuyerMaker","isBestMatch"]' \
    'the members are the documented ones'
is "$(get "$trades?fromId=1&symbol=BTCUSDT&limit=2" | jq '.[0].id')" "$first" \
    'an id before the first one gives what there is'
before=$(header x-mbx-used-weight-1m)
get "$trades?symbol=BTCUSDT&limit=1" >/dev/null
is "$(($(header x-mbx-used-weight-1m) - before))" 25 'a page weighs 25'
get '/a/b/api/v3/time' >/dev/null
is "$(($(header x-mbx-used-weight-1m) - before)) $(code)" '26 200' \
    'the time 1, also behind the prefix'
like "$(get /api/v3/time)" '^\{"serverTime":[0-9]{13}\}$' 'in milliseconds'
like "$(get "$trades?symbol=NOUSDT") $(code)" '"code":-1121.* 400' \
    'an unknown symbol'
like "$(get "$trades?limit=5") $(code)" '"code":-1102.* 400' 'no symbol'
like "$(get "$trades?symbol=BTCUSDT&fromId=x") $(code)" '"code":-1100.* 400' \
    'an id that is none'
get /nowhere >/dev/null
is "$(code)" 404 'nothing else is there'
curl -s -o "$T/1" "http://$EXCHANGE_ADDRESS/api/v3/time" \
    -o "$T/2" "http://$EXCHANGE_ADDRESS/api/v3/time" -w '%{num_connects} ' \
    >"$T/out"
is "$(<"$T/out")" '1 0 ' 'a connection is kept'

jq -c 'select(.symbol == "XRPUSDT")' "$T/rest.log" | wc -l >"$T/count"
get '/api/v3/klines?symbol=XRPUSDT&interval=1m' |
    jq -r '.[] | select(.[8] > 0) | [.[0], .[1:6][], .[7], .[8], .[9]] |
	map(tostring) | join(" ")' >"$T/klines"
sed 's/"event_time":\("[^"]*"\),/&"processed_time":\1,/' "$T/rest.log" |
    ohlc-window | jq -r 'select(.symbol == "XRPUSDT") |
    [(.window_start | fromdate * 1000), .open, .high, .low, .close, .volume,
	.quote_volume, .trades, .taker_buy_volume] | map(tostring) |
    join(" ")' >"$T/candles"
# numbers FILE: without zeros at their ends.
numbers()
{
	perl -pe 's/(\.\d*?)0+(?=\s|$)/$1/g; s/\.(?=\s|$)//g' "$1"
}
is "$(numbers "$T/klines")" "$(numbers "$T/candles")" \
    'candles are those of ohlc-window over the log'
like "$(wc -l <"$T/klines")" '^[2-9]$' 'of several minutes'
talk /ws/btcusdt@trade quit
talk /a/b/ws/btcusdt@trade quit
is "$(<"$T/seen")" 'status 101' 'streams are behind the prefix'
exchange_counts_now rest "$EXCHANGE_PID"
exchange_within_limits rest
exchange_stop "$EXCHANGE_PID"

# --- The weight, and who does not listen ----------------------------------
exchange_start weight --rate 0 --trades 10 --weight 100 --minute 100000 \
    --ban 300
codes=
for _ in 1 2 3 4 5; do
	get "$trades?symbol=BTCUSDT" >/dev/null
	codes+="$(code) "
done
is "$codes" '200 200 200 200 429 ' 'beyond the weight of a minute: 429'
like "$(header Retry-After)" '^[1-9][0-9]*$' 'with Retry-After'
get /api/v3/time >/dev/null
exchange_counts_now weight "$EXCHANGE_PID"
is "$(code) $(exchange_count weight over_retry)" '429 0' \
    'what may have been on its way is not held against anyone'
# shellcheck disable=SC2317 # called by wait_for
banned()
{
	get /api/v3/time >/dev/null
	[[ $(code) == 418 ]]
}
wait_for 20 banned
ok $? 'who goes on all the same gets 418'
is "$(header Retry-After)" 300 'for as long as a ban lasts'
exchange_stop "$EXCHANGE_PID"
is "$(exchange_count weight over_weight) $(exchange_count weight banned) \
$(exchange_count weight weight_max_minute)" '1 1 125' 'all of which is counted'

# --- Streams --------------------------------------------------------------
exchange_start ws --count 2000 --rate 5000 --wait-for-clients 1024
seq -f 's%04g' 1 1024 | sed 's/$/usdt@trade/' | jq -R . | jq -cs . >"$T/names"
talk '/stream?timeUnit=MICROSECOND' "send {\"method\":\"SUBSCRIBE\",\"params\":\
$(<"$T/names"),\"id\":7}" 'frames 1000' quit
is "$(sed -n 2p "$T/seen")" 'text {"result":null,"id":7}' \
    '1,024 streams on a connection'
# Only the streams asked for, wrapped, in microseconds.
sed -n 's/^text \(.*"stream".*\)/\1/p' "$T/seen" | jq -c '[.data.s,
    .data.t]' >"$T/got"
jq -c 'select(.symbol <= "S1024USDT") | [.symbol, .trade_id]' "$T/ws.log" |
    head -n "$(wc -l <"$T/got")" >"$T/want"
same_file "$T/got" "$T/want" 'give their own trades, in order'
like "$(tail -n 1 "$T/seen")" \
    '^text \{"stream":"s....usdt@trade",.*"E":[0-9]{16},.*"T":[0-9]{16},' \
    'wrapped, in microseconds'
talk '/ws/s0001usdt@trade' 'send {"method":"LIST_SUBSCRIPTIONS","id":1}' \
    'send {"method":"UNSUBSCRIBE","params":["s0001usdt@trade"],"id":2}' \
    'send {"method":"LIST_SUBSCRIPTIONS","id":3}' 'sleep 0.3' quit
is "$(grep -v '"e"' "$T/seen" | tr '\n' ' ')" 'status 101 '\
'text {"result":["s0001usdt@trade"],"id":1} text {"result":null,"id":2} '\
'text {"result":[],"id":3} ' 'requests are answered'
unlike "$(sed 1,4d "$T/seen" | grep -v '"T":[0-9]\{13\},')" '"e":"trade"' \
    'raw, in milliseconds'
talk "/ws/$(seq -f 'x%g@t' -s / 1 1025)"
is "$(<"$T/seen")" 'status 400' 'more than 1,024 streams are refused'
many=()
for _ in 1 2 3 4 5 6; do
	many+=('send {"method":"LIST_SUBSCRIPTIONS","id":1}')
done
for _ in 1 2 3 4 5; do
	talk /ws "${many[@]}"
done
is "$(tail -n 2 "$T/seen" | tr '\n' ' ')" 'close 1008 end ' \
    'six messages at once end the connection'
talk /ws
is "$(<"$T/seen")" 'status 403' 'and again and again, a ban'
exchange_stop "$EXCHANGE_PID"
is "$(exchange_count ws over_messages) $(exchange_count ws over_streams) \
$(exchange_count ws streams_max) $(exchange_count ws banned)" '5 1 1024 1' \
    'all of which is counted'

exchange_start time --rate 100 --ping 0.2 --pong 0.3 --day 1
talk /ws deaf
like "$(tail -n 2 "$T/seen" | tr '\n' ' ')" '^ping [0-9]+ end $' \
    'a ping without an answer is the end'
talk /ws
is "$(tail -n 1 "$T/seen")" 'end' 'a day is the end'
perl -MIO::Socket::INET -e 'for (1 .. 301) {
    IO::Socket::INET->new(PeerAddr => shift // $a) or die; }
    BEGIN { $a = shift }' "$EXCHANGE_ADDRESS"
# shellcheck disable=SC2317 # called by wait_for
refused()
{
	talk /ws quit
	[[ $(<"$T/seen") == 'status 403' ]]
}
wait_for 20 refused
ok $? 'too many attempts to connect are a ban'
exchange_stop "$EXCHANGE_PID"
is "$(exchange_count time day_ended) $(exchange_count time no_pong)" '1 1' \
    'which is counted, too'
is "$(("$(exchange_count time over_connections)" > 0))" 1 'all three'

# --- Faults, one at a time ------------------------------------------------
# fault KIND WANT [OPTION...]: what a connection ends with, or has seen.
fault()
{
	local kind=$1 want=$2

	shift 2
	exchange_start "$kind" --symbols btcusdt --rate 500 --faults 1 \
	    --fault-after 0.05 --fault-for 0.2 --fault-kinds "$kind" \
	    --wait-for-clients 1 "$@"
	talk /ws/btcusdt@trade 'frames 200' quit
	exchange_stop "$EXCHANGE_PID"
	like "$(sed 's/^text {"e":"trade".*"t":\([0-9]*\).*/t \1/' \
	    "$T/seen" | awk '$1 == "t" { n = $2 - last; last = $2
		if (n == 1 || n == $2) next; $0 = "t " n } { print }' |
	    tr '\n' ' ') $(exchange_faults "$kind" "$kind")" "$want 1\$" "$kind"
}
fault drop '^status 101 end '
fault reset '^status 101 reset '
fault close '^status 101 close 1001 end '
fault cut '^status 101 cut '
fault stall '^status 101 '
fault garbage '^status 101 text .*'
fault binary '^status 101 binary 64 '
fault utf8 '^status 101 text .*\\x.*'
fault long '^status 101 long 1099511627776 '
fault shutdown '^status 101 text .*serverShutdown.* close 1001 end '
fault lose '^status 101 t 2 '
fault duplicate '^status 101 t (0|-[0-9]+ t [0-9]+) '
fault reorder '^status 101 t 2 t -[123] t [234] '
fault pieces '^status 101 ping between pieces 3 .*"M":true}.*'
fault hole '^status 101 t [0-9]+ '

# Those of a handshake come to the next one.
exchange_start hands --rate 100 --faults 2 --fault-every 0.001 \
    --fault-for 0.5 --fault-kinds refuse,too-many
# shellcheck disable=SC2317 # called by wait_for
both()
{
	talk /ws quit
	cat "$T/seen" >>"$T/statuses"
	exchange_caught_up hands "$EXCHANGE_PID" 2
}
wait_for 20 both
is "$(grep -v 101 "$T/statuses" | sort -u | tr '\n' ' ')" \
    'status 429 status 503 ' 'handshakes are refused for a while'
exchange_stop "$EXCHANGE_PID"

# Those of REST, each to a request.
page="$trades?symbol=BTCUSDT&fromId=1&limit=10"
exchange_start asked --symbols btcusdt --rate 1000 --faults 9 \
    --fault-every 0.001 --fault-for 0.3 --fault-kinds rest-429,rest-418,\
rest-500,rest-slow,rest-cut,rest-garbage,rest-refuse,rest-empty,rest-short
wait_for 20 exchange_made asked 100
# shellcheck disable=SC2317 # called by wait_for
ask()
{
	local status

	rm -f "$T/head" "$T/body"
	get "$page" >/dev/null
	status=$?
	printf '%d %s %s %s\n' "$status" "$(code 2>/dev/null)" \
	    "$(header Retry-After 2>/dev/null)" \
	    "$(jq length "$T/body" 2>/dev/null)" >>"$T/asked"
	[[ -z $(header Retry-After 2>/dev/null) ]] ||
	    sleep "$(header Retry-After)"
	exchange_caught_up asked "$EXCHANGE_PID" 9
}
wait_for 40 ask
ok $? 'every fault of REST happens to a request'
cut -d' ' -f 1-3 "$T/asked" | sort -u | sed 's/ *$//' >"$T/out"
is "$(grep -vx '0 200' "$T/out" | tr '\n' ,)" \
    '0 418 2,0 429 1,0 500,18 200,52,' 'statuses, a body cut, no answer'
is "$(grep -cx '0 200  0' "$T/asked") \
$(grep -cx '0 200  [1-9]' "$T/asked") $(grep -cx '0 200  ' "$T/asked")" \
    '1 1 1' 'an empty page, a short one, one that is no JSON'
exchange_counts_now asked "$EXCHANGE_PID"
exchange_within_limits asked
exchange_stop "$EXCHANGE_PID"

# --- TLS ------------------------------------------------------------------
certs_make "$T/certs" || bail 'no certificates'
exchange_start tls --rate 100 --cert "$T/certs/server.pem" \
    --key "$T/certs/server.key" --bad-cert "$T/certs/wrong-name.pem" \
    --bad-key "$T/certs/wrong-name.key" --faults 1 --fault-after 0.3 \
    --fault-for 0.5 --fault-kinds certificate
# shellcheck disable=SC2317 # called by wait_for
trusted()
{
	curl -s --cacert "$T/certs/ca.pem" \
	    "https://$EXCHANGE_ADDRESS/api/v3/time" >"$T/out"
	(($? == $1))
}
trusted 0
ok $? 'https'
wait_for 20 trusted 60
ok $? 'a certificate that does not fit'
wait_for 20 trusted 0
ok $? 'for a while'
exchange_stop "$EXCHANGE_PID"

# --- All of them, by the seed ---------------------------------------------
exchange_start all --rate 2000 --burst 50 --faults 48 --fault-every 0.01 \
    --fault-for 0.05 --seed 5 --fault-kinds drop,reset,close,stall,half-open,\
behind,garbage,binary,utf8,long,shutdown,cut,lose,duplicate,reorder,pieces
for i in 1 2 3; do
	while timeout 0.6 perl "$ROOT/tests/peers/exchange-end.pl" \
	    "$EXCHANGE_ADDRESS" /stream?streams=btcusdt@trade >/dev/null \
	    2>&1; [[ ! -e $T/enough ]]; do :; done &
	loops[i]=$!
	on_exit end_process $!
done
wait_for 60 exchange_caught_up all "$EXCHANGE_PID" 48
touch "$T/enough"
wait "${loops[@]}"
is "$(sed -n 's/^{"faults":{\([^}]*\)}.*/\1/p' "$T/all.counts" | tr , '\n' |
    cut -d: -f 2 | sort | uniq -c | tr -s ' ')" ' 16 3' \
    'all kinds happen equally often'
is "$(jq -r 'select(.event == "fault") | .kind' "$T/all.events" | wc -l)" 48 \
    'and each is a line of the events'
is "$(jq -r 'select(.symbol == "BTCUSDT") | .trade_id' "$T/all.log" |
    sort -n | uniq -d | wc -l)" 0 'and the market goes on'
exchange_stop "$EXCHANGE_PID"
done_testing
