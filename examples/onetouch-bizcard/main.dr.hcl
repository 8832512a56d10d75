# OneTouch BizCard, as it should be: what it is and what protects it. What differs from
# `as-documented/`, and why, is in the README.

provider "aws" {
  region   = "ap-south-1"
  endpoint = "sim"
}

# Where everything comes from when ap-south-1 is gone or its data is wrong.
provider "aws" {
  alias    = "dr"
  region   = "ap-southeast-1"
  endpoint = "sim"
}

variable "replication_role_arn" {
  type        = string
  default     = "arn:aws:iam::000000000000:role/onetouch-bizcard-replication"
  description = "Role that S3 replicates with."
}

locals {
  rto = "2h"
  rpo = "1h"
}

site "server" {
  description = "the EC2 instance with the application, PostgreSQL and Redis"
  region      = "ap-south-1"
}

site "git" {
  description = "the Git repository at github.com: code and encrypted configuration"
}

site "vault" {
  description = "the team's password manager, which keeps the key of the configuration"
}

site "cloudfront" {
  description = "the CDN in front of the assets"
}

site "dns" {
  description = "Route 53, health-checked; records have a TTL of 60 seconds"
}

# Images. What is deleted or overwritten stays for 30 days as a version, and is in Singapore within
# 15 minutes.
resource "aws_s3_bucket" "assets" {
  bucket     = "onetouch-bizcard-prod-assets"
  versioning = "Enabled"

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
    rule "versions" {
      noncurrent_version_expiration {
        noncurrent_days = 30
      }
    }
  }
  replication {
    role = var.replication_role_arn
    rule "all" {
      destination               = aws_s3_bucket.assets_dr.arn
      delete_marker_replication = "Disabled" # a deletion by mistake does not reach Singapore
      replication_time_control  = true
    }
  }
}

resource "aws_s3_bucket" "assets_dr" {
  provider   = aws.dr
  bucket     = "onetouch-bizcard-prod-assets-ap-southeast-1"
  versioning = "Enabled"

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
    rule "versions" {
      noncurrent_version_expiration {
        noncurrent_days = 30
      }
    }
  }
}

# Backups of the database and the configuration, in the other region and locked: the server's
# credentials cannot delete them.
resource "aws_s3_bucket" "backups" {
  provider   = aws.dr
  bucket     = "onetouch-bizcard-prod-backups"
  versioning = "Enabled"

  object_lock {
    mode = "COMPLIANCE"
    days = 38 # the log's 30 days, the week to the full backup beneath, a day to expire
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

datastore "postgres" {
  engine = "postgresql"
  site   = site.server
}

datastore "assets" {
  resource = aws_s3_bucket.assets
}

# `.env.production`: changes with a deployment and with nothing else.
datastore "config" {
  engine = "files"
  site   = site.server
}

# "Cache will rebuild automatically as users access the site."
datastore "redis" {
  engine      = "redis"
  site        = site.server
  rebuildable = true
}

# A full backup a week, what changed a day, and every minute what was written since: the database comes
# back to any second of the last 30 days.
backup "database" {
  of = datastore.postgres
  pgbackrest {
    full          = cron("0 2 * * 0", "UTC")
    differential  = cron("0 2 * * 1-6", "UTC")
    archive_every = "1m"
    keep_full     = "37d"
    keep_log      = "30d"
    takes         = "30m"
    stanza        = "bizcard"
  }
  to "repository" {
    bucket   = aws_s3_bucket.backups
    path     = "pgbackrest/"
    transfer = "1m"
  }
  encryption {
    algorithm = "aes-256-cbc"
    key       = site.vault
  }
  # The time, written into the database in use: what comes back says by it how much was lost.
  canary {
    database = "service=bizcard"
    every    = "1m"
  }
  verify {
    every  = "7d"
    proves = "restored"
    run    = ["./scripts/verify-backups.sh"]
    owner  = contact.database_admin
    last   = "2026-02-27"
  }
}

# The configuration, encrypted: with every deployment, and every 30 minutes in case somebody changes it
# by hand.
backup "config" {
  of = datastore.config
  restic {
    schedule   = rate("30m")
    takes      = "1m"
    keep       = "90d"
    repository = "s3:s3.ap-southeast-1.amazonaws.com/onetouch-bizcard-prod-backups/config"
    restore = [
      "restic", "--repo", "s3:s3.ap-southeast-1.amazonaws.com/onetouch-bizcard-prod-backups/config",
      "--password-file", "/etc/restic/key", "restore", "latest", "--target", ".",
    ]
  }
  to "repository" {
    bucket   = aws_s3_bucket.backups
    path     = "config/"
    transfer = "1m"
  }
  encryption {
    key = site.vault
  }
  verify {
    every  = "30d"
    proves = "readable"
    run    = ["restic", "--repo", "s3:s3.ap-southeast-1.amazonaws.com/onetouch-bizcard-prod-backups/config", "check"]
    owner  = contact.devops_lead
    last   = "2026-02-18"
  }
}

service "bizcard" {
  description = "the OneTouch BizCard platform"
  priority    = "critical"
  site        = site.server
  data        = [datastore.postgres, datastore.assets, datastore.config, datastore.redis]
  recover     = procedure.server # when no scenario says otherwise
  objective {
    rto = local.rto
    rpo = local.rpo
  }
  health {
    http = "https://onetouchbizcard.in/api/health"
  }
}

service "images" {
  description = "images, through CloudFront"
  priority    = "high"
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
