#!/bin/sh
# test-redis.sh NAME: says what is wrong with it; that something is, is no failure.
redis-cli -s "$HOME/platform/redis/$1/socket" ping || echo "it does not answer"
