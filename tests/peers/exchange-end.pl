# A WebSocket client that says what it sees, for tests of the simulator.
#
#	exchange-end.pl ADDRESS TARGET [COMMAND...]
#
# connects to ADDRESS (127.0.0.1:PORT) and asks for TARGET (/ws/...). Commands,
# in order: `send TEXT'; `frames N', until so many texts have come; `sleep
# SECONDS'; `deaf', pings are not answered from here on; `quit'. Without quit
# it goes on until the connection ends. Prints a line for each thing that
# comes: `status N', `text TEXT', `pieces N TEXT' (a text in N fragments),
# `binary N', `ping TEXT', `close N', `long N' (a frame of that length, which
# is not waited for), and at last `end', `cut' (the end within a frame) or
# `reset'. Bytes beyond ASCII and controls are printed as \xHH.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time);

$SIG{PIPE} = 'IGNORE';
$| = 1;
my ($address, $target, @commands) = @ARGV;
my $socket = IO::Socket::INET->new(PeerAddr => $address) or die "$address: $!";
my $select = IO::Select->new($socket);
my ($in, $texts, $deaf) = ('', 0, 0);
my ($message, $pieces) = ('', 0);

sub say_line {
	my ($line) = @_;
	$line =~ s/([^\x20-\x7e])/sprintf '\\x%02x', ord $1/ge;
	print "$line\n";
}

# The bytes so far are looked at by a sub that says whether it has enough.
sub more_until {
	my ($enough, $deadline) = @_;
	until ($enough->()) {
		my $left = defined $deadline ? $deadline - time : undef;
		return if defined $left && $left <= 0;
		next unless $select->can_read($left);
		my $n = sysread $socket, $in, 65536, length $in;
		next if $n;
		say_line(!defined $n ? 'reset' : length $in ? 'cut' : 'end');
		exit;
	}
}

sub send_frame {
	my ($opcode, $payload) = @_;
	my $mask = "\x12\x34\x56\x78";
	my $length = length $payload;
	my $masked = $payload ^ substr $mask x ($length / 4 + 1), 0, $length;
	syswrite $socket, pack('C', 0x80 | $opcode) . ($length < 126 ?
	    pack('C', 0x80 | $length) : pack('Cn', 0xfe, $length)) .
	    $mask . $masked;
}

sub handle {
	my ($fin, $opcode, $payload) = @_;
	if ($opcode == 9) {
		say_line("ping $payload");
		send_frame(10, $payload) unless $deaf;
	} elsif ($opcode == 8) {
		say_line('close ' . unpack 'n', $payload . "\0\0");
		send_frame(8, $payload);
	} elsif ($opcode == 2) {
		say_line('binary ' . length $payload);
	} else {
		$message .= $payload;
		$pieces++;
		return unless $fin;
		say_line($pieces > 1 ? "pieces $pieces $message" :
		    "text $message");
		($message, $pieces) = ('', 0);
		$texts++;
	}
}

# Takes whole frames off the front of the bytes.
sub take_frames {
	while (length $in >= 2) {
		my ($first, $length) = unpack 'CC', $in;
		my $head = $length == 126 ? 4 : $length == 127 ? 10 : 2;
		return if length $in < $head;
		$length = unpack 'x2n', $in if $length == 126;
		$length = unpack 'x2Q>', $in if $length == 127;
		if ($length > 1 << 32) {
			say_line("long $length");
			exit;
		}
		return if length $in < $head + $length;
		my $payload = substr $in, $head, $length;
		substr($in, 0, $head + $length) = '';
		handle($first & 0x80, $first & 15, $payload);
	}
}

syswrite $socket, "GET $target HTTP/1.1\r\nHost: $address\r\n" .
    "Upgrade: websocket\r\nConnection: Upgrade\r\n" .
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" .
    "Sec-WebSocket-Version: 13\r\n\r\n";
more_until(sub { $in =~ /\r\n\r\n/ });
$in =~ s/^HTTP\/1.1 (\d+).*?\r\n\r\n//s;
say_line("status $1");
exit if $1 != 101;
for my $command (@commands) {
	my ($verb, $what) = split ' ', $command, 2;
	exit if $verb eq 'quit';
	$deaf = 1 if $verb eq 'deaf';
	send_frame(1, $what) if $verb eq 'send';
	more_until(sub { take_frames(); $texts >= $what })
	    if $verb eq 'frames';
	more_until(sub { take_frames(); 0 }, time + $what)
	    if $verb eq 'sleep';
}
more_until(sub { take_frames(); 0 });
