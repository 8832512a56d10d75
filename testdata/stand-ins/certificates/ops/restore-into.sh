#!/bin/sh
# restore-into.sh --at PLACE [--remove] DIRECTORY…: makes empty directories there, or removes those that it has made.
# The next restore of that name goes into them.
set -eu
[ "$1" = --at ]
cd "$HOME/platform/places/$2"
shift 2
remove=
if [ "$1" = --remove ]; then remove=1; shift; fi
for directory; do
    made=made-$(basename "$directory")
    what=$(basename "${directory%-*}")
    if [ -z "$remove" ]; then
        mkdir -p "$(dirname "$directory")"
        mkdir -m 700 "$directory"
        echo "$directory" >"$made"
        ln -sfn "$made" "next-$what"
    elif [ -f "$made" ]; then
        [ ! -f "$directory/postmaster.pid" ] || pg_ctl stop -w -m fast -D "$directory"
        rm -rf "$directory" "$made" "next-$what"
    fi
done
