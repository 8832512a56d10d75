#!/bin/sh
# serve-database.sh CLUSTER DIRECTORY: lets PostgreSQL serve that directory in the place of the one before.
set -eu
cluster=$HOME/platform/clusters/$1
mkdir -p "$cluster"
[ ! -f "$cluster/serves" ] || pg_ctl stop -w -m fast -D "$(cat "$cluster/serves")" >/dev/null
cd "$cluster"
pg_ctl start -w -D "$2" -l log -o "-p 5432 -c unix_socket_directories='$cluster'" >/dev/null
until [ "$(psql -XAt -h "$cluster" -U drctl -d postgres -c 'SELECT pg_is_in_recovery()')" = f ]; do sleep 0.1; done
echo "$2" >serves
