# The lines of kafka-sub --provenance without their `_kafka', which stands at
# their end. Into the file `positions' goes a line for each partition that has
# any: PARTITION FIRST LAST, the offsets of its first and last message.

match($0, /"_kafka":\{"topic":"[^"]*","partition":[0-9]+,"offset":[0-9]+,"start":[0-9]+\}\}$/) {
	split(substr($0, RSTART), part, /[:,]/)
	if (!(part[5] in first))
		first[part[5]] = part[7]
	last[part[5]] = part[7]
	# Of a message that was refused `{' alone is left.
	if (RSTART > 2)
		print substr($0, 1, RSTART - 2) "}"
}

END {
	printf "" >positions
	for (partition in first)
		print partition, first[partition], last[partition] >positions
	close(positions)
}
