#!/bin/sh
# consume.sh QUEUE HOST: what the worker does with each message, while the queue delivers: a row, once.
set -eu
queue=$HOME/platform/cloudflare/queues/$1
[ ! -f "$queue/paused" ] || exit 0
for message in "$queue"/message-*; do
    [ -f "$message" ] || continue
    read -r id customer cents _kind <"$message"
    psql -Xq -U recovery -h "$2" -d billing --set=ON_ERROR_STOP=1 --set=id="$id" --set=customer="$customer" --set=cents="$cents" <<'SQL'
INSERT INTO usage VALUES (:id, :customer, :cents) ON CONFLICT DO NOTHING;
SQL
    rm "$message"
done
