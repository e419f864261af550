#!/usr/bin/perl
# A seeded market for the crash harness: raw frames as the exchange sends them,
# in numbered files, three minutes of event time each.
#
# usage: market.pl SEED FILES FOLDER
#
# What tells whether a rule is broken is in it: two hundred symbols, so that a
# partition has several and one trade closes many windows; most of them with a
# trade or two in a minute; trades out of their order within ten seconds, and
# bursts that come later; the same trade twice; quiet stretches; lines that are
# no frame. Ids rise by one per symbol. The same arguments give the same bytes.
use strict;
use warnings;

my ($seed, $files, $folder) = @ARGV;
die "usage: market.pl SEED FILES FOLDER\n" unless defined $folder;
srand $seed;

my $minute = 60_000;
my $now = 1_735_689_600_000; # 2025-01-01T00:00:00Z
my @symbols = map { sprintf 'C%03dUSDT', $_ } 0 .. 199;
my %price = map { $_ => 1_000_000 + int rand 9_000_000_000 } @symbols;
my %id = map { $_ => 1 + int rand 1_000_000 } @symbols;
my @waiting; # [when it comes, frame]

# How many ms after its time a trade comes.
sub behind {
	my $draw = rand;
	return rand 300 if $draw < .93;
	return rand 9_000 if $draw < .99;
	return 10_000 + rand 90_000;
}

sub trade {
	my ($symbol, $time, $comes) = @_;
	$price{$symbol} += int(rand 2_000_001) - 1_000_000;
	$price{$symbol} = 1_000_000 if $price{$symbol} < 1_000_000;
	my $quantity = 1 + int rand 900_000_000;
	my $frame = sprintf '{"e":"trade","E":%d,"s":"%s","t":%d,' .
	    '"p":"%d.%08d","q":"%d.%08d","T":%d,"m":%s,"M":true}',
	    $comes, $symbol, $id{$symbol}++, $price{$symbol} / 100_000_000,
	    $price{$symbol} % 100_000_000, $quantity / 100_000_000,
	    $quantity % 100_000_000, $time, rand() < .5 ? 'true' : 'false';
	push @waiting, [$comes, $frame];
	push @waiting, [$comes + rand 100_000, $frame] if rand() < .01;
}

# The trades of a minute, in the order of their times.
sub minute {
	my @trades;
	for my $i (0 .. $#symbols) {
		my $n = $i < 4 ? 180 : rand() < .6 ? 1 + int rand 2 : 0;
		push @trades, [$now + int rand $minute, $symbols[$i]] for 1 .. $n;
	}
	trade($$_[1], $$_[0], int($$_[0] + behind()))
	    for sort { $$a[0] <=> $$b[0] } @trades;
	$now += $minute;
}

for my $file (1 .. $files) {
	$now += $minute * 20 if rand() < .1;
	minute() for 1 .. 3;
	my @out = sort { $$a[0] <=> $$b[0] || $$a[1] cmp $$b[1] }
	    grep { $$_[0] < $now || $file == $files } @waiting;
	@waiting = $file == $files ? () : grep { $$_[0] >= $now } @waiting;
	my $path = sprintf '%s/%04d', $folder, $file;
	open my $handle, '>', $path or die "$path: $!\n";
	for (@out) {
		print $handle "$$_[1]\n" or die "$path: $!\n";
		print $handle "{\"e\":\"trade\",\"E\":17\n" if rand() < .0005;
	}
	close $handle or die "$path: $!\n";
}
