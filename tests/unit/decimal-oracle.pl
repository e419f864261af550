#!/usr/bin/perl
# Prints random operations on decimals with their results by Math::BigFloat,
# one a line, for decimal.c:
#	read TEXT RESULT		RESULT: plain notation, or "!" and why
#	compare A B RESULT		-1, 0 or 1
#	sum RESULT A... AxB...		a sum of numbers and products
# usage: decimal-oracle.pl SEED COUNT
use strict;
use warnings;
use Math::BigInt;

my ($seed, $count) = @ARGV;
srand($seed);

sub digits { my ($n) = @_; join '', map { int rand 10 } 1 .. $n }

# A number in some JSON notation; mostly within the bounds.
sub number {
	my $roll = rand;
	my $whole = rand() < .3 ? '0' : (1 + int rand 9) . digits(int rand(18));
	my $text = $whole;
	$text .= '.' . digits(1 + int rand(18)) if rand() < .7;
	$text .= '0' x int rand 25 if $text =~ /\./ && rand() < .2;
	$text .= (qw(e E))[rand 2] . ('', '+', '-')[rand 3] .
	    (rand() < .2 ? '0' : '') . int(rand 24) if $roll < .25;
	return $text;
}

# value = digits / 10^scale, without zeros that say nothing.
sub parts {
	my ($text) = @_;
	my ($minus, $whole, $fraction, $exponent) = $text =~
	    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/ or die $text;
	$fraction //= '';
	my $all = "$whole$fraction";
	my $scale = length($fraction) - ($exponent // 0);
	$all =~ s/^0+//;
	$scale -= length $1 if $all =~ s/(0+)$//;
	return ('0', 0, 0) if $all eq '';
	return ($all, $scale, $minus ne '');
}

sub plain {
	my ($digits, $scale) = @_;
	return $digits . '0' x -$scale if $scale <= 0;
	$digits = '0' x ($scale + 1 - length $digits) . $digits
	    if length $digits <= $scale;
	substr($digits, -$scale, 0) = '.';
	$digits =~ s/0+$// and $digits =~ s/\.$//;
	return $digits;
}

sub reading {
	my ($text, $before, $after) = @_;
	my ($digits, $scale, $negative) = parts($text);
	return '0' if $digits eq '0';
	return '!negative' if $negative;
	return '!long' if $scale > $after || length($digits) - $scale > $before;
	return plain($digits, $scale);
}

sub good {
	while (1) {
		my $text = number();
		return $text if reading($text, 18, 18) !~ /^!/;
	}
}

# 10^36 times the number, as an integer.
sub big {
	my ($digits, $scale) = parts($_[0]);
	return Math::BigInt->new($digits . '0' x (36 - $scale));
}

for (1 .. $count) {
	my $kind = int rand 3;
	if ($kind == 0) {
		my $text = (rand() < .1 ? '-' : '') . number();
		print "read $text ", reading($text, 18, 18), "\n";
	} elsif ($kind == 1) {
		my $x = good();
		my $y = rand() < .5 ? good() : plain((parts($x))[0, 1]);
		print "compare $x $y ", big($x)->bcmp(big($y)), "\n";
	} else {
		my $sum = Math::BigInt->new(0);
		my @terms;
		for (0 .. rand 12) {
			my ($x, $y) = (good(), good());
			if (rand() < .5) {
				push @terms, $x;
				$sum += big($x);
			} else {
				push @terms, $x . 'x' . $y;
				my $product = big($x) * big($y);
				$sum += $product / Math::BigInt->new('1' . '0' x 36);
			}
		}
		print "sum ", plain($sum->bstr(), 36), " @terms\n";
	}
}
