# The Metrics Billing Platform as it should be: what it is and what protects it. What differs from
# `as-documented/`, and why, is in the README.

# `endpoint = "sim"`: nothing real is read or changed.
provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

# Where everything comes back when eu-west-1 is gone.
provider "aws" {
  alias    = "dr"
  region   = "eu-west-2"
  endpoint = "sim"
}

variable "replication_role_arn" {
  type        = string
  default     = "arn:aws:iam::000000000000:role/metrics-billing-replication"
  description = "Role that S3 replicates with."
}

locals {
  rto     = "4h"
  rpo     = "1h"
  account = "000000000000"
  # What was released last and worked is in it, at GitHub.
  repository = "https://github.com/metrics-billing/platform.git"
  # The endpoint of an RDS instance is its name and this, the same for all instances of an account in a region:
  # the address of a restored database is known before it exists.
  rds_suffix = {
    eu-west-1 = "c0metricsbil.eu-west-1.rds.amazonaws.com"
    eu-west-2 = "c1metricsbil.eu-west-2.rds.amazonaws.com"
  }
  host = "metrics-billing.${local.rds_suffix["eu-west-1"]}"
}

site "cloudflare" {
  description = "Cloudflare, where the workers run and the queue is"
}

site "github" {
  description = "GitHub, where the releases are"
}

site "vault" {
  description = "1Password, where the secrets of the workers are"
}

site "razorpay" {
  description = "Razorpay, which takes the payments"
}

# The database exists already (see sim.json): drctl adopts it and never replaces it. It can be restored to
# any second of the last 14 days.
resource "aws_db_instance" "main" {
  db_instance_identifier  = "metrics-billing"
  backup_retention_period = 14
  preferred_backup_window = "02:00-02:30"
  deletion_protection     = true
  copy_tags_to_snapshot   = true
}

# The same without eu-west-1.
resource "aws_db_automated_backups_replication" "main" {
  provider                = aws.dr
  source_db_instance_arn  = aws_db_instance.main.arn
  backup_retention_period = 14
}

# Every event, written by the worker that accepts it before it goes into the queue: what the queue loses and
# what a restore goes back behind is replayed from here. It stands in another region than the database, so
# that no one loss takes both.
resource "aws_s3_bucket" "events" {
  provider   = aws.dr
  bucket     = "metrics-billing-events"
  versioning = "Enabled"

  object_lock {
    mode = "GOVERNANCE"
    days = 35
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
  replication {
    role = var.replication_role_arn
    rule "all" {
      destination               = aws_s3_bucket.events_copy.arn
      delete_marker_replication = "Disabled"
      replication_time_control  = true # 15 minutes, with metrics
    }
  }
}

resource "aws_s3_bucket" "events_copy" {
  bucket     = "metrics-billing-events-eu-west-1"
  versioning = "Enabled"

  object_lock {
    mode = "GOVERNANCE"
    days = 35
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
}

# The exports, in the other region and locked: nobody deletes them, by mistake or otherwise.
resource "aws_s3_bucket" "exports" {
  provider   = aws.dr
  bucket     = "metrics-billing-exports"
  versioning = "Enabled"

  object_lock {
    mode = "COMPLIANCE"
    days = 35
  }
  lifecycle {
    rule "expire" {
      expiration_days = 36
      noncurrent_version_expiration {
        noncurrent_days = 35
      }
    }
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
}

datastore "database" {
  resource = aws_db_instance.main
}

datastore "events" {
  resource = aws_s3_bucket.events
}

# Messages on their way. Each is made anew from its event.
datastore "queue" {
  site        = site.cloudflare
  rebuildable = true
}

# All of the database, not only what was called critical: tables that refer to each other come back together.
# The last resort, when somebody has deleted the instance together with its automated backups.
backup "export" {
  of = datastore.database
  pg_dump {
    schedule = cron("15 3 * * *", "UTC")
    format   = "custom"
    compress = "zstd"
    checksum = "sha256"
    takes    = "30m"
    keep     = "35d"
    list     = ["aws", "s3", "ls", "s3://metrics-billing-exports/daily/", "--region", "eu-west-2"]
  }
  to "exports" {
    bucket   = aws_s3_bucket.exports
    path     = "daily/"
    transfer = "10m"
  }
  # The time, written into the database in use: what comes back says by it how much was lost.
  canary {
    database = "host=${local.host} dbname=billing user=canary sslmode=verify-full"
    every    = "1m"
  }
  verify {
    every  = "30d"
    proves = "right"
    run    = ["npm", "run", "dr:restore-export", "--", "--into", "scratch"]
    owner  = contact.database_owner
    last   = "2026-02-16"
  }
}

service "platform" {
  description = "Metrics Billing Platform"
  priority    = "critical"
  depends_on  = [service.workers, service.queue, service.payments]
  data        = [datastore.database, datastore.events]
  recover     = procedure.platform
  objective {
    rto = local.rto
    rpo = local.rpo
  }
  health {
    http = "https://api.metricsbilling.example/health"
  }
}

service "workers" {
  description = "Workers: API and cron jobs"
  priority    = "critical"
  data        = [datastore.database]
  site        = site.cloudflare
  recover     = procedure.workers
  objective {
    rto = local.rto
    rpo = local.rpo
  }
  health {
    http = "https://api.metricsbilling.example/health"
  }
}

service "queue" {
  description = "The queue between the API and the billing"
  priority    = "high"
  data        = [datastore.queue, datastore.events]
  site        = site.cloudflare
  recover     = procedure.queue
  objective {
    rto = local.rto
    rpo = local.rpo
  }
}

service "payments" {
  description = "Payments, by Razorpay and its webhook"
  priority    = "high"
  site        = site.razorpay
  recover     = procedure.payments
  objective {
    rto = local.rto
    rpo = local.rpo
  }
}
