#!/bin/sh
# smoke.sh --host HOST [--through-maintenance]: asks for stock, looks for another tenant's, and compares a balance.
set -eu
[ "$1" = --host ]
how=${3:+?$3}
ask() { curl --fail --silent --show-error --proxy "$(cat "$HOME/platform/address")" "http://$1$how"; }
[ "$(ask "$2/stock/1")" -gt 0 ]
[ "$(ask "$2/strangers")" = 0 ]
[ "$(ask "$2/violations")" = 0 ]
