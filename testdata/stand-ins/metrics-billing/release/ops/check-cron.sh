#!/bin/sh
# check-cron.sh --env ENVIRONMENT: fails where a cron job of the release is not scheduled.
set -eu
[ "$1" = --env ]
sed -n 's/^crons = //p' wrangler.toml | tr -d '[]" ' | tr ',' '\n' | cmp - "$HOME/platform/cloudflare/$2/crons"
