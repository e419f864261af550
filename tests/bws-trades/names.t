#!/usr/bin/env bash
# A name: all of its addresses are tried, and a resolver that has no answer is
# waited for.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/bws-trades/lib.sh
. "$ROOT/tests/bws-trades/lib.sh"
need bws-trades jq
[[ -x $EXCHANGE ]] || skip_all 'the exchange simulator is not built' required
unset http_proxy

# A name that never is one (RFC 6761), whoever is asked.
FEED_ADDRESS=nowhere.invalid:80 feed_start never --retry-max 200ms btcusdt
wait_for 60 said never 'nowhere\.invalid:80: cannot connect: .*; trying again'
ok $? 'a name without an address is said'
feed_end never 0

# --- With a hosts file of our own ------------------------------------------
private=(unshare --user --map-root-user --mount)
# shellcheck disable=SC2016 # for that shell
inside='mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/nsswitch.conf &&
    shift 2 && exec "$@"'
: >"$T/hosts"
echo 'hosts: files' >"$T/nsswitch"
if ! "${private[@]}" bash -c "$inside" - "$T/hosts" "$T/nsswitch" true \
    2>"$T/err"; then
	skip "no hosts file of our own: $(head -n 1 "$T/err")" 15
	done_testing
fi

# feed_with NAME ARGUMENT...: as feed_start, with that hosts file.
feed_with()
{
	local name=$1 at=exchange.test:${EXCHANGE_ADDRESS#*:}

	shift
	interruptible "${private[@]}" bash -c "$inside" - "$T/hosts" \
	    "$T/nsswitch" "$BIN/bws-trades" -v --url "ws://$at" \
	    --rest "http://$at" --retry-max 300ms --settle 200ms "$@" \
	    >"$T/$name.out" 2>"$T/$name.err" &
	FEED_PID=$!
	on_exit end_process "$FEED_PID"
}

# Three addresses, of which one listens. Which one comes first is up to the
# resolver; whenever a connection breaks the next one is taken, so that none of
# them is left out for long.
printf '127.0.0.2 exchange.test\n127.0.0.3 exchange.test\n' >"$T/hosts"
echo '127.0.0.1 exchange.test' >>"$T/hosts"
exchange_start several --symbols btcusdt --rate 300 --trades 1500 \
    --wait-for-clients 1 --faults 3 --fault-every 0.3 --fault-kinds drop
feed_with several --gaps "$T/several.gaps" btcusdt
wait_for 120 lines "$T/several.out" 1500
feed_end several 0
exact several 'of several addresses one listens: every trade, each once'
is "$(sed -n 's/.*: connecting to //p' "$T/several.err" | sort -u |
    tr '\n' ' ')" '127.0.0.1 127.0.0.2 127.0.0.3 ' 'all of them are tried'
is "$(wc -c <"$T/several.gaps")" 0 'by REST, too'
exchange_end several

# None at first.
: >"$T/hosts"
exchange_start later --symbols btcusdt --rate 500 --trades 300 \
    --wait-for-clients 1
feed_with later btcusdt
wait_for 60 said later 'cannot connect: .*; trying again'
ok $? 'the resolver fails'
wait_for 60 said later 'cannot connect: .*\(attempt 3\)'
ok $? 'and again'
echo '127.0.0.1 exchange.test' >"$T/hosts"
wait_for 60 lines "$T/later.out" 300
feed_end later 0
exact later 'it is waited for'
exchange_end later

# --- A name server that never answers --------------------------------------
# In a network of our own, where it is asked and says nothing. The resolver
# would wait for 150 s.
cat >"$T/silent" <<'PERL'
use strict;
use IO::Socket::INET;

my ($asked, $pid_file) = splice @ARGV, 0, 2;
# lo is up, then.
socket my $any, AF_INET, SOCK_DGRAM, 0 or die $!;
my $flags = pack 'a16 s x14', 'lo', 1;
ioctl $any, 0x8914, $flags or die "lo: $!"; # SIOCSIFFLAGS
my $server = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1',
    LocalPort => 53) or die $@;
# write_file PATH TEXT: it is there whole.
sub write_file {
	my ($path, $text) = @_;
	open my $file, '>', "$path.new" or die $!;
	print $file $text;
	close $file;
	rename "$path.new", $path;
}
$SIG{CHLD} = sub { wait; exit($? & 127 ? 128 + ($? & 127) : $? >> 8) };
my $pid = fork // die $!;
if ($pid == 0) {
	exec @ARGV or die $!;
}
write_file($pid_file, $pid);
while (1) {
	recv $server, my $question, 4096, 0;
	write_file($asked, length $question) if length $question // '';
}
PERL
echo 'hosts: dns' >"$T/nsswitch"
printf 'nameserver 127.0.0.1\noptions timeout:30 attempts:5\n' >"$T/resolv"
# shellcheck disable=SC2016 # for that shell
inside='mount --bind "$1" /etc/resolv.conf &&
    mount --bind "$2" /etc/nsswitch.conf && shift 2 && exec "$@"'
silent=("${private[@]}" --net bash -c "$inside" - "$T/resolv" "$T/nsswitch"
    perl "$T/silent")
if ! "${silent[@]}" "$T/asked" "$T/pid" true 2>"$T/err"; then
	skip "no network of our own: $(head -n 1 "$T/err")" 3
	done_testing
fi
rm -f "$T/asked" "$T/pid"
"${silent[@]}" "$T/asked" "$T/pid" "$BIN/bws-trades" -v \
    --url ws://exchange.test --rest http://exchange.test btcusdt \
    >"$T/out" 2>"$T/err" &
around=$!
wait_for 20 test -s "$T/pid" || bail 'no command'
on_exit end_process "$(<"$T/pid")"
wait_for 20 test -s "$T/asked"
ok $? 'a name server is asked that never answers'
kill -TERM "$(<"$T/pid")"
wait_for 20 pid_gone "$around"
ok $? 'TERM ends it all the same'
wait "$around"
is "$?" 0 'in order'
done_testing
