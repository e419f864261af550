# shellcheck shell=bash
# What a user might take instead, over the same trades; sourced by
# tests/bench/run.

# python_has MODULE
python_has()
{
	"$PYTHON" -c "import $1" >/dev/null 2>&1
}

# candles_by MODULE: one more of the names, if it is installed.
candles_by()
{
	if python_has "$1"; then
		take "$1" /dev/null "$PYTHON" \
		    "$ROOT/tests/bench/$1_candles.py" "$T/in"
		names+=("$1")
	fi
}

# The quick ones and ohlc-window itself.
whole_file()
{
	local names=(whole wc pipe) status=0 module

	take whole "$T/in" ohlc-window
	take wc "$T/in" wc -l
	# shellcheck disable=SC2016 # $0 is for that shell
	take pipe /dev/null sh -c 'cat "$0" | cat' "$T/in"
	all_cores
	candles_by duckdb
	candles_by polars
	rounds "${names[@]}" || status=1
	heading "$TRADES trades, 5 symbols"
	row whole ohlc-window
	row wc 'wc -l' whole "$unit"
	row pipe 'cat FILE | cat' whole "$unit"
	for module in duckdb polars; do
		if [[ " ${names[*]} " == *" $module "* ]]; then
			row "$module" "candles by $module, $(cores)" whole \
			    "$unit"
		else
			absent "candles by $module" "pip install $module"
		fi
	done
	return "$status"
}

# slow NAME TEXT PROGRAM COMMAND...: one run over $PART trades, scaled to all of them.
slow()
{
	local name=$1 text=$2 program=$3 RUNS=1

	shift 3
	if ! type -P "$program" >/dev/null; then
		absent "$text" "$program"
		return
	fi
	take "$name" "$T/part" "$@"
	rounds "$name"
	scale "$name" "$(awk -v all="$TRADES" -v part="$PART" \
	    'BEGIN { print all / part }')"
	row "$name" "$text" whole "$unit"
}

others()
{
	local status=0 note='' unit='x ohlc-window'

	((PART == TRADES)) || note=", scaled from $PART trades"
	pin_to_one_core
	printf 'others: medians of %s runs on %s%s\n' "$RUNS" "$(cores)" \
	    ', but for what says otherwise'
	whole_file || status=1
	pin_to_one_core
	heading "one run$note"
	slow jq_c 'jq -c .' jq jq -c . || status=1
	# shellcheck disable=SC2016 # miller's own
	slow mlr 'mlr: high, low and volume a minute' mlr \
	    env TZ=UTC mlr --ijsonl --ojsonl \
	    put '$minute = sub($event_time, ":[0-9.]*Z$", "")' \
	    'then' stats1 -a max,min,sum,count -f price,quantity \
	    -g minute,symbol || status=1
	return "$status"
}
