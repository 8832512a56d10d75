#!/bin/sh
# serve.sh --at PLACE DIRECTORY|the-one-before|nothing: lets PostgreSQL serve that directory to everybody there.
set -eu
directory=$3
cd "$HOME/platform/places/$2/database"
export PGBACKREST_CONFIG="$PWD/pgbackrest.conf"
[ "$directory" != the-one-before ] || directory=$(cat before)
for old in "$(cat serves 2>/dev/null)" "$directory"; do
    [ ! -f "$old/postmaster.pid" ] || pg_ctl stop -w -m fast -D "$old" >/dev/null
done
cp serves before 2>/dev/null || true
rm -f serves
[ "$directory" != nothing ] || exit 0
pg_ctl start -w -D "$directory" -l "$PWD/log" -o "-p 5432 -c unix_socket_directories='$PWD'" >/dev/null
until [ "$(psql -XAt -h "$PWD" -U drctl -d postgres -c 'SELECT pg_is_in_recovery()')" = f ]; do sleep 0.1; done
echo "$directory" >serves
