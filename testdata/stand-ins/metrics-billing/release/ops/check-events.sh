#!/bin/sh
# check-events.sh --events NAME --host HOST --since 24h: fails where an event that counts is not in the database, once.
set -eu
[ "$1 $3 $5" = "--events --host --since" ]
aws s3 ls "s3://$2/" | while read -r _day _time _size key; do
    aws s3 cp "s3://$2/$key" event
    read -r id customer cents kind <event
    ! grep -qx "$kind" ops/replay-skip.txt || continue
    ask="SELECT count(*) FROM usage WHERE (id, customer, cents) = ($((id + 0)), $((customer + 0)), $((cents + 0)))"
    [ "$(psql -XAt -U recovery -h "$4" -d billing --set=ON_ERROR_STOP=1 --command="$ask")" = 1 ] || { echo "$key is missing" >&2; exit 1; }
done
