# Vatevo's buckets: invoices kept for ten years where nobody can delete them, and the database's
# backups, which the runbook left without versioning, lock and replication. What uses them is in
# `services.dr.hcl`.

provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

provider "aws" {
  alias    = "dr"
  region   = "eu-west-2"
  endpoint = "sim"
}

variable "replication_role_arn" {
  type        = string
  default     = "arn:aws:iam::000000000000:role/vatevo-replication"
  description = "Role that S3 replicates with."
}

# Invoices: write once, read many, ten years, for the tax office.
resource "aws_s3_bucket" "invoices" {
  bucket     = "vatevo-invoices-prod"
  versioning = "Enabled"

  object_lock {
    mode  = "COMPLIANCE"
    years = 10
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
      destination               = aws_s3_bucket.invoices_dr.arn
      delete_marker_replication = "Disabled"
      replication_time_control  = true # 15 minutes, with metrics
    }
  }
}

resource "aws_s3_bucket" "invoices_dr" {
  provider   = aws.dr
  bucket     = "vatevo-invoices-prod-eu-west-2"
  versioning = "Enabled"

  object_lock {
    mode  = "COMPLIANCE"
    years = 10
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

# The database's backups. Locked, so that a stolen credential cannot delete them; replicated, so that
# they outlive eu-west-1. pgBackRest deletes what is too old; no rule expires by age, for the
# repository's own `archive.info` stays the same file for years. What was deleted goes for good after
# its lock.
resource "aws_s3_bucket" "db_backups" {
  bucket     = "vatevo-backups-db"
  versioning = "Enabled"

  object_lock {
    mode = "GOVERNANCE"
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
    rule "deleted" {
      expired_object_delete_marker = true
      noncurrent_version_expiration {
        noncurrent_days = 30
      }
    }
  }
  replication {
    role = var.replication_role_arn
    rule "all" {
      destination               = aws_s3_bucket.db_backups_dr.arn
      delete_marker_replication = "Disabled"
      replication_time_control  = true
    }
  }
}

resource "aws_s3_bucket" "db_backups_dr" {
  provider   = aws.dr
  bucket     = "vatevo-backups-db-eu-west-2"
  versioning = "Enabled"

  object_lock {
    mode = "GOVERNANCE"
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
    rule "deleted" {
      expired_object_delete_marker = true
      noncurrent_version_expiration {
        noncurrent_days = 30
      }
    }
  }
}

datastore "invoices" {
  resource = aws_s3_bucket.invoices
}
