#!/bin/sh
# look.sh --at PLACE: how full the disk is, and whether PostgreSQL answers; that it does not is no failure.
[ "$1" = --at ] && cd "$HOME/platform/places/$2/database" || exit 1
df -h . && pg_isready -h "$PWD"
exit 0
