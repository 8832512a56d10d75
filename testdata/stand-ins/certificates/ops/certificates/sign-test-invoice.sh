#!/bin/sh
# sign-test-invoice.sh --at PLACE: an instance signs an invoice that is for nobody, with what it reads.
set -eu
cd "$HOME/platform/places/$2"
[ "$(cat cluster/instances)" -gt 0 ]
cd "$(cat volume/serves)"
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT
set -- *.crt
echo "invoice 0" >"$scratch/invoice"
openssl dgst -sha256 -sign "${1%.crt}.key" -out "$scratch/signature" "$scratch/invoice"
openssl x509 -in "$1" -noout -pubkey >"$scratch/public"
openssl dgst -sha256 -verify "$scratch/public" -signature "$scratch/signature" "$scratch/invoice"
