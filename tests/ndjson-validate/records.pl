#!/usr/bin/perl
# Lines that are trades or candles, and lines that are nearly so: each a line
# of the file good or bad in the folder, bad with its reason in the file why.
# usage: records.pl trade|candle FOLDER
use strict;
use warnings;

my ($type, $folder) = @ARGV;
my %open = map { my $name = $_; open my $f, '>', "$folder/$name" or die;
    $name => $f } qw(good bad why);

my @members = $type eq 'trade' ?
    ([symbol => '"BTCUSDT"'], [price => '63943.9'],
    [event_time => '"2024-07-18T23:57:02.956Z"'],
    [processed_time => '"2024-07-18T23:57:03.001Z"'], [quantity => '0.003'],
    [trade_id => '5182005737'], [buyer_maker => 'true']) :
    ([window_start => '"2024-07-18T23:57:00Z"'],
    [window_end => '"2024-07-18T23:58:00Z"'], [symbol => '"BTCUSDT"'],
    [open => '2'], [high => '3'], [low => '1'], [close => '2.5'],
    [volume => '7'], [quote_volume => '14'], [taker_buy_volume => '3'],
    [trades => '4'], [first_trade_id => '11'], [last_trade_id => '14'],
    [closed => 'true']);
my %kind = (symbol => 'symbol', price => 'positive', quantity => 'decimal',
    trade_id => 'int', trades => 'int', first_trade_id => 'int',
    last_trade_id => 'int', buyer_maker => 'bool', closed => 'bool',
    event_time => 'time', processed_time => 'time', window_start => 'time',
    window_end => 'time', volume => 'sum', quote_volume => 'sum',
    taker_buy_volume => 'sum', map { $_ => 'positive' } qw(open high low close));
my %optional = map { $_ => 1 } qw(quantity trade_id buyer_maker volume
    quote_volume taker_buy_volume first_trade_id last_trade_id);
my %company = (volume => 'volume and quote_volume come together',
    quote_volume => 'volume and quote_volume come together',
    first_trade_id => 'first_trade_id and last_trade_id come together',
    last_trade_id => 'first_trade_id and last_trade_id come together');

my $long = '9' x 19;
my $digits = 'has more than 18 digits before or after the point';
my $sum_digits = 'has more than 54 digits before or 36 after the point';
my @not_numbers = map { [$_, 'is not a number'] } 'true', 'false', '[]', '[1]',
    '{}', '""', '"x"', '" 1"', '"1 "', '"+1"', '"01"', '"1."', '".5"', '"1e"',
    '"0x10"', '"NaN"', '"\u0031"', '"1,5"';
my %bad = (
	symbol => [(map { [$_, 'is not a string'] } '1', 'true', '[]', '{}'),
	    ['""', 'is empty'], ['"' . 'x' x 65 . '"', 'is longer than 64 bytes'],
	    ['"' . "\xc3\xa9" x 33 . '"', 'is longer than 64 bytes'],
	    ['"\ud800"', 'is not text'], ['"\udc00\ud800"', 'is not text']],
	decimal => [@not_numbers, (map { [$_, 'is negative'] } '-1', '"-1"',
	    '-0.001', '-1e9'), map { [$_, $digits] } $long, "\"$long\"",
	    "0.$long", '1e18', '1e-19', '1E400'],
	sum => [@not_numbers, ['-1', 'is negative'],
	    (map { [$_, $sum_digits] } '1e54', '1e-37')],
	int => [map { [$_, 'is not a whole number from 0 to 2^63-1'] } '-1',
	    '1.5', '9223372036854775808', '1e19', '1e400', '1e-1', '"1"', 'true',
	    '[]', '{}', '""'],
	bool => [map { [$_, 'is neither true nor false'] } '0', '1', '"true"',
	    '""', '[]', '{}'],
	time => [map { [$_, 'is not an RFC 3339 time'] } '1721347022956',
	    'true', '[]', '{}', '""', '"2024-07-18"', '"2024-07-18 23:57:02Z"',
	    '"2024-07-18T23:57:02"', '"2024-02-30T00:00:00Z"',
	    '"2023-02-29T00:00:00Z"', '"2024-07-18T24:00:00Z"',
	    '"2024-07-18T23:60:00Z"', '"2024-07-18T23:57:60Z"',
	    '"2024-07-18T23:57:02.Z"', '"2024-07-18T23:57:02.1234567890Z"',
	    '"2024-07-18T23:57:02.95\u0036Z"', '"2024-07-18T23:57:02.956z "',
	    '"2024-07-18T23:57:02.956+2:00"', '"2024-07-18T2x:57:02.956Z"'],
);
$bad{positive} = [@{$bad{decimal}}, map { [$_, 'is zero'] } '0', '-0', '0.000',
    '"0"', '0e9'];
my %good = (
	symbol => ['"x"', '"' . 'x' x 64 . '"', '"\u5e81\ud83d\ude00"',
	    "\"\xe5\xba\x81\"", '"\u0000"', '"\"\\\\\/\b"'],
	decimal => ['0', '-0', '1e-08', '"12.50"', '999999999999999999', '1E+2',
	    '0.000000000000000001', '100000000000000000000e-3', '"0"'],
	sum => ['0', '1e53', '1e-36', '"3.5"', '999999999999999999.5'],
	int => ['9223372036854775807', '1e18', '12.0', '1.2e1', '120e-1'],
	bool => ['true', 'false'],
	time => [],
);
my @times = ('"2024-07-18T23:57:02Z"', '"2024-07-18t23:57:02.9z"',
    '"2024-07-18T23:57:02.956123Z"', '"2024-07-18T23:57:02.956123789Z"',
    '"2024-07-19T05:27:02.956+05:30"', '"1969-12-31T23:59:59.999999Z"');
$good{time} = \@times if $type eq 'trade';
$good{positive} = [$type eq 'trade' ? ('1e-08', '"63943.90"', '1E+2',
    '0.000000000000000001', '999999999999999999.999999999999999999') : ()];

# Every line in the usual shape, and once more with space in it.
sub put {
	my ($why, @m) = @_;
	for my $space ('', ' ') {
		print {$open{$why eq '' ? 'good' : 'bad'}} '{' . $space .
		    join(",$space", map { "\"$_->[0]\":$space$_->[1]" } @m) . "}\n";
		print {$open{why}} "$why\n" if $why ne '';
	}
}

put('', @members);
put('', reverse @members);
put('', sort { $a->[0] cmp $b->[0] } @members);
put('', @members, [extra => '[{"x":null}]']);
put('', [extra => '{}'], @members, ['' => '0']);
put('', map { ['\u00' . sprintf('%02x', ord $_->[0]) . substr($_->[0], 1),
    $_->[1]] } @members);
for my $i (0 .. $#members) {
	my ($name, $value) = @{$members[$i]};
	my @without = grep { $_->[0] ne $name } @members;
	my $missing = $optional{$name} ? $company{$name} // '' :
	    "$name is missing";
	my $with = sub { my @m = @members; $m[$i] = [$name, $_[0]]; @m };
	put($missing, @without);
	put($missing, $with->('null'));
	put("$name stands twice", @members, [$name, $value]);
	put("$name stands twice", @without, [$name, $value], [$name, 'null']);
	put("$name stands twice", [$name, 'null'], @members);
	put($missing, @without, [uc $name, $value], ["$name ", $value],
	    [substr($name, 1), $value]);
	put("$name $_->[1]", $with->($_->[0])) for @{$bad{$kind{$name}}};
	next if $type eq 'candle' && $name =~ /_id|trades/;
	put('', $with->($_)) for @{$good{$kind{$name}}};
}
if ($type eq 'candle') {
	my $with = sub { my %new = @_; map { [$_->[0], $new{$_->[0]} // $_->[1]] }
	    @members };
	my $between = 'open or close is not between low and high';
	put($between, $with->(low => '2.1'));
	put($between, $with->(low => '2.6', open => '2.6'));
	put($between, $with->(high => '2.4'));
	put($between, $with->(open => '3.000000000000000001'));
	put('', $with->(low => '2.0', high => '25e-1'));
	put('window_end is not after window_start',
	    $with->(window_end => '"2024-07-18T23:57:00Z"'));
	put('window_end is not after window_start',
	    $with->(window_end => '"2024-07-18T23:57:00.1+00:01"'));
	put('trades is zero', $with->(trades => '0'));
	put('first_trade_id is after last_trade_id',
	    $with->(first_trade_id => '15'));
	put('', grep { $_->[0] !~ /volume|_id/ } @members);
}
