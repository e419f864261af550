#!/bin/bash
# Goal: group.protocol=consumer, the groups of Kafka 4 in which partitions come
# and go one by one, keeps every promise that the classic protocol does; a
# librdkafka that is too old for it is named.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

library=$(kafka-sub --version | sed -n 's/.*librdkafka \([0-9.]*\).*/\1/p')
like "$library" '^[0-9]+[.][0-9]+[.][0-9]+$' 'the version of librdkafka'
# newer VERSION: whether it is of that version or a later one.
newer()
{
	printf '%s\n' "$1" "$library" | sort -C -V
}

if ! newer 2.4.0; then
	status_is 2 'librdkafka before 2.4' timeout 60 kafka-sub \
	    -b 127.0.0.1:1 -g g -X group.protocol=consumer t
	like "$(<"$T/err")" 'group.protocol' 'does not know it, which is said'
elif ! newer 2.12.0; then
	skip "librdkafka $library: group.protocol=consumer is for 2.12" 2
else
	for property in session.timeout.ms heartbeat.interval.ms; do
		status_is 2 "$property with it" timeout 60 kafka-sub \
		    -b 127.0.0.1:1 -g g -X group.protocol=consumer \
		    -X "$property=6000" t
		like "$(<"$T/err")" "$property" 'is refused by name'
	done
	TICKPIPE_GROUP_PROTOCOL=consumer "$ROOT/tests/kafka-sub/group.t" \
	    >"$T/group" 2>&1
	ok $? "group.t with it, $(grep -c '^ok' "$T/group") results" ||
	    diag "$(cat "$T/group")"
fi
done_testing
