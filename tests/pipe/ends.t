#!/bin/bash
# Goal: a reader that goes away ends a whole pipeline at once, a full disk
# reaches the exit status, and INT to all of a pipeline in mid-stream loses no
# line that its source had written.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/pipe/lib.sh
. "$ROOT/tests/pipe/lib.sh"

pipe_setup
export TICKPIPE_BROKERS=$BROKERS TICKPIPE_DATABASE=$DATABASE
frames 200000 >"$T/frames"
exchange_start market --seed 3 --symbols "${SYMBOLS// /,}" --rate 2000
url=ws://$EXCHANGE_ADDRESS
read -ra symbols <<<"$SYMBOLS"
frames 400 900000 >"$T/few"
bws-trades --replay "$T/few" | kafka-pub --key symbol crypto_prices

# pipeline_ends NAME STATUSES PIPELINE: it ends, and its members so. (141 is
# death by SIGPIPE. One that hangs is killed.)
pipeline_ends()
{
	local name=$1 want=$2

	# shellcheck disable=SC2016 # expanded there
	is "$(timeout -s KILL 300 bash -c "$3"' >/dev/null; echo "${PIPESTATUS[*]}"' \
	    2>"$T/err")" "$want" "$name" || diag_file "$T/err"
}

pipeline_ends 'a replay into head' '141 141 0' \
    "bws-trades --replay '$T/frames' | ndjson-validate -t trade | head -n 1"
pipeline_ends 'a replay, as candles, into head' '141 141 0' \
    "bws-trades --replay '$T/frames' | ohlc-window | head -n 1"
pipeline_ends 'the live feed into head' '141 141 0' \
    "bws-trades --url $url $SYMBOLS | ndjson-validate -t trade | head -n 1"
pipeline_ends 'a topic into head' '141 0' \
    'kafka-sub -o beginning crypto_prices | head -n 1'
pipeline_ends 'a topic that has fallen quiet, as candles, into head' '141 141 0' \
    'kafka-sub -o beginning crypto_prices | ohlc-window --updates 0 | head -n 1'

for command in "bws-trades --replay $T/frames" "ndjson-validate $T/frames" \
    "bws-trades --url $url $SYMBOLS" 'kafka-sub -e -o beginning crypto_prices'
do
	# shellcheck disable=SC2016 # expanded there
	status_is 3 "a full disk: ${command%% /*}" \
	    timeout -s KILL 300 bash -c "$command >/dev/full"
done
bws-trades --replay "$T/frames" >"$T/trades"
status_is 3 'a full disk: ohlc-window' \
    bash -c "ohlc-window $T/trades >/dev/full"

# pipeline_gone GROUP: for on_exit.
# shellcheck disable=SC2317 # called there
pipeline_gone()
{
	kill -KILL -- "-$1" 2>/dev/null
}

# slow_tee: as tee -i, but at most some 1000 lines a second until INT comes, so
# that it comes long before all lines have passed.
slow_tee()
{
	perl -e '$| = 1; $SIG{INT} = sub { $asked = 1 };
	    open my $file, ">", $ARGV[0] or die;
	    while (<STDIN>) {
		print $file $_ and print or die $!;
		select undef, undef, undef, .001 if !$asked;
	    }
	    close $file or die $!' "$T/source"
}

# tee writes down what the source has written, and does not mind INT.
set -m
bws-trades --drain 10m --url "$url" "${symbols[@]}" | tee -i "$T/source" |
    ndjson-validate --drain 10m -t trade |
    kafka-pub --drain 10m --key symbol --time event_time crypto_prices \
	2>"$T/err" &
set +m
pipeline=$(jobs -p %%)
on_exit pipeline_gone "$pipeline"
# shellcheck disable=SC2317 # called by wait_for
source_has()
{
	(($(wc -l <"$T/source") >= $1))
}
check 'the live feed flows' wait_for 120 source_has 3000
kill -INT -- "-$pipeline"
wait "$pipeline"
is "$?" 0 'INT to all of the producing pipeline: status 0' || diag_file "$T/err"
kcat -b "$BROKERS" -C -t crypto_prices -o beginning -e -q >"$T/topic"
sort "$T/source" >"$T/want"
grep -v '"event_time":"2025' "$T/topic" | sort >"$T/have"
same_file "$T/have" "$T/want" 'every line that the source wrote is in the topic'

# Much, so that it is caught in the middle.
kafka-pub --key symbol --time event_time crypto_prices <"$T/trades"
mkfifo -m 600 "$T/acks"
set -m
kafka-sub --drain 10m -g ends --ack "$T/acks" crypto_prices | slow_tee |
    pg-upsert --drain 10m --ack "$T/acks" --ignore crypto_prices 2>"$T/err" &
set +m
pipeline=$(jobs -p %%)
on_exit pipeline_gone "$pipeline"
# As far as the table: who has only just been started may not hear it yet.
# shellcheck disable=SC2317 # called by wait_for
table_has_some()
{
	[[ $(ticks 2000-01-01) != 0 ]]
}
check 'the topic flows' wait_for 120 table_has_some
kill -INT -- "-$pipeline"
wait "$pipeline"
is "$?" 0 'INT to all of the consuming pipeline: status 0' || diag_file "$T/err"
is "$(ticks 2000-01-01)" "$(grep -c '"symbol"' "$T/source")" \
    'every line that kafka-sub wrote is in the table'
status_is 0 'the rest' kafka-sub -g ends -e crypto_prices
is "$(($(ticks 2000-01-01) + $(wc -l <"$T/out")))" \
    "$(($(wc -l <"$T/topic") + $(wc -l <"$T/trades")))" \
    'begins exactly behind it: all was acknowledged'
check 'and there was a rest' test -s "$T/out"
done_testing
