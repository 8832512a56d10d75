#!/bin/sh
# validate.sh --at PLACE DIRECTORY: every variable is there that the application asks for.
set -eu
for variable in DATABASE CERTIFICATES; do grep "^$variable=." "$3/environment"; done
