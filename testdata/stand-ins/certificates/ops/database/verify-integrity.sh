#!/bin/sh
# verify-integrity.sh --at PLACE DIRECTORY: starts PostgreSQL where only its host reaches it.
set -eu
export PGBACKREST_CONFIG="$HOME/platform/places/$2/database/pgbackrest.conf"
cd "$3"
pg_ctl start -w -D "$PWD" -l log.start -o "-p 5432 -c unix_socket_directories='$PWD'" >/dev/null
until [ "$(psql -XAt -h "$PWD" -U drctl -d postgres -c 'SELECT pg_is_in_recovery()')" = f ]; do sleep 0.1; done
psql -Xq -h "$PWD" -U drctl -d certificates --set=ON_ERROR_STOP=1 <<'SQL'
CREATE EXTENSION amcheck;
SELECT bt_index_check(i.indexrelid, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'btree' AND c.relpersistence = 'p';
DROP EXTENSION amcheck;
DO $$ BEGIN ASSERT (SELECT count(*) FROM invoices) > 0, 'no invoices'; END $$;
SQL
