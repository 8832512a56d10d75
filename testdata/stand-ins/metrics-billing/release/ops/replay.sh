#!/bin/sh
# replay.sh --events NAME --host HOST --missing --skip-kinds FILE: sends what is archived in the bucket and is neither in the
# database nor in the queue to the queue of that name, which delivers it.
set -eu
[ "$1 $3 $5 $6" = "--events --host --missing --skip-kinds" ]
queue=$HOME/platform/cloudflare/queues/$2
aws s3 ls "s3://$2/" | while read -r _day _time _size key; do
    aws s3 cp "s3://$2/$key" event
    read -r id _customer _cents kind <event
    there=$(psql -XAt -U recovery -h "$4" -d billing --set=ON_ERROR_STOP=1 --command="SELECT count(*) FROM usage WHERE id = $((id + 0))")
    if [ "$there" = 0 ] && [ ! -f "$queue/message-$id" ] && ! grep -qx "$kind" "$7"; then
        mv event "$queue/message-$id"
        echo "replay $id" >>"$HOME/platform/effects"
    fi
done
sh ops/consume.sh "$2" "$4"
