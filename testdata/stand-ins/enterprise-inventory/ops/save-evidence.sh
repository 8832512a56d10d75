#!/bin/sh
# save-evidence.sh RUN --environment ENVIRONMENT --logs
set -eu
[ "$2 $4" = "--environment --logs" ]
mkdir -p "$HOME/platform/evidence/$1"
cp "$HOME/platform/railway/$3/application/"* "$HOME/platform/evidence/$1/"
