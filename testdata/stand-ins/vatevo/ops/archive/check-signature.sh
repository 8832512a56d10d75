#!/bin/sh
# check-signature.sh BUCKET KEY: the first line of an invoice is the checksum of the others.
set -eu
newest=$(aws s3api list-object-versions --bucket "$1" --prefix "$2" | head -n 1)
file=$HOME/platform/versions/$1/$2/$newest
[ "$(head -n 1 "$file")" = "$(sed 1d "$file" | sha256sum | cut -d' ' -f1)" ]
