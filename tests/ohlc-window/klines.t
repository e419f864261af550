#!/bin/bash
# Goal: real trades give the exchange's own candles in every column, in
# whatever order and through whatever pipe they come.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

data=$ROOT/../shared/data/binance
[[ -r $data/um-btcusdt-2024-07-18.official-klines-1m.csv ]] ||
    skip_all 'the captures of ../shared/data are not here'
need jq perl

# trades FILE: its frames as trade records, with the exchange's own digits.
trades()
{
	jq -r '.data // . | select(.e == "trade" and (.X // "MARKET") == "MARKET")
	    | "{\"symbol\":\"\(.s)\",\"price\":\(.p),\"event_time\":\"" +
	    (.T / 1000 | floor | todate | .[:19]) + ".\(.T % 1000 + 1000 |
	    tostring | .[1:])Z\",\"processed_time\":\"" + (.E / 1000 + 1 |
	    floor | todate) + "\",\"quantity\":\(.q),\"trade_id\":\(.t)," +
	    "\"buyer_maker\":\(.m)}"' "$1"
}

# columns: open time, open, high, low, close, volume, quote volume, trades and
# taker buy volume of BTCUSDT's complete minutes, digits as they stand.
columns()
{
	perl -MTime::Local -ne 'next if !/"symbol":"BTCUSDT"/;
	    my ($y, $m, $d, $h, $i) = /"window_start":"(....)-(..)-(..)T(..):(..):00Z"/;
	    my $t = timegm(0, $i, $h, $d, $m - 1, $y) * 1000;
	    next if $t < 1721347080000 || $t >= 1721347500000;
	    my $line = $_;
	    print join(",", $t, map { $line =~ /"$_":([^,}]*)/ } qw(open high low
	    close volume quote_volume trades taker_buy_volume)), "\n"'
}
perl -F, -lane '$F[$_] =~ s/\.?0+$// for grep { $F[$_] =~ /\./ } 1 .. 9;
    print join ",", @F[0 .. 5, 7, 8, 9]' \
    "$data/um-btcusdt-2024-07-18.official-klines-1m.csv" >"$T/want"

trades "$data/um-btcusdt-2024-07-18.combined.ndjson" >"$T/btc"
trades "$data/um-ethusdt-2024-07-18.combined.ndjson" >"$T/eth"
is "$(wc -l <"$T/want") $(wc -l <"$T/btc") $(wc -l <"$T/eth")" \
    '7 10701 13655' 'the captures are whole'

# is_official NAME COMMAND...: its output has the seven candles.
is_official()
{
	local name=$1

	shift
	status_is 0 "$name" "$@"
	columns <"$T/out" >"$T/got"
	same_file "$T/got" "$T/want" '  equals the official candles'
}

is_official 'as it came' ohlc-window "$T/btc"
cp "$T/out" "$T/plain"
is "$(jq -s 'map(.trades) | add' "$T/plain")" 10701 'every trade is counted'
is "$(jq -s '[range(1; length) as $i | .[$i].first_trade_id -
    .[$i - 1].last_trade_id] | unique | tojson' "$T/plain")" '"[1]"' \
    'candles meet each other without a hole'
is "$(jq -s '[.[] | .trades - (.last_trade_id - .first_trade_id + 1)] | unique |
    tojson' "$T/plain")" '"[0]"' 'and have none inside'
check 'the candles are good' ndjson-validate -t candle "$T/plain"
is_official 'two symbols one behind the other' ohlc-window "$T/btc" "$T/eth"
jq -c . "$T/btc" >"$T/jq"
is_official 'through jq -c' ohlc-window "$T/jq"
same_file "$T/out" "$T/plain" '  and the same bytes'
jq -cS . "$T/btc" >"$T/jqs"
is_official 'members sorted by jq' ohlc-window "$T/jqs"
same_file "$T/out" "$T/plain" '  and the same bytes'
cat "$T/btc" "$T/btc" | sort -s -t : -k 4,6 >"$T/doubled"
is_official 'every trade twice' ohlc-window "$T/doubled"

# A trade comes up to 9.9 s late, some twice.
# shuffle SEED
shuffle()
{
	perl -e 'srand shift; my @l = <STDIN>; my $n = 0; my %at;
	    my @at; for (@l) { /T(..):(..):([0-9.]+)Z/ or die;
	    push @at, [(($1 + 1) % 24 * 60 + $2) * 60 + $3 + rand 9.9, $_];
	    push @at, [$at[-1][0], $_] if rand() < .1; }
	    print map { $_->[1] } sort { $a->[0] <=> $b->[0] } @at' "$1"
}
for seed in 1 2 3; do
	shuffle "$seed" <"$T/btc" >"$T/shuffled"
	is_official "shuffled within the lateness, seed $seed" \
	    ohlc-window "$T/shuffled"
	same_file "$T/out" "$T/plain" '  and the same bytes'
done

# Twenty partitions, two symbols in each of which one is real, lines of the
# partitions interleaved by chance.
# spread SEED
spread()
{
	perl -e 'srand shift; my (@p, %of);
	    while (<STDIN>) {
		my ($s, $id) = /"symbol":"(\w+)".*"trade_id":(\d+)/ or die;
		my $p = $s eq "BTCUSDT" ? 3 : $id % 20;
		s/"symbol":"ETHUSDT"/"symbol":"ETH$p"/;
		my $offset = 100 + @{$p[$p] //= []};
		s/\}$/,"_kafka":{"topic":"crypto_prices","partition":$p,"offset":$offset,"start":1}}/;
		push @{$p[$p]}, $_;
	    }
	    my @left = grep { $p[$_] } 0 .. $#p;
	    while (@left) {
		my $i = int rand @left;
		my $p = $p[$left[$i]];
		print splice @$p, 0, 1 + rand 50;
		splice @left, $i, 1 if !@$p;
	    }' "$1"
}
for seed in 1 2 3; do
	sort -s -t : -k 4,6 "$T/btc" "$T/eth" | spread "$seed" >"$T/spread"
	is_official "20 partitions with provenance, seed $seed" \
	    ohlc-window "$T/spread"
	# An open candle says what is safe at its time, which is the end.
	perl -ne 'my ($p) = /"partition":(\d+)/; print "$p $_"
	    if /"window_start"/' "$T/out" | sort -s -k 1,1n >"$T/parts.$seed"
done
same_file "$T/parts.2" "$T/parts.1" \
    'each partition gives the same bytes, however they interleave'
same_file "$T/parts.3" "$T/parts.1" 'and once more'

# Larger candles from the small ones, in every column; but lines of candles do
# not carry the watermark, so that the last window may be closed or not.
# is_rolled NAME WIDTH FILE...: as WIDTH from both captures themselves.
is_rolled()
{
	local name=$1 width=$2 open='s/"closed":[a-z]*/"closed":_/'

	shift 2
	ohlc-window -w "$width" "$T/btc" "$T/eth" | sed "$open" |
	    sort >"$T/direct"
	status_is 0 "$name" ohlc-window -w "$width" "$@"
	sed "$open" "$T/out" | sort >"$T/got"
	same_file "$T/got" "$T/direct" "  equals -w $width of the trades"
}
ohlc-window "$T/btc" "$T/eth" >"$T/1m"
ohlc-window -w 1s "$T/btc" "$T/eth" >"$T/1s"
for width in 5m 15m 45m 1h 1d; do
	is_rolled "1m -> $width" "$width" "$T/1m"
done
is_rolled '1s -> 1m' 1m "$T/1s"
is_official '1s -> 1m' ohlc-window "$T/1s"
ohlc-window "$T/1s" >"$T/1s-1m"
is_rolled '1s -> 1m -> 1h' 1h "$T/1s-1m"
jq -c . "$T/1m" >"$T/1m-jq"
is_rolled '1m -> jq -> 5m' 5m "$T/1m-jq"

done_testing
