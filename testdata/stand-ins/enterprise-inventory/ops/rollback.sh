#!/bin/sh
# rollback.sh --environment ENVIRONMENT SERVICE: goes back to the deployment before.
set -eu
[ "$1" = --environment ]
cd "$HOME/platform/railway/$2/$3"
[ "$(wc -l <deployments)" -gt 1 ]
sed '$d' deployments >deployments.new
mv deployments.new deployments
