# The Enterprise Inventory System, as it should be: what it is and what protects it. What differs from
# `as-documented/`, and why, is in the README.

provider "aws" {
  region   = "eu-central-1"
  endpoint = "sim"
}

site "railway" {
  description = "Railway: the application, PostgreSQL, and an empty PostgreSQL beside it to restore into"
}

site "standby" {
  description = "the standby at Hetzner in Helsinki: PostgreSQL, and the application, stopped, with its secrets"
}

site "registry" {
  description = "GitHub's container registry: the image `known-good` is the last that passed the smoke tests"
}

site "dns" {
  description = "Route 53; the records have a TTL of 60 seconds"
}

site "status_page" {
  description = "the status page, which mails those who are affected; nothing of it runs at Railway"
}

datastore "database" {
  engine = "postgresql"
  site   = site.railway
  size   = "12GiB"
}

# Outside of Railway, and locked: Railway's credentials can write dumps and cannot delete any.
resource "aws_s3_bucket" "dumps" {
  bucket     = "inventory-dumps"
  versioning = "Enabled"

  object_lock {
    mode = "COMPLIANCE"
    days = 30
  }
  server_side_encryption {
    sse_algorithm = "AES256"
  }
  public_access_block {
    block_public_acls       = true
    ignore_public_acls      = true
    block_public_policy     = true
    restrict_public_buckets = true
  }
  lifecycle {
    rule "hourly" {
      prefix          = "hourly/"
      expiration_days = 31 # hidden a day after the lock, and gone 30 days later
      noncurrent_version_expiration {
        noncurrent_days = 30
      }
    }
  }
}

# Every restore is from these. A job beside the application dumps the database that it is led to, reads the
# archive once, and uploads it.
backup "hourly" {
  of = datastore.database

  pg_dump {
    schedule = cron("0 * * * *", "UTC")
    format   = "custom"
    compress = "zstd"
    checksum = "sha256"
    takes    = "10m"
    keep     = "30d"
    list     = ["aws", "s3", "ls", "s3://inventory-dumps/hourly/"]
    restore = [
      "pg_restore", "--jobs=8", "--exit-on-error", "--no-owner", "--dbname=service=recovery", "recovery.dump",
    ]
  }
  to "s3" {
    bucket   = aws_s3_bucket.dumps
    path     = "hourly/"
    transfer = "5m"
  }
  # The time, written into the database in use: what comes back says by it how much was lost.
  canary {
    database = "service=postgres dbname=inventory"
    every    = "5m"
  }
  # Each night the newest dump is restored on the standby, and asked what a smoke test asks.
  verify {
    every  = "1d"
    proves = "right"
    run    = ["./ops/nightly-restore.sh"]
    owner  = contact.database_admin
    last   = "2026-03-02"
  }
}

# Railway's own: made all the same, and nothing depends on it.
backup "platform" {
  of = datastore.database

  external {
    schedule = rate("24h")
    takes    = "30m"
    keep     = "7d"
  }
  to "railway" {
    site = site.railway
  }
}

waiver "platform" {
  finding = "DR802"
  of      = [backup.platform]
  reason  = "It comes with Railway and is used for nothing here: every restore is from backup.hourly."
  owner   = contact.cto
  until   = "2026-12-31"
}

service "database" {
  description = "the inventory of all tenants"
  priority    = "critical"
  site        = site.railway
  data        = [datastore.database]
}

service "application" {
  description = "Enterprise Inventory System"
  priority    = "critical"
  site        = site.railway
  depends_on  = [service.database]
  health {
    http = "https://inventory.example/health"
  }
}
