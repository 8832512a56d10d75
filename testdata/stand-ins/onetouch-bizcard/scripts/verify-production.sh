#!/bin/sh
# verify-production.sh --host HOST: sees that everything answers there.
set -eu
[ "$1" = --host ]
curl --fail --silent --show-error --proxy "$(cat "$HOME/platform/address")" "http://$2/api/health"
