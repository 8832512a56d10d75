# OneTouch BizCard, as its disaster recovery runbook documents it: what it is and what protects it.
# What the runbook does not say is not set. `§` names its section.

# §Recovery Objectives. "RPO: 1 hour (based on backup frequency)", while backups are made every 6 hours.
locals {
  rto = "2h"
  rpo = "1h"
}

# §Scenario 2. Nothing says which region or data center it stands in.
site "server" {
  description = "the server: an EC2 instance or equivalent"
}

# §Backup Strategy, §Backup Locations. No region is written.
site "s3" {
  description = "Amazon S3, with the buckets for backups and assets"
}

# §Configuration Backups, §Scenario 2, step 2: the application and the configuration.
site "git" {
  description = "the Git repository at github.com"
}

# §Scenario 5, step 4.
site "cloudfront" {
  description = "the CDN in front of the assets"
}

# §Scenario 2, step 7. No provider is named.
site "dns" {
  description = "the DNS of onetouchbizcard.in"
}

# §Database Backups, §Scenario 1. The log that is read is on the server, and scenario 2 restores the
# database with it; §External Vendors has a number for "Database Hosting" all the same.
datastore "postgres" {
  engine = "postgresql"
  site   = site.server
}

# §File Storage Backups, §Backup Locations: s3://onetouch-bizcard-prod-assets/.
datastore "assets" {
  engine = "files"
  site   = site.s3
}

# §Configuration Backups: .env.production.
datastore "config" {
  engine = "files"
  site   = site.server
}

# §Scenario 4: "Cache will rebuild automatically as users access the site".
datastore "redis" {
  engine      = "redis"
  site        = site.server
  rebuildable = true
}

# §Database Backups: every 6 hours, kept 30 days, compressed SQL dumps, in S3 and on local storage.
# §Backup Verification is weekly, §Monthly Backup Verification monthly, with the same script.
backup "database" {
  of = datastore.postgres
  pg_dump {
    schedule = rate("6h")
    compress = "gzip"
    keep     = "30d"
    list     = ["aws", "s3", "ls", "s3://onetouch-bizcard-prod-backups/database/"]
    restore  = ["./scripts/restore-database.sh", "./backups/database/$${point.id}.sql.gz"]
  }
  to "s3" {
    site = site.s3
    path = "s3://onetouch-bizcard-prod-backups/database/"
  }
  to "local" {
    site = site.server
    path = "./backups/database/"
  }
  verify {
    every     = "7d"
    proves    = "restored"
    procedure = procedure.verify_backups
  }
}

# §File Storage Backups: daily at 2 AM UTC, kept 30 days, incremental sync, "AWS S3 versioning enabled".
# §Backup Locations names the bucket that holds the assets themselves.
backup "assets" {
  of = datastore.assets
  copy {
    schedule = cron("0 2 * * *", "UTC")
    keep     = "30d"
    list     = ["aws", "s3api", "list-object-versions", "--bucket", "onetouch-bizcard-prod-assets"]
  }
  to "versions" {
    site = site.s3
    path = "s3://onetouch-bizcard-prod-assets/"
  }
}

# §Configuration Backups: on every deployment, kept 90 days, encrypted environment files in the Git
# repository and in S3. "Using your encryption key": where that is kept is not written.
backup "config" {
  of = datastore.config
  copy {
    schedule = on("deployment")
    keep     = "90d"
  }
  to "git" {
    site = site.git
  }
  to "s3" {
    site = site.s3
    path = "s3://onetouch-bizcard-prod-backups/config/"
  }
  encryption {
    algorithm = "aes-256-cbc"
  }
}

# §Overview, §Recovery Objectives. The address is that of §Scenario 1, step 9.
service "bizcard" {
  description = "the OneTouch BizCard platform"
  site        = site.server
  data        = [datastore.postgres, datastore.assets, datastore.config, datastore.redis]
  objective {
    rto = local.rto
    rpo = local.rpo
  }
  health {
    http = "https://onetouchbizcard.in/api/health"
  }
}

# §Scenario 5, step 4. The objectives of the platform are the only ones.
service "images" {
  description = "images, through CloudFront"
  site        = site.cloudfront
  data        = [datastore.assets]
  objective {
    rto = local.rto
    rpo = local.rpo
  }
  health {
    http = "https://d1234567890.cloudfront.net/test-image.jpg"
  }
}
