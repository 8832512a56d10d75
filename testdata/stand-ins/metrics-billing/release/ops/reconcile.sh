#!/bin/sh
# reconcile.sh --host HOST --dry-run: fails where invoices and payments do not agree with usage.
set -eu
[ "$1 $3" = "--host --dry-run" ]
wrong=$(psql -XAt -h "$2" -U recovery -d billing --set=ON_ERROR_STOP=1 <<'SQL'
SELECT count(*) FROM (SELECT customer, sum(cents) AS cents FROM usage GROUP BY customer) u
  FULL JOIN invoices i USING (customer) LEFT JOIN payments p USING (customer)
  WHERE i.cents IS DISTINCT FROM u.cents OR p.cents <> i.cents
SQL
)
[ "$wrong" = 0 ] || { echo "$wrong customers differ" >&2; exit 1; }
