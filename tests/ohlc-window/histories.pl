#!/usr/bin/perl
# Random logs, read by pipelines of one consumer group that begin, die at any
# line, and hand partitions to each other: the table of candles and the late
# trades must end up as those of one undisturbed run over the same log.
# tickpipe(7) has the rules.
#
# A pipeline here is the command ohlc-window (the first in PATH), which lives
# as long as its pipeline, between two stand-ins: for kafka-sub, by its rule of
# which acknowledgements count (src/kafka-sub/parts.h), and for pg-upsert. All
# that lies between two of them (lines handed out, candles, the batch that is
# being committed, acknowledgements) may be lost, or land late, when one dies.
#
# usage: histories.pl [-1] FIRST_SEED COUNT [BROKEN]
# With -1 the first that differs is the last.
# BROKEN breaks a rule of the sink's on purpose, to show that this finds it:
#	nonewer		rows are overwritten without comparing
#	earlyack	a batch is acknowledged before it is committed
# Those of ohlc-window are broken in a build: tests/crash/broken.
use strict;
use warnings;
use IPC::Open3;

my $only_first = @ARGV && $ARGV[0] eq '-1' && shift;
my ($first_seed, $count, $broken) = (@ARGV, '');
my $folder = $ENV{T} or die 'T is the folder to work in';
my $partitions = 3;
my $most_alive = 3; # pipelines
my $chunk = 8;      # lines in one write: less than PIPE_BUF bytes
my $year = 365 * 86400;
open our $null, '>', '/dev/null' or die;
$SIG{PIPE} = 'IGNORE';

sub pick { $_[rand @_] }
sub chance { rand() < $_[0] }
sub max { $_[0] > $_[1] ? $_[0] : $_[1] }

# --- The log. ---

sub stamp {
	my @t = gmtime 1721347200 + $_[0];
	sprintf '%04d-%02d-%02dT%02d:%02d:%02dZ', $t[5] + 1900, $t[4] + 1,
	    @t[3, 2, 1, 0];
}

# A trade so many seconds after the beginning of the day of all this.
sub trade {
	my ($symbol, $id, $at, $read_at) = @_;
	return sprintf '"symbol":"%s","price":%d.%d,"quantity":%d,' .
	    '"trade_id":%d,"event_time":"%s","processed_time":"%s",' .
	    '"buyer_maker":%s', $symbol, 1 + int rand 50, int rand 100,
	    int rand 9, $id, stamp($at), stamp($read_at),
	    pick('true', 'false');
}

# Lines of some partitions: each a symbol or more, quiet stretches, late
# bursts, duplicates, lines that are refused, provenance alone, offsets that
# are not there.
sub make_log {
	my (@log, %id, @offset);
	my @time = (0) x $partitions;
	my $used = 1 + int rand $partitions;
	my $symbols = 1 + int rand 6;
	for (1 .. 5 + rand 200) {
		my $p = int rand $used;
		$offset[$p] = ($offset[$p] // -1) + (chance(.1) ?
		    2 + int rand 5 : 1);
		my %line = (offset => $offset[$p]);
		my @own = grep { $_->{trade} } @{$log[$p]};
		if (chance(.05)) {
			$line{text} = pick('"symbol":"A"',
			    '"symbol":"A","price":-1');
		} elsif (chance(.03)) {
			$line{text} = ''; # provenance alone
		} elsif (chance(.08) && @own) {
			%line = (%{pick(@own)}, offset => $offset[$p]);
		} else {
			$time[$p] += pick(0, 0, 1, 2, 5, 20, 40, 70);
			my $at = $time[$p] - pick((0) x 6, 3, 8, 15, 80);
			my $symbol = 'P' . $p . int rand $symbols;
			$line{trade} = 1;
			$line{text} = trade($symbol, ++$id{$symbol}, $at +
			    (chance(.02) ? 500 : 0), $at);
		}
		push @{$log[$p]}, \%line;
	}
	return \@log;
}

sub with_provenance {
	my ($text, @where) = @_;
	return '{' . $text . ($text eq '' ? '' : ',') . sprintf('"_kafka":' .
	    '{"topic":"%s","partition":%d,"offset":%d,"start":%d}}', @where) .
	    "\n";
}

# --- The table. ---

sub version {
	my ($trades, $closed) = $_[0] =~ /"trades":(\d+).*"closed":(true|false)/
	    or die $_[0];
	return $trades * 2 + ($closed eq 'true');
}

sub upsert {
	my ($table, @lines) = @_;
	for (@lines) {
		next if !defined $_->{key};
		my $old = $table->{$_->{key}};
		$table->{$_->{key}} = $_->{row} if $broken eq 'nonewer' ||
		    !defined $old || version($_->{row}) >= version($old);
	}
}

# A line as pg-upsert reads it; nothing when it is torn.
my $provenance = qr/"_kafka":\{"topic":"t","partition":(\d+),/ .
    qr/"offset":(-?\d+),"start":(\d+)\}/;
my $key = qr/"window_start":"[^"]*","window_end":"[^"]*","symbol":"[^"]*"/;

sub parse {
	my ($row) = @_;
	chomp $row;
	$row =~ s/,?$provenance\}$/}/ or return ();
	my %line = (p => $1, offset => $2, start => $3, row => $row);
	$row =~ /^\{($key)/ and $line{key} = $1;
	return \%line;
}

# --- ohlc-window, which stays a process for the life of its pipeline. ---

sub window_start {
	my ($h) = @_;
	my @updates = pick([], ['--updates', '0']);
	my %w = (updates => scalar @{$updates[0]}, mark => 0);
	$w{pid} = open3(my $in, my $out, '>&' . fileno $null, 'ohlc-window', '-l',
	    "$h->{lateness}s", '--late', "$folder/late", '--rejects',
	    '/dev/null', @{$updates[0]});
	@w{qw(in out)} = ($in, $out);
	syswrite $in, mark(\%w);
	return \%w;
}

# A trade of a topic of its own, in a window an hour behind the last one's.
# What it closes, or with updates the new window, comes out behind all that
# came in before: so it is known when that is out, without a look at a clock.
sub mark {
	my ($w) = @_;
	my $at = 80 * $year + 3600 * ++$w->{mark};
	return with_provenance(trade('Z', $w->{mark}, $at, $at), 'mark', 0,
	    $w->{mark}, 1);
}

# What comes out for some lines.
sub window_feed {
	my ($w, @lines) = @_;
	my @out;
	my $text = join '', @lines, mark($w);
	syswrite($w->{in}, $text) == length $text or die 'ohlc-window died';
	my $last = $w->{updates} ? $w->{mark} : $w->{mark} - 1;
	while (defined(my $line = readline $w->{out})) {
		if ($line !~ /"topic":"mark"/) {
			push @out, $line;
		} elsif ($line =~ /"first_trade_id":$last,/ &&
		    $line =~ /"closed":(?:true|false)/) {
			return @out if $w->{updates} ?
			    $line =~ /"closed":false/ :
			    $line =~ /"closed":true/;
		}
	}
	die 'ohlc-window died';
}

# The end of its input.
sub window_end {
	my ($w) = @_;
	close $w->{in};
	my @out = grep { !/"topic":"mark"/ } readline $w->{out};
	waitpid $w->{pid}, 0;
	die 'ohlc-window died' if $? & 127;
	return @out;
}

sub window_kill {
	my ($w) = @_;
	kill 'KILL', $w->{pid};
	close $w->{in};
	waitpid $w->{pid}, 0;
}

sub late {
	my %late;
	open my $in, '<', "$folder/late" or return '';
	/"partition":(\d+),"offset":(\d+)/ and $late{"$1/$2"} = 1 while <$in>;
	close $in;
	unlink "$folder/late";
	return join ' ', sort keys %late;
}

# --- A pipeline, as the steps it can take. ---
#
# part	by number, the partitions that its kafka-sub holds under `start`
# in	lines handed out that ohlc-window has not read
# out	what it made of those it has read
# batch	what its pg-upsert has sent to be committed
# acks	what that has said and kafka-sub has not read
# stale	the group has gone on without it

sub pipeline {
	my ($h) = @_;
	push @{$h->{pipelines}}, { window => window_start($h), start => 0,
	    part => {}, in => [], out => [], batch => [], acks => [] };
}

# Lines of the log to ohlc-window's pipe.
sub hand_out {
	my ($h, $c, $n) = @_;
	my $part = $c->{part};
	while ($n-- > 0) {
		my @more = grep { $part->{$_}{at} < @{$h->{log}[$_] // []} }
		    sort keys %$part or return;
		my $p = pick(@more);
		my $line = $h->{log}[$p][$part->{$p}{at}++];
		$part->{$p}{first} //= $line->{offset};
		$part->{$p}{last} = $line->{offset};
		push @{$c->{in}}, with_provenance($line->{text}, 't', $p,
		    $line->{offset}, $c->{start});
	}
}

sub make_candles {
	my ($c, $n) = @_;
	my @lines = splice @{$c->{in}}, 0, $n;
	while (my @some = splice @lines, 0, $chunk) {
		push @{$c->{out}}, window_feed($c->{window}, @some);
	}
}

# The last provenance of each partition among some lines.
sub acknowledge {
	my ($c, @lines) = @_;
	my %last = map { $_->{p} => $_ } @lines;
	push @{$c->{acks}}, map { $last{$_} } sort keys %last;
}

sub submit {
	my ($c, $n) = @_;
	push @{$c->{batch}}, map { parse($_) } splice @{$c->{out}}, 0, $n;
	return if $broken ne 'earlyack';
	acknowledge($c, @{$c->{batch}});
	read_acks($c, scalar @{$c->{acks}});
}

sub commit_rows {
	my ($h, $c) = @_;
	my @batch = splice @{$c->{batch}};
	upsert($h->{table}, @batch);
	acknowledge($c, @batch);
}

sub read_acks {
	my ($c, $n) = @_;
	for my $ack (splice @{$c->{acks}}, 0, $n) {
		my $part = $c->{part}{$ack->{p}};
		next if $ack->{start} != $c->{start} || !$part ||
		    !defined $part->{first};
		$part->{safe} = max($part->{safe}, $ack->{offset} + 1)
		    if $ack->{offset} >= $part->{first} &&
		    $ack->{offset} <= $part->{last};
	}
}

# The broker refuses it from one that the group has gone on without.
sub commit_offsets {
	my ($h, $c) = @_;
	return if $c->{stale};
	for (keys %{$c->{part}}) {
		$h->{next}[$_] = max($h->{next}[$_], $c->{part}{$_}{safe});
	}
}

# --- The group. ---

# All partitions to those who are there; some hear of it late.
sub rebalance {
	my ($h) = @_;
	my @members;
	for my $c (@{$h->{pipelines}}) {
		commit_offsets($h, $c) if chance(.7);
		$c->{stale} = chance(.15);
		push @members, $c if !$c->{stale};
	}
	return if !@members;
	$h->{clock} += int rand 3;
	for (@members) {
		$_->{part} = {};
		$_->{start} = max($h->{clock}, $_->{start} + 1);
	}
	for my $p (0 .. $partitions - 1) {
		my $log = $h->{log}[$p] // [];
		my $at = 0;
		$at++ while $at < @$log && $log->[$at]{offset} < $h->{next}[$p];
		pick(@members)->{part}{$p} = { at => $at,
		    safe => $h->{next}[$p] };
	}
}

# How a pipeline ends, by who dies first.
my %end = (
	order => sub {
		my ($h, $c) = @_;
		make_candles($c, scalar @{$c->{in}});
		push @{$c->{out}}, window_end($c->{window});
		commit_rows($h, $c);
		submit($c, scalar @{$c->{out}});
		commit_rows($h, $c);
		read_acks($c, scalar @{$c->{acks}});
		commit_offsets($h, $c);
	},
	# The others end in order, and nobody hears what they have done.
	'kafka-sub' => sub {
		my ($h, $c) = @_;
		make_candles($c, scalar @{$c->{in}});
		push @{$c->{out}}, window_end($c->{window});
		commit_rows($h, $c) if chance(.5);
		submit($c, scalar @{$c->{out}});
		push @{$h->{landing}}, splice @{$c->{batch}};
	},
	# Its last write may have gone out in part.
	'ohlc-window' => sub {
		my ($h, $c) = @_;
		window_kill($c->{window});
		my $out = $c->{out};
		if (@$out && chance(.5)) {
			splice @$out, 1 + rand @$out;
			substr($out->[-1], rand length $out->[-1]) = '';
		}
		commit_rows($h, $c);
		submit($c, scalar @$out);
		commit_rows($h, $c);
		read_acks($c, int rand(@{$c->{acks}} + 1));
		commit_offsets($h, $c);
	},
	# A batch that was sent may be committed all the same, even later.
	'pg-upsert' => sub {
		my ($h, $c) = @_;
		window_kill($c->{window});
		push @{$h->{landing}}, @{$c->{batch}} if chance(.5);
		read_acks($c, scalar @{$c->{acks}});
		commit_offsets($h, $c);
	},
	all => sub {
		my ($h, $c) = @_;
		window_kill($c->{window});
		push @{$h->{landing}}, @{$c->{batch}} if chance(.5);
	},
);
my @ends = (sort(keys %end), 'all', 'pg-upsert');

sub end_one {
	my ($h, $way, $c) = @_;
	$c //= pick(@{$h->{pipelines}});
	@{$h->{pipelines}} = grep { $_ != $c } @{$h->{pipelines}};
	$end{$way}->($h, $c);
	# Whoever has its FIFO now finds what it had said.
	push @{pick(@{$h->{pipelines}})->{acks}}, @{$c->{acks}}
	    if @{$h->{pipelines}} && chance(.2);
}

sub step {
	my ($h) = @_;
	if (!@{$h->{pipelines}} || @{$h->{pipelines}} < $most_alive &&
	    chance(.03)) {
		pipeline($h);
		rebalance($h);
	}
	my $c = pick(@{$h->{pipelines}});
	my $what = rand;
	if ($what < .3) {
		hand_out($h, $c, 1 + rand 10);
	} elsif ($what < .55) {
		make_candles($c, 1 + rand 10);
	} elsif ($what < .75) {
		commit_rows($h, $c);
		submit($c, rand @{$c->{out}} + 1);
		commit_rows($h, $c) if chance(.5);
		return if chance(.4);
		# At once all the way, and perhaps no further.
		read_acks($c, scalar @{$c->{acks}});
		commit_offsets($h, $c);
		end_one($h, pick(@ends), $c) if chance(.4);
	} elsif ($what < .87) {
		read_acks($c, chance(.5) ? scalar @{$c->{acks}} : 1);
		commit_offsets($h, $c) if chance(.8);
	} elsif ($what < .92) {
		rebalance($h);
	} elsif ($what < .96) {
		upsert($h->{table}, splice @{$h->{landing}});
	} else {
		end_one($h, pick(@ends));
	}
}

# The rows and the late trades of a run that nothing disturbs.
sub undisturbed {
	my ($log, $lateness) = @_;
	my %h = (log => $log, lateness => $lateness, pipelines => [],
	    table => {}, next => [(0) x $partitions]);
	pipeline(\%h);
	$h{pipelines}[0]{part}{$_} = { at => 0, safe => 0 }
	    for 0 .. $partitions - 1;
	hand_out(\%h, $h{pipelines}[0], 1000);
	end_one(\%h, 'order');
	return ($h{table}, late());
}

sub differs {
	my ($seed) = @_;
	srand $seed;
	my $log = make_log();
	my $lateness = pick(0, 10, 10, 10, 100);
	my ($good, $good_late) = undisturbed($log, $lateness);
	my %h = (log => $log, lateness => $lateness, pipelines => [],
	    table => {}, landing => [], next => [(0) x $partitions],
	    clock => 1000);
	step(\%h) for 1 .. 20 + rand 150;
	end_one(\%h, pick(@ends)) while @{$h{pipelines}};
	pipeline(\%h);
	rebalance(\%h) until %{$h{pipelines}[0]{part}};
	hand_out(\%h, $h{pipelines}[0], 1000);
	end_one(\%h, 'order');
	upsert($h{table}, @{$h{landing}});
	my @wrong = grep { ($h{table}{$_} // '') ne ($good->{$_} // '') }
	    sort keys %{{%{$h{table}}, %$good}};
	print "# seed $seed: ", $h{table}{$_} // 'nothing', "\n#       not ",
	    $good->{$_} // 'nothing', "\n" for @wrong;
	my $late_wrong = late() ne $good_late;
	print "# seed $seed: late trades differ\n" if $late_wrong;
	return @wrong || $late_wrong;
}

my ($differ, $done) = (0, 0);
while ($done < $count && !($only_first && $differ)) {
	$differ++ if differs($first_seed + $done++);
}
print "$differ of $done histories differ\n";
