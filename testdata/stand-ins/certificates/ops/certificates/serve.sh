#!/bin/sh
# serve.sh --at PLACE DIRECTORY|nothing: lets the instances of that place read them.
set -eu
cd "$HOME/platform/places/$2/volume"
if [ "$3" = nothing ]; then rm -f serves; else [ -d "$3" ] && echo "$3" >serves; fi
