# The sum of the counts of rounds: "NAME NUMBER" lines, "differ" once a round.
{ sum[$1] += $2 }
$1 == "differ" { rounds++; failed += $2 > 0 }

END {
	printf "seed %s, %s broker%s: %d rounds, %d cycles, %.0f s\n", seed,
	    nodes, (nodes > 1 ? "s" : ""), rounds, sum["cycles"],
	    sum["seconds"]
	for (name in sum) {
		if (sub(/^fault\./, "", name)) {
			kinds[++n] = name
			faults += sum["fault." name]
		}
	}
	printf "%d faults:", faults
	for (i = 2; i <= n; i++) { # mawk has no asort
		name = kinds[i]
		for (j = i; j > 1 && kinds[j - 1] > name; j--)
			kinds[j] = kinds[j - 1]
		kinds[j] = name
	}
	for (i = 1; i <= n; i++) {
		name = kinds[i]
		gsub(/_/, " ", name)
		printf "%s %d %s", (i > 1 ? "," : ""), sum["fault." kinds[i]], name
	}
	printf "\n%d rebalances, %d restarts of a pipeline, %d of a script\n",
	    sum["rebalances"], sum["pipelines"], sum["scripts"]
	# Each good line is proposed once, and what is above that is replayed.
	good = sum["lines"] - sum["refused"]
	printf "%.0f lines in the topic, %.0f replayed into the table of " \
	    "ticks, %.0f duplicates absorbed there\n", sum["lines"],
	    sum["proposed"] - good, sum["proposed"] - sum["ticks"]
	if (sum["live"] > 0)
		printf "%d of these rounds live: %.0f trades of the exchange, " \
		    "%.0f sent again\n", sum["live"], sum["made"],
		    sum["repeated"]
	printf "%.0f ticks, %.0f candles (%.0f written), %d late, %d refused\n",
	    sum["ticks"], sum["candles"], sum["candles_proposed"],
	    sum["late"], sum["refused"]
	if (failed > 0)
		printf "%d of %d rounds DIFFER\n", failed, rounds
	else
		print (rounds > 0 ? "equal in all rounds" : "nothing was run")
	exit (failed > 0)
}
