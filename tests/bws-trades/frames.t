#!/usr/bin/env bash
# --frames keeps what was received so that --replay gives what came out; side
# files that cannot be written end the command.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/bws-trades/lib.sh
. "$ROOT/tests/bws-trades/lib.sh"
need bws-trades jq
[[ -x $EXCHANGE ]] || skip_all 'the exchange simulator is not built' required

# kept UNIT OPTION...: nothing doubled, nothing healed: byte for byte. (Where
# it takes long to connect, REST is asked what came before, and its answer is
# kept, too.)
kept()
{
	local unit=$1

	shift
	exchange_start "$unit" --symbols btcusdt,ethusdt --rate 2000 \
	    --trades 2000 --wait-for-clients 2 --noise --ping 0.3 --pong 30 \
	    "$@"
	feed_start "$unit" "$@" --rest none --frames "$T/$unit.frames" \
	    btcusdt ethusdt
	wait_for 60 lines "$T/$unit.out" 2000
	feed_end "$unit" 0
	exchange_end "$unit"
	exact "$unit" "$unit: what comes out is what was made"
	status_is 0 "$unit: --frames can be replayed" \
	    bws-trades -v --replay "$T/$unit.frames"
	same_file "$T/out" "$T/$unit.out" \
	    "$unit: --replay gives what came out, byte for byte"
	ok "$(($(wc -l <"$T/$unit.frames") < 2100))" \
	    "$unit: frames that are no trades are kept, too"
	is "$(jq -r 'select(.received | test("^20[0-9-]{8}T[0-9:]{8}\\.[0-9]{6}Z$")
	    | not)' "$T/$unit.frames")" '' "$unit: each with its time"
}
kept milliseconds
kept micro --microseconds

# --- Doubled, healed, broken -----------------------------------------------
exchange_start storm --symbols btcusdt,ethusdt --rate 600 --trades 3000 \
    --wait-for-clients 2 --faults 8 --fault-every 0.2 --fault-for 0.4 \
    --fault-kinds lose,duplicate,reorder,pieces,garbage,utf8,drop,rest-garbage
feed_start storm --frames "$T/storm.frames" --rejects "$T/storm.rejects" \
    --stats "$T/storm.stats" --rotate 1s --overlap 300ms btcusdt ethusdt
wait_for 60 lines "$T/storm.out" 3000
feed_end storm 1
exchange_end storm
exact storm 'doubled, healed and broken: every trade, each once'
is "$(exchange_faults storm)" 8 'by eight faults'
ok "$(($(last_count "$T/storm.stats" duplicates) == 0 ||
    $(last_count "$T/storm.stats" healed) == 0))" 'some doubled, some healed'
status_is 1 'what was kept has the same refusals' bws-trades \
    --replay "$T/storm.frames" --rejects "$T/again.rejects"
sort -u "$T/out" >"$T/replayed"
without_processed_time "$T/replayed" | sort -u >"$T/got"
without_processed_time "$T/storm.out" | sort >"$T/want"
same_file "$T/got" "$T/want" 'and gives the same set of records'
is "$(sort "$T/storm.out" | comm -23 - "$T/replayed" | head -n 3)" '' \
    'among them each that came out, byte for byte'
# refusals FILE: what is kept cannot have bytes that are not UTF-8.
refusals()
{
	jq -r .reason "$1" | grep -v 'invalid UTF-8' | sort
}
is "$(refusals "$T/again.rejects")" "$(refusals "$T/storm.rejects")" \
    'and each refusal for its reason, but where it was no text'

# A second run adds to the files.
exchange_start more --symbols btcusdt --rate 1000 --trades 100 \
    --wait-for-clients 1
cp "$T/storm.frames" "$T/more.frames"
feed_start more --rest none --frames "$T/more.frames" btcusdt
wait_for 60 lines "$T/more.out" 100
feed_end more 0
exchange_end more
head -n "$(wc -l <"$T/storm.frames")" "$T/more.frames" >"$T/got"
same_file "$T/got" "$T/storm.frames" 'the file is added to'
is "$(($(wc -l <"$T/more.frames") - $(wc -l <"$T/got")))" 100 'frame by frame'

# --- Full ------------------------------------------------------------------
# full OPTION WAY...: status 3, and which file it was.
full()
{
	local option=$1

	shift
	exchange_start "full$option" --symbols btcusdt --rate 300 \
	    --wait-for-clients 1 "$@"
	status_is 3 "$option on a full disk: status 3" timeout 60 bws-trades \
	    --url "ws://$EXCHANGE_ADDRESS" --rest none --settle 100ms \
	    --stats-interval 200ms "$option" /dev/full btcusdt
	like "$(<"$T/err")" '/dev/full: No space left on device' \
	    "$option: and is said"
	exchange_end "full$option"
}
full --frames
full --stats
full --gaps --faults 1 --fault-after 0.2 --fault-kinds lose

for option in --frames --gaps --stats; do
	status_is 2 "$option in no folder: status 2" timeout 20 bws-trades \
	    --url ws://127.0.0.1:1 "$option" "$T/none/file" btcusdt
	like "$(<"$T/err")" 'none/file: No such file' "$option: and is said"
done
done_testing
