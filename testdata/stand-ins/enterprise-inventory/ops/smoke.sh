#!/bin/sh
# smoke.sh --host HOST: asks for stock, looks for another tenant's, and compares a balance.
set -eu
[ "$1" = --host ]
ask() { curl --fail --silent --show-error "$(cat "$HOME/platform/address")/$1"; }
[ "$(ask "$2/stock/1")" -gt 0 ]
[ "$(ask "$2/strangers")" = 0 ]
[ "$(ask "$2/violations")" = 0 ]
