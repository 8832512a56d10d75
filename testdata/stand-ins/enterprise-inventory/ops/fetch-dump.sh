#!/bin/sh
# fetch-dump.sh DUMP FILE: brings it here, compares its checksum, and reads all of it.
set -eu
from=s3://inventory-dumps/hourly/$1
aws s3 cp "$from" "$2"
aws s3 cp "$from.sha256" "$2.sha256"
echo "$(cat "$2.sha256")  $2" | sha256sum --check --quiet
pg_restore --file=/dev/null "$2"
