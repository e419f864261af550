#!/usr/bin/env bash
# Mistakes that a retry cannot help end a start with status 2, above all those
# in TLS; a connection that breaks meanwhile does not, nor anything later on.

# shellcheck disable=SC2317 # functions that wait_for calls
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/peers/postgres.sh
. "$ROOT/tests/peers/postgres.sh"
# shellcheck source=tests/peers/certs.sh
. "$ROOT/tests/peers/certs.sh"
need openssl perl

# Nothing of the user's: no ~/.postgresql, no variables.
HOME=$T/home
mkdir "$HOME"
export HOME
unset PGSSLMODE PGSSLROOTCERT PGSSLCERT PGSSLKEY TICKPIPE_DATABASE

if ! { certs_make "$T/certs" && certs_server "$T/certs" tickpipe DNS:client &&
    certs_ca "$T/certs/stranger" tickpipe; }; then
	bail 'no certificates'
fi
C=$T/certs
peer_postgres_start "$T/pg"
plain=$DATABASE

sql()
{
	psql -XAtq -v ON_ERROR_STOP=1 -d "$plain" -c "$1"
}

sql 'CREATE TABLE t (id int PRIMARY KEY, n int)'
libpq=$(pg-upsert --version | sed -n 's/.*libpq \([0-9]*\).*/\1/p')
echo '{"id":1,"n":1}' >"$T/in"

# ends_at_once NAME REGEX SETTING...: status 2, for that reason.
ends_at_once()
{
	local name=$1 regex=$2

	shift 2
	status_is 2 "$name" timeout 60 pg-upsert -d "$plain $*" t <"$T/in"
	like "$(<"$T/err")" "$regex" 'is said'
	unlike "$(<"$T/err")" 'trying again' 'and not tried again'
}

ends_at_once 'a server without TLS' 'does not support SSL' sslmode=require
ends_at_once 'nor that of a certain name' 'does not support SSL' \
    sslmode=verify-full "sslrootcert='$C/ca.pem'"

# serve NAME: the server has this certificate when it reads its files again.
serve()
{
	if ! { cp "$C/$1.pem" "$T/pg/server.pem" &&
	    cp "$C/$1.key" "$T/pg/server.key" &&
	    chmod 600 "$T/pg/server.key"; }; then
		bail 'no certificate'
	fi
	postgres_user "$T/pg"
	if ((${#POSTGRES_AS[@]} > 0)); then
		chown "${POSTGRES_AS[1]#*=}" "$T/pg/server.key"
	fi
}

cp "$C/ca.pem" "$T/pg/ca.pem"
serve server
peer_postgres_stop "$T/pg"
postgres_hba="$(readlink -f "$T/pg/data")/pg_hba.conf"
{
	echo 'host rejected all 127.0.0.1/32 reject'
	echo 'hostnossl bare all 127.0.0.1/32 scram-sha-256'
	echo 'host bare all 127.0.0.1/32 reject'
	echo 'hostssl certain all 127.0.0.1/32 scram-sha-256 clientcert=verify-full'
	cat "$postgres_hba"
} >"$T/hba" && cat "$T/hba" >"$postgres_hba"
peer_postgres_start "$T/pg" ssl=on "ssl_cert_file=$T/pg/server.pem" \
    "ssl_key_file=$T/pg/server.key" "ssl_ca_file=$T/pg/ca.pem" \
    ssl_min_protocol_version=TLSv1.3
psql -XAtq -d "$DATABASE_ADMIN" -c 'CREATE DATABASE rejected' \
    -c 'CREATE DATABASE certain TEMPLATE tickpipe' || bail 'no databases'

verify="sslmode=verify-full sslrootcert='$C/ca.pem'"
status_is 0 'TLS, with everything verified' pg-upsert -d "$plain $verify" t \
    <"$T/in"
ends_at_once 'no root certificate' \
    'root certificate file .*none" does not exist' \
    sslmode=verify-ca "sslrootcert='$T/none'"
ends_at_once 'none in the home folder' \
    'root certificate file .*root.crt" does not exist' sslmode=verify-full
ends_at_once 'a root certificate that is none' \
    'could not read root certificate file' \
    sslmode=verify-ca "sslrootcert='$T/in'"
ends_at_once 'an unknown authority' 'certificate verify failed' \
    sslmode=verify-ca "sslrootcert='$C/other-ca.pem'"
ends_at_once 'another name' 'does not match host name "else.example"' \
    "$verify" host=else.example hostaddr=127.0.0.1
ends_at_once 'a protocol that is too old' 'SSL error.*(version|protocol)' \
    sslmode=require ssl_max_protocol_version=TLSv1.2

# Certificates of the client's.
client="sslcert='$C/tickpipe.pem' sslkey='$C/tickpipe.key'"
status_is 0 'a client with a certificate' \
    pg-upsert -d "$plain $verify $client dbname=certain" t <"$T/in"
ends_at_once 'a certificate is wanted' 'valid client certificate' \
    "$verify" dbname=certain
ends_at_once 'one without its key' 'not private key file' \
    "$verify" dbname=certain "sslcert='$C/tickpipe.pem' sslkey='$T/none'"
ends_at_once 'one with the key of another' '(does not match private key|key values mismatch)' \
    "$verify" dbname=certain "sslcert='$C/tickpipe.pem'" \
    "sslkey='$C/other-ca.key'"
ends_at_once 'one that the server does not know' 'unknown ca|[Uu]nknown CA' \
    "$verify" dbname=certain "sslcert='$C/stranger.pem'" \
    "sslkey='$C/stranger.key'"
cp "$C/tickpipe.key" "$C/open.key" && chmod 644 "$C/open.key"
ends_at_once 'a key for all to read' 'group or world access' \
    "$verify" dbname=certain "sslcert='$C/tickpipe.pem'" \
    "sslkey='$C/open.key'"

# Other mistakes.
ends_at_once 'rejected by pg_hba.conf' 'pg_hba.conf rejects' dbname=rejected
ends_at_once 'TLS where none may be used' 'pg_hba.conf rejects' \
    dbname=bare sslmode=require
ends_at_once 'no channel to bind to' 'channel binding required' \
    sslmode=disable channel_binding=require
ends_at_once 'GSSAPI that nobody speaks' 'GSSAPI' gssencmode=require
ends_at_once 'a port that is none' 'invalid port number' port=99999
ends_at_once 'an address that is none' 'could not parse network address' \
    hostaddr=here
ends_at_once 'a channel binding that is none' 'invalid channel_binding' \
    channel_binding=maybe
ends_at_once 'hosts without ports' 'could not match' port=1,2,3
ends_at_once 'a socket with too long a name' 'path .* is too long' \
    "host=/$(printf '%0200d' 0)"
cp "$T/pg/pgpass" "$T/open" && chmod 644 "$T/open"
ends_at_once 'a password file for all to read' 'no password supplied' \
    "passfile='$T/open'"
if ((libpq >= 16)); then
	ends_at_once 'a way to log in that the server does not ask for' \
	    'authentication method requirement' require_auth=password
	ends_at_once 'the roots of the system, not verified' \
	    'weak sslmode' sslrootcert=system sslmode=require
else
	skip "libpq $libpq does not know that" 6
fi
if ((libpq >= 17)); then
	ends_at_once 'TLS at once, perhaps' 'weak sslmode' \
	    sslnegotiation=direct sslmode=prefer
else
	skip "libpq $libpq does not know that" 3
fi

# A listener that agrees to TLS, or waits for the login, and then is gone, is
# tried again.
perl -MIO::Socket::INET -e '
	$| = 1;
	$server = IO::Socket::INET->new(Listen => 9,
	    LocalAddr => "127.0.0.1") or die;
	print $server->sockport, "\n";
	while ($client = $server->accept) {
		sysread $client, $request, 8;
		syswrite $client, "S" if unpack("x4N", $request) == 80877103;
		close $client;
	}' >"$T/port" &
listener=$!
on_exit kill "$listener"
wait_for 20 test -s "$T/port" || bail 'no listener'
for mode in require disable; do
	pg-upsert --drain 100ms -d "host=127.0.0.1 port=$(<"$T/port")
	    user=u sslmode=$mode" t 2>"$T/err" </dev/null &
	pid=$!
	wait_for 30 grep -q 'trying again' "$T/err"
	ok $? "a connection that breaks, sslmode=$mode, is tried again"
	kill "$pid"
	wait "$pid"
	is $? 3 'and is status 3' || diag_file "$T/err"
done

# After the first success a wrong certificate is one more trouble to wait out.
said()
{
	grep -qE "$1" "$T/err"
}
count_is()
{
	[[ $(sql 'SELECT count(*) FROM t') == "$1" ]]
}
end_session()
{
	psql -XAtq -d "$DATABASE_ADMIN" -c "SELECT pg_terminate_backend(pid)
	    FROM pg_stat_activity WHERE application_name = 'pg-upsert'" \
	    >/dev/null
}
reload()
{
	psql -XAtq -d "$DATABASE_ADMIN" -c 'SELECT pg_reload_conf()' >/dev/null
	wait_for 30 presents "$1" || bail 'no reload'
}
# presents NAME: whether the server shows this certificate.
presents()
{
	[[ $(openssl s_client -starttls postgres \
	    -connect "127.0.0.1:$(<"$T/pg/port")" 2>/dev/null </dev/null |
	    openssl x509 -noout -subject) == *"$1" ]]
}
mkfifo "$T/feed"
pg-upsert -d "$plain $verify" t <"$T/feed" 2>"$T/err" &
pid=$!
exec 7>"$T/feed"
echo '{"id":2,"n":1}' >&7
wait_for 30 count_is 2
ok $? 'rows arrive over TLS'
serve wrong-name
reload wrong-name
end_session
echo '{"id":3,"n":1}' >&7
wait_for 60 said 'does not match host name.*; trying again'
ok $? 'a certificate of another name is said later' || diag_file "$T/err"
serve server
reload server
wait_for 60 count_is 3
ok $? 'and waited out'
exec 7>&-
wait "$pid"
is $? 0 'to a good end'

done_testing
