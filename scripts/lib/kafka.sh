# shellcheck shell=bash
# A real Apache Kafka (KRaft, broker and controller in one) in a folder of its
# own, on 127.0.0.1 only. For scripts/stack and for the tests. Sourced after
# wait.sh and daemon.sh; all folders are absolute paths.
#
# The jars are those that scripts/deps fetches, or in TICKPIPE_KAFKA_LIBS. In DIR: data/, log,
# server.properties (written anew by every start), pid, port. Who needs them
# fixed puts there before the first start: controller, the port for the
# controllers of a quorum; cluster, the id that its storage is made with.
#
# Several brokers that are one cluster, and ports to advertise that are not
# those to listen on: tests/peers/kafka.sh, by KEY=VALUE.

KAFKA_ROOT=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
KAFKA_LIBS=${TICKPIPE_KAFKA_LIBS:-${TICKPIPE_DEPS:-$KAFKA_ROOT/.deps}/kafka/libs}
# shellcheck source=scripts/lib/java.sh
. "$KAFKA_ROOT/scripts/lib/java.sh"

# The oldest Java that runs a broker.
KAFKA_JAVA=17

# Seconds for the broker to answer, and to end after TERM: it takes 3 and 1 on
# an idle machine.
KAFKA_START_SECONDS=120
KAFKA_STOP_SECONDS=60

# The most memory for its objects.
KAFKA_HEAP=512m

# Small and quick to start rather than fast: C1 alone, one collector thread.
KAFKA_JVM=(-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto
	-Djava.awt.headless=true
	-Dorg.slf4j.simpleLogger.showDateTime=true
	'-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS'
	-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn
	-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.utils=warn)

kafka_java()
{
	java_find "$KAFKA_JAVA"
}

# kafka_missing: prints what a broker needs and is not here, one thing a line.
kafka_missing()
{
	local jar found=false

	kafka_java >/dev/null || echo "java $KAFKA_JAVA or newer"
	type -P kcat >/dev/null || echo kcat
	for jar in "$KAFKA_LIBS"/kafka_*.jar; do
		[[ -e $jar ]] && found=true
	done
	$found || echo "Kafka's jars in $KAFKA_LIBS"
}

# kafka_configure DIR PORT CONTROLLER_PORT [KEY=VALUE...]: writes the
# configuration; later values of a key win.
kafka_configure()
{
	local dir=$1 port=$2 controller=$3

	shift 3
	cat >"$dir/server.properties" <<-END
		process.roles=broker,controller
		node.id=1
		listeners=CLIENT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
		advertised.listeners=CLIENT://127.0.0.1:$port
		inter.broker.listener.name=CLIENT
		controller.listener.names=CONTROLLER
		controller.quorum.voters=1@127.0.0.1:$controller
		listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT
		log.dirs=$dir/data
		# One broker, so one copy.
		default.replication.factor=1
		offsets.topic.replication.factor=1
		transaction.state.log.replication.factor=1
		transaction.state.log.min.isr=1
		# A mistyped name is an error, not a topic.
		auto.create.topics.enable=false
		# Age is judged by the trades' own time: a replay of last year's
		# capture must not be deleted as it arrives.
		log.retention.ms=-1
		# A killed broker is let in again when its last session is over.
		broker.heartbeat.interval.ms=500
		broker.session.timeout.ms=3000
		# Lighter than the defaults, which are for large clusters.
		offsets.topic.num.partitions=4
		transaction.state.log.num.partitions=4
		group.initial.rebalance.delay.ms=0
		log.cleaner.dedupe.buffer.size=4194304
		num.network.threads=2
		num.io.threads=4
	END
	if (($# > 0)); then
		printf '%s\n' "$@" >>"$dir/server.properties"
	fi
}

# kafka_format DIR: makes the storage if there is none yet. Made beside and
# renamed, so that an interrupted run leaves nothing that looks finished.
kafka_format()
{
	local dir=$1 java cluster

	[[ -e $dir/data/meta.properties ]] && return 0
	java=$(kafka_java) || return 1
	{ read -r cluster <"$dir/cluster"; } 2>/dev/null ||
	    cluster=$(kafka_uuid)
	rm -rf "$dir/data" "$dir/data.new"
	sed "s|^log.dirs=.*|&.new|" "$dir/server.properties" \
	    >"$dir/format.properties" &&
	"$java" "${KAFKA_JVM[@]}" -Xmx128m -cp "$KAFKA_LIBS/*" \
	    kafka.tools.StorageTool format -t "$cluster" \
	    -c "$dir/format.properties" </dev/null >"$dir/log" 2>&1 &&
	mv "$dir/data.new" "$dir/data" &&
	rm -f "$dir/format.properties"
}

# A cluster id as Kafka writes them: 128 bits in base64 for URLs.
kafka_uuid()
{
	head -c 16 /dev/urandom | base64 | tr '+/' '00' | cut -c 1-22
}

# kafka_pid DIR: prints the pid of the folder's broker, or fails.
kafka_pid()
{
	daemon_pid "$1/pid" "$1/server.properties"
}

# kafka_setting DIR KEY: prints the value that the broker was started with.
kafka_setting()
{
	sed -n "s/^${2//./\\.}=//p" "$1/server.properties" | tail -n 1
}

# kafka_answers DIR: 0 when the folder's broker lives and lists itself. It is
# asked at its own port, whatever stands behind the one that it advertises.
kafka_answers()
{
	local port listed node at

	kafka_pid "$1" >/dev/null && { read -r port <"$1/port"; } 2>/dev/null &&
	    listed=$(kcat -b "127.0.0.1:$port" -L -m 2 2>/dev/null) || return
	node=$(kafka_setting "$1" node.id)
	at=,$(kafka_setting "$1" advertised.listeners)
	at=${at#*,CLIENT://}
	[[ $listed == *" broker $node at ${at%%,*}"* ]]
}

kafka_answers_or_dead()
{
	kafka_answers "$1" || ! kafka_pid "$1" >/dev/null
}

# kafka_launch DIR PORT [KEY=VALUE...]: starts a broker that does not run, and
# does not wait until it answers. 0, or 3 with a message on stderr.
kafka_launch()
{
	local dir=$1 port=$2 java controller

	shift 2
	if port_taken "$port"; then
		echo "kafka: port $port is taken" >&2
		return 3
	fi
	if ! java=$(kafka_java); then
		echo "kafka: no Java $KAFKA_JAVA or newer: run scripts/deps" >&2
		return 3
	fi
	mkdir -p "$dir" || return 3
	{ read -r controller <"$dir/controller"; } 2>/dev/null ||
	    controller=$(free_port) || return 3
	kafka_configure "$dir" "$port" "$controller" "$@" || return 3
	if ! kafka_format "$dir"; then
		echo "kafka: cannot format $dir/data" >&2
		daemon_tail "$dir/log"
		return 3
	fi
	echo "$port" >"$dir/port" &&
	daemon_start "$dir/pid" "$dir/log" "$java" "${KAFKA_JVM[@]}" \
	    "-Xmx$KAFKA_HEAP" -cp "$KAFKA_LIBS/*" \
	    kafka.Kafka "$dir/server.properties" && return 0
	kafka_failed "$dir"
}

# kafka_wait DIR: waits until a broker that was launched answers. 0, or 3 with
# a message on stderr.
kafka_wait()
{
	wait_for "$KAFKA_START_SECONDS" kafka_answers_or_dead "$1" &&
	kafka_answers "$1" && return 0
	kafka_failed "$1"
}

kafka_failed()
{
	echo "kafka: does not start; see $1/log" >&2
	daemon_tail "$1/log"
	return 3
}

# kafka_start DIR PORT [KEY=VALUE...]: starts a broker and waits until it
# answers; nothing is done when it does already, whatever its port. With
# KEY=VALUE come further lines of the configuration.
# 0, or 3 with a message on stderr.
kafka_start()
{
	if kafka_pid "$1" >/dev/null; then
		wait_for "$KAFKA_START_SECONDS" kafka_answers "$1" && return 0
		echo "kafka: runs but does not answer; see $1/log" >&2
		return 3
	fi
	kafka_launch "$@" && kafka_wait "$1"
}

# kafka_stop DIR: ends the broker in order and waits until it is gone.
kafka_stop()
{
	daemon_stop "$1/pid" "$1/server.properties" TERM \
	    "$KAFKA_STOP_SECONDS" && return 0
	echo "kafka: does not end, killing it" >&2
	kafka_kill "$1"
}

# kafka_kill DIR: ends the broker as a crash would.
kafka_kill()
{
	daemon_stop "$1/pid" "$1/server.properties" KILL 30
}
