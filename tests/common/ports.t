#!/bin/bash
# Goal: no port is drawn twice while the script that drew it runs, whoever
# draws, and none that an outgoing connection may take.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

# draw N FILE: a script that draws so many, and runs until its input ends.
cat >"$T/draw" <<'END'
#!/bin/bash
. "$1"
for ((i = 0; i < $2; i++)); do free_port; done >"$3.new"
mv "$3.new" "$3"
read -r _
END
mkfifo "$T/go"
pids=()
for i in 1 2 3 4; do
	bash "$T/draw" "$ROOT/scripts/lib/wait.sh" 100 "$T/$i" <"$T/go" &
	pids+=($!)
done
exec 3>"$T/go"
# drawn: all have.
# shellcheck disable=SC2317 # called by wait_for
drawn() { [[ -e $T/1 && -e $T/2 && -e $T/3 && -e $T/4 ]]; }
check 'four scripts draw at the same time' wait_for 300 drawn
is "$(cat "$T"/[1-4] | wc -l)" 400 'each what it needs'
is "$(cat "$T"/[1-4] | sort | uniq -d)" '' 'and no port comes twice'
free_port >"$T/5"
is "$(cat "$T"/[1-5] | sort | uniq -d)" '' 'nor to another one'
read -r low _ </proc/sys/net/ipv4/ip_local_port_range
is "$(cat "$T"/[1-5] | awk -v low="$low" '$1 < 10000 || $1 >= low')" '' \
    'all are below those of outgoing connections'
exec 3>&-
wait "${pids[@]}"
free_port >"$T/6"
is "$(for pid in "${pids[@]}"; do
    grep " $pid\$" "/tmp/tickpipe-ports.$UID/held"; done)" '' \
    'whoever ends gives its ports back'

done_testing
