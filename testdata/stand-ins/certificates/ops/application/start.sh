#!/bin/sh
# start.sh --at PLACE --environment DIRECTORY: starts three instances with it.
set -eu
[ "$3" = --environment ] && [ -f "$4/environment" ]
cd "$HOME/platform/places/$2/cluster"
echo "$4" >environment
echo 3 >instances
