# shellcheck shell=bash
# Throwaway real Kafka for tests: sourced after tests/lib.sh.
#
#	peer_kafka_start "$T/kafka"	# sets BROKERS; skips or bails if it
#					# cannot; stopped at the test's end
#	kafka-pub -b "$BROKERS" --create 20 trades </dev/null
#	peer_kafka_kill "$T/kafka"	# a crash, or _stop
#	peer_kafka_start "$T/kafka"	# again: same port, same data
#
# No topic is created by being asked for.
#
# A broker may advertise another port than the one it listens on, where a proxy
# stands; brokers then talk to each other past it, and so do the functions
# here:
#
#	KAFKA_ADVERTISED=$front peer_kafka_start "$T/kafka"
#	proxy_start net "$front:$(<"$T/kafka/port")"
#
# Three brokers that are one cluster, each a controller too, with three copies
# of every topic and acknowledgements by two:
#
#	peer_cluster_start "$T/kafka"		# in $T/kafka/1, 2 and 3
#	peer_cluster_kill "$T/kafka" 2		# or _stop
#	peer_cluster_move_leaders "$T/kafka" trades
#	peer_cluster_start_node "$T/kafka" 2	# same ports, same data
#
# Each takes some 200 MB. One is enough for no acknowledgement, nor for a
# leader to be chosen. A node that was killed, or frozen, has its leaderships
# taken after 3 s (broker.session.timeout.ms) and given back some 5 s after it
# has caught up.

PEERS_ROOT=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
# shellcheck source=scripts/lib/wait.sh
. "$PEERS_ROOT/scripts/lib/wait.sh"
# shellcheck source=scripts/lib/daemon.sh
. "$PEERS_ROOT/scripts/lib/daemon.sh"
# shellcheck source=scripts/lib/kafka.sh
. "$PEERS_ROOT/scripts/lib/kafka.sh"

# peer_kafka_needs: skips the test where there is no Kafka.
peer_kafka_needs()
{
	local missing

	missing=$(kafka_missing)
	if [[ -n $missing ]]; then
		skip_all "not installed: ${missing//$'\n'/, } (scripts/deps)" \
		    required
	fi
}

# peer_kafka_listeners DIR PORT: prints the settings of a broker that clients
# find at the port in DIR/advertised, and other brokers at the one in
# DIR/internal. That one and DIR/controller are drawn when they are not there.
peer_kafka_listeners()
{
	local dir=$1 port=$2 advertised internal controller name

	for name in internal controller; do
		[[ -e $dir/$name ]] || free_port >"$dir/$name"
	done
	advertised=$(<"$dir/advertised")
	internal=INTERNAL://127.0.0.1:$(<"$dir/internal")
	controller=$(<"$dir/controller")
	cat <<-END
		listeners=CLIENT://127.0.0.1:$port,$internal,CONTROLLER://127.0.0.1:$controller
		advertised.listeners=CLIENT://127.0.0.1:$advertised,$internal
		inter.broker.listener.name=INTERNAL
		listener.security.protocol.map=CLIENT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT
	END
}

# peer_kafka_try DIR [KEY=VALUE...]: one try to start the broker.
peer_kafka_try()
{
	local dir=$1 port settings=()

	shift
	{ read -r port <"$dir/port"; } 2>/dev/null || port=$(free_port)
	if [[ -e $dir/advertised ]]; then
		mapfile -t settings < <(peer_kafka_listeners "$dir" "$port")
	fi
	kafka_start "$dir" "$port" "${settings[@]}" "$@"
}

# peer_kafka_start DIR [KEY=VALUE...]: a broker in DIR on a free port, with
# further lines for its configuration if need be. KAFKA_ADVERTISED=PORT in the
# environment has it tell clients to come there; a later start remembers it.
# Sets BROKERS, which is where clients are told to come.
peer_kafka_start()
{
	local dir=$1 tries

	shift
	peer_kafka_needs
	if [[ ! -e $dir/port ]]; then
		on_exit kafka_kill "$dir"
	fi
	if [[ -n ${KAFKA_ADVERTISED:-} ]]; then
		mkdir -p "$dir"
		echo "$KAFKA_ADVERTISED" >"$dir/advertised"
	fi
	# A port drawn free may be gone by the time the broker binds it.
	for tries in 1 2 3; do
		if peer_kafka_try "$dir" "$@" 2>"$T/peer.err"; then
			BROKERS=127.0.0.1:$(cat "$dir/advertised" \
			    2>/dev/null || cat "$dir/port")
			export BROKERS
			return 0
		fi
		diag "try $tries: $(<"$T/peer.err")"
		[[ -e $dir/data ]] ||
		    rm -f "$dir/port" "$dir/internal" "$dir/controller"
	done
	bail 'no Kafka'
}

# peer_kafka_start_secure DIR: a broker as peer_kafka_start's, with listeners
# besides that ask who comes. Sets, besides BROKERS:
#	BROKERS_SASL		SASL_PLAINTEXT
#	BROKERS_SASL_TLS	SASL_SSL, by DIR/certs/server.pem
#	BROKERS_TLS		SSL, which wants a client's certificate by
#				DIR/certs/ca.pem
# The user u has the password p, by PLAIN and by SCRAM-SHA-256 and -512. For
# the certificates see certs_make in certs.sh, which is sourced by then; there
# is a client.pem besides.
peer_kafka_start_secure()
{
	local dir=$1 ports at name clients='' map='' mechanism settings=()
	local plain=org.apache.kafka.common.security.plain.PlainLoginModule
	local scram=org.apache.kafka.common.security.scram.ScramLoginModule

	if ! certs_make "$dir/certs" ||
	    ! certs_server "$dir/certs" client DNS:client.example; then
		bail 'no certificates'
	fi
	cat "$dir/certs/server.key" "$dir/certs/server.pem" \
	    >"$dir/certs/keystore.pem"
	mapfile -t ports < <(peer_free_ports 5)
	echo "${ports[0]}" >"$dir/port"
	echo "${ports[1]}" >"$dir/controller"
	on_exit kafka_kill "$dir"
	at=127.0.0.1
	clients=CLIENT://$at:${ports[0]},SASL://$at:${ports[2]}
	clients+=,SASLTLS://$at:${ports[3]},TLS://$at:${ports[4]}
	map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT
	map+=,SASLTLS:SASL_SSL,TLS:SSL
	settings=("listeners=$clients,CONTROLLER://$at:${ports[1]}"
	    "advertised.listeners=$clients"
	    "controller.quorum.voters=1@$at:${ports[1]}"
	    "listener.security.protocol.map=$map"
	    ssl.keystore.type=PEM "ssl.keystore.location=$dir/certs/keystore.pem"
	    ssl.truststore.type=PEM "ssl.truststore.location=$dir/certs/ca.pem"
	    listener.name.tls.ssl.client.auth=required)
	for name in sasl sasltls; do
		settings+=("listener.name.$name.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512"
		    "listener.name.$name.plain.sasl.jaas.config=$plain required user_u=\"p\";")
		for mechanism in scram-sha-256 scram-sha-512; do
			settings+=("listener.name.$name.$mechanism.sasl.jaas.config=$scram required;")
		done
	done
	peer_kafka_start "$dir" "${settings[@]}"
	BROKERS_SASL=$at:${ports[2]}
	BROKERS_SASL_TLS=$at:${ports[3]}
	BROKERS_TLS=$at:${ports[4]}
	export BROKERS_SASL BROKERS_SASL_TLS BROKERS_TLS
	for mechanism in SCRAM-SHA-256 SCRAM-SHA-512; do
		peer_kafka_scram "$mechanism" && continue
		diag_file "$T/peer.err"
		bail 'no user for SCRAM'
	done
}

# peer_kafka_scram MECHANISM: gives the user u the password p.
peer_kafka_scram()
{
	"$(kafka_java)" "${KAFKA_JVM[@]}" \
	    -Dorg.slf4j.simpleLogger.defaultLogLevel=error \
	    -cp "$KAFKA_LIBS/*" kafka.admin.ConfigCommand \
	    --bootstrap-server "$BROKERS" --alter --entity-type users \
	    --entity-name u --add-config "$1=[password=p]" \
	    >"$T/peer.err" 2>&1
}

# peer_kafka_stop DIR: in order, as an administrator would.
peer_kafka_stop()
{
	kafka_stop "$1"
}

# peer_kafka_kill DIR: as a crash would.
peer_kafka_kill()
{
	kafka_kill "$1"
}

# peer_cluster_start DIR [CLIENT_PORT...] [KEY=VALUE...]: three brokers in
# DIR/1, DIR/2 and DIR/3, each with a port for clients: the one given, or a
# free one, which is in DIR/N/port. What it tells clients is that port too,
# unless a CLIENT_PORT is given as ADVERTISED:PORT (as for proxy_start), or
# KAFKA_ADVERTISED has a port for each. Sets BROKERS, which is where clients
# are told to come. Later, starts what does not run, as it was: the other
# arguments count the first time alone.
peer_cluster_start()
{
	local dir=$1 n jobs=()

	shift
	peer_kafka_needs
	if [[ ! -e $dir/3/settings ]]; then
		for n in 1 2 3; do
			on_exit kafka_kill "$dir/$n"
		done
		peer_cluster_plan "$dir" "$@"
	fi
	for n in 1 2 3; do
		peer_cluster_launch "$dir" "$n" 2>"$dir/$n/launch.err" &
		jobs+=("$!")
	done
	wait "${jobs[@]}"
	for n in 1 2 3; do
		kafka_wait "$dir/$n" 2>>"$dir/$n/launch.err" && continue
		diag_file "$dir/$n/launch.err"
		bail "no Kafka in $dir/$n"
	done
	BROKERS=127.0.0.1:$(<"$dir/1/advertised"),127.0.0.1:$(<"$dir/2/advertised")
	BROKERS+=,127.0.0.1:$(<"$dir/3/advertised")
	export BROKERS
}

# peer_free_ports N: prints as many. Drawn before the first is bound, so none
# may come twice.
peer_free_ports()
{
	local -A drawn=()
	local port

	while ((${#drawn[@]} < $1)); do
		port=$(free_port) || return
		drawn[$port]=1
	done
	printf '%s\n' "${!drawn[@]}"
}

# peer_cluster_plan DIR ARGUMENT...: the nodes' folders, with their ports, one
# id, and in DIR/N/settings what their configurations have besides.
peer_cluster_plan()
{
	local dir=$1 n i=0 voters='' words=() ports=() advertised cluster
	local settings=()

	shift
	for n; do
		if [[ $n == *=* ]]; then settings+=("$n"); else ports+=("$n"); fi
	done
	read -r -a advertised <<<"${KAFKA_ADVERTISED:-}"
	mapfile -t words < <(peer_free_ports 9)
	cluster=$(kafka_uuid)
	for n in 1 2 3; do
		mkdir -p "$dir/$n"
		echo "$cluster" >"$dir/$n/cluster"
		echo "${words[i++]}" >"$dir/$n/internal"
		echo "${words[i]}" >"$dir/$n/controller"
		voters+=,$n@127.0.0.1:${words[i++]}
		ports[n - 1]=${ports[n - 1]:-${words[i++]}}
		echo "${ports[n - 1]#*:}" >"$dir/$n/port"
		echo "${advertised[n - 1]:-${ports[n - 1]%:*}}" \
		    >"$dir/$n/advertised"
	done
	for n in 1 2 3; do
		peer_cluster_settings "$dir" "$n" "${voters#,}" \
		    "${settings[@]}" >"$dir/$n/settings"
	done
}

# peer_cluster_settings DIR N VOTERS [KEY=VALUE...]: prints them.
peer_cluster_settings()
{
	local dir=$1 n=$2 voters=$3

	shift 3
	peer_kafka_listeners "$dir/$n" "$(<"$dir/$n/port")"
	cat <<-END
		node.id=$n
		controller.quorum.voters=$voters
		default.replication.factor=3
		min.insync.replicas=2
		offsets.topic.replication.factor=3
		transaction.state.log.replication.factor=3
		transaction.state.log.min.isr=2
		auto.leader.rebalance.enable=true
		leader.imbalance.check.interval.seconds=5
		leader.imbalance.per.broker.percentage=0
	END
	(($# == 0)) || printf '%s\n' "$@"
}

# peer_cluster_launch DIR N: starts a node if it does not run.
peer_cluster_launch()
{
	local KAFKA_HEAP=256m settings

	kafka_pid "$1/$2" >/dev/null && return 0
	mapfile -t settings <"$1/$2/settings"
	kafka_launch "$1/$2" "$(<"$1/$2/port")" "${settings[@]}"
}

# peer_cluster_start_node DIR N: starts it again, and waits until it answers,
# unless it is the first of three, which cannot yet. (Nothing is done when it
# runs.)
peer_cluster_start_node()
{
	local running

	peer_cluster_launch "$1" "$2" || return
	mapfile -t running < <(peer_cluster_ports "$1")
	((${#running[@]} < 2)) || kafka_wait "$1/$2"
}

# peer_cluster_stop DIR N: in order, as an administrator would.
peer_cluster_stop()
{
	kafka_stop "$1/$2"
}

# peer_cluster_kill DIR N: as a crash would.
peer_cluster_kill()
{
	kafka_kill "$1/$2"
}

# peer_cluster_ports DIR: prints the ports that the running nodes listen on
# for clients.
peer_cluster_ports()
{
	local n

	for n in 1 2 3; do
		kafka_pid "$1/$n" >/dev/null && echo "$(<"$1/$n/port")"
	done
}

# peer_cluster_topic DIR TOPIC: what kcat says of it, past any proxy.
peer_cluster_topic()
{
	local at

	at=$(peer_cluster_ports "$1" | sed 's/^/127.0.0.1:/' | paste -s -d ,)
	kcat -b "$at" -L -t "$2" -m 10 2>/dev/null
}

# peer_cluster_leaders DIR TOPIC: prints a line `PARTITION LEADER' for each, by
# number; the leader is -1 where there is none.
peer_cluster_leaders()
{
	peer_cluster_topic "$@" |
	    sed -n 's/^ *partition \([0-9]*\), leader \(-*[0-9]*\),.*/\1 \2/p' |
	    sort -n
}

# peer_cluster_move_leaders DIR TOPIC: every partition gets another leader of
# its replicas in sync, and is theirs in the long run too (so no rebalancing
# moves it back). Returns 0 when all have.
peer_cluster_move_leaders()
{
	local before port

	before=$(peer_cluster_leaders "$@")
	port=$(peer_cluster_ports "$1" | head -n 1)
	peer_cluster_topic "$@" |
	    perl "$PEERS_ROOT/tests/peers/kafka/move-leaders.pl" "$port" "$2" &&
	    wait_for 120 peer_cluster_moved "$1" "$2" "$before"
}

# peer_cluster_moved DIR TOPIC BEFORE: whether every partition has another
# leader than it had, by what peer_cluster_leaders said.
peer_cluster_moved()
{
	local now

	now=$(peer_cluster_leaders "$1" "$2")
	[[ -n $now && $now != *' -1'* && $(wc -l <<<"$now") == \
	    $(wc -l <<<"$3") ]] && ! grep -qxF -f <(echo "$3") <<<"$now"
}
