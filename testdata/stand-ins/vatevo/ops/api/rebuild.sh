#!/bin/sh
# rebuild.sh --app APP --no-cache --only-signed
set -eu
[ "$1 $3 $4" = "--app --no-cache --only-signed" ]
echo signed >"$HOME/platform/fly/$2/image"
