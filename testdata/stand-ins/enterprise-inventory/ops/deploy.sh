#!/bin/sh
# deploy.sh --environment ENVIRONMENT SERVICE IMAGE
set -eu
[ "$1" = --environment ]
[ -f "$HOME/platform/registry/$(echo "$4" | tr '/:' '__')" ]
echo "$4" >>"$HOME/platform/railway/$2/$3/deployments"
