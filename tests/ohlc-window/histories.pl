#!/usr/bin/perl
# Random logs, read by ohlc-window in lives that end anywhere and begin again
# behind the offset that its output called safe: the table of candles and the
# late trades must end up as those of one undisturbed run over the same log.
# tickpipe(7) has the rules.
#
# usage: histories.pl FIRST_SEED COUNT [BROKEN]
# BROKEN breaks one rule on purpose, to show that this finds it:
#	nonewer	the sink overwrites without comparing
#	early	a line counts as safe before it is
#	burst	of the candles that one trade closes each has the new offset
use strict;
use warnings;

my ($first_seed, $count, $broken) = (@ARGV, '');
my $folder = $ENV{T} or die 'T is the folder to work in';
my $width = 60;

sub pick { $_[rand @_] }

# Lines of several partitions: each a symbol or two, quiet stretches, late
# bursts, duplicates, lines that are refused.
sub make_log {
	my (@log, %id, %offset);
	my @time = (0) x 3;
	my $partitions = 1 + int rand 3;
	my $symbols = 1 + int rand 4;
	for (1 .. 5 + rand 100) {
		my $p = int rand $partitions;
		$offset{$p} += rand() < .1 ? 1 + int rand 5 : 1;
		my %line = (p => $p, offset => $offset{$p});
		my @own = grep { $_->{p} == $p && $_->{symbol} } @log;
		if (rand() < .05) {
			$line{text} = pick('"symbol":"A"', '"symbol":"A","price":-1');
		} elsif (rand() < .03) {
			$line{text} = ''; # provenance alone
		} elsif (rand() < .08 && @own) {
			my $again = pick(@own);
			@line{qw(symbol text)} = @$again{qw(symbol text)};
		} else {
			$time[$p] += pick(0, 0, 1, 1, 2, 5, 20, 70);
			my $back = pick((0) x 6, 3, 8, 15, 80);
			my $symbol = $line{symbol} = 'P' . $p . int rand $symbols;
			my $t = 1721347200 + $time[$p] - $back;
			my $ahead = rand() < .02 ? 500 : 0;
			my @t = gmtime $t + $ahead;
			my @now = gmtime $t;
			$line{text} = sprintf '"symbol":"%s","price":%d.%d,' .
			    '"quantity":%d,"trade_id":%d,"event_time":"%s",' .
			    '"processed_time":"%s","buyer_maker":%s', $symbol,
			    1 + int rand 50, int rand 100, int rand 9, ++$id{$symbol},
			    stamp(@t), stamp(@now), pick('true', 'false');
		}
		push @log, \%line;
	}
	return \@log;
}

sub stamp {
	sprintf '%04d-%02d-%02dT%02d:%02d:%02dZ', $_[5] + 1900, $_[4] + 1,
	    @_[3, 2, 1, 0];
}

sub provenance {
	my ($line, $start) = @_;
	my $comma = $line->{text} eq '' ? '' : ',';
	return "{$line->{text}$comma\"_kafka\":{\"topic\":\"t\"," .
	    "\"partition\":$line->{p},\"offset\":$line->{offset}," .
	    "\"start\":$start}}\n";
}

# What ohlc-window makes of lines: its output as [key, row, partition, offset].
sub window {
	my ($input, $lateness) = @_;
	open my $in, '>', "$folder/in" or die;
	print $in @$input;
	close $in;
	system("ohlc-window -q -l ${lateness}s --late '$folder/late' " .
	    "--rejects /dev/null <'$folder/in' >'$folder/out' 2>/dev/null") & 127
	    and die 'ohlc-window died';
	open my $out, '<', "$folder/out" or die;
	my @lines;
	while (<$out>) {
		s/,?"_kafka":\{"topic":"t","partition":(\d+),"offset":(-?\d+),"start":\d+\}// or
		    die "no provenance: $_";
		my ($p, $offset) = ($1, $2);
		my ($key) = /^(\{"window_start":"[^"]*","window_end":"[^"]*","symbol":"[^"]*")/;
		push @lines, [$key, $_, $p, $offset];
	}
	return \@lines;
}

sub late {
	my %late;
	open my $in, '<', "$folder/late" or return \%late;
	/"partition":(\d+),"offset":(\d+)/ and $late{"$1/$2"} = 1 while <$in>;
	close $in;
	unlink "$folder/late";
	return \%late;
}

sub version {
	my ($trades, $closed) = $_[0] =~ /"trades":(\d+).*"closed":(true|false)/
	    or die $_[0];
	return $trades * 2 + ($closed eq 'true');
}

sub upsert {
	my ($table, $line) = @_;
	my ($key, $row) = @$line;
	$table->{$key} = $row if defined $key && ($broken eq 'nonewer' ||
	    !exists $table->{$key} || version($row) >= version($table->{$key}));
}

# One life from the committed offsets up to the line of the log where it dies.
# What it wrote last may be lost, or come to the table long after.
sub life {
	my ($log, $lateness, $commit, $table, $end, $start, $stopped) = @_;
	my @input;
	for my $i (0 .. $end - 1) {
		my $line = $log->[$i];
		push @input, provenance($line, $start)
		    if $line->{offset} > ($commit->{$line->{p}} // -1);
	}
	# The partition may move away and come back in the middle of a life.
	if (rand() < .2) {
		my $p = int rand 3;
		push @input, map { provenance($_, $start + 1) }
		    grep { $_->{p} == $p && $_->{offset} > ($commit->{$p} // -1) }
		    @$log[0 .. $end - 1];
	}
	my $lines = window(\@input, $lateness);
	if ($broken eq 'burst') {
		for my $i (reverse 0 .. $#$lines - 1) {
			my ($this, $next) = @$lines[$i, $i + 1];
			$this->[3] = $next->[3] if $this->[2] == $next->[2] &&
			    $this->[1] =~ /"closed":true/ &&
			    $next->[1] =~ /"closed":true/;
		}
	}
	my $n = $end == @$log ? @$lines : int rand(@$lines + 1);
	upsert($table, $_) for @$lines[0 .. $n - 1];
	push @$stopped, @$lines[$n .. $#$lines] if rand() < .5;
	my $acked = $broken eq 'early' ? @$lines : $n;
	$acked = int rand($acked + 1) if rand() < .2;
	for (@$lines[0 .. $acked - 1]) {
		my (undef, undef, $p, $offset) = @$_;
		$commit->{$p} = $offset if $offset > ($commit->{$p} // -1);
	}
}

sub differs {
	my ($seed) = @_;
	srand $seed;
	my $log = make_log();
	my $lateness = pick(0, 10, 10, 10, 100);
	my (%good, %table, %commit, @stopped);
	unlink "$folder/late";
	upsert(\%good, $_) for @{window([map { provenance($_, 1) } @$log],
	    $lateness)};
	my $good_late = late();
	for my $life (1 .. 1 + rand 6) {
		life($log, $lateness, \%commit, \%table, int rand(@$log + 1),
		    10 * $life, \@stopped);
		if (rand() < .3) {
			upsert(\%table, $_) for splice @stopped;
		}
	}
	life($log, $lateness, \%commit, \%table, scalar @$log, 1000, \@stopped);
	upsert(\%table, $_) for @stopped;
	my $late = late();
	my @wrong = grep { ($table{$_} // '') ne ($good{$_} // '') }
	    sort keys %{{%table, %good}};
	print "# seed $seed: ", $table{$_} // "nothing\n", "#       not ",
	    $good{$_} // "nothing\n" for @wrong;
	my $late_wrong = join(' ', sort keys %$late) ne
	    join(' ', sort keys %$good_late);
	print "# seed $seed: late trades differ\n" if $late_wrong;
	return @wrong || $late_wrong;
}

my $differ = grep { differs($_) } $first_seed .. $first_seed + $count - 1;
print "$differ of $count histories differ\n";
