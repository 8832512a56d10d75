# What runs where, what protects the database, and what was promised.

# The platform: its API, images and secrets work as long as not all of Fly.io is gone.
site "fly" {
  description = "Fly.io"
}

site "fly_cdg" {
  description = "Fly.io in Paris: the API and the database"
  within      = site.fly
}

site "vercel" {
  description = "Vercel: the dashboard, the marketing site and the documentation"
}

site "dns" {
  description = "Route 53, whose records have a TTL of 60 seconds"
}

site "github" {
  description = "github.com: the code of everything"
}

site "vault" {
  description = "the team's password manager, which keeps the key of the backups"
}

datastore "postgres" {
  engine = "postgresql"
  site   = site.fly_cdg
  size   = "40GiB"
}

# What was written is in both repositories within a minute and a half: pgBackRest archives to each of
# them itself, for S3 takes up to 15 minutes to replicate.
backup "database" {
  of = datastore.postgres
  pgbackrest {
    full          = cron("0 2 * * *", "UTC")
    archive_every = "1m"
    keep_full     = "30d"
    keep_log      = "7d"
    takes         = "20m"
    stanza        = "vatevo"
  }
  to "repo1" {
    bucket   = aws_s3_bucket.db_backups
    path     = "/repo1"
    transfer = "30s"
  }
  to "repo2" {
    bucket   = aws_s3_bucket.db_backups_dr
    path     = "/repo2"
    transfer = "30s"
  }
  encryption {
    algorithm = "AES-256"
    key       = site.vault
  }
  # The time, written into the database in use: what comes back says by it how much was lost.
  canary {
    database = "host=db.vatevo-db.internal dbname=vatevo_prod"
    every    = "1m"
  }
  verify {
    every  = "1d"
    proves = "right"
    run    = ["./ops/db/restore-test.sh", "--into", "staging", "--questions", "ops/db/backup_smoke.sql"]
    owner  = contact.database_admin
    last   = "2026-03-01"
  }
}

# The worker that archives an invoice writes it into both buckets itself and only then takes it from its
# queue, which is in the database; replication is the net below that.
backup "archive" {
  of = datastore.invoices
  external {
    schedule = "continuous"
    takes    = "1m"
    keep     = "10y"
    list = [
      "aws", "s3api", "list-objects-v2", "--bucket", "vatevo-invoices-prod-eu-west-2", "--prefix", "invoices/",
      "--max-items", "10", "--region", "eu-west-2",
    ]
    restore = [
      "fly", "secrets", "set", "--app", "vatevo-api", "INVOICES_BUCKET=vatevo-invoices-prod-eu-west-2",
      "INVOICES_REGION=eu-west-2",
    ]
  }
  to "london" {
    bucket = aws_s3_bucket.invoices_dr
  }
}

service "database" {
  description = "Database"
  priority    = "critical"
  data        = [datastore.postgres]
  site        = site.fly_cdg
  recover     = procedure.database
  objective {
    rto = "1h"
    rpo = "5m"
  }
  health {
    http = "https://api.vatevo.com/health/db"
  }
}

service "api" {
  description = "API"
  priority    = "critical"
  depends_on  = [service.database]
  data        = [datastore.invoices]
  site        = site.fly_cdg
  recover     = procedure.start_api
  objective {
    rto = "1h"
    rpo = "5m"
  }
  health {
    http = "https://api.vatevo.com/health/ready"
  }
}

service "invoices" {
  description = "Invoices of the last ten years, read and downloaded"
  priority    = "high"
  depends_on  = [service.api]
  data        = [datastore.invoices]
  objective {
    rto = "2h"
    rpo = "5m"
  }
  health {
    http = "https://api.vatevo.com/health/archive"
  }
}

service "dashboard" {
  description = "Dashboard"
  priority    = "high"
  depends_on  = [service.api]
  site        = site.vercel
  recover     = procedure.web
  objective {
    rto = "2h"
    rpo = "1h"
  }
  health {
    http = "https://dashboard.vatevo.com"
  }
}

service "marketing_site" {
  description = "Marketing Site"
  priority    = "high"
  site        = site.vercel
  recover     = procedure.web
  objective {
    rto = "2h"
    rpo = "1h"
  }
  health {
    http = "https://vatevo.com"
  }
}

service "documentation" {
  description = "Documentation"
  priority    = "medium"
  site        = site.vercel
  recover     = procedure.web
  objective {
    rto = "4h"
    rpo = "1h"
  }
  health {
    http = "https://docs.vatevo.com"
  }
}
