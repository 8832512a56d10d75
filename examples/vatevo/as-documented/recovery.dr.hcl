# §Disaster Recovery Procedures: the commands are the runbook's own. A restore is written `restore`, so that
# drctl knows what it is: its command is that of the backup. The numbers are those of the runbook.

# §Full Database Restore.
procedure "full_database_restore" {
  description = "brings the database back from the latest backup"

  # 1. Stop application services. Which application is not written.
  step "stop" {
    run   = ["fly", "scale", "count", "0"]
    needs = [site.fly]
  }
  # 2. Restore from latest backup
  step "download" {
    after = [step.stop]
    run   = ["aws", "s3", "cp", "s3://vatevo-backups-db/latest/full-backup.sql.gz", "."]
  }
  # 2. Restore from latest backup
  step "unpack" {
    after = [step.download]
    run   = ["gunzip", "full-backup.sql.gz"]
  }
  # 3. Drop and recreate database. Nothing has looked at the dump yet.
  step "drop" {
    after    = [step.unpack]
    run      = ["psql", "-c", "DROP DATABASE IF EXISTS vatevo_prod;"]
    destroys = [datastore.postgres]
  }
  # 3. Drop and recreate database
  step "create" {
    after = [step.drop]
    run   = ["psql", "-c", "CREATE DATABASE vatevo_prod;"]
  }
  # 4. Restore data: psql vatevo_prod < full-backup.sql
  step "restore" {
    after   = [step.create]
    restore = datastore.postgres
    from    = backup.daily
  }
  # 5. Verify restore
  step "count_tenants" {
    after = [step.restore]
    sql {
      database = "vatevo_prod"
      query    = "SELECT COUNT(*) FROM tenants;"
    }
    checks = "data"
  }
  # 5. Verify restore
  step "count_invoices" {
    after = [step.count_tenants]
    sql {
      database = "vatevo_prod"
      query    = "SELECT COUNT(*) FROM invoices;"
    }
    checks = "data"
  }
  # 6. Restart application services
  step "start" {
    after = [step.count_invoices]
    run   = ["fly", "scale", "count", "1"]
    needs = [site.fly]
  }
}

# §Point-in-Time Recovery. No scenario follows it.
procedure "point_in_time_recovery" {
  description = "brings the database back to a moment"

  # 1. Stop application services
  step "stop" {
    run   = ["fly", "scale", "count", "0"]
    needs = [site.fly]
  }
  # 2. Restore base backup
  step "download" {
    after = [step.stop]
    run   = ["aws", "s3", "cp", "s3://vatevo-backups-db/base-backup.sql.gz", "."]
  }
  # 2. Restore base backup
  step "unpack" {
    after = [step.download]
    run   = ["gunzip", "base-backup.sql.gz"]
  }
  # 2. Restore base backup: psql vatevo_prod < base-backup.sql. It is an SQL dump, and the daily ones are the
  # only ones that the runbook knows.
  step "restore" {
    after   = [step.unpack]
    restore = datastore.postgres
    from    = backup.daily
  }
  # 3. Apply WAL files to target time. WAL cannot be applied to what an SQL dump was restored into.
  step "apply_wal" {
    after  = [step.restore]
    manual = "Apply WAL files to target time"
    why    = "the runbook has no command: \"This would be done by PostgreSQL PITR process\""
  }
  # 4. Verify data integrity
  step "verify" {
    after = [step.apply_wal]
    sql {
      database = "vatevo_prod"
      query    = "SELECT * FROM invoices WHERE created_at > '2025-09-09 10:00:00';"
    }
    checks = "data"
  }
  # 5. Restart application services
  step "start" {
    after = [step.verify]
    run   = ["fly", "scale", "count", "1"]
    needs = [site.fly]
  }
}

# §Cross-Region Failover.
procedure "cross_region_failover" {
  description = "goes on with the invoices of the secondary region"

  # 1. Update DNS to point to secondary region
  step "update_dns" {
    manual = "Update DNS to point to secondary region"
    why    = "the runbook names neither the DNS provider nor a command"
    needs  = [site.dns]
  }
  # 2. Verify data availability
  step "list" {
    after  = [step.update_dns]
    run    = ["aws", "s3", "ls", "s3://vatevo-invoices-prod-eu-west-2/"]
    checks = "data"
  }
  # 3. Monitor application functionality: curl https://api.vatevo.com/health/db
  step "health" {
    after = [step.list]
    http {
      url = "https://api.vatevo.com/health/db"
    }
    checks = "service"
  }
}

# §Object Recovery. No scenario follows it.
procedure "object_recovery" {
  description = "brings an old version of an invoice back"

  # 1. List object versions
  step "versions" {
    run = [
      "aws", "s3api", "list-object-versions", "--bucket", "vatevo-invoices-prod", "--prefix", "invoices/",
    ]
  }
  # 2. Restore specific version. <version-id> is the runbook's; the call brings objects back from Glacier.
  step "restore" {
    after = [step.versions]
    run = [
      "aws", "s3api", "restore-object", "--bucket", "vatevo-invoices-prod",
      "--key", "invoices/inv_1234567890/2025-09-09T12:00:00.xml",
      "--version-id", "<version-id>",
    ]
  }
  # 3. Verify restoration
  step "verify" {
    after  = [step.restore]
    run    = ["aws", "s3", "ls", "s3://vatevo-invoices-prod/invoices/inv_1234567890/"]
    checks = "data"
  }
}

# §Complete Platform Recovery. Its steps 1 and 2, "see above", are procedures of their own in the scenarios.
procedure "complete_platform_recovery" {
  description = "brings the application back"

  # 3. Deploy application
  step "deploy" {
    run   = ["fly", "deploy", "--app", "vatevo-api"]
    needs = [site.fly]
  }
  # 4. Verify all services: curl https://api.vatevo.com/health/ready
  step "api" {
    after = [step.deploy]
    http {
      url = "https://api.vatevo.com/health/ready"
    }
    checks = "service"
  }
  # 4. Verify all services: curl https://api.vatevo.com/health/db
  step "database" {
    after = [step.api]
    http {
      url = "https://api.vatevo.com/health/db"
    }
    checks = "service"
  }
  # 4. Verify all services: curl https://vatevo.com
  step "marketing_site" {
    after = [step.database]
    http {
      url = "https://vatevo.com"
    }
    checks = "service"
  }
  # 4. Verify all services: curl https://dashboard.vatevo.com
  step "dashboard" {
    after = [step.marketing_site]
    http {
      url = "https://dashboard.vatevo.com"
    }
    checks = "service"
  }
  # 5. Run smoke tests
  step "smoke" {
    after  = [step.dashboard]
    run    = ["./ops/api/smoke.sh", "-u", "https://api.vatevo.com"]
    checks = "service"
  }
}

# §Partial Service Recovery. No scenario follows it.
procedure "partial_service_recovery" {
  description = "restarts a service that failed"

  # 1. Identify failed service
  step "status" {
    run   = ["fly", "status", "--app", "vatevo-api"]
    needs = [site.fly]
  }
  # 2. Restart specific service
  step "restart" {
    after = [step.status]
    run   = ["fly", "restart", "--app", "vatevo-api"]
    needs = [site.fly]
  }
  # 3. Scale up if needed
  step "scale" {
    after = [step.restart]
    when  = "needed"
    run   = ["fly", "scale", "count", "2", "--app", "vatevo-api"]
    needs = [site.fly]
  }
  # 4. Verify recovery: curl https://api.vatevo.com/health/ready
  step "verify" {
    after = [step.scale]
    http {
      url = "https://api.vatevo.com/health/ready"
    }
    checks = "service"
  }
}

# §Backup Verification Scripts: both files stand here as the runbook has them. §Scenario 1 calls for data
# integrity checks, and these are the only ones; which database they ask is not written.
procedure "verification_scripts" {
  description = "looks whether the data that came back is right"

  # §Database Backup Verification
  step "backup_smoke" {
    sql {
      database = "vatevo_prod"
      file     = "ops/db/backup_smoke.sql"
    }
    checks = "data"
  }
  # §S3 Backup Verification
  step "restore_smoke" {
    after = [step.backup_smoke]
    sql {
      database = "vatevo_prod"
      file     = "ops/db/restore_smoke.sql"
    }
    checks = "data"
  }
}
