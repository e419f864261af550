# shellcheck shell=bash
# shellcheck disable=SC2317 # called by their names
# What can be broken. Each fault is a function fault_NAME that breaks something,
# waits, and leaves nothing broken; it says in a line what it did, and fails when
# there was nothing to break. It runs in a subshell whose RANDOM was seeded,
# beside others. Sourced by round.

# Faults that any number of brokers allows, and those that need three.
FAULTS=(kill_reader kill_writer kill_window kill_ingest kill_script
	kill_pipeline kill_waiting kill_blocked stop_command stop_pipeline
	pipeline_added pipeline_removed broker_killed broker_restarted
	database_killed database_restarted sessions_ended table_locked
	no_connections read_only net_cut_kafka net_cut_database
	net_slow_kafka net_slow_database net_dead_kafka net_dead_database
	answer_cut disk_full disk_full_later topic_anew log_expired)
FAULTS_CLUSTER=(leaders_moved two_brokers_killed leaders_gone)

# What befalls a live feed besides.
FAULTS_FEED=(kill_feed kill_validator kill_producer kill_feed_shell
	kill_feed_often stop_feed feed_restarted net_cut_exchange
	net_slow_exchange net_dead_exchange)

# Longer than kafka-sub's session timeout: its partitions go to another.
STOPPED=8

# draw N: DRAW is 0..N-1.
draw()
{
	DRAW=$((RANDOM % $1))
}

DECK=()

# deck: all that can be drawn.
deck()
{
	if [[ ${CRASH_FAULTS:-all} == feed ]]; then
		DECK=("${FAULTS_FEED[@]}")
		return
	fi
	DECK=("${FAULTS[@]}")
	((NODES == 1)) || DECK+=("${FAULTS_CLUSTER[@]}")
	[[ $SOURCE != live ]] || DECK+=("${FAULTS_FEED[@]}")
}

# next_fault: sets FAULT, from a deck that is shuffled anew when it is empty, so
# that a short round too has nearly all of them.
next_fault()
{
	local i j

	if ((${#DECK[@]} == 0)); then
		deck
		for ((i = ${#DECK[@]} - 1; i > 0; i--)); do
			draw $((i + 1))
			j=${DECK[i]}
			DECK[i]=${DECK[DRAW]}
			DECK[DRAW]=$j
		done
	fi
	# shellcheck disable=SC2034 # for the round
	FAULT=${DECK[-1]}
	unset 'DECK[-1]'
}

# some_ms FROM TO: sleeps about as long.
some_ms()
{
	local ms

	draw $(($2 - $1 + 1))
	ms=$(($1 + DRAW))
	sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
}

# --- Commands and scripts. ---

# draw_command REGEX [SECONDS]: sets PID, NAME and SLOT; waits a moment for one.
draw_command()
{
	local tries found

	for ((tries = 0; tries < ${2:-4} * 5; tries++)); do
		mapfile -t found < <(commands | grep -E "$1")
		if ((${#found[@]} > 0)); then
			draw ${#found[@]}
			read -r PID NAME SLOT <<<"${found[DRAW]}"
			return 0
		fi
		sleep 0.2
	done
	echo 'there was none'
	return 1
}

kill_one()
{
	draw_command "$@" && kill -KILL "$PID" && echo "$NAME of $SLOT"
}

fault_kill_reader() { kill_one ' kafka-sub '; }
fault_kill_writer() { kill_one ' pg-upsert '; }
fault_kill_window() { kill_one ' ohlc-window '; }
fault_kill_ingest() { kill_one ' ingest-'; }

# The script alone: what it leaves has to end by itself.
fault_kill_script()
{
	local names=(candles candles ticks ingest) pids

	draw 4
	mapfile -t pids < <(bashes "${names[DRAW]}")
	((${#pids[@]} > 0)) || return
	echo "one of ${#pids[@]} shells of ${names[DRAW]}"
	draw ${#pids[@]}
	echo "pid, parent, group $(ps -o pid= -o ppid= -o pgid= -p "${pids[DRAW]}")"
	kill -KILL "${pids[DRAW]}"
}

# Everything of a pipeline at once: its commands, their shells, its script and
# watcher, as when the machine dies; or all but the script. Another copy lives on.
fault_kill_pipeline()
{
	local group pids script

	draw_command ' (candles|ticks|ingest)-' || return
	{ read -r group <"$T/run/$SLOT/group"; } 2>/dev/null || return
	read -r script < <(ps -o ppid= -p "$group") || return
	draw 2
	if ((DRAW == 0)); then
		echo "all of $SLOT but its script"
		kill -KILL -- "-$group"
	else
		echo "all of $SLOT"
		echo "$SLOT" >>"$T/orphaned"
		# First stopped: none must see another die before it dies itself.
		kill -STOP "$script" && kill -STOP -- "-$group"
		read -r -d '' -a pids < <(ps -o pid= --ppid "$script")
		kill -KILL "$script" "${pids[@]}"
		kill -KILL -- "-$group"
	fi
}

fault_stop_command()
{
	draw_command ' (candles|ticks)-' || return
	echo "$NAME of $SLOT for $STOPPED s"
	kill -STOP "$PID" && sleep "$STOPPED"
	kill -CONT "$PID"
}

# The stale writer with all that feeds it.
fault_stop_pipeline()
{
	local pids

	draw_command ' pg-upsert (candles|ticks)-' || return
	echo "all commands of $SLOT for $STOPPED s"
	mapfile -t pids < <(commands "$SLOT" | cut -d ' ' -f 1)
	kill -STOP "${pids[@]}"
	sleep "$STOPPED"
	kill -CONT "${pids[@]}"
}

fault_pipeline_added()
{
	( set -C; : >"$T/want/candles-third" ) 2>/dev/null || return
	echo 'a third one of candles, for a while'
	keep candles candles-third &
	some_ms 4000 9000
	unwanted candles-third
	wait "$!"
}

fault_pipeline_removed()
{
	local pid

	draw 2
	echo "candles-$DRAW asked to end, and started again"
	{ read -r pid <"$T/pid/candles-$DRAW"; } 2>/dev/null &&
	    : >"$T/asked/candles-$DRAW" && kill -TERM "$pid"
}

# --- The live feed. What was killed several times takes a while to return. ---

fault_kill_feed() { kill_one ' bws-trades ingest-' 20; }
fault_kill_validator() { kill_one ' ndjson-validate ingest-' 20; }
fault_kill_producer() { kill_one ' kafka-pub ingest-' 20; }

# The script's own shells: one that runs a member, or reads the topic before it
# becomes bws-trades.
fault_kill_feed_shell()
{
	local pids

	mapfile -t pids < <(bashes ingest)
	((${#pids[@]} > 1)) || return
	draw $((${#pids[@]} - 1))
	echo "one of ${#pids[@]}"
	kill -KILL "${pids[DRAW + 1]}"
}

# One after another, wherever the next start is by then.
fault_kill_feed_often()
{
	local n

	for ((n = 0; n < 4; n++)); do
		kill_one ' ingest-'
		some_ms 0 900
	done
}

# A slow reader, or a feed that reads no more.
fault_stop_feed()
{
	draw_command ' ingest-' || return
	echo "$NAME of $SLOT for $STOPPED s"
	kill -STOP "$PID" && sleep "$STOPPED"
	kill -CONT "$PID"
}

fault_feed_restarted()
{
	local pid

	echo 'asked to end, and started again'
	{ read -r pid <"$T/pid/ingest"; } 2>/dev/null &&
	    : >"$T/asked/ingest" && kill -TERM "$pid"
}

fault_net_cut_exchange() { net cut $((NODES + 2)); }
fault_net_slow_exchange() { slow $((NODES + 2)); }
fault_net_dead_exchange() { dead $((NODES + 2)); }

# --- Servers. One fault at a time for each; the lock says so. ---

fault_broker_killed()
{
	draw "$NODES"
	echo "broker $((DRAW + 1))"
	node_down "$((DRAW + 1))" kill
}

fault_broker_restarted()
{
	draw "$NODES"
	echo "broker $((DRAW + 1))"
	node_down "$((DRAW + 1))" stop
}

# node_down NODE kill|stop
node_down()
{
	local node=$1

	(
		flock 9
		crash_broker "$2" "$node"
		some_ms 0 4000
		crash_broker start "$node"
	) 9>"$T/kafka-$node.lock"
}

# Fewer than min.insync.replicas are left: nothing is acknowledged meanwhile.
fault_two_brokers_killed()
{
	local down=$((RANDOM % 3 + 1))

	echo "brokers $down and $((down % 3 + 1))"
	node_down "$down" kill &
	node_down "$((down % 3 + 1))" kill
	wait
}

fault_leaders_moved()
{
	echo 'every leader of the topic'
	# shellcheck disable=SC2153 # round sets TOPIC
	peer_cluster_move_leaders "$T/kafka" "$TOPIC" >>"$T/kafka.err" 2>&1
}

# A broker that dies as they start leads some of what they want to read, and
# nobody else does for the next three seconds.
fault_leaders_gone()
{
	local node

	draw "$NODES"
	node=$((DRAW + 1))
	echo "broker $node, as readers start"
	(
		flock 9
		crash_broker kill "$node"
		kill_one ' kafka-sub '
		[[ $SOURCE != live ]] || kill_one ' ingest-'
		some_ms 4000 8000
		crash_broker start "$node"
	) 9>"$T/kafka-$node.lock"
}

# --- Topics. These have one of their own, whose messages nobody else wants: what
# is wrong is a finding. ---

# Every try may meet what else is broken.
aside()
{
	wait_for 90 "$BUILD/tests/peers/kafka-admin" "$BROKERS" "$@"
}

# numbered FIRST LAST TOPIC
numbered()
{
	seq "$1" "$2" | sed 's/.*/{"n":&}/' |
	    kafka-pub -q --create 1 "$3" 2>>"$T/aside.err"
}

# gives FIRST LAST OPTION... TOPIC: whether kafka-sub gives these and no other.
gives()
{
	local first=$1 last=$2

	shift 2
	[[ $(timeout 90 kafka-sub -q -e "$@" 2>>"$T/aside.err") == \
	    "$(seq "$first" "$last" | sed 's/.*/{"n":&}/')" ]] ||
	    echo "kafka-sub -e $* did not give $first to $last" >>"$T/badly"
}

fault_log_expired()
{
	local topic=expired-$BASHPID

	echo "$topic: begins later than is looked back"
	numbered 0 29 "$topic"
	aside delete-records "$topic" 0 25
	gives 25 29 -o -10 "$topic"
	aside delete-records "$topic" 0 30
	numbered 30 31 "$topic"
	gives 30 31 -o -1000 "$topic"
	aside delete-topic "$topic"
}

fault_topic_anew()
{
	local topic=anew-$BASHPID pid

	echo "$topic: deleted and made again while it is read"
	numbered 0 19 "$topic"
	kafka-sub -q -g "$topic" "$topic" >/dev/null 2>>"$T/aside.err" &
	pid=$!
	wait_for 90 committed_is 20 "$topic" || kill -KILL "$pid"
	aside delete-topic "$topic"
	numbered 100 139 "$topic"
	wait_for 90 pid_gone "$pid" || kill -KILL "$pid"
	wait "$pid"
	(($? == 3)) || echo "$topic: kafka-sub did not notice" >>"$T/badly"
	gives 100 139 -g "$topic" "$topic"
	aside delete-topic "$topic"
}

# committed_is N TOPIC
committed_is()
{
	[[ $("$BUILD/tests/peers/kafka-admin" "$BROKERS" committed "$2" 0 "$2") \
	    == "$1" ]]
}

# database COMMAND...: with the server to oneself.
database()
{
	(
		flock 9
		"$@"
	) 9>"$T/pg.lock"
}

database_down()
{
	postgres_stop "$T/pg" "$1"
	some_ms 0 4000
	crash_database_start
}

fault_database_killed() { database database_down immediate; }
fault_database_restarted() { database database_down fast; }

admin()
{
	psql -XAtq -d "$DATABASE_ADMIN" "$@" >>"$T/admin.out" 2>&1
}

end_sessions="SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'pg-upsert'"

fault_sessions_ended() { admin -c "$end_sessions"; }

fault_table_locked()
{
	local tables=(window_1m crypto_prices) table

	draw 2
	table=${tables[DRAW]}
	draw 4
	echo "$table for $((DRAW + 2)) s"
	admin -c "BEGIN; LOCK TABLE $table IN ACCESS EXCLUSIVE MODE;
	    SELECT pg_sleep($((DRAW + 2))); COMMIT"
}

# kill_locked TABLE SECONDS REGEX [SQL]: the table is locked; after so long one of
# those that it holds up is killed, and a second later it is free again.
kill_locked()
{
	admin -c "BEGIN; LOCK TABLE $1 IN ACCESS EXCLUSIVE MODE;
	    SELECT pg_sleep($(($2 + 1))); COMMIT" &
	sleep "$2"
	kill_one "$3"
	[[ -z ${4-} ]] || admin -c "$4"
	wait
}

# Whose batch is under way, long enough for a word too early to be believed. The
# session too: by itself it would do the rest, for a batch and its COMMIT travel
# together.
fault_kill_waiting()
{
	draw 2
	if ((DRAW == 0)); then
		kill_locked crypto_prices 2 ' pg-upsert ticks-' "$end_sessions"
	else
		kill_locked window_1m 2 ' pg-upsert candles-' "$end_sessions"
	fi
}

# Whose output is held up in its midst, between candles that one trade closed:
# what is in the pipe by then is stored and acknowledged, the rest never comes.
fault_kill_blocked()
{
	local sink window

	draw_command ' ohlc-window ' || return
	window=$PID
	read -r sink _ < <(commands "$SLOT" | grep ' pg-upsert ') || return
	echo "$NAME of $SLOT"
	kill -STOP "$sink"
	sleep 3
	kill -KILL "$window"
	kill -CONT "$sink"
}

fault_no_connections() { refuse_for_a_while 'CONNECTION LIMIT 0'; }

fault_read_only()
{
	refuse_for_a_while 'SET default_transaction_read_only = on'
}

refuse_for_a_while()
{
	admin -c "ALTER ROLE tickpipe $1" -c "$end_sessions"
	some_ms 1000 4000
	role_is_well
}

# What these two set, however the server was when they tried.
role_is_well()
{
	wait_for 30 admin -v ON_ERROR_STOP=1 \
	    -c 'ALTER ROLE tickpipe CONNECTION LIMIT -1' \
	    -c 'ALTER ROLE tickpipe RESET default_transaction_read_only' \
	    -c "$end_sessions"
}

# --- The network between them: routes 1 to NODES are the brokers', then come
# the database's and the exchange's. ---

net()
{
	proxy_do net "$@" >/dev/null
}

draw_broker()
{
	draw "$NODES"
	ROUTE=$((DRAW + 1))
}

fault_net_cut_kafka() { draw_broker; net cut "$ROUTE"; }
fault_net_cut_database() { net cut $((NODES + 1)); }

fault_net_slow_kafka()
{
	draw_broker
	slow "$ROUTE"
}

fault_net_slow_database() { slow $((NODES + 1)); }

slow()
{
	draw 400
	echo "$((DRAW + 100)) ms"
	net delay "$1" $((DRAW + 100))
	some_ms 2000 6000
	net delay "$1" 0
}

fault_net_dead_kafka()
{
	draw_broker
	dead "$ROUTE"
}

fault_net_dead_database() { dead $((NODES + 1)); }

# Half-open: what is there goes silent, with or without what comes anew.
dead()
{
	local how=(freeze silence)

	draw 2
	echo "${how[DRAW]}"
	net "${how[DRAW]}" "$1"
	some_ms 2000 8000
	net thaw "$1"
}

# An answer ends in its midst: most often that to a batch and its COMMIT.
fault_answer_cut()
{
	for _ in 1 2 3; do
		draw 40
		net answer $((NODES + 1)) "$DRAW"
		some_ms 300 1200
	done
}

# --- Disks. ---

# A running command's files may not grow.
fault_disk_full()
{
	draw_command ' (kafka-sub|ohlc-window|pg-upsert|bws-trades) ' || return
	echo "$NAME of $SLOT"
	prlimit --pid "$PID" --fsize=1 2>/dev/null || return
	some_ms 2000 6000
	prlimit --pid "$PID" --fsize=unlimited 2>/dev/null
	return 0
}

# The next one to open the file finds no room.
fault_disk_full_later()
{
	local folder=$T/data/candles-$((RANDOM % 2)) file

	file=$folder/late
	(
		flock 9
		[[ ! -e $file ]] || mv "$file" "$file.$(date +%s%N)"
		# Whoever has just made it anew keeps it.
		ln -s /dev/full "$file" 2>/dev/null || exit
		echo "${file#"$T/"}"
		commands "${folder##*/}" | while read -r PID NAME _; do
			[[ $NAME != ohlc-window ]] || kill -KILL "$PID"
		done
		some_ms 2000 6000
		rm -f "$file"
	) 9>"$T/disk.lock"
}
