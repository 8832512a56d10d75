#!/bin/sh
# on-host.sh --at PLACE HOST LINE: has a host of that place carry a line out.
set -eu
[ "$1" = --at ]
cd "$HOME/platform/places/$2/$3"
PGBACKREST_CONFIG=$PWD/pgbackrest.conf exec sh -c "$4"
