#!/usr/bin/perl
# Random trades, and candles of candles: trades -> small -> larger windows must
# be what trades -> larger windows are, in every column. `closed` is computed
# here, from the small candles, by the rule of ohlc-window(1).
#
# usage: rollup.pl FIRST_SEED COUNT
#
# The small candles come once as they are, and once as a live run may leave
# them: with older versions of themselves (what a run over a part of the trades
# gives), repeated, and out of their order as far as --lateness allows.
use strict;
use warnings;
use POSIX ();
use Time::Local ();

my ($first_seed, $count) = @ARGV;
my $folder = $ENV{T} or die 'T is the folder to work in';

sub pick { $_[rand @_] }

sub stamp {
	my ($ms) = @_;
	my $seconds = POSIX::floor($ms / 1000);
	my @t = gmtime $seconds;
	return sprintf '%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', $t[5] + 1900,
	    $t[4] + 1, @t[3, 2, 1, 0], $ms - $seconds * 1000;
}

# Seconds since the epoch of a time without a fraction.
sub seconds {
	my ($y, $m, $d, $h, $i, $s) = $_[0] =~
	    /^(....)-(..)-(..)T(..):(..):(..)Z$/ or die $_[0];
	return Time::Local::timegm_modern($s, $i, $h, $d, $m - 1, $y);
}

# --- One input. ---

# No trade is late for its own small window: none is further behind the newest
# of its symbol than the lateness.
sub make_trades {
	my ($kind) = @_;
	my (@lines, %id, %newest);
	my $now = $kind->{begin} * 1000;
	for (1 .. 2 + rand $kind->{trades}) {
		$now += int rand 2000 * $kind->{step};
		$now += int rand 20000000 if rand() < $kind->{pauses};
		if (rand() < .06 && @lines) {
			# Doubled, while its window is open for sure.
			push @lines, $lines[-1];
			next;
		}
		my $symbol = pick(@{$kind->{symbols}});
		my $ms = $now - (rand() < .4 ? int rand $kind->{lateness} * 1000
		    : 0);
		$newest{$symbol} //= $ms;
		$ms = $newest{$symbol} - $kind->{lateness} * 1000
		    if $ms < $newest{$symbol} - $kind->{lateness} * 1000;
		$newest{$symbol} = $ms if $ms > $newest{$symbol};
		$id{$symbol} += rand() < .1 ? 1 + int rand 5 : 1;
		my $line = sprintf '{"symbol":"%s","price":%d.%0*d,' .
		    '"event_time":"%s","processed_time":"%s"', $symbol,
		    1 + int rand 300, 1 + int rand 8, int rand 10,
		    stamp($ms), stamp($ms);
		$line .= sprintf ',"quantity":%d.%0*d', int rand 3,
		    1 + int rand 8, int rand 10 if rand() < $kind->{quantity};
		$line .= ",\"trade_id\":$id{$symbol}"
		    if rand() < $kind->{ids};
		$line .= ',"buyer_maker":' . pick('true', 'false')
		    if rand() < $kind->{maker};
		push @lines, "$line}\n";
	}
	return @lines;
}

sub run {
	my ($options, @lines) = @_;
	open my $in, '>', "$folder/in" or die;
	print $in @lines;
	close $in;
	my @out = `ohlc-window -q $options <'$folder/in' 2>'$folder/err'`;
	die "ohlc-window $options: status $?\n" if $? != 0;
	return @out;
}

# The same on a pipe that runs dry now and then, with updates.
sub run_live {
	my ($options, @lines) = @_;
	open my $in, '|-', "ohlc-window -q --updates 0 $options " .
	    ">'$folder/live' 2>'$folder/err'" or die;
	while (@lines) {
		syswrite $in, join '', splice @lines, 0, 1 + rand 30;
		select undef, undef, undef, .001;
	}
	close $in or die "ohlc-window --updates 0: status $?\n";
	open my $out, '<', "$folder/live" or die;
	return <$out>;
}

# --- Small candles, as they may come. ---

sub end_of { $_[0] =~ /"window_end":"([^"]*)"/ or die; seconds($1) }

# What parts of the trades give: fewer trades, or not closed yet.
sub older_versions {
	my ($width, $lateness, @trades) = @_;
	my $options = "-w $width -l ${lateness}s";
	my $some = int rand @trades;
	return (run($options, @trades[0 .. $some]),
	    run($options, @trades[$some .. $#trades]));
}

# Out of order by less than so many seconds, some lines twice.
sub disordered {
	my ($seconds, @lines) = @_;
	my @keyed = map { [end_of($_) + rand $seconds, $_] } @lines,
	    grep { rand() < .2 } @lines;
	return map { $_->[1] } sort { $a->[0] <=> $b->[0] } @keyed;
}

# --- Comparing. ---

my $closed = qr/,"closed":(true|false)\}$/;

sub symbol_of { $_[0] =~ /"symbol":"([^"]*)"/ or die; $1 }

# Direct candles as the roll-up of these small ones has to have them.
sub want {
	my ($lateness, $small, @direct) = @_;
	my %watermark;
	for (@$small) {
		next if !/"closed":true/;
		my $at = end_of($_) - $lateness;
		my $symbol = symbol_of($_);
		$watermark{$symbol} = $at if !defined $watermark{$symbol} ||
		    $at > $watermark{$symbol};
	}
	for (@direct) {
		my $at = $watermark{symbol_of($_)};
		my $is = defined $at && $at >= end_of($_) ? 'true' : 'false';
		s/$closed/,"closed":$is}/;
	}
	return @direct;
}

my ($seed, $differs);

sub same {
	my ($name, $got, $want) = @_;
	return if join('', sort @$got) eq join('', sort @$want);
	$differs = 1;
	print "# seed $seed: $name\n";
	my %got = map { $_ => 1 } @$got;
	my %want = map { $_ => 1 } @$want;
	print "#  got $_" for (grep { !$want{$_} } sort keys %got)[0 .. 2];
	print "# want $_" for (grep { !$got{$_} } sort keys %want)[0 .. 2];
}

sub differs {
	($seed) = @_;
	srand $seed;
	$differs = 0;
	no warnings 'uninitialized';
	my %kind = (trades => pick(5, 60, 300), step => pick(.01, 1, 10, 60),
	    pauses => pick(0, .05), begin => pick(1721347022, 1721347022,
	    1721350790, -90000, -62167219200, 253400000000),
	    symbols => [('BTCUSDT', 'ETHUSDT', "\xe5\xb8\x81", 'A')[0 .. rand 4]],
	    lateness => pick(0, 1, 10, 10, 600), ids => pick(1, 1, 1, .98, 0),
	    quantity => pick(1, 1, .98, 0), maker => pick(1, 1, .98, 0));
	$kind{begin} += $kind{lateness} if $kind{begin} < -100000;
	my @trades = make_trades(\%kind);
	my $l = "-l $kind{lateness}s";
	my @small = run("-w 1m $l", @trades);
	my $late = pick(1, 60, 90, 3600);
	my @live = disordered($late, run_live("-w 1m $l", @trades),
	    older_versions('1m', $kind{lateness}, @trades));
	for my $width ('1m', '5m', '15m', '45m', '1h', '1d') {
		my @direct = run("-w $width $l", @trades);
		my @got = run("-w $width", @small);
		same("1m -> $width", \@got, [want(0, \@small, @direct)]);
		@got = run("-w $width -l ${late}s", @live);
		same("1m -> $width, versions", \@got,
		    [want($late, \@live, @direct)]);
	}
	my @seconds = run("-w 1s $l", @trades);
	my @minutes = run('-w 1m', @seconds);
	same('1s -> 1m', \@minutes, [want(0, \@seconds, @small)]);
	same('1s -> 1m -> 1h', [run('-w 1h', @minutes)],
	    [want(0, \@minutes, run("-w 1h $l", @trades))]);
	return $differs;
}

my $differ = grep { differs($_) } $first_seed .. $first_seed + $count - 1;
print "$differ of $count inputs differ\n";
