#!/bin/sh
# verify-permissions.sh --at PLACE MODE DIRECTORY: every file has that mode, and there is one.
set -eu
[ "$1" = --at ]
[ -n "$(find "$4" -type f)" ]
others=$(find "$4" -type f ! -perm "$3")
[ -z "$others" ] || { echo "others may read: $others" >&2; exit 1; }
