#!/bin/bash
# Goal: what tests/grafana/expand makes of variables and macros is what
# Grafana's documentation says, so that the other tests see the real queries.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
need perl jq

# 2017-04-21T05:01:17Z and five minutes later, as in the documentation.
FROM=1492750877000
TO=1492751177000

# expanded SQL [VARIABLE=VALUE]...: a dashboard of that one query, expanded.
expanded()
{
	local sql=$1

	shift
	jq -n --arg sql "$sql" '{panels: [{title: "Q",
	    targets: [{rawSql: $sql}]}], templating: {list: []}}' >"$T/q.json"
	rm -f "$T/Q.sql"
	{ "$ROOT/tests/grafana/expand" "$T/q.json" "$T" $FROM $TO "$@" \
	    >/dev/null && cat "$T/Q.sql"; } 2>&1
}

# gives SQL EXPANDED [VARIABLE=VALUE]...
gives()
{
	is "$(expanded "$1" "${@:3}")" "$2" "${1//$'\n'/ }"
}

# shellcheck disable=SC2016 # Grafana's dollars, not the shell's
{
gives '$__time(dateColumn)' 'dateColumn AS "time"'
gives '$__timeFilter(dateColumn)' \
    "dateColumn BETWEEN '2017-04-21T05:01:17Z' AND '2017-04-21T05:06:17Z'"
gives '$__timeFrom()' "'2017-04-21T05:01:17Z'"
gives '$__timeTo()' "'2017-04-21T05:06:17Z'"
gives "\$__timeGroup(dateColumn,'5m')" \
    'floor(extract(epoch from dateColumn)/300)*300'
gives "\$__timeGroupAlias(dateColumn, '1h')" \
    'floor(extract(epoch from dateColumn)/3600)*3600 AS "time"'
gives '$__timeGroup(dateColumn,$__interval)' \
    'floor(extract(epoch from dateColumn)/1)*1'
gives '$__interval $__interval_ms ${__interval} ${__from}' \
    "1s 1000 1s $FROM"
gives '$__unixEpochFilter(c)' 'c >= 1492750877 AND c <= 1492751177'
gives '$__unixEpochFrom() $__unixEpochTo()' '1492750877 1492751177'
gives '$__unixEpochNanoFilter(c)' \
    'c >= 1492750877000000000 AND c <= 1492751177000000000'
gives "\$__unixEpochGroupAlias(c,'5m')" 'floor((c)/300)*300 AS "time"'
gives '$__nothing(x)' 'unknown macro: $__nothing'

gives "'\${servers:csv}'" "'test1,test2'" servers=test1 servers=test2
gives '${servers:glob}' '{test1,test2}' servers=test1 servers=test2
gives '${servers:pipe}' 'test1.|test2' servers=test1. servers=test2
gives '${servers:sqlstring}' "'test''1','test2'" "servers=test'1" servers=test2
gives '${servers:singlequote}' "'te\\'st'" "servers=te'st"
gives '${servers:doublequote}' '"te\"st"' 'servers=te"st'
gives '${servers:text}' 'test1 + test2' servers=test1 servers=test2
gives '${servers:percentencode}' 'foo%28%29bar%20BAZ' 'servers=foo()bar BAZ'
gives '${servers:percentencode}' '%C3%A9%27%21%2A~-_.' "servers=é'!*~-_."
gives '$a [[a]] ${a:raw} $b ${b}' '1 1 1 $b ${b}' a=1
gives '${a:raw}' '${b}' 'a=${b}' b=2

# Why a name must not come as an SQL string: macros know no quotes.
gives '${a:sqlstring}' "''2017-04-21T05:01:17Z''" 'a=$__timeFrom()'
gives $'f(${a:sqlstring}, 2)' \
    "f('true --' >= 1492750877 AND true --' <= 1492751177" \
    'a=$__unixEpochFilter(true --'
}
done_testing
