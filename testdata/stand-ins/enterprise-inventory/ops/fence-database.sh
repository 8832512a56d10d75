#!/bin/sh
# fence-database.sh SERVER DATABASE [--open]: lets nobody but the administrator connect.
set -eu
limit=0
[ "${3-}" != --open ] || limit=-1
psql "service=$1" --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --set=name="$2" --set=limit=$limit >/dev/null <<'SQL'
ALTER DATABASE :"name" CONNECTION LIMIT :limit;
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :'name' AND usename = 'application';
SQL
echo "fence $2 $limit" >>"$HOME/platform/effects"
