# shellcheck shell=bash
# A year of the live feed in little time: the simulator with its faults, of all
# kinds by a seed, and bws-trades against it, over TLS. Time runs faster for
# event times and by options of both; the limits of the exchange are the real
# ones, in real time: 300 connections in 5 minutes, 5 messages a second, a
# weight of 6,000 a minute. Sourced after tests/lib.sh.

# shellcheck source=tests/bws-trades/lib.sh
. "$ROOT/tests/bws-trades/lib.sh"
# shellcheck source=tests/peers/certs.sh
. "$ROOT/tests/peers/certs.sh"

# Settings of a year:
YEAR_DAYS=365		# at least so many rotations by age
YEAR_SYMBOLS=5
YEAR_SEED=1
YEAR_FAULTS=2000
YEAR_DAY=5.5		# seconds of a day
YEAR_RATE=200		# trades a second, all symbols together
YEAR_ROTATE=2400ms	# bws-trades replaces a connection of that age,
YEAR_AGE=5.5		# the exchange ends one of that age
YEAR_KINDS=		# of faults; empty: all
YEAR_EVERY=		# seconds between two; empty: over nine tenths
YEAR_AFTER=5		# seconds before the first one: what was before a
			# symbol's first trade, nobody can know of
YEAR_STILL=300		# seconds without a trade, and nothing comes any more

# year_number EXPRESSION: arithmetic with fractions.
year_number()
{
	awk "BEGIN { printf \"%.10g\", $1 }"
}

# year_names: the symbols, one a line.
year_names()
{
	seq -f 's%04gusdt' 1 "$YEAR_SYMBOLS"
}

year_exchange()
{
	local name=$1 certs=$T/$1.certs options=()

	certs_make "$certs" || return
	[[ -z $YEAR_KINDS ]] || options=(--fault-kinds "$YEAR_KINDS")
	exchange_start "$name" --symbols '' --count "$YEAR_SYMBOLS" \
	    --seed "$YEAR_SEED" --rate "$YEAR_RATE" --trades "$YEAR_TRADES" \
	    --speed "$(year_number "int(86400 / $YEAR_DAY)")" \
	    --wait-for-clients "$YEAR_SYMBOLS" \
	    --cert "$certs/server.pem" --key "$certs/server.key" \
	    --bad-cert "$certs/wrong-name.pem" \
	    --bad-key "$certs/wrong-name.key" --ping 1 --pong 3 \
	    --day "$YEAR_AGE" --faults "$YEAR_FAULTS" --fault-for 0.8 \
	    --fault-every "$YEAR_EVERY" --fault-after "$YEAR_AFTER" "${options[@]}"
}

# year_begin NAME: starts both. Sets YEAR_TRADES, how many there will be.
year_begin()
{
	local name=$1 seconds

	seconds=$(year_number "$YEAR_DAYS * $YEAR_DAY")
	YEAR_TRADES=$(year_number "int($seconds * $YEAR_RATE)")
	: "${YEAR_EVERY:=$(year_number \
	    "($seconds * .9 - $YEAR_AFTER) / $YEAR_FAULTS")}"
	year_names >"$T/$name.symbols"
	YEAR_BEGAN=$SECONDS
	year_exchange "$name" || return
	feed_start "$name" -v --url "wss://$EXCHANGE_ADDRESS" \
	    --rest "https://$EXCHANGE_ADDRESS" --ca "$T/$name.certs/ca.pem" \
	    --symbols "$T/$name.symbols" --gaps "$T/$name.gaps" \
	    --stats "$T/$name.stats" --stats-interval 1s \
	    --rejects "$T/$name.rejects" --rotate "$YEAR_ROTATE" \
	    --overlap 300ms --stale 2500ms --connect-timeout 2s \
	    --retry-max 500ms
}

# year_stat NAME MEMBER: of the last line of --stats.
year_stat()
{
	last_count "$T/$1.stats" "$2" 2>/dev/null
}

# year_await NAME: until all trades are out, or none has come for a while;
# then ends both. Sets YEAR_STATUS, of bws-trades.
year_await()
{
	local name=$1 got last=0 since=$SECONDS

	while pid_alive "$FEED_PID"; do
		got=$(year_stat "$name" trades)
		((${got:-0} == last)) || since=$SECONDS
		last=${got:-0}
		((last < YEAR_TRADES && SECONDS - since < YEAR_STILL)) ||
		    break
		sleep 0.5
	done
	# Whatever should not come has its time, too.
	sleep 2
	kill -TERM "$FEED_PID" 2>/dev/null
	wait "$FEED_PID"
	YEAR_STATUS=$?
	exchange_counts_now "$name" "$EXCHANGE_PID"
	exchange_stop "$EXCHANGE_PID"
	YEAR_SECONDS=$((SECONDS - YEAR_BEGAN))
}

# --- What came of it. ---

# year_sorted: each symbol's records together, in the order they came in.
year_sorted()
{
	LC_ALL=C sort -s -t '"' -k 4,4
}

# year_holes NAME: those that the exchange itself has, as year_gaps has them;
# one that no trade of its symbol follows cannot be seen.
year_holes()
{
	perl -ne '
		if (/"hole","symbol":"(.*)","first":(.*),"last":(.*)}/) {
			$hole{"$1 " . ($3 + 1)} = "$1 $2 $3 exchange";
		} elsif (/^{"symbol":"([^"]*)".*"trade_id":(\d+)/ &&
		    exists $hole{"$1 $2"}) {
			print $hole{"$1 $2"}, "\n";
		}' "$T/$1.events" "$T/$1.log" | LC_ALL=C sort
}

year_gaps()
{
	sed 's/{"symbol":"\(.*\)","first_trade_id":\([0-9]*\),"last_trade_id":\([0-9]*\),"reason":"\([a-z_]*\)".*/\1 \2 \3 \4/' \
	    "$T/$1.gaps" | LC_ALL=C sort
}

# year_differ NAME: what is wrong with the records, in numbers.
year_differ()
{
	perl -ne '
		my ($key, $symbol, $id) = /^({"symbol":"([^"]*)").*_id":(\d+)/;
		$key .= $id;
		if ($came) {
			$twice++ if $seen{$key}++;
			$unordered++ if ($last{$symbol} // -1) > $id;
			$last{$symbol} = $id;
			$invented++ if !exists $made{$key};
			$other++ if ($made{$key} // $_) ne $_;
		} else {
			$made{$key} = $_;
		}
		$came = 1 if eof;
		END {
			printf "%d missing, %d invented, %d twice, " .
			    "%d not in order, %d different\n",
			    scalar(grep { !$seen{$_} } keys %made), $invented,
			    $twice, $unordered, $other;
		}' "$T/$1.log" "$T/$1.bare"
}

year_rotations()
{
	grep -c 'is replaced: its time is over' "$T/$1.err"
}

# year_judge NAME: the results.
year_judge()
{
	local name=$1 refused

	year_sorted <"$T/$name.log" >"$T/$name.made"
	without_processed_time "$T/$name.out" >"$T/$name.bare"
	year_sorted <"$T/$name.bare" >"$T/$name.came"
	is "$(wc -l <"$T/$name.made")" "$YEAR_TRADES" "$name: trades are made"
	cmp -s "$T/$name.made" "$T/$name.came"
	ok $? "$name: every trade came out, once, in the order of its ids" ||
	    diag "$(year_differ "$name")"
	is "$(year_gaps "$name")" "$(year_holes "$name")" \
	    "$name: what the exchange does not have is reported, and no more"
	exchange_within_limits "$name"
	refused=$(test -s "$T/$name.rejects" && echo 1 || echo 0)
	is "$YEAR_STATUS" "$refused" \
	    "$name: in the end only frames were refused, if anything"
	(($(year_rotations "$name") >= YEAR_DAYS))
	ok $? "$name: a rotation a day"
}

# year_faults NAME: how often each kind happened.
year_faults()
{
	sed -n 's/^{"faults":{\([^}]*\)}.*/\1/p' "$T/$1.counts" |
	    sed 's/"//g; s/:/ /g; s/,/, /g'
}

# year_summary NAME
year_summary()
{
	local name=$1

	printf '%s days, %s symbols, seed %s: %s rotations, %s s\n' \
	    "$YEAR_DAYS" "$YEAR_SYMBOLS" "$YEAR_SEED" \
	    "$(year_rotations "$name")" "$YEAR_SECONDS"
	printf '%s faults: %s; %s still waited\n' \
	    "$(exchange_faults "$name")" "$(year_faults "$name")" \
	    "$(exchange_count "$name" faults_waiting)"
	printf '%s connections, %s ended by age, %s frames, %s trades: %s healed\n' \
	    "$(exchange_count "$name" connections)" \
	    "$(exchange_count "$name" day_ended)" \
	    "$(year_stat "$name" frames)" "$(year_stat "$name" trades)" \
	    "$(year_stat "$name" healed)"
	printf '%s duplicates, %s gaps, %s requests, %s refused frames\n' \
	    "$(year_stat "$name" duplicates)" "$(year_stat "$name" gaps)" \
	    "$(exchange_count "$name" requests)" \
	    "$(year_stat "$name" refused)"
	printf 'at most: weight %s a minute, %s connections in 5 minutes, %s messages a second, %s streams a connection\n' \
	    "$(exchange_count "$name" weight_max_minute)" \
	    "$(exchange_count "$name" connections_max_window)" \
	    "$(exchange_count "$name" messages_max_second)" \
	    "$(exchange_count "$name" streams_max)"
}
