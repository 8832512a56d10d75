#!/bin/sh
# point.sh HOST PLACE: sends everybody who asks for the host there.
set -eu
mkdir -p "$HOME/platform/dns"
echo "$2" >"$HOME/platform/dns/$1"
