#!/bin/sh
# verify-backup.sh --at PLACE: reads the backups, checksum by checksum.
set -eu
said=$(./ops/on-host.sh --at "$2" database "pgbackrest --stanza=certificates --log-level-console=info verify")
echo "$said"
case "$said" in *ERROR* | *"no backups"*) exit 1 ;; esac
