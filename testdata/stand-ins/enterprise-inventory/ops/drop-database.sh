#!/bin/sh
# drop-database.sh SERVER DATABASE
set -eu
psql "service=$1" --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --set=name="$2" <<SQL
DROP DATABASE :"name";
SQL
