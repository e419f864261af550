#!/bin/bash
# Goal: a user and a password from a file, or a certificate, open a broker to
# both commands, with TLS and without; a wrong one is status 2 at once, for a
# retry cannot help.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/peers/certs.sh
. "$ROOT/tests/peers/certs.sh"
# shellcheck source=tests/peers/kafka.sh
. "$ROOT/tests/peers/kafka.sh"

need kcat jq openssl
peer_kafka_start_secure "$T/kafka"
certs=$T/kafka/certs
kafka-pub -b "$BROKERS" --create 1 t </dev/null
unset TICKPIPE_BROKERS
sent=0

# good FILE NAME: with these properties both commands work.
good()
{
	echo "{\"n\":$((++sent))}" >"$T/in"
	status_is 0 "$2: kafka-pub" timeout 60 kafka-pub -F "$1" t <"$T/in"
	status_is 0 "$2: kafka-sub" timeout 60 kafka-sub -F "$1" -g g -e t
	is "$(<"$T/out")" "{\"n\":$sent}" 'sees the line'
}

# bad FILE NAME WHAT: with these neither does, and says WHAT at once.
bad()
{
	status_is 2 "$2: kafka-pub" timeout 60 kafka-pub -F "$1" t <"$T/in"
	like "$(<"$T/err")" "$3" 'says why'
	unlike "$(<"$T/err")" 'wrong' 'without the password'
	status_is 2 "$2: kafka-sub" timeout 60 kafka-sub -F "$1" -g g t
	like "$(<"$T/err")" "$3" 'says why'
	status_is 2 "$2: without a group" \
	    timeout 60 kafka-sub -F "$1" -o end t
}

# As a Java client's file has it.
module=org.apache.kafka.common.security.plain.PlainLoginModule
cat >"$T/plain" <<END
bootstrap.servers=$BROKERS_SASL
security.protocol=SASL_PLAINTEXT
sasl.mechanism=PLAIN
sasl.jaas.config=$module required \\
	username="u" password="p";
END
sed 's/="p"/="wrong"/' "$T/plain" >"$T/plain.bad"
good "$T/plain" PLAIN
bad "$T/plain.bad" 'PLAIN, a wrong password' '[Aa]uthentication'

cat >"$T/plain-tls" <<END
bootstrap.servers=$BROKERS_SASL_TLS
security.protocol=SASL_SSL
ssl.ca.location=$certs/ca.pem
sasl.mechanism=PLAIN
sasl.username=u
sasl.password=p
END
sed 's/^sasl.password=p/&wrong/' "$T/plain-tls" >"$T/plain-tls.bad"
sed 's/ca.pem/other-ca.pem/' "$T/plain-tls" >"$T/other-ca"
good "$T/plain-tls" 'PLAIN over TLS'
bad "$T/plain-tls.bad" 'PLAIN over TLS, a wrong password' '[Aa]uthentication'
bad "$T/other-ca" 'an authority that is not known' 'certificate'

# Before 2.6.1 librdkafka cannot do SCRAM with Kafka 4, and it is said.
read -r old < <(kafka-sub -V | sed -n 's/.*librdkafka //p')
newest=$(printf '%s\n' "$old" 2.6.1 | sort -V | tail -n 1)
kafka4=$(find "$KAFKA_LIBS" -name 'kafka_2.13-[4-9].*' | head -n 1)
for mechanism in SCRAM-SHA-256 SCRAM-SHA-512; do
	sed "s/PLAIN$/$mechanism/" "$T/plain-tls" >"$T/scram"
	sed "s/PLAIN$/$mechanism/" "$T/plain-tls.bad" >"$T/scram.bad"
	if [[ $newest == "$old" || -z $kafka4 ]]; then
		good "$T/scram" "$mechanism over TLS"
	else
		bad "$T/scram" "$mechanism, a library too old for it" \
		    "too old for SCRAM with Kafka 4.*2\.6\.1"
	fi
	bad "$T/scram.bad" "$mechanism, a wrong password" '[Aa]uthentication'
	if [[ $newest == "$old" ]]; then
		unlike "$(<"$T/err")" 'too old' 'and no more'
	fi
done
unlike "$(kafka-pub -F "$T/plain.bad" t <"$T/in" 2>&1)" 'too old' \
    'PLAIN needs no new library'

cat >"$T/mutual" <<END
bootstrap.servers=$BROKERS_TLS
security.protocol=SSL
ssl.ca.location=$certs/ca.pem
ssl.certificate.location=$certs/client.pem
ssl.key.location=$certs/client.key
END
good "$T/mutual" 'a client certificate'
grep -v 'ssl.certificate\|ssl.key' "$T/mutual" >"$T/mutual.bad"
bad "$T/mutual.bad" 'no client certificate' 'certificate'
done_testing
