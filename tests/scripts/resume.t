#!/bin/bash
# Goal: what the live feed goes on from is the last trade of each symbol in the
# topic, however far back that is and whatever else is there; and a start reads
# no more than has come since the last one.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/kafka.sh
. "$ROOT/tests/peers/kafka.sh"

need kcat jq
peer_kafka_start "$T/kafka"
export TICKPIPE_STACK=$T/none TICKPIPE_BIN=$BIN TOPIC=trades
unset TICKPIPE_CONF SYMBOLS RESUME_MESSAGES
# shellcheck source=scripts/lib/settings.sh
. "$ROOT/scripts/lib/settings.sh"
# shellcheck source=scripts/lib/resume.sh
. "$ROOT/scripts/lib/resume.sh"

# What is read is written down.
# shellcheck disable=SC2317 # called by resume_read
kafka-sub()
{
	echo "$*" | grep -oE -- '-o -[0-9]+' >>"$T/reads"
	command kafka-sub "$@"
}

# trade SYMBOL ID [SECOND]: three trades a second, or at that one.
trade()
{
	local second=${3-$(($2 / 3))} time

	printf -v time '2025-03-01T%02d:%02d:%02d' $((second / 3600)) \
	    $((second / 60 % 60)) $((second % 60))
	printf '{"symbol":"%s","price":1.50,"event_time":"%s.%03dZ",' \
	    "$1" "$time" $(($2 % 3 * 300))
	printf '"processed_time":"%s.950Z","quantity":2,' "$time"
	printf '"trade_id":%d,"buyer_maker":true}\n' "$2"
}

# trades SYMBOL FIRST LAST
trades()
{
	local id

	for ((id = $2; id <= $3; id++)); do
		trade "$1" "$id"
	done
}

# topic NAME [PARTITIONS]: from here on, and made.
topic()
{
	TOPIC=$1
	command kafka-pub -q --create "${2:-4}" "$1"
}

pub()
{
	command kafka-pub -q --key symbol --time event_time "$TOPIC"
}

raw()
{
	kcat -P -b "$BROKERS" -t "$TOPIC" -X partitioner=murmur2_random \
	    -k "$1" -c 1
}

# resume FOLDER SYMBOLS
resume()
{
	: >"$T/reads"
	mkdir -p "$T/$1"
	SYMBOLS=$2
	resume_from_topic "$T/$1" 2>"$T/said"
}

# resumes FOLDER SYMBOLS WANT NAME: `SYMBOL ID' of each, in order.
resumes()
{
	check "$4: read" resume "$1" "$2"
	is "$(jq -r '"\(.symbol) \(.trade_id)"' "$T/$1/resume" | sort |
	    paste -s -d ,)" "$3" "$4" || diag_file "$T/$1/checkpoint"
}

reads()
{
	paste -s -d , "$T/reads"
}

topic trades 1 </dev/null
resumes new 'btcusdt ethusdt' '' 'a topic without a message'
{
	trades RAREUSDT 1 9
	trades BTCUSDT 1 4000
	trades ETHUSDT 100 200
	trades OTHERUSDT 7 7
} | pub
resumes new 'btcusdt ethusdt' 'BTCUSDT 4000,ETHUSDT 200' 'the last of each'
is "$(reads)" '-o -1000' 'by a look at the end'
is "$(jq -r 'select(.symbol == "BTCUSDT").event_time' "$T/new/resume")" \
    2025-03-01T00:22:00Z 'with the minute it was made in'
trades BTCUSDT 3980 3990 | pub
resumes new 'btcusdt ethusdt' 'BTCUSDT 4000,ETHUSDT 200' \
    'trades that come again change nothing'

# Strange messages: none of them says where to go on.
printf '%s' '{"symbol":"BTCUSDT","trade_id":9000,"pri' | raw BTCUSDT
printf '%s' 'no json' | raw BTCUSDT
printf '%s' '{"symbol":"BTCUSDT","trade_id":9000}' | raw BTCUSDT
printf '%s' '{"symbol":"BTCUSDT","trade_id":9000,"_kafka":{"offset":1}}' |
    raw BTCUSDT
printf '' | raw BTCUSDT
trade BTCUSDT 9000 86000 | sed 's/processed_time":"[^T]*/processed_time":"2025-02-01/' |
    raw BTCUSDT
printf '%s' '{"text":"\"symbol\":\"BTCUSDT\",\"last_trade_id\":9000,"}' |
    raw BTCUSDT
resumes new 'btcusdt ethusdt' 'BTCUSDT 4000,ETHUSDT 200' \
    'lines that are no trade change nothing'
unlike "$(<"$T/said")" '(memory|write)' 'nor break anything'
trade BTCUSDT 4001 | jq -c '{trade_id,buyer_maker,quantity,processed_time,event_time,price,symbol}' |
    raw BTCUSDT
trade 币安USDT 5 | pub
resumes new '币安usdt BTCUSDT' 'BTCUSDT 4001,币安USDT 5' \
    'another order of members, and a name of other letters'
{
	trades NOIDUSDT 1 200
	trade NOIDUSDT 201 | sed 's/"trade_id":201,//'
} | pub
resumes new noidusdt 'NOIDUSDT 179' \
    'a minute with a trade that has no id is passed over'

# Far back, once.
resumes far 'BTCUSDT rareusdt noneusdt' 'BTCUSDT 4001,RAREUSDT 9' \
    'one that traded long ago'
is "$(reads)" '-o -1000,-o -10000' 'is looked for'
resumes far 'BTCUSDT rareusdt noneusdt' 'BTCUSDT 4001,RAREUSDT 9' \
    'and known at the next start'
is "$(reads)" '-o -1000' 'without being looked for'
trades BTCUSDT 4002 6100 | pub
resumes far 'BTCUSDT rareusdt noneusdt' 'BTCUSDT 6100,RAREUSDT 9' \
    'after more than that has come'
is "$(reads)" '-o -1000,-o -2099' 'what has come is read'
{
	trades NONEUSDT 5 6
	trades BTCUSDT 6101 9000
} | pub
resumes far 'BTCUSDT rareusdt noneusdt' \
    'BTCUSDT 9000,NONEUSDT 6,RAREUSDT 9' 'and one found that is new there'
RESUME_MESSAGES=2000
resumes near 'BTCUSDT rareusdt' 'BTCUSDT 9000' 'no further than the setting'
is "$(reads)" '-o -1000,-o -2000' 'says'
RESUME_MESSAGES=10
resumes near 'BTCUSDT rareusdt' 'BTCUSDT 9000' 'also when that is little'
RESUME_MESSAGES=0
resumes near 'BTCUSDT rareusdt' '' 'nor at all'
is "$(reads)" '' 'where it is 0'
RESUME_MESSAGES=1000000

# A series that has begun anew, as test networks do.
{
	trades ANEWUSDT 1000 1100
	trade ANEWUSDT 1 4000
	trade ANEWUSDT 2 4001
} | pub
resumes new anewusdt 'ANEWUSDT 2' 'a series that has begun anew'

# What the checkpoint says of a topic is said of no other.
topic fewer 1 </dev/null
trades BTCUSDT 1 5 | pub
cp -r "$T/far" "$T/fewer"
resumes fewer 'btcusdt rareusdt' 'BTCUSDT 5' 'a topic of another name'
cp "$T/far/checkpoint" "$T/fewer"
sed -i 's/^topic .*/topic fewer/' "$T/fewer/checkpoint"
resumes fewer 'btcusdt rareusdt' 'BTCUSDT 5' 'and one that was made anew'
sed -e '/^end/d' "$T/far/checkpoint" >"$T/new/checkpoint"
TOPIC=trades
resumes new 'ethusdt rareusdt' 'ETHUSDT 200,RAREUSDT 9' 'half a checkpoint'
is "$(reads)" '-o -1000,-o -10000' 'is none'

# Retention: some of it is gone, then all of it; and the partition of a symbol
# that nobody has seen yet, who looks further back than the log begins.
topic short 1 </dev/null
{
	trades RAREUSDT 1 9
	trades BTCUSDT 1 2000
} | pub
resumes short btcusdt 'BTCUSDT 2000' 'before retention'
"$BUILD/tests/peers/kafka-admin" "$BROKERS" delete-records short 0 1500
resumes short 'btcusdt rareusdt' 'BTCUSDT 2000' \
    'a symbol nobody has seen, beyond where the log begins now'
topic expired 2 </dev/null
trades BTCUSDT 1 50 | kcat -P -b "$BROKERS" -t expired -p 0
trades ETHUSDT 1 60 | kcat -P -b "$BROKERS" -t expired -p 1
resumes expired 'btcusdt ethusdt' 'BTCUSDT 50,ETHUSDT 60' 'two partitions'
"$BUILD/tests/peers/kafka-admin" "$BROKERS" delete-records expired 0 -1
resumes expired 'btcusdt ethusdt' 'BTCUSDT 50,ETHUSDT 60' \
    'one of which has expired'
resumes expired 'btcusdt ethusdt newusdt' 'BTCUSDT 50,ETHUSDT 60' \
    'and a symbol nobody has seen'
TOPIC=trades

# Failures leave everything as it was.
cp -r "$T/far" "$T/before"
TOPIC=nowhere
status_is 2 'a topic that is not there' resume far btcusdt
TOPIC=trades
# shellcheck disable=SC2317
kafka-sub()
{
	command kafka-sub "$@" | head -n 3
	kill -KILL "$BASHPID"
}
status_is 3 'a reader that is killed' resume far btcusdt
unset -f kafka-sub
# shellcheck disable=SC2317
ohlc-window()
{
	command ohlc-window "$@" | head -n 1
	return 3
}
status_is 3 'a command that fails' resume far btcusdt
unset -f ohlc-window
is "$(cat "$T"/far/{resume,checkpoint})" "$(cat "$T"/before/{resume,checkpoint})" \
    'what is known stays'

# The ingest begins with it; a stand-in says how it was called.
mkdir "$T/bin"
ln -s "$BIN"/* "$T/bin"
stand_in()
{
	rm -f "$T/bin/$1" "$T/called"
	printf '%s\n' '#!/bin/sh' "$2" >"$T/bin/$1"
	chmod +x "$T/bin/$1"
}

# ingest STATUS NAME: started, called, and asked to stop.
ingest()
{
	local status

	env TICKPIPE_BIN="$T/bin" TICKPIPE_RUN="$T/run" DATA="$T/data" \
	    SYMBOLS='btcusdt rareusdt' TIME_UNIT=us "$ROOT/scripts/ingest" \
	    2>"$T/ingest.err" &
	wait_for 30 test -e "$T/called"
	kill -TERM "$!"
	wait "$!"
	status=$?
	is "$status" "$1" "$2" || diag_file "$T/ingest.err"
}

# shellcheck disable=SC2016 # expanded there
stand_in bws-trades \
    'echo "$*" >"$T/calling"; mv "$T/calling" "$T/called"; exec sleep 60'
ingest 3 'the ingest'
like "$(<"$T/called")" \
    "--resume $T/data/ingest-0/resume .*--microseconds btcusdt rareusdt" \
    'asks for what is missing'
is "$(jq -r .trade_id "$T/data/ingest-0/resume" | sort -n | paste -s -d ,)" \
    9,9000 'from where the topic ends'
# Those behind it: a command that is asked to stop before it can listen dies.
for command in ndjson-validate kafka-pub; do
	stand_in "$command" "trap '' TERM; : >'$T/$command'; exec cat"
done
# shellcheck disable=SC2016 # expanded there
stand_in kafka-sub 'until test -e "$T/ndjson-validate" -a -e "$T/kafka-pub"
	do sleep 0.1; done; : >"$T/called"; exec sleep 60'
ingest 0 'asked to stop while it reads the topic it ends in order'
for setting in RESUME_MESSAGES=many TIME_UNIT=ns; do
	status_is 2 "$setting is wrong" env "$setting" "$ROOT/scripts/ingest"
done

# Random topics: symbols that trade often and hardly ever, looked for by some.
RESUME_FIRST=3
topic random 3 </dev/null
RANDOM=${TICKPIPE_SEED:-11}
declare -A id=()
wrong=0
for ((i = 0; i < 25; i++)); do
	n=$((RANDOM % 3 * RANDOM % 60))
	for ((j = 0; j < n; j++)); do
		s=S$((RANDOM % 12 * (RANDOM % 12) / 11))USDT
		id[$s]=$((${id[$s]:-50} + 1))
		trade "$s" "${id[$s]}"
	done | tee "$T/lines" | pub
	while read -r s j; do
		id[$s]=$j
	done < <(jq -r '"\(.symbol) \(.trade_id)"' "$T/lines")
	want=() symbols=''
	for ((j = 0; j < 12; j++)); do
		((RANDOM % 4 > 0)) || continue
		symbols+=" s${j}usdt"
		[[ -z ${id[S${j}USDT]-} ]] || want+=("S${j}USDT ${id[S${j}USDT]}")
	done
	resume random "$symbols"
	jq -r '"\(.symbol) \(.trade_id)"' "$T/random/resume" | sort >"$T/got"
	((${#want[@]} == 0)) || printf '%s\n' "${want[@]}" | sort |
	    cmp -s - "$T/got" || {
		diag "start $i: $symbols"
		diag_file "$T/got"
		((wrong++))
	}
done
is "$wrong" 0 "$i starts on a topic that grows at random"
done_testing
