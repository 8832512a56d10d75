# The way back of the database: on a new machine with a new volume beside the old one, so that nothing is
# destroyed; verified; only then used. The estimates are those of the last drill.

procedure "database" {
  description = "brings the database back on a new machine, beside the old one"

  step "volume" {
    description = "make an empty volume"
    run = [
      "fly", "volumes", "create", "pg_${run.id}", "--app", target.database_app, "--region", target.region,
      "--size", "80", "--yes",
    ]
    undo     = ["./ops/db/remove.sh", "volume", "--app", target.database_app, "--run", run.id]
    needs    = [site.fly]
    estimate = "1m"
    phase    = "recovery"
    drill    = "run"
  }
  step "machine" {
    description = "start a machine on it, with pgBackRest and the repositories that are left, and without PostgreSQL"
    after       = [step.volume]
    run = [
      "fly", "machine", "run", target.image, "restore",
      "--app", target.database_app, "--region", target.region, "--name", "pg-${run.id}",
      "--volume", "pg_${run.id}:/var/lib/postgresql", "--metadata", "run=${run.id}",
      "--env", "REPOSITORIES=${target.repositories}",
    ]
    undo     = ["./ops/db/remove.sh", "machine", "--app", target.database_app, "--run", run.id]
    needs    = [site.fly]
    estimate = "2m"
    phase    = "recovery"
    drill    = "run"
  }
  step "verify_backup" {
    description = "see on it that the backup which the restore takes is whole, checksum by checksum"
    after       = [step.machine]
    run = [
      "fly", "ssh", "console", "--app", target.database_app, "--address", target.database_host,
      "--command", "verify-backup --stanza=vatevo",
    ]
    checks   = "backup"
    needs    = [site.fly]
    estimate = "5m"
    phase    = "recovery"
    drill    = "run"
  }
  step "restore" {
    description = "restore into the empty volume of the new machine"
    after       = [step.verify_backup]
    restore     = datastore.postgres
    from        = backup.database
    into        = "pg_${run.id}"
    via = [
      "fly", "ssh", "console", "--app", target.database_app, "--address", target.database_host, "--command",
    ]
    undo         = ["./ops/db/remove.sh", "machine", "--app", target.database_app, "--run", run.id]
    needs        = [site.fly]
    estimate     = "15m"
    estimate_p95 = "20m"
    phase        = "recovery"
    drill        = "run"
  }
  step "start" {
    description = "start PostgreSQL there and wait until it has replayed the log"
    after       = [step.restore]
    run = [
      "fly", "ssh", "console", "--app", target.database_app, "--address", target.database_host,
      "--command", "start-postgres --wait-until-writable",
    ]
    undo = [
      "fly", "ssh", "console", "--app", target.database_app, "--address", target.database_host,
      "--command", "stop-postgres",
    ]
    needs        = [site.fly]
    estimate     = "3m"
    estimate_p95 = "5m"
    phase        = "recovery"
    drill        = "run"
  }
  step "count" {
    description = "see that tenants came back"
    after       = [step.start]
    sql {
      database = "host=${target.database_host} dbname=vatevo_prod"
      query    = "SELECT count(*) AS n FROM tenants"
      assert   = self.rows[0].n > 0
    }
    checks   = "data"
    needs    = [site.fly]
    estimate = "1m"
    phase    = "recovery"
  }
  step "newest" {
    description = "read the canary: how much was lost"
    after       = [step.start]
    sql {
      database = "host=${target.database_host} dbname=vatevo_prod"
      query    = "SELECT max(at) AS drctl_canary FROM drctl_canary"
    }
    checks   = "data"
    needs    = [site.fly]
    estimate = "1m"
    phase    = "recovery"
  }
  step "smoke" {
    description = "see that what came back is right: orphans, times, missing XML"
    after       = [step.start]
    sql {
      database = "host=${target.database_host} dbname=vatevo_prod"
      file     = "ops/db/backup_smoke.sql"
    }
    checks   = "data"
    needs    = [site.fly]
    estimate = "2m"
    phase    = "recovery"
  }
  step "switch" {
    description = "let the API find the new database"
    after       = [step.count, step.newest, step.smoke]
    run         = ["fly", "secrets", "set", "--app", target.app, "PGHOST=${target.database_host}"]
    undo        = ["fly", "secrets", "set", "--app", target.app, "PGHOST=${target.old_database_host}"]
    needs       = [site.fly]
    estimate    = "1m"
    phase       = "recovery"
    drill       = "run"
  }
}

# After the API works again: the new database is archived and backed up like the old one.
procedure "protect_again" {
  description = "makes sure that the new database is protected"

  step "check" {
    description = "see that its log gets into the repositories"
    run = [
      "fly", "ssh", "console", "--app", target.database_app, "--address", target.database_host,
      "--command", "pgbackrest --stanza=vatevo check",
    ]
    checks   = "backup"
    needs    = [site.fly]
    estimate = "1m"
    phase    = "verification"
    downtime = false
  }
  step "backup" {
    description = "back up what differs from the last full backup"
    after       = [step.check]
    run = [
      "fly", "ssh", "console", "--app", target.database_app, "--address", target.database_host,
      "--command", "pgbackrest --stanza=vatevo --type=diff backup",
    ]
    needs        = [site.fly]
    estimate     = "3m"
    estimate_p95 = "5m"
    phase        = "verification"
    downtime     = false
  }
}
