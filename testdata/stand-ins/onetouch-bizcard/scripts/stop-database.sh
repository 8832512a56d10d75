#!/bin/sh
# stop-database.sh CLUSTER: nothing is served there any more; the directory stays.
set -eu
cd "$HOME/platform/clusters/$1"
pg_ctl stop -w -m fast -D "$(cat serves)" >/dev/null
rm serves
