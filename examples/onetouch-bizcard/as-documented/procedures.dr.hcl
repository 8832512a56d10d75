# The ways back, step by step. The commands are the runbook's own; the scripts are those of the application's
# repository. A restore is written `restore`, so that drctl knows what it is: its command is that of the
# backup. The numbers are those of the runbook's steps.

# §Scenario 1: Database Failure, Recovery Steps.
procedure "database" {
  description = "brings the database back from the latest valid backup"

  # 1. Assess the situation: check database connectivity
  step "test_database" {
    run   = ["./scripts/test-database.sh"]
    needs = [site.server]
  }
  # 1. Check database logs. It follows the log until somebody stops it.
  step "read_log" {
    after = [step.test_database]
    run   = ["tail", "-f", "/var/log/postgresql/postgresql.log"]
    needs = [site.server]
  }
  # 2. Identify latest valid backup: list available backups. Nothing says what makes one valid.
  step "list_local" {
    after = [step.read_log]
    run   = ["ls", "-lh", "./backups/database/"]
    needs = [site.server]
  }
  # 2. Or from S3
  step "list_s3" {
    after = [step.list_local]
    run   = ["aws", "s3", "ls", "s3://onetouch-bizcard-prod-backups/database/"]
    needs = [site.s3]
  }
  # 3. Download backup (if from S3)
  step "download" {
    after = [step.list_s3]
    when  = "the backup is from S3"
    run = [
      "aws", "s3", "cp", "s3://onetouch-bizcard-prod-backups/database/latest.sql.gz", "./backups/database/",
    ]
    needs = [site.s3, site.server]
  }
  # 4. Stop application
  step "stop" {
    after = [step.download]
    run   = ["pm2", "stop", "onetouch-bizcard"]
    needs = [site.server]
  }
  # 5. Restore database:
  # ./scripts/restore-database.sh ./backups/database/onetouch_bizcard_YYYYMMDD_HHMMSS.sql.gz
  step "restore" {
    after    = [step.stop]
    restore  = datastore.postgres
    from     = backup.database
    destroys = [datastore.postgres]
    needs    = [site.server]
  }
  # 6. Run migrations
  step "migrate" {
    after = [step.restore]
    run   = ["npx", "prisma", "migrate", "deploy"]
    needs = [site.server]
  }
  # 7. Verify data integrity
  step "count_brands" {
    after  = [step.migrate]
    shell  = "psql \"$DATABASE_URL\" -c \"SELECT COUNT(*) FROM \\\"Brand\\\";\""
    checks = "data"
    needs  = [site.server]
  }
  # 7. Verify data integrity
  step "count_branches" {
    after  = [step.count_brands]
    shell  = "psql \"$DATABASE_URL\" -c \"SELECT COUNT(*) FROM \\\"Branch\\\";\""
    checks = "data"
    needs  = [site.server]
  }
  # 7. Verify data integrity
  step "count_users" {
    after  = [step.count_branches]
    shell  = "psql \"$DATABASE_URL\" -c \"SELECT COUNT(*) FROM \\\"User\\\";\""
    checks = "data"
    needs  = [site.server]
  }
  # 8. Start application
  step "start" {
    after = [step.count_users]
    run   = ["pm2", "start", "onetouch-bizcard"]
    needs = [site.server]
  }
  # 9. Verify application health: curl https://onetouchbizcard.in/api/health
  step "health" {
    after = [step.start]
    http {
      url = "https://onetouchbizcard.in/api/health"
    }
    checks = "service"
    needs  = [site.server]
  }
}

# §Scenario 2: Complete Server Failure, Recovery Steps. From step 2 on everything happens on the new server,
# in the directory that is cloned.
procedure "server" {
  description = "brings everything back on a new server"

  # 1. Provision new server
  step "launch" {
    manual = "Launch new EC2 instance or equivalent"
    why    = "the runbook has no command for it"
    owner  = contact.on_call
  }
  # 1. Provision new server
  step "network" {
    after  = [step.launch]
    manual = "Configure security groups and networking"
    why    = "the runbook has no command for it"
    owner  = contact.on_call
  }
  # 1. Provision new server
  step "software" {
    after  = [step.network]
    manual = "Install required software (Node.js, PostgreSQL client, Redis client)"
    why    = "the runbook has no command for it"
    owner  = contact.on_call
  }
  # 2. Clone application repository: git clone …; cd onetouch-bizcard; npm install
  step "clone" {
    after = [step.software]
    run   = ["git", "clone", "https://github.com/your-org/onetouch-bizcard.git"]
    needs = [site.git]
  }
  # 2. Clone application repository: cd onetouch-bizcard; npm install
  step "install" {
    after = [step.clone]
    run   = ["npm", "install"]
    dir   = "onetouch-bizcard"
  }
  # 3. Restore environment configuration: download encrypted .env.production from S3
  step "download_config" {
    after = [step.install]
    run   = ["aws", "s3", "cp", "s3://onetouch-bizcard-prod-backups/config/.env.production.enc", "./"]
    needs = [site.s3]
  }
  # 3. Decrypt (using your encryption key). It asks for the key; where that is kept is not written.
  step "decrypt_config" {
    after = [step.download_config]
    run = [
      "openssl", "enc", "-d", "-aes-256-cbc", "-in", ".env.production.enc", "-out", ".env.production",
    ]
  }
  # 4. Restore database: download latest backup
  step "download" {
    after = [step.decrypt_config]
    run = [
      "aws", "s3", "cp", "s3://onetouch-bizcard-prod-backups/database/latest.sql.gz", "./backups/database/",
    ]
    needs = [site.s3]
  }
  # 4. Restore: ./scripts/restore-database.sh ./backups/database/latest.sql.gz
  step "restore" {
    after   = [step.download]
    restore = datastore.postgres
    from    = backup.database
  }
  # 5. Restore file storage: "Files are already in S3, just verify connectivity"
  step "test_s3" {
    after = [step.restore]
    run   = ["./scripts/test-s3.sh"]
    needs = [site.s3]
  }
  # 6. Build and start application
  step "build" {
    after = [step.test_s3]
    run   = ["npm", "run", "build"]
  }
  # 6. Build and start application
  step "start" {
    after = [step.build]
    run   = ["pm2", "start", "npm", "--name", "onetouch-bizcard", "--", "start"]
  }
  # 6. Build and start application
  step "save" {
    after = [step.start]
    run   = ["pm2", "save"]
  }
  # 7. Update DNS
  step "point_dns" {
    after  = [step.save]
    manual = "Point domain to new server IP"
    why    = "the runbook names neither the DNS provider nor a command"
    owner  = contact.on_call
    needs  = [site.dns]
  }
  # 7. Wait for DNS propagation (5-30 minutes)
  step "propagation" {
    after        = [step.point_dns]
    wait         = "30m"
    estimate     = "5m"
    estimate_p95 = "30m"
  }
  # 8. Verify all services
  step "verify" {
    after  = [step.propagation]
    run    = ["./scripts/verify-production.sh"]
    checks = "service"
  }
}

# §Scenario 3: Data Corruption, Recovery Steps.
procedure "corruption" {
  description = "brings the database back to before the corruption"

  # 1. Identify corruption scope: check database integrity
  step "scope" {
    shell = "psql \"$DATABASE_URL\" -c \"SELECT * FROM \\\"Brand\\\" WHERE \\\"updatedAt\\\" > NOW() - INTERVAL '24 hours';\""
    needs = [site.server]
  }
  # 2. Stop application to prevent further corruption
  step "stop" {
    after = [step.scope]
    run   = ["pm2", "stop", "onetouch-bizcard"]
    needs = [site.server]
  }
  # 3. Create snapshot of current state
  step "snapshot" {
    after = [step.stop]
    run   = ["./scripts/backup-database.sh"]
    needs = [site.server]
  }
  # 4. Find backup before corruption occurred. A person reads the list.
  step "list_local" {
    after = [step.snapshot]
    run   = ["ls", "-lh", "./backups/database/"]
    needs = [site.server]
  }
  # 4. Restore from point-in-time backup:
  # ./scripts/restore-database.sh ./backups/database/onetouch_bizcard_YYYYMMDD_HHMMSS.sql.gz
  step "restore" {
    after    = [step.list_local]
    restore  = datastore.postgres
    from     = backup.database
    destroys = [datastore.postgres]
    needs    = [site.server]
  }
  # 5. Verify restored data: run data validation queries
  step "validate" {
    after  = [step.restore]
    shell  = "psql \"$DATABASE_URL\" -f ./scripts/validate-data.sql"
    checks = "data"
    needs  = [site.server]
  }
  # 6. Restart application
  step "start" {
    after = [step.validate]
    run   = ["pm2", "start", "onetouch-bizcard"]
    needs = [site.server]
  }
}

# §Scenario 4: Redis Cache Failure, Recovery Steps.
procedure "redis" {
  description = "brings the cache back, on a new instance if need be"

  # 1. Verify Redis status
  step "test" {
    run   = ["./scripts/test-redis.sh"]
    needs = [site.server]
  }
  # 2. Restart Redis service
  step "restart" {
    after = [step.test]
    run   = ["sudo", "systemctl", "restart", "redis"]
    needs = [site.server]
  }
  # 3. If Redis is unrecoverable, provision new instance
  step "launch" {
    after  = [step.restart]
    when   = "Redis is unrecoverable"
    manual = "Launch new Redis instance"
    why    = "the runbook has no command for it"
    owner  = contact.on_call
  }
  # 3. If Redis is unrecoverable, provision new instance
  step "update_url" {
    after  = [step.launch]
    when   = "Redis is unrecoverable"
    manual = "Update REDIS_URL in .env.production"
    why    = "the runbook has no command for it"
    owner  = contact.on_call
    needs  = [site.server]
  }
  # 3. If Redis is unrecoverable, provision new instance
  step "restart_application" {
    after  = [step.update_url]
    when   = "Redis is unrecoverable"
    manual = "Restart application"
    why    = "the runbook has no command for it"
    owner  = contact.on_call
    needs  = [site.server]
  }
  # 4. Warm up cache: curl https://onetouchbizcard.in/api/cache/warmup, or it rebuilds automatically
  step "warm_up" {
    after = [step.restart_application]
    http {
      url = "https://onetouchbizcard.in/api/cache/warmup"
    }
    needs = [site.server]
  }
}

# §Scenario 5: S3 Storage Issues, Recovery Steps.
procedure "storage" {
  description = "looks for what is wrong with the assets"

  # 1. Verify S3 connectivity
  step "connectivity" {
    run   = ["aws", "s3", "ls", "s3://onetouch-bizcard-prod-assets/"]
    needs = [site.s3]
  }
  # 2. Check IAM permissions
  step "permissions" {
    after = [step.connectivity]
    run = [
      "aws", "iam", "get-user-policy", "--user-name", "onetouch-bizcard-prod", "--policy-name", "S3Access",
    ]
  }
  # 3. If bucket is corrupted, restore from backup: "Restore deleted objects". The command lists versions and
  # brings none back, so this is no `restore`.
  step "versions" {
    after = [step.permissions]
    when  = "the bucket is corrupted"
    run   = ["aws", "s3api", "list-object-versions", "--bucket", "onetouch-bizcard-prod-assets"]
    needs = [site.s3]
  }
  # 4. Verify CloudFront distribution: curl -I https://d1234567890.cloudfront.net/test-image.jpg
  step "cloudfront" {
    after = [step.versions]
    http {
      url = "https://d1234567890.cloudfront.net/test-image.jpg"
    }
    checks = "service"
    needs  = [site.cloudfront, site.s3]
  }
}
