#!/bin/sh
# smoke.sh -u URL: sends a test tenant's invoice all the way.
set -eu
[ "$1" = -u ]
ask() { curl --fail --silent --show-error --proxy "$(cat "$HOME/platform/address")" "$1"; }
before=$(ask "$2/invoices/test")
ask "$2/invoices/send" >/dev/null
[ "$(ask "$2/invoices/test")" = "$((before + 1))" ]
