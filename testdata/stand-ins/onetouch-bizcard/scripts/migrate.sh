#!/bin/sh
# migrate.sh DATABASE: brings the schema to the version of the application; nothing happens when it is there.
set -eu
psql "$1" --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --command='CREATE TABLE IF NOT EXISTS migrations (version int)'
