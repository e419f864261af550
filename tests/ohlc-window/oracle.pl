#!/usr/bin/perl
# Random trades, their candles computed in one batch with big integers, and
# what ohlc-window makes of the same trades: they must be the same text.
#
# usage: oracle.pl FIRST_SEED COUNT
#
# Every seed is another kind of input: how many symbols and partitions, which
# members there are, widths, lateness, times before 1970 or far ahead, numbers
# in any notation, members in any order, duplicates, late trades, clocks ahead.
use strict;
use warnings;
use Math::BigInt;
use POSIX ();

my ($first_seed, $count) = @ARGV;
my $folder = $ENV{T} or die 'T is the folder to work in';

sub pick { $_[rand @_] }

# --- Exact decimals: [digits as a big integer, scale]. ---

sub plain {
	my ($digits, $scale) = @_;
	my $text = "$digits";
	$text = '0' x ($scale + 1 - length $text) . $text
	    if length $text <= $scale;
	substr($text, length($text) - $scale, 0) = '.' if $scale > 0;
	$text =~ s/\.?0+$// if $scale > 0;
	return $text;
}

# The same value in some JSON notation, or as a string.
sub notation {
	my ($digits, $scale) = @_;
	my $text = plain(Math::BigInt->new($digits), $scale);
	my $roll = rand;
	if ($roll < .15) {
		$text = $digits . pick('e-', 'E-', 'e-0') . $scale;
	} elsif ($roll < .25) {
		$text .= $text =~ /\./ ? '00' : '.000';
	} elsif ($roll < .3) {
		$text .= pick('e0', 'E+0', 'e-00');
	}
	return rand() < .1 ? "\"$text\"" : $text;
}

sub random_number {
	my ($places) = @_;
	my $digits = pick(1 + int rand 9, 1 + int rand 99999, int rand 1e15);
	return [$digits || 1, int rand $places];
}

# --- Times: seconds since the epoch and microseconds. ---

sub stamp {
	my ($seconds, $us) = @_;
	my @t = gmtime $seconds;
	my $text = sprintf '%04d-%02d-%02dT%02d:%02d:%02d', $t[5] + 1900,
	    $t[4] + 1, @t[3, 2, 1, 0];
	$text .= sprintf($us % 1000 ? '.%06d' : '.%03d',
	    $us % 1000 ? $us : $us / 1000) if $us;
	return "${text}Z";
}

# The same moment written in another way.
sub rewritten {
	my ($seconds, $us) = @_;
	my $offset = pick(0, 0, 0, 330, -60);
	my $text = stamp($seconds + 60 * $offset, $us);
	$text =~ s/Z$/sprintf '%s%02d:%02d', $offset < 0 ? '-' : '+',
	    abs($offset) \/ 60, abs($offset) % 60/e if $offset;
	$text =~ s/(\.\d+)/${1}999/ if $us % 1000 && rand() < .3;
	return $text;
}

# --- One input. ---

sub make_trades {
	my ($kind) = @_;
	my (@trades, %id);
	my $now = $kind->{begin};
	for (1 .. 2 + rand 120) {
		my ($seconds, $us) = (0, 0);
		$now += pick(0, 0, 0, 1, 3, 10, $kind->{width} / 3);
		if (rand() < .06 && @trades) {
			push @trades, pick(@trades);
			next;
		}
		$seconds = POSIX::floor($now) -
		    pick((0) x 5, int rand $kind->{lateness} + 1,
		    int rand 3 * $kind->{width});
		$seconds = $kind->{begin} if $seconds < $kind->{begin};
		$us = pick(0, 1000 * int rand 1000, int rand 1000000);
		my $symbol = pick(@{$kind->{symbols}});
		my %t = (symbol => $symbol, seconds => $seconds, us => $us,
		    ahead => rand() < .04, price => random_number(18),
		    buyer_maker => int rand 2);
		$t{quantity} = random_number(18) if rand() < $kind->{quantity};
		$t{quantity} = [0, 0] if $t{quantity} && rand() < .05;
		$t{id} = ++$id{$symbol} + (rand() < .1 ? $id{$symbol}++ : 0)
		    if $kind->{ids};
		delete $t{buyer_maker} if rand() >= $kind->{maker};
		push @trades, \%t;
	}
	return \@trades;
}

sub quoted {
	my ($symbol) = @_;
	utf8::decode(my $text = $symbol);
	return '"' . join('', map { rand() < .1 && ord() < 65536 ?
	    sprintf('\u%04x', ord) : $_ } split //, $text) . '"';
}

sub line {
	my ($t, $kind, $offset) = @_;
	my $processed = $t->{seconds} + ($t->{ahead} ? -61 : pick(-59, 0, 3600));
	my %m = (symbol => quoted($t->{symbol}),
	    price => notation(@{$t->{price}}),
	    event_time => '"' . rewritten($t->{seconds}, $t->{us}) . '"',
	    processed_time => '"' . rewritten($processed, 0) . '"');
	$m{quantity} = notation(@{$t->{quantity}}) if $t->{quantity};
	$m{trade_id} = $t->{id} . pick('', '', '.0', 'e0') if $t->{id};
	$m{buyer_maker} = ('false', 'true')[$t->{buyer_maker}]
	    if defined $t->{buyer_maker};
	$m{extra} = pick('null', '[{"a":[]}]', '"\u005f"') if rand() < .1;
	$m{quantity} //= 'null' if rand() < .1;
	my @names = qw(symbol price event_time processed_time quantity trade_id
	    buyer_maker extra);
	@names = sort { $a cmp $b } @names if $kind->{order} == 1;
	@names = sort { rand() <=> .5 } @names if $kind->{order} == 2;
	my $gap = pick('', '', '', ' ');
	my @members = map { "\"$_\"$gap:$gap$m{$_}" } grep { defined $m{$_} } @names;
	push @members, "\"_kafka\":{\"topic\":\"t\",\"partition\":" .
	    $kind->{partition}{$t->{symbol}} . ",\"offset\":$offset," .
	    "\"start\":1}" if $kind->{partition};
	my $text = '{' . join("$gap,", @members) . '}';
	utf8::encode($text);
	return $text . pick("\n", "\n", "\r\n");
}

# --- The oracle: everything at once, from the whole input. ---

sub moment { int($_[0]{seconds}) * 1000000 + $_[0]{us} }

sub candle {
	my ($trades, $start, $kind, $closed) = @_;
	my @by_time = sort { moment($a) <=> moment($b) ||
	    ($a->{id} // 0) <=> ($b->{id} // 0) ||
	    $a->{arrival} <=> $b->{arrival} } @$trades;
	my $value = sub { Math::BigInt->new($_[0][0])->bmul(
	    Math::BigInt->new('1' . '0' x (18 - $_[0][1]))) };
	my @prices = sort { $a->bcmp($b) } map { $value->($_->{price}) } @$trades;
	my %c = (open => plain($value->($by_time[0]{price}), 18),
	    high => plain($prices[-1], 18), low => plain($prices[0], 18),
	    close => plain($value->($by_time[-1]{price}), 18));
	my $text = sprintf '{"window_start":"%s","window_end":"%s",' .
	    '"symbol":"%s","open":%s,"high":%s,"low":%s,"close":%s',
	    stamp($start, 0), stamp($start + $kind->{width}, 0),
	    $trades->[0]{symbol}, @c{qw(open high low close)};
	if (!grep { !$_->{quantity} } @$trades) {
		my ($volume, $quote, $taker) = map { Math::BigInt->new(0) } 1 .. 3;
		for (@$trades) {
			my $quantity = $value->($_->{quantity});
			$volume->badd($quantity);
			$quote->badd($quantity * $value->($_->{price}));
			$taker->badd($quantity) if !$_->{buyer_maker};
		}
		$text .= ',"volume":' . plain($volume, 18) .
		    ',"quote_volume":' . plain($quote, 36);
		$text .= ',"taker_buy_volume":' . plain($taker, 18)
		    if !grep { !defined $_->{buyer_maker} } @$trades;
	}
	$text .= ',"trades":' . @$trades;
	if (!grep { !$_->{id} } @$trades) {
		my @ids = sort { $a <=> $b } map { $_->{id} } @$trades;
		$text .= ",\"first_trade_id\":$ids[0],\"last_trade_id\":$ids[-1]";
	}
	return $text . ',"closed":' . ($closed ? 'true}' : 'false}');
}

# The candles, and of each trade what became of it.
sub batch {
	my ($trades, $kind) = @_;
	my (%newest, %window, %fate);
	my $arrival = 0;
	for my $t (@$trades) {
		my $p = $kind->{partition} ? $kind->{partition}{$t->{symbol}} :
		    $t->{symbol};
		my $start = POSIX::floor($t->{seconds} / $kind->{width}) *
		    $kind->{width};
		my $at = moment($t);
		my $n = $arrival++;
		if ($t->{ahead}) {
			$fate{$n} = 'ahead';
			next;
		}
		my $passed = defined $newest{$p} && ($start + $kind->{width} +
		    $kind->{lateness}) * 1000000 <= $newest{$p};
		$newest{$p} = $at if !defined $newest{$p} || $at > $newest{$p};
		if ($passed) {
			$fate{$n} = 'late';
			next;
		}
		my $w = $window{"$start $t->{symbol}"} //=
		    { start => $start, p => $p, trades => [], ids => {} };
		next if $t->{id} && $w->{ids}{$t->{id}}++;
		push @{$w->{trades}}, { %$t, arrival => $n };
	}
	my @candles = map { candle($_->{trades}, $_->{start}, $kind,
	    ($_->{start} + $kind->{width} + $kind->{lateness}) * 1000000 <=
	    $newest{$_->{p}}) } values %window;
	return (\@candles, \%fate);
}

# --- One seed. ---

sub slurp {
	my ($name) = @_;
	open my $in, '<', "$folder/$name" or return '';
	local $/;
	return <$in> // '';
}

sub differs {
	my ($seed) = @_;
	srand $seed;
	my @symbols = ('BTCUSDT', 'ETHUSDT', "\xe5\xb8\x81\xe5\xae\x89USDT",
	    'A', "\xf0\x9f\x90\xb6")[0 .. rand 5];
	my %kind = (symbols => \@symbols, ids => rand() < .8,
	    quantity => pick(1, 1, 1, .9, 0), maker => pick(1, 1, 1, .9, 0),
	    order => int rand 3, width => pick(1, 5, 60, 60, 60, 90, 3600, 86400),
	    lateness => pick(0, 1, 10, 10, 10, 600), begin =>
	    pick((1721347022) x 4, -100, -62167132800, 253402000000, 951782300));
	$kind{partition} = { map { $_ => int rand 3 } @symbols }
	    if rand() < .5;
	my $trades = make_trades(\%kind);
	my $n = 0;
	my @lines = map { line($_, \%kind, $n++) } @$trades;
	my ($candles, $fate) = batch($trades, \%kind);
	open my $in, '>', "$folder/in" or die;
	print $in @lines;
	close $in;
	unlink map { "$folder/$_" } qw(late rejects);
	system("ohlc-window -q -w $kind{width}s -l $kind{lateness}s " .
	    "--late '$folder/late' --rejects '$folder/rejects' " .
	    "<'$folder/in' >'$folder/out' 2>/dev/null") & 127
	    and die 'ohlc-window died';
	my $got = join "\n", sort map { s/,"_kafka":.*/}/r }
	    split /\n/, slurp('out');
	my $want = join "\n", sort @$candles;
	my $late = join '', map { $lines[$_] } grep { $fate->{$_} eq 'late' }
	    sort { $a <=> $b } keys %$fate;
	my $refused = grep { $_ eq 'ahead' } values %$fate;
	return 0 if $got eq $want && slurp('late') eq $late &&
	    (() = slurp('rejects') =~ /more than --max-ahead/g) == $refused;
	print "# seed $seed: ", join(' ', %kind), "\n";
	my %got = map { $_ => 1 } split /\n/, $got;
	my %want = map { $_ => 1 } @$candles;
	print "# got  $_\n" for grep { !$want{$_} } sort keys %got;
	print "# want $_\n" for grep { !$got{$_} } sort keys %want;
	print "# late or refused trades differ\n" if $got eq $want;
	return 1;
}

my $differ = grep { differs($_) } $first_seed .. $first_seed + $count - 1;
print "$differ of $count inputs differ\n";
