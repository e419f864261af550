#!/usr/bin/env bash
# What cannot work is refused at once with status 2, and says why.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need bws-trades

refused()
{
	local want=$1

	shift
	status_is 2 "refused: $*" bws-trades "$@"
	like "$(<"$T/err")" "$want" "and says: $want"
}

refused 'no symbols'
refused 'no symbols' --url ws://127.0.0.1:1
refused "the symbol 'a b' has a character" 'a b'
refused "the symbol 'btcusdt@trade' names a stream" btcusdt@trade
refused "the symbol '../x' has a character" ../x
refused "the symbol '' is empty" ''
refused 'is no ws:// or wss:// URL' --url http://127.0.0.1 btcusdt
refused 'is no ws:// or wss:// URL' --url ws://127.0.0.1:99999 btcusdt
refused 'No such file' --symbols "$T/none"
refused 'No such file' --ca "$T/none" btcusdt
refused 'takes no symbols' --replay - btcusdt
refused 'takes no symbols' --replay - --url ws://127.0.0.1
refused 'No such file' --replay "$T/none"
refused '.' --frobnicate btcusdt
refused '.' --url
refused '.' --max-line 12x btcusdt

printf 'btcusdt\n# a comment\n\n  ETHUSDT\t # another\r\nbnb/usdt\n' \
    >"$T/symbols"
refused 'symbols: line 5: the symbol has a character' --symbols "$T/symbols"
printf 'no certificate\n' >"$T/ca"
refused 'holds no certificate' --ca "$T/ca" btcusdt

seq -f 'sym%g' 20481 >"$T/many"
refused '20481 symbols; at most 20480 are possible' --symbols "$T/many"

BWS_TRADES_URL=nonsense status_is 2 'a bad BWS_TRADES_URL is refused' \
    bws-trades btcusdt
like "$(<"$T/err")" "'nonsense' is no ws" 'and says so'

status_is 0 '--help' bws-trades --help
like "$(<"$T/out")" '--replay FILE' 'is on stdout'
status_is 0 '-h alone' bws-trades -h
status_is 2 '-h with company' bws-trades -h btcusdt
status_is 0 '--version' bws-trades --version
like "$(<"$T/out")" 'libwebsockets' 'names the library'
done_testing
