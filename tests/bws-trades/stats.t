#!/usr/bin/env bash
# --stats counts what came and how late, a line of JSON at a time; -v tells of
# a connection's life.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/bws-trades/lib.sh
. "$ROOT/tests/bws-trades/lib.sh"
need bws-trades jq
[[ -x $EXCHANGE ]] || skip_all 'the exchange simulator is not built' required

# every NAME: what jq's EXPRESSION gives of each line of its stats, each once.
every()
{
	jq -c "$2" "$T/$1.stats" | sort -u | tr '\n' ' '
}

# last NAME EXPRESSION: of the last line.
last()
{
	tail -n 1 "$T/$1.stats" | jq -c "$2"
}

# --- All is well -----------------------------------------------------------
# Trades of 100 s ago.
exchange_start well --symbols btcusdt,ethusdt --rate 1000 --trades 2000 \
    --wait-for-clients 2 --start "$(date -u -d '100 seconds ago' +%FT%TZ)"
feed_start well -v --stats "$T/well.stats" --stats-interval 200ms btcusdt \
    ethusdt
wait_for 60 lines "$T/well.out" 2000
wait_for 60 lines "$T/well.stats" 5
# Later than the last trade: an interval without any.
wait_for 60 lines "$T/well.stats" $(($(wc -l <"$T/well.stats") + 2))
feed_end well 0
exchange_end well
is "$(every well 'keys_unsorted')" '["time","connections","attempts",'\
'"frames","trades","healed","duplicates","gaps","missing","waiting",'\
'"refused","lag_ms"] ' 'each line is JSON, with the same members'
like "$(jq -r .time "$T/well.stats" | head -n 1)" \
    '^20[0-9-]{8}T[0-9:]{8}\.[0-9]{3}Z$' 'a time'
is "$(jq -r .time "$T/well.stats" | sort -c 2>&1)" '' 'which rises'
is "$(last well '[.connections, .attempts, .frames, .trades, .healed,
    .duplicates, .gaps, .missing, .waiting, .refused]')" \
    '[1,1,2000,2000,0,0,0,0,0,0]' 'the last one has all'
is "$(jq .trades "$T/well.stats" | sort -nc 2>&1)" '' 'counts rise'
is "$(every well 'select(.lag_ms.max != null) | .lag_ms |
    .p50 <= .p99 and .p99 <= .max and .p50 >= 98000 and
    .max >= 100000 and .max < 160000')" \
    'true ' 'lags from the event to the reading, less than 2 % wrong'
is "$(last well .lag_ms)" '{"p50":null,"p99":null,"max":null}' \
    'none where nothing came'
like "$(tail -n 1 "$T/well.err")" '^bws-trades: 2000 frames: 2000 trades, 0 '\
'others, 0 refused; 0 duplicates, 0 healed in [0-9]+ requests, 0 gaps; '\
'1 connections$' '-v says the same at the end'

# --- A life ----------------------------------------------------------------
exchange_start life --symbols btcusdt,ethusdt --rate 800 --trades 5000 \
    --wait-for-clients 2 --faults 6 --fault-every 0.2 --fault-for 1 \
    --fault-kinds drop,lose,duplicate,garbage,shutdown,hole --seed 2 --noise
feed_start life -v --rotate 1500ms --overlap 300ms --stats "$T/life.stats" \
    --stats-interval 200ms --gaps "$T/life.gaps" --rejects "$T/life.rejects" \
    btcusdt ethusdt
wait_for 60 lines "$T/life.out" 5000
feed_end life 1
exact life 'faults, and yet every trade, each once'
exchange_end life
is "$(exchange_faults life)" 6 'of six kinds'
is "$(last life .trades)" 5000 'trades are those that came out'
is "$(last life .gaps) $(last life .missing) $(wc -l <"$T/life.gaps")" \
    '1 0 1' 'gaps those of --gaps; the exchange has none missing'
is "$(last life .refused)" "$(wc -l <"$T/life.rejects")" \
    'refused those of --rejects'
is "$(last life .attempts)" "$(grep -c ': connecting to ' "$T/life.err")" \
    'attempts those of -v'
# What -v says at the end has the others, too.
read -r frames trades others refused duplicates healed _ < <(
    grep ' frames: ' "$T/life.err" | tr -cs '0-9\n' ' ')
is "$frames" $((trades - healed + others + refused + duplicates)) \
    'every frame was a trade, doubled, another or refused'
is "$(last life '[.frames, .trades, .refused, .duplicates, .healed]')" \
    "[$frames,$trades,$refused,$duplicates,$healed]" 'by both counts'
ok "$((healed == 0 || duplicates == 0))" 'with some healed and doubled'
for what in 'connecting to 127\.0\.0\.1' up subscribed 'is replaced: .*' \
    closed 'ended: .*'; do
	like "$(grep -cE "^bws-trades: connection [0-9]+: $what\$" \
	    "$T/life.err")" '^[1-9]' "-v: connection N: $what"
done
like "$(<"$T/life.err")" 'REST: asked for (BTC|ETH)USDT from [0-9]+' \
    '-v: REST: asked'
like "$(<"$T/life.err")" \
    'REST: (BTC|ETH)USDT from [0-9]+: [0-9]+ trades' '-v: REST: a page'

# While there is no connection.
exchange_start away --symbols btcusdt --rate 500 --wait-for-clients 1
feed_start away --stats "$T/away.stats" --stats-interval 100ms btcusdt
wait_for 60 lines "$T/away.out" 10
exchange_end away
# shellcheck disable=SC2317 # called by wait_for
down()
{
	[[ $(last away .connections) == 0 ]]
}
wait_for 60 down
ok $? 'no connection: none is counted'
before=$(wc -l <"$T/away.stats")
wait_for 60 lines "$T/away.stats" $((before + 3))
ok $? 'and lines go on'
feed_end away 0
done_testing
