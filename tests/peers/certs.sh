# shellcheck shell=bash
# Throwaway certificates for the tests. Sourced, never run.

# certs_make DIR: makes a CA and server certificates signed by it in DIR:
#	ca.pem				the CA
#	server.pem, server.key		for localhost and 127.0.0.1
#	wrong-name.pem, wrong-name.key	for another name
#	other-ca.pem			a CA that signed none of them
# All are good for two days. Fails when openssl does.
certs_make()
{
	local dir=$1

	mkdir -p "$dir" &&
	    certs_ca "$dir/ca" 'tickpipe test CA' &&
	    certs_ca "$dir/other-ca" 'tickpipe other CA' &&
	    certs_server "$dir" server DNS:localhost,IP:127.0.0.1 &&
	    certs_server "$dir" wrong-name DNS:elsewhere.example
}

# certs_ca BASE NAME: BASE.pem and BASE.key.
certs_ca()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
	    -nodes -days 2 -subj "/CN=$2" -keyout "$1.key" -out "$1.pem" \
	    2>/dev/null
}

# certs_server DIR BASE NAMES: signed by DIR/ca.
certs_server()
{
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
	    -subj "/CN=$2" -keyout "$1/$2.key" -out "$1/$2.csr" \
	    2>/dev/null &&
	    printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\n' "$3" \
		>"$1/$2.ext" &&
	    openssl x509 -req -days 2 -in "$1/$2.csr" -extfile "$1/$2.ext" \
		-CA "$1/ca.pem" -CAkey "$1/ca.key" -CAcreateserial \
		-out "$1/$2.pem" 2>/dev/null
}
