#!/bin/sh
# verify.sh --at PLACE DIRECTORY: each certificate has its private key and a day left.
set -eu
cd "$3"
for certificate in *.crt; do
    openssl x509 -in "$certificate" -noout -checkend 86400
    [ "$(openssl x509 -in "$certificate" -noout -pubkey)" = "$(openssl pkey -in "${certificate%.crt}.key" -pubout)" ]
done
