#!/bin/sh
# webhook.sh --mode MODE --set FILE: sets the webhook of that mode to what the file says, and on.
set -eu
[ "$1 $3" = "--mode --set" ]
cd "$HOME/platform/razorpay/$2"
cp "$OLDPWD/$4" webhook
echo on >state
