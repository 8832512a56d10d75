#!/bin/sh
# metadata.sh --at PLACE update|revert DIRECTORY: marks what only the database has, to be issued again.
set -eu
ask() { psql -XAt -h "$HOME/platform/places/$place/database" -U drctl -d certificates --set=ON_ERROR_STOP=1 -c "$1"; }
place=$2
case "$3" in
update)
    there=$(find "$4" -name '*.crt' -printf "'%f',")
    ask "UPDATE certificates SET to_be_issued = true WHERE name || '.crt' NOT IN (${there}'')"
    ;;
revert) ask "UPDATE certificates SET to_be_issued = false" ;;
*) exit 1 ;;
esac
