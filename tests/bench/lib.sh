# shellcheck shell=bash
# How the bench measures; sourced by tests/bench/run after tests/lib.sh.
#
#	pin_to_one_core		# from here on all take() is on one core
#	take y "$T/in" yardstick	# declared: NAME, standard input, command
#	take ohlc "$T/in" ohlc-window
#	rounds y ohlc		# each in turn, RUNS times, after one warm round
#	row ohlc 'ohlc-window' y Y 0.9 0.6
#
# In turn, so that what else the machine does meets all of them alike.
# After rounds() the figures of NAME are in wall[NAME], least[NAME],
# most[NAME], cpu[NAME] (microseconds: median, extremes, user and system time)
# and peak[NAME] (KiB); wall[NAME] is empty when a run failed, and unset for
# what was never run.

declare -A wall least most cpu peak
declare -A take_input take_command
PIN=()
CORE=''

# pin_to_one_core: the last of those allowed, since the first has the interrupts.
pin_to_one_core()
{
	local allowed

	allowed=$(taskset -pc $$ 2>/dev/null) || return
	CORE=${allowed##*[ ,-]}
	PIN=(taskset -c "$CORE")
}

all_cores()
{
	PIN=()
	CORE=''
}

cores()
{
	if [[ -n $CORE ]]; then
		printf 'one core (%s)\n' "$CORE"
	else
		printf '%s cores\n' "$(nproc)"
	fi
}

# take NAME INPUT COMMAND...: what NAME runs. Its output goes to /dev/null.
take()
{
	local name=$1 input=$2 quoted

	shift 2
	printf -v quoted '%q ' "${PIN[@]}" "$BUILD/tests/bench/measure" \
	    "$T/$name.runs" "$@"
	take_input[$name]=$input
	take_command[$name]=$quoted
}

# once NAME: one run, its figures appended to $T/NAME.runs.
once()
{
	eval "${take_command[$1]}" <"${take_input[$1]}" >/dev/null \
	    2>"$T/bench.err" && return
	diag "status $?: $1"
	diag_file "$T/bench.err"
	return 1
}

# rounds NAME...
# shellcheck disable=SC2153 # RUNS is the environment's
rounds()
{
	local name i failed=''

	for ((i = 0; i <= RUNS; i++)); do
		for name; do
			[[ $failed != *" $name "* ]] || continue
			((i != 1)) || rm -f "$T/$name.runs"
			once "$name" || failed+=" $name "
		done
	done
	for name; do
		if [[ $failed == *" $name "* ]]; then
			wall[$name]=''
		else
			figures "$name"
		fi
	done
	[[ -z $failed ]]
}

# middle COLUMN FILE: the least, the median and the greatest.
middle()
{
	cut -d ' ' -f "$1" "$2" | sort -n | awk '{ a[NR] = $1 }
		END { print a[1], a[int((NR + 1) / 2)], a[NR] }'
}

figures()
{
	local name=$1 low mid high

	read -r low mid high < <(middle 1 "$T/$name.runs")
	least[$name]=$low wall[$name]=$mid most[$name]=$high
	read -r low mid high < <(middle 2 "$T/$name.runs")
	cpu[$name]=$mid
	read -r low mid high < <(middle 3 "$T/$name.runs")
	peak[$name]=$high
}

# scale NAME FACTOR: as if there had been so many times the lines.
scale()
{
	local figure

	[[ -n ${wall[$1]} ]] || return 0
	for figure in wall least most cpu; do
		declare -n figure=$figure
		figure[$1]=$(awk -v us="${figure[$1]}" -v by="$2" \
		    'BEGIN { printf "%.0f", us * by }')
		unset -n figure
	done
}

# verdict VALUE VALUE BAR GOAL: both bounds, and what both values meet.
verdict()
{
	awk -v a="$1" -v b="$2" -v bar="$3" -v goal="$4" 'BEGIN {
		value = a > b ? a : b
		met = "missed"
		if (value <= bar)
			met = "bar met"
		if (value <= goal)
			met = "goal met"
		printf "bar %.1f, goal %.1f: %s\n", bar, goal, met }'
}

heading()
{
	printf '\n%-40s %8s  %-17s %8s %6s  %6s %6s\n' "$1" seconds \
	    'least..most' user+sys MiB ratio 'u+s'
}

# ratios NAME OTHER: of their times, and of their user and system times.
ratios()
{
	awk -v a="${wall[$1]}" -v b="${wall[$2]}" -v c="${cpu[$1]}" \
	    -v d="${cpu[$2]}" 'BEGIN {
		printf "%.3f %.3f\n", a / (b > 0 ? b : 1),
		    c / (d > 0 ? d : 1) }'
}

# row NAME TEXT [OTHER UNIT [BAR GOAL]]: the figures of NAME, and its times as
# multiples of OTHER's, with UNIT after them. Both have to meet a bar: what
# else runs on that core makes the first one wrong, in favour of either.
row()
{
	local name=$1 text=$2 other=${3-} unit=${4-} bar=${5-} goal=${6-}
	local of_wall of_cpu end=''

	if [[ -z ${wall[$name]-} ]]; then
		printf '%-40s failed\n' "$text"
		return 1
	fi
	if [[ -n $other && -z ${wall[$other]-} ]]; then
		end="$unit: ${wall[$other]+failed}"
		end=${end/%: /: not installed}
	elif [[ -n $other ]]; then
		read -r of_wall of_cpu < <(ratios "$name" "$other")
		printf -v end '%6.2f %6.2f %s' "$of_wall" "$of_cpu" "$unit"
		[[ -z $bar ]] || printf -v end '%-28s %s' "$end" \
		    "$(verdict "$of_wall" "$of_cpu" "$bar" "$goal")"
	fi
	awk -v text="$text" -v wall="${wall[$name]}" -v cpu="${cpu[$name]}" \
	    -v least="${least[$name]}" -v most="${most[$name]}" \
	    -v kib="${peak[$name]}" -v end="$end" 'BEGIN {
		line = sprintf("%-40s %8.3f  %-17s %8.3f %6.1f  %s", text,
		    wall / 1e6, sprintf("%.3f..%.3f", least / 1e6,
		    most / 1e6), cpu / 1e6, kib / 1024, end)
		sub(/ +$/, "", line)
		print line }'
}

# absent TEXT WHAT: a row for what this machine lacks.
absent()
{
	printf '%-40s not installed: %s\n' "$1" "$2"
}

# room MB: whether so much is free where $T is; says what there is.
room()
{
	local free_mb memory_mb

	free_mb=$(df -Pm "$T" | awk 'NR == 2 { print $4 }')
	memory_mb=$(awk '/^MemAvailable/ { print int($2 / 1024) }' \
	    /proc/meminfo)
	printf 'files: up to %s MB of %s MB free in %s\n' "$1" "$free_mb" \
	    "${T%/*}"
	if ((memory_mb < $1)); then
		printf 'memory: %s MB free may not keep them warm\n' \
		    "$memory_mb"
	fi
	((free_mb > $1)) || {
		echo 'too little: choose a folder by TMPDIR, or fewer TRADES'
		return 1
	}
}

now_us() { printf '%s\n' "${EPOCHREALTIME/./}"; }

# shell_once COMMAND: microseconds that one run of a shell command takes; fails
# with it.
shell_once()
{
	local begin

	begin=$(now_us)
	bash -c "set -o pipefail; $1" >"$T/bench.out" 2>"$T/bench.err" ||
	    { diag_file "$T/bench.err"; return 1; }
	printf '%s\n' $(($(now_us) - begin))
}

median() { sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }

# pair TEXT OURS THEIRS [BEFORE]: two shell commands in turn, RUNS times, after
# one run of each that does not count; BEFORE is run before each.
pair()
{
	local text=$1 ours=$2 theirs=$3 before=${4:-:} i ours_us='' theirs_us=''

	for ((i = 0; i <= RUNS; i++)); do
		local a b

		if ! { eval "$before" && a=$(shell_once "$ours") &&
		    eval "$before" && b=$(shell_once "$theirs"); }; then
			printf '%-38s failed\n' "$text"
			return 1
		fi
		if ((i > 0)); then
			ours_us+=$a$'\n'
			theirs_us+=$b$'\n'
		fi
	done
	awk -v text="$text" -v a="$(printf %s "$ours_us" | median)" \
	    -v b="$(printf %s "$theirs_us" | median)" -v other="${theirs%% *}" \
	    'BEGIN { printf "%-38s %7.2f s  %-8s %7.2f s  ratio %6.2f\n",
	    text, a / 1e6, other, b / 1e6, a / b }'
}
