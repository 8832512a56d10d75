# What is run when nothing is lost. No scenario follows these procedures.

# §Backup Verification: weekly; §Monthly Backup Verification: monthly. Backups are being created, are not
# corrupted, restore works, retention is correct.
procedure "verify_backups" {
  description = "says whether the backups can be restored from"
  step "verify" {
    run    = ["./scripts/verify-backups.sh"]
    checks = "backup"
  }
}

# §Monthly Backup Verification. When it was last done is not written.
drill "backup_verification" {
  procedure = procedure.verify_backups
  every     = "30d"
}

# §Quarterly DR Drill: creates fresh backups, simulates the disaster in staging, restores, verifies data,
# measures RTO and RPO, documents results.
procedure "dr_drill" {
  description = "runs the full disaster recovery drill"
  step "drill" {
    run = ["./scripts/dr-drill.sh"]
  }
}

# §Quarterly DR Drill. When it was last done is not written: §Recovery Time Tracking is empty.
drill "quarterly" {
  procedure = procedure.dr_drill
  every     = "90d"
}

# §Useful Commands: those that look.
procedure "look" {
  description = "shows how the platform is"

  # Check system status
  step "status" {
    run = ["./scripts/verify-production.sh"]
  }
  # View application logs. It follows them until somebody stops it.
  step "logs" {
    run   = ["pm2", "logs", "onetouch-bizcard"]
    needs = [site.server]
  }
  # Check database connections
  step "connections" {
    shell = "psql \"$DATABASE_URL\" -c \"SELECT count(*) FROM pg_stat_activity;\""
    needs = [site.server]
  }
  # Check Redis memory
  step "redis_memory" {
    shell = "redis-cli -u \"$REDIS_URL\" INFO memory"
    needs = [site.server]
  }
  # Check S3 bucket size
  step "bucket_size" {
    run   = ["aws", "s3", "ls", "s3://onetouch-bizcard-prod-assets", "--recursive", "--summarize"]
    needs = [site.s3]
  }
}

# §Useful Commands: Force cache clear.
procedure "clear_cache" {
  description = "empties the cache"
  step "flush" {
    shell    = "redis-cli -u \"$REDIS_URL\" FLUSHALL"
    destroys = [datastore.redis]
    needs    = [site.server]
  }
}
