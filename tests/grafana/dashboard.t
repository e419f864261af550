#!/bin/bash
# Goal: what Grafana is given to read can be provisioned in old and current
# releases, holds no secret, and puts no text of the URL into SQL as it is.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
need jq perl

DASHBOARD=$ROOT/grafana/dashboards/tickpipe.json
PROVISIONING=$ROOT/grafana/provisioning

# has NAME FILTER: jq's filter holds for the dashboard.
has()
{
	is "$(jq -c "$2" "$DASHBOARD" 2>&1)" true "$1"
}

# yaml FILE FILTER: what jq's filter prints of a file in YAML.
yaml()
{
	perl -MCPAN::Meta::YAML -MJSON::PP -e 'print encode_json(
	    CPAN::Meta::YAML->read($ARGV[0])->[0])' "$1" | jq -r "$2"
}

has 'no id, so that any Grafana takes it' '.id == null and has("id")'
has 'a uid, so that links to it last' '.uid == "tickpipe"'
has 'a version of the schema that Grafana 9.4 has' '.schemaVersion == 37'
has 'nothing is asked for at an import' 'has("__inputs") | not'
is "$(grep -c DS_ "$DASHBOARD")" 0 'and no datasource is a variable'
has "the browser's zone, or what the reader chooses" '.timezone == "browser"'
has 'every 5 s' '.refresh == "5s"'
has 'panels have ids of their own' \
    '[.panels[].id] | length == (unique | length) and all(. > 0)'
# shellcheck disable=SC2016 # jq's dollars
has 'and places of their own' '[.panels[].gridPos | . as $p
    | range($p.w) as $x | range($p.h) as $y | [$p.x + $x, $p.y + $y]]
    | length == (unique | length) and all(.[0] < 24)'
has 'what is shown is said' 'all(.panels[]; .description | length > 20)'
for type in candlestick timeseries stat table; do
	has "a panel of the type $type" "any(.panels[]; .type == \"$type\")"
done
has 'the candlestick panel maps the columns by their names' \
    '.panels[] | select(.type == "candlestick") | .options
    | .fields == {} and .mode == "candles+volume"'
has 'the timeframes' '.templating.list[] | select(.name == "timeframe")
    | [.options[].value] == ["1m", "5m", "15m", "45m", "1h"]
    and (.query | split(",")) == [.options[].value]'
# Grafana asks for a variable that refreshes with the range of time (2) at every
# refresh of the page, not only as it is opened (1): there may be no symbol then,
# or no database.
has 'the symbols are asked for as long as the page is open' \
    '[.templating.list[] | select(.type == "query") | .refresh] == [2]'
has 'one symbol and one timeframe at a time' \
    '[.templating.list[] | .multi or .includeAll] == [false, false]'

# The frames that are made, and those that the query knows, are the same.
has 'candles of each timeframe' '[.panels[].targets[].rawSql
    | select(contains("candles(")) | [scan("WHEN .([^ ]+). THEN")[0]]]
    | length == 2 and all(. == ["5m", "15m", "45m", "1h"])'

is "$(jq -r '.panels[].targets[].rawSql, (.templating.list[] |
    select(.type == "query") | .query)' "$DASHBOARD" |
    perl -ne "s/'\\\$\\{(symbol|timeframe):percentencode\\}'//g;
	s/\\\$__time(Filter|From|To)\\(\\w*\\)//g; print if /[\\\$\\[]/")" '' \
    'variables stand in SQL percent-encoded and in quotes only'

file=$PROVISIONING/datasources/tickpipe.yaml
uid=$(yaml "$file" '.datasources[0].uid')
is "$uid" tickpipe 'the datasource has a uid'
has 'which the dashboard names it by' "[.. | .datasource? // empty]
    | length > 8 and all(. == {type: \"postgres\", uid: \"$uid\"})"
# shellcheck disable=SC2016 # Grafana's dollars
is "$(yaml "$file" '.datasources[0] | [.type, .url, .user, .database,
    .jsonData.database, .jsonData.sslmode, .secureJsonData.password,
    .jsonData.timescaledb, .jsonData.postgresVersion] | join(" ")')" \
    'postgres $PGHOST:$PGPORT $PGUSER $PGDATABASE $PGDATABASE'\
' $PGSSLMODE $PGPASSWORD false 1500' \
    'all that differs between machines is from the environment'
is "$(yaml "$PROVISIONING/dashboards/tickpipe.yaml" \
    '.providers[0] | "\(.type) \(.options.path)"')" \
    'file /etc/grafana/dashboards' 'the dashboard is read from its folder'

# Until 11.3 Grafana refuses a dashboard that is called like a folder, of any
# place, if the names make the same part of a URL: letters and digits, of
# either case.
# slug TEXT
slug()
{
	tr '[:upper:]' '[:lower:]' <<<"$1" | sed 's/[^[:alnum:]]//g'
}
mapfile -t folders < <(yaml "$PROVISIONING/dashboards/tickpipe.yaml" \
    '.providers[].folder')
((${#folders[@]} > 0))
ok $? 'the dashboards have a folder'
for file in "$ROOT"/grafana/dashboards/*.json; do
	title=$(jq -r .title "$file")
	for folder in "${folders[@]}"; do
		unlike "$(slug "$title")" "^$(slug "$folder")\$" \
		    "$title is not called like the folder $folder"
	done
	like "$(tr -s ' \n' ' ' <"$ROOT/README.md")" "dashboard \`$title\`" \
	    'README.md calls it so'
done
done_testing
