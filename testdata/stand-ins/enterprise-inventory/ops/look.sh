#!/bin/sh
# look.sh --environment ENVIRONMENT: says whether it is the application, the database or Railway.
set -eu
[ "$1" = --environment ]
cd "$HOME/platform/railway/$2/application"
. ./variables
psql "service=$DATABASE_SERVER dbname=$DATABASE_NAME" --no-psqlrc --quiet --command='SELECT 1' >/dev/null
echo "the database answers; deployed is $(tail -n 1 deployments)"
