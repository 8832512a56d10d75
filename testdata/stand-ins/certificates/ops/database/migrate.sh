#!/bin/sh
# migrate.sh --at PLACE DIRECTORY: brings the schema to the version of the application; nothing happens when it is there.
set -eu
exec psql -Xq -h "$3" -U drctl -d certificates --set=ON_ERROR_STOP=1 -c 'CREATE TABLE IF NOT EXISTS migrations (version int)'
