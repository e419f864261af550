#!/bin/bash
# Goal: the dashboard fits the schema of an old release of Grafana and of a new
# one, as the packages that scripts/deps puts into .deps have it.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
need jq

DASHBOARD=$ROOT/grafana/dashboards/tickpipe.json

# Not required: nothing that runs needs it.
shopt -s nullglob
packages=("${TICKPIPE_DEPS:-$ROOT/.deps}"/grafana-foundation-sdk/*/)
((${#packages[@]} > 0)) ||
    skip_all 'grafana-foundation-sdk is not installed (scripts/deps)'

# fits FILE: 0 if it does; else 1, and says why.
fits()
{
	PYTHONPATH=$package "$ROOT/tests/grafana/schema" "$1"
}

# found WRONG FILTER REGEX: what the filter of jq makes wrong is found.
found()
{
	jq "$2" "$DASHBOARD" >"$T/wrong.json"
	status_is 1 "$1" fits "$T/wrong.json"
	like "$(<"$T/out")" "$3" 'is found'
}

for package in "${packages[@]}"; do
	version=$(basename "$package")
	fits "$DASHBOARD" >"$T/out" 2>"$T/err"
	status=$?
	if ((status == 3)); then
		skip "$version: $(<"$T/out")" 9
		continue
	fi
	is "$(<"$T/out")$(<"$T/err")" '' "the dashboard fits $version"
	found 'a number as a text' '.panels[0].gridPos.x = "0"' \
	    'grid_pos.x: no int'
	found 'a member that is unknown' '.panels[0].desription = ""' \
	    'panels.0.desription: unknown'
	found "a panel's option that is unknown" \
	    '(.panels[] | select(.type == "candlestick") | .options.mood) = 1' \
	    'options.mood: unknown'
	found 'a mode that is none' '(.panels[] | select(.type == "candlestick")
	    | .options.mode) = "volumes"' "options.mode: no VizDisplayMode"
done
done_testing
