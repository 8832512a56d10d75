# Vatevo, as its backup and disaster recovery runbook documents it: what it is and what protects it. What the
# runbook does not say is not set. `§` names its section.

# §Object Replication. Only the secondary region is written, in the name of its bucket.
variable "primary_region" {
  type        = string
  default     = "eu-west-1"
  description = "The region that the runbook does not name: any but eu-west-2."
}

# §Object Replication. A bucket cannot replicate without one; the runbook names none.
variable "replication_role_arn" {
  type        = string
  default     = "arn:aws:iam::000000000000:role/vatevo-replication"
  description = "Role that S3 replicates with."
}

provider "aws" {
  region   = var.primary_region
  endpoint = "sim"
}

provider "aws" {
  alias    = "dr"
  region   = "eu-west-2"
  endpoint = "sim"
}

# §S3 WORM Storage Backups: versioning for all objects, 10 years as a compliance requirement, SSE-S3, automatic
# replication to the secondary region. How soon a copy is there is not said, nor what becomes of deletions,
# which `delete_marker_replication` has to say.
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
  replication {
    role = var.replication_role_arn
    rule "all" {
      destination               = aws_s3_bucket.invoices_dr.arn
      delete_marker_replication = "Disabled"
    }
  }
}

# §Object Replication, §Cross-Region Failover, step 2.
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
}

# §Daily Full Backups: AES-256 at rest is all that is said of this bucket.
resource "aws_s3_bucket" "db_backups" {
  bucket = "vatevo-backups-db"

  server_side_encryption {
    sse_algorithm = "AES256"
  }
}

# §Scenario 3: Data Center Failure, whose way back is the whole platform. §Scenario 2: Regional Outage, which
# switches to the secondary region.
site "data_center" {
  description = "the data center that the services and the database run in"
  region      = var.primary_region
}

# §Database Recovery, §Application Recovery: what `fly` talks to.
site "fly" {
  description = "Fly.io"
}

# §Cross-Region Failover, step 1; §External Contacts.
site "dns" {
  description = "the DNS provider"
}

# §PostgreSQL Database Backups. Where it runs is not written; scenario 3 restores it.
datastore "postgres" {
  engine = "postgresql"
  site   = site.data_center
}

# §S3 WORM Storage Backups, §Object Recovery.
datastore "invoices" {
  resource = aws_s3_bucket.invoices
}

# §Daily Full Backups: compressed SQL dumps, daily at 02:00 UTC, kept 30 days, encrypted; `gunzip` unpacks them.
# §Backup Verification: restored in staging every day, and in full by hand every week, nobody says by whom.
backup "daily" {
  of = datastore.postgres
  pg_dump {
    schedule = cron("0 2 * * *", "UTC")
    format   = "plain"
    compress = "gzip"
    keep     = "30d"
    restore  = ["sh", "-c", "psql vatevo_prod < $${point.id}.sql"]
  }
  to "s3" {
    bucket = aws_s3_bucket.db_backups
  }
  encryption {
    algorithm = "AES-256"
  }
  verify {
    every  = "1d"
    proves = "restored"
  }
  verify {
    every  = "7d"
    proves = "restored"
  }
}

# §Point-in-Time Recovery (PITR): continuous WAL archiving, kept 7 days. Where the WAL is archived is not
# written, nor how it is applied.
backup "wal" {
  of = datastore.postgres
  external {
    schedule = "continuous"
    keep     = "7d"
  }
}
