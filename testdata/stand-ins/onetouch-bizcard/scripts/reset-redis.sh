#!/bin/sh
# reset-redis.sh NAME: puts Redis back as the image has it, with an empty data directory.
set -eu
redis=$HOME/platform/redis/$1
[ ! -S "$redis/socket" ] || redis-cli -s "$redis/socket" shutdown nosave || true
rm -rf "$redis"
mkdir -p "$redis"
cd "$redis"
redis-server --port 0 --unixsocket "$redis/socket" --dir "$redis" --pidfile "$redis/redis.pid" --daemonize yes >/dev/null
until [ "$(redis-cli -s "$redis/socket" ping 2>/dev/null)" = PONG ]; do sleep 0.1; done
