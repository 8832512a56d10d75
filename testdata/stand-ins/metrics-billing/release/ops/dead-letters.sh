#!/bin/sh
# dead-letters.sh DEAD --requeue QUEUE: puts each back once; what is no event stays dead, and is printed.
set -eu
[ "$2" = --requeue ]
cd "$HOME/platform/cloudflare/queues/$1"
for message in message-*; do
    if grep -Eqs '^[0-9]+ [0-9]+ [0-9]+ ' "$message"; then mv "$message" "../$3/"; else cat "$message" 2>/dev/null || true; fi
done
