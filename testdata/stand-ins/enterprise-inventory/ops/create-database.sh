#!/bin/sh
# create-database.sh SERVER DATABASE: creates it, and lets the service `recovery` lead to it.
set -eu
psql "service=$1" --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --set=name="$2" <<SQL
CREATE DATABASE :"name";
SQL
file=$HOME/.pg_service.conf
# What is said of the server, with the other database.
there=$(sed -n "/^\[$1\]/,/^\[/p" "$file" | grep '=' | grep -v '^dbname=')
without=$(sed '/^\[recovery\]/,$d' "$file")
printf '%s\n[recovery]\n%s\ndbname=%s\n' "$without" "$there" "$2" >"$file.new"
mv "$file.new" "$file"
echo "create $2" >>"$HOME/platform/effects"
