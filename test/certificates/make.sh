#!/bin/sh
# Makes the certificates and keys of the tests anew; README.md says what they are.
set -eu
cd "$(dirname "$0")"
rm -f -- *.pem *.key
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/ca.conf" <<END
[ca]
default_ca = default
[default]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = anything
unique_subject = no
copy_extensions = none
[anything]
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[broker]
subjectAltName = DNS:localhost, DNS:broker.test, IP:127.0.0.1, IP:::1
extendedKeyUsage = serverAuth
[elsewhere]
subjectAltName = DNS:elsewhere.test
extendedKeyUsage = serverAuth
[client]
extendedKeyUsage = clientAuth
END
: >"$work/index"

BEGIN=20200101000000Z
END=21260101000000Z

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

# authority FILE NAME
authority() {
  key "$work/$1.key"
  openssl req -new -key "$work/$1.key" -subj "/CN=$2" -out "$work/request"
  openssl ca -batch -notext -selfsign -config "$work/ca.conf" -extensions authority -keyfile "$work/$1.key" \
    -startdate $BEGIN -enddate $END -in "$work/request" -out "$1.pem"
}

# intermediate FILE NAME AUTHORITY
intermediate() {
  key "$work/$1.key"
  certificate "$1.pem" "$work/$1.key" "$2" authority "$3"
}

# certificate FILE KEY NAME EXTENSIONS AUTHORITY [BEGIN [END]]
certificate() {
  openssl req -new -key "$2" -subj "/CN=$3" -out "$work/request"
  openssl ca -batch -notext -config "$work/ca.conf" -extensions "$4" -cert "$5.pem" -keyfile "$work/$5.key" \
    -startdate "${6:-$BEGIN}" -enddate "${7:-$END}" -in "$work/request" -out "$1"
}

authority ca "Test authority"
authority other-ca "Other authority"

authority root-ca "Root authority"
intermediate middle-ca "Middle authority" root-ca

key broker.key
certificate broker.pem broker.key broker broker ca
certificate broker-expired.pem broker.key broker broker ca 20200101000000Z 20210101000000Z
certificate broker-future.pem broker.key broker broker ca 21200101000000Z
certificate broker-elsewhere.pem broker.key elsewhere elsewhere ca
certificate broker-foreign.pem broker.key broker broker other-ca
certificate broker-below.pem broker.key broker broker middle-ca
openssl req -new -key broker.key -subj "/CN=broker" -out "$work/request"
openssl ca -batch -notext -selfsign -config "$work/ca.conf" -extensions broker -keyfile broker.key \
  -startdate $BEGIN -enddate $END -in "$work/request" -out broker-alone.pem

key client.key
openssl pkcs8 -topk8 -v2 aes-256-cbc -in client.key -passout pass:geheim -out client-encrypted.key
certificate client.pem client.key gateway client ca
certificate client-new.pem client.key new-gateway client ca
certificate client-expired.pem client.key gateway client ca 20200101000000Z 20210101000000Z
certificate client-future.pem client.key gateway client ca 21200101000000Z
certificate client-foreign.pem client.key gateway client other-ca
