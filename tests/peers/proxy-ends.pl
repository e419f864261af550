# The two ends of a connection, for proxy.t.
#
#	proxy-ends.pl serve PORTFILE DIR
#
# listens on a free port of 127.0.0.1, whose number goes to PORTFILE. What each
# connection brings is written to DIR/N as it comes (N from 1), and what became
# of it to DIR/N.end: end or reset. After the end the server ends too. Lines
# are answered: `echo TEXT' with itself, `send N' with N bytes, `close' with a
# reset, `pause FILE' by waiting until there is such a file.
#
#	proxy-ends.pl client PORT
#
# has a connection: its standard input goes out, and its end as an end; what
# comes goes to standard output. On standard error it says `sent N' when N
# bytes in all were taken by the system; the last line there is end or reset,
# by how the connection ended.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(sleep);

$SIG{PIPE} = 'IGNORE';
$| = 1;

sub how {
	my ($n) = @_;
	return defined $n ? 'end' : 'reset';
}

sub write_all {
	my ($to, $bytes) = @_;
	while (length $bytes) {
		my $n = syswrite $to, $bytes or return;
		substr($bytes, 0, $n) = '';
	}
}

sub reset_it {
	my ($socket) = @_;
	setsockopt $socket, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
	close $socket;
}

sub obey {
	my ($socket, $line) = @_;
	write_all($socket, $line) if $line =~ /^echo/;
	write_all($socket, 'x' x $1) if $line =~ /^send (\d+)/;
	reset_it($socket) if $line =~ /^close/;
	sleep 0.02 until $line !~ /^pause (.*)/ || -e $1;
}

sub serve_one {
	my ($socket, $name) = @_;
	my ($bytes, $lines, $n) = ('', '');
	open my $log, '>', $name or die;
	$log->autoflush;
	while ($n = sysread $socket, $bytes, 1 << 18) {
		print $log $bytes;
		$lines .= substr $bytes, 0, 4096 if length $lines < 65536;
		obey($socket, $1) while $lines =~ s/^(.*\n)//;
		last if !defined fileno $socket;
	}
	open my $end, '>', "$name.new" or die;
	print $end how($n), "\n";
	close $end;
	rename "$name.new", "$name.end";
}

sub serve {
	my ($portfile, $dir) = @_;
	my $listener = IO::Socket::INET->new(Listen => 50,
	    LocalAddr => '127.0.0.1') or die "cannot listen: $!";
	open my $file, '>', "$portfile.new" or die;
	print $file $listener->sockport, "\n";
	close $file;
	rename "$portfile.new", $portfile;
	$SIG{CHLD} = 'IGNORE';
	for (my $n = 1;; $n++) {
		my $socket = $listener->accept or redo;
		next if fork;
		close $listener;
		serve_one($socket, "$dir/$n");
		exit;
	}
}

sub client {
	my ($port) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port")
	    or do { print STDERR "refused\n"; exit 1 };
	my $both = IO::Select->new($socket, \*STDIN);
	my ($bytes, $n, $sent);
	for (;;) {
		for my $from ($both->can_read) {
			$n = sysread $from, $bytes, 1 << 18;
			if ($from == $socket) {
				print STDERR how($n), "\n" and exit if !$n;
				print $bytes;
			} elsif ($n) {
				write_all($socket, $bytes);
				$sent += length $bytes;
				print STDERR "sent $sent\n";
			} else {
				$both->remove($from);
				shutdown $socket, 1;
			}
		}
	}
}

my %what = (serve => \&serve, client => \&client);
my $what = $what{shift @ARGV} or die;
$what->(@ARGV);
