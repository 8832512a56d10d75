#!/usr/bin/env bash
# Recovery: scenario regional-outage   as of 2026-03-02T12:00:00Z
# FEASIBLE: 2 datastores come back after the loss of region eu-west-1
# Read it before it is run. One step after the other; a plan may allow some side by side.
set -euo pipefail
STEPS=17

FROM_STEP="${FROM_STEP:-1}"
STEP=0

stopped() {
  printf '\nStopped at step %s. To go on from there: FROM_STEP=%s bash THIS-FILE\n' "$STEP" "$STEP" >&2
}
ask() {
  printf '   %s ' "$1"
  IFS= read -r ANSWER </dev/tty
}
begin() {
  STEP="$1"
  if [ "$1" -lt "$FROM_STEP" ]; then
    return 1
  fi
  printf '\n== step %s of %s: %s\n' "$1" "$STEPS" "$2"
}
note() {
  printf '   %s\n' "$1"
}
run() {
  printf '   $'
  printf ' %q' "$@"
  printf '\n'
  command -- "$@"
}
by_hand() {
  ask 'Press Enter when it is done, Ctrl-C to stop.'
}
ready() {
  ask 'Press Enter if all of that is so, Ctrl-C to stop.'
}
onward() {
  ask 'Press Enter to go on all the same, Ctrl-C to stop.'
}
wanted() {
  ask 'Type yes to do it, anything else to leave it out:'
  if [ "$ANSWER" != yes ]; then
    note 'Left out.'
    return 1
  fi
}
look() {
  ask 'Press Enter if that is as it should be, Ctrl-C to stop.'
}
destroys() {
  ask "This destroys the present data of $1. Type its name to go on:"
  if [ "$ANSWER" != "$1" ]; then
    note 'That is another name.'
    return 1
  fi
}

main() {
note 'FEASIBLE: 2 datastores come back after the loss of region eu-west-1'
note 'invoices (aws_s3_bucket.invoices_dr): aws_s3_bucket.invoices was not observed: its replication is taken as configured'
note 'SIM: this was planned on a simulated cloud. Its commands would reach a real one.'
exit 1
trap stopped EXIT

# First: stop the damage

if begin 1 'stop what writes to `main`, and whatever would start it again [decides the downtime]'; then
  note 'T+5m – 15m; datastore.main, by hand; takes 5m – 15m (default: a person notices, decides and acts)'
  note 'why: the lost region may come back half-way: what is written there from now on is not in what is restored and would have to be merged by hand'
  by_hand
fi

if begin 2 'stop what writes to `quickstart-invoices`, and whatever would start it again'; then
  note 'T+5m – 15m; datastore.invoices, by hand; takes 5m – 15m (default: a person notices, decides and acts)'
  note 'why: what is written there from now on is not in the replica and would have to be merged later'
  by_hand
fi

# Bring back, look, redirect

if begin 3 'restore `main` to the new instance `main-dr20260302120000` at 2026-03-02T11:55:00Z [decides the downtime]'; then
  note 'T+22m – 1h 15m; datastore.main, run after 1; takes 17m – 1h (default: restore of a small database; measure yours with a drill)'
  note 'why: the replicated backups live outside of the lost region'
  note 'before: no instance in eu-west-2 has the name `main-dr20260302120000`'
  note 'before: the region'\''s default subnet group, security groups, parameter group will do, or you add your own'
  ready
  run aws rds restore-db-instance-to-point-in-time --source-db-instance-automated-backups-arn arn:aws:rds:eu-west-2:000000000000:auto-backup:ab-9777b43083cc0578 --target-db-instance-identifier main-dr20260302120000 --restore-time 2026-03-02T11:55:00Z --no-multi-az --deletion-protection --copy-tags-to-snapshot --region eu-west-2
fi

if begin 4 'wait until `main-dr20260302120000` is available [decides the downtime]'; then
  note 'T+27m – 4h 15m; datastore.main, check after 3; takes 5m – 3h (default: the first backup after a restore can take hours)'
  note 'why: its status is `backing-up` until the first backup is done, and a login may work before; the command gives up after 30 minutes: then run it again'
  run aws rds wait db-instance-available --db-instance-identifier main-dr20260302120000 --region eu-west-2
  look
fi

if begin 5 'log in to `main-dr20260302120000` and read a recent row [decides the downtime]'; then
  note 'T+32m – 4h 30m; datastore.main, by hand after 4; takes 5m – 15m (default: a login and a query, slower while blocks load for the first time)'
  note 'why: available is not usable: data loads lazily, and only a query shows what the point holds'
  note 'before: you reach the endpoint that the command prints: security group, route'
  note '$ aws rds describe-db-instances --db-instance-identifier main-dr20260302120000 --query '\''DBInstances[0].Endpoint.[Address,Port]'\'' --output text --region eu-west-2'
  by_hand
fi

if begin 6 'make sure that nothing writes to `main` any more [decides the downtime]'; then
  note 'T+33m – 4h 35m; datastore.main, by hand after 5; takes 1m – 5m (default: a look: what writes was stopped before)'
  note 'why: with two instances that are written to, one half of the data is lost whichever is kept'
  note 'before: what runs in eu-west-1 may not be seen: it counts as stopped when it cannot start again by itself, and whoever leads the recovery says so'
  by_hand
fi

if begin 7 'point the application at the endpoint of `main-dr20260302120000` [decides the downtime]'; then
  note 'T+38m – 4h 50m; datastore.main, by hand after 6; takes 5m – 15m (default: a person notices, decides and acts)'
  note 'why: a restored instance has an endpoint of its own; the old one leads to what is lost'
  note 'before: the application reaches `main-dr20260302120000` in eu-west-2: security group, route, name'
  note 'before: its users and passwords are those that `main` had at the restored moment'
  note '$ aws rds describe-db-instances --db-instance-identifier main-dr20260302120000 --query '\''DBInstances[0].Endpoint.[Address,Port]'\'' --output text --region eu-west-2'
  by_hand
fi

if begin 8 'read through the application what stands in `main-dr20260302120000` [decides the downtime]'; then
  note 'T+43m – 5h 5m; datastore.main, by hand after 7; takes 5m – 15m (default: one look, after pools and cached names have let go)'
  note 'why: a connection pool or a cached name may still lead to the old endpoint; look before anything is written'
  by_hand
fi

if begin 9 'let the writers write again, now to `main-dr20260302120000` [decides the downtime]'; then
  note 'T+48m – 5h 20m; datastore.main, by hand after 8; takes 5m – 15m (default: a person notices, decides and acts)'
  note 'why: from here on `main-dr20260302120000` is the truth, and going back to `main` loses data'
  note 'NO WAY BACK for datastore.main after this step, because from here on `main-dr20260302120000` is the truth, and going back to `main` loses data'
  onward
  by_hand
fi

if begin 10 'see that the replica `quickstart-invoices-eu-west-2` answers and holds objects'; then
  note 'T+6m – 17m; datastore.invoices, check after 2; takes 1m – 2m (default: one request)'
  note 'why: an empty answer means that nothing was replicated; deletes of versions never reach a replica'
  run aws s3api list-objects-v2 --bucket quickstart-invoices-eu-west-2 --max-keys 10 --region eu-west-2
  look
fi

if begin 11 'make sure that nothing writes to `quickstart-invoices` any more'; then
  note 'T+7m – 22m; datastore.invoices, by hand after 10; takes 1m – 5m (default: a look: what writes was stopped before)'
  note 'why: what is written to two buckets has to be merged by hand, object by object'
  note 'before: what cannot be seen counts as stopped when it cannot start again by itself, and whoever leads the recovery says so'
  by_hand
fi

if begin 12 'point the application at `quickstart-invoices-eu-west-2` in eu-west-2'; then
  note 'T+12m – 37m; datastore.invoices, by hand after 11; takes 5m – 15m (default: a person notices, decides and acts)'
  note 'why: policy, lifecycle and other settings of the replica are its own, not those of the lost bucket'
  note 'before: the application'\''s role may read and write `quickstart-invoices-eu-west-2`: its policy is its own'
  note 'before: the application reaches s3 in eu-west-2'
  by_hand
fi

if begin 13 'read through the application an object of `quickstart-invoices-eu-west-2`'; then
  note 'T+17m – 52m; datastore.invoices, by hand after 12; takes 5m – 15m (default: a person notices, decides and acts)'
  note 'why: a denied read shows here, and not with the first user'
  by_hand
fi

if begin 14 'let the writers write again, now to `quickstart-invoices-eu-west-2`'; then
  note 'T+22m – 1h 7m; datastore.invoices, by hand after 13; takes 5m – 15m (default: a person notices, decides and acts)'
  note 'why: from here on the replica is the truth; what only the lost bucket has is merged when it is back'
  note 'NO WAY BACK for datastore.invoices after this step, because from here on the replica is the truth; what only the lost bucket has is merged when it is back'
  onward
  by_hand
fi

# Protect again

if begin 15 'keep 14 days of automated backups of `main-dr20260302120000`'; then
  note 'T+49m – 5h 25m; datastore.main, run after 9; takes 1m – 5m (default: one request, in effect asynchronously)'
  note 'why: the history of the new instance begins with its restore; nothing older is in it'
  run aws rds modify-db-instance --db-instance-identifier main-dr20260302120000 --backup-retention-period 14 --deletion-protection --apply-immediately --region eu-west-2
fi

if begin 16 'declare `main-dr20260302120000` and an `aws_db_automated_backups_replication` of it outside of eu-west-2; plan, apply'; then
  note 'T+59m – 6h 25m; datastore.main, by hand after 15; takes 10m – 1h (default: a short change and its review; the first copy takes longer)'
  note 'why: its backups live in eu-west-2 only; eu-west-1 serves once it is back'
  note 'before: automated backups are on, and a backup of the new instance is complete'
  by_hand
fi

if begin 17 'declare a replica of `quickstart-invoices-eu-west-2` outside of eu-west-2; plan, apply'; then
  note 'T+32m – 2h 7m; datastore.invoices, by hand after 14; takes 10m – 1h (default: a short change and its review; old objects take longer)'
  note 'why: replicas are not replicated on, and what is there already needs S3 Batch Replication: until then the replica is the only copy'
  note 'before: the new replica'\''s bucket is versioned'
  by_hand
fi

trap - EXIT
note 'All steps are done.'
}

main
