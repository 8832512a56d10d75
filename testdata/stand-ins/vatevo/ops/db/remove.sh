#!/bin/sh
# remove.sh volume|machine --app APP --run RUN: only what this run has made.
set -eu
[ "$2 $4" = "--app --run" ]
cd "$HOME/platform/fly/$3"
if [ "$1" = volume ]; then rm -rf "volumes/pg_$5"; exit; fi
machine=machines/pg-$5
[ -d "$machine" ] || exit 0
[ "$(cut -d' ' -f1 "$machine/made")" = "$5" ]
[ ! -f "$machine/disk/data/postmaster.pid" ] || pg_ctl stop -w -m fast -D "$machine/disk/data"
rm -rf "$machine"
