#!/bin/sh
# use.sh --at PLACE DIRECTORY|the-one-before: restarts the instances with that environment, one after the other.
set -eu
directory=$3
cd "$HOME/platform/places/$2/cluster"
[ "$directory" != the-one-before ] || directory=$(cat before)
[ -f "$directory/environment" ]
cp environment before
echo "$directory" >environment
