# Moves the leadership of partitions to other replicas that are in sync.
#
#	kcat -b BROKER -L -t TOPIC | move-leaders.pl PORT TOPIC
#
# PORT is of any broker of the cluster on 127.0.0.1. Two of Kafka's requests,
# which brokers hand on to their controller: one puts another replica first in
# each list (AlterPartitionReassignments 45, version 0), the other has the
# first become the leader (ElectLeaders 43, version 1). Kafka's own tools do
# the same, but take two starts of Java and their jars, and librdkafka has had
# neither so far. https://kafka.apache.org/protocol describes the bytes.
#
# Exits 1, with the error's number on standard error, when Kafka would not.
use strict;
use warnings;
use IO::Socket::INET;

my $PREFERRED = 0;
my $NOT_NEEDED = 84; # it leads already
my ($port, $topic) = @ARGV;
my $timeout_ms = 20000;
my (%replicas, $failed);

# Compact: a length counts from 1, and 7 bits a byte; longer than 127 (names
# of 249 bytes, 126 partitions and more) takes two.
sub length_of {
	my ($n) = @_;
	my $bytes = '';
	for ($n++; $n > 127; $n >>= 7) {
		$bytes .= chr(128 | $n & 127);
	}
	return $bytes . chr $n;
}

sub take_length {
	my ($bytes) = @_;
	my ($n, $shift) = (0, 0);
	for (;; $shift += 7) {
		my $byte = ord substr $$bytes, 0, 1, '';
		$n |= ($byte & 127) << $shift;
		last if $byte < 128;
	}
	return $n - 1;
}

sub take {
	my ($bytes, $format, $size) = @_;
	return unpack $format, substr $$bytes, 0, $size, '';
}

sub read_exactly {
	my ($socket, $size) = @_;
	my $bytes = '';
	while (length $bytes < $size) {
		sysread $socket, $bytes, $size - length $bytes, length $bytes
		    or die "the broker hangs up\n";
	}
	return $bytes;
}

# One request, and its answer behind the correlation id.
sub ask {
	my ($key, $version, $body) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port")
	    or die "no broker at $port: $!\n";
	my $request = pack('n n N n/a*', $key, $version, 1, 'tests') . $body;
	syswrite $socket, pack('N/a*', $request);
	my $answer = read_exactly($socket,
	    unpack 'N', read_exactly($socket, 4));
	take(\$answer, 'N', 4);
	return $answer;
}

sub note_error {
	my ($what, $error) = @_;
	return if $error == 0 || $error == $NOT_NEEDED;
	print STDERR "move-leaders: $what: error $error\n";
	$failed = 1;
}

sub reorder {
	my @partitions = map {
		pack('N', $_) . length_of(scalar @{$replicas{$_}}) .
		    pack('N*', @{$replicas{$_}}) . "\0"
	} sort keys %replicas;
	my $answer = ask(45, 0, "\0" . pack('N', $timeout_ms) . length_of(1) .
	    length_of(length $topic) . $topic .
	    length_of(scalar @partitions) . join('', @partitions) . "\0\0");
	take(\$answer, 'a', 1); # tags of the header
	take(\$answer, 'N', 4); # throttle time
	note_error('the order', take(\$answer, 's>', 2));
	take(\$answer, 'a', take_length(\$answer));
	for (1 .. take_length(\$answer)) {
		take(\$answer, 'a', take_length(\$answer));
		for (1 .. take_length(\$answer)) {
			my ($number, $error) = take(\$answer, 'N s>', 6);
			note_error("the order of $number", $error);
			take(\$answer, 'a', take_length(\$answer));
			take(\$answer, 'a', 1);
		}
		take(\$answer, 'a', 1);
	}
}

sub elect {
	my @numbers = sort keys %replicas;
	my $answer = ask(43, 1, pack 'c N n/a* N N*', $PREFERRED, 1, $topic,
	    scalar @numbers, @numbers, $timeout_ms);
	take(\$answer, 'N', 4);
	note_error('the election', take(\$answer, 's>', 2));
	for (1 .. take(\$answer, 'N', 4)) {
		take(\$answer, 'a', take(\$answer, 'n', 2));
		for (1 .. take(\$answer, 'N', 4)) {
			my ($number, $error) = take(\$answer, 'N s>', 6);
			note_error("the election of $number", $error);
			my $size = take(\$answer, 's>', 2);
			take(\$answer, 'a', $size) if $size > 0;
		}
	}
}

while (<STDIN>) {
	my ($number, $leader, $all, $in_sync) =
	    /^\s*partition (\d+), leader (-?\d+), replicas: ([\d,]+), isrs: ([\d,]*)/
	    or next;
	my ($next) = grep { $_ != $leader } split /,/, $in_sync;
	die "partition $number: no other replica is in sync\n" if !$next;
	$replicas{$number} = [$next, grep { $_ != $next } split /,/, $all];
}
die "no such topic: $topic\n" if !%replicas;
reorder();
elect();
exit($failed ? 1 : 0);
