#!/bin/sh
# cut-off.sh --app APP --region REGION: nobody reaches the old machine any more.
set -eu
[ "$1 $3" = "--app --region" ]
cd "$HOME/platform/fly/$2"
echo "$4" >cut-off
