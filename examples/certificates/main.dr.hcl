# A system that keeps certificates and invoices, as it should be: what it is and what protects it. What
# differs from `as-documented/`, and why, is in the README.

# The production region, and the one that keeps the backups and takes over when that is gone.
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
  default     = "arn:aws:iam::000000000000:role/certificates-replication"
  description = "Role that S3 replicates with."
}

site "database_host" {
  description = "the host with PostgreSQL"
  region      = "eu-west-1"
}

site "volume" {
  description = "the volume with the certificates, which all instances mount"
  region      = "eu-west-1"
}

site "cluster" {
  description = "the container cluster and its load balancer"
  region      = "eu-west-1"
}

site "registry" {
  description = "the container registry"
}

site "git" {
  description = "the Git repository with the infrastructure and the scripts of ops/"
}

site "vault" {
  description = "the password manager that keeps the keys of the backups, also on paper in the safe"
}

site "dns" {
  description = "the DNS provider; records have a TTL of 60 seconds"
}

# Backups of the database, the certificates and the configuration: in the other region, and locked, so that
# nobody who breaks into the production can delete them.
resource "aws_s3_bucket" "backups" {
  provider   = aws.dr
  bucket     = "certificates-backups-eu-west-2"
  versioning = "Enabled"

  object_lock {
    mode = "COMPLIANCE"
    days = 38 # the 30 days, a full backup's week, and a day to expire
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
    rule "versions" {
      abort_incomplete_multipart_upload_days = 7
      noncurrent_version_expiration {
        noncurrent_days = 38
      }
    }
  }
}

# Dumps that are readable without pgBackRest, in case it is pgBackRest's repository that is damaged; in both
# regions.
resource "aws_s3_bucket" "dumps" {
  bucket     = "certificates-dumps-eu-west-1"
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
    rule "a-month" {
      expiration_days = 31
      noncurrent_version_expiration {
        noncurrent_days = 30
      }
    }
  }
  replication {
    role = var.replication_role_arn
    rule "all" {
      destination               = aws_s3_bucket.dumps_dr.arn
      delete_marker_replication = "Disabled" # a deletion by mistake does not reach the other region
      replication_time_control  = true       # 15 minutes
    }
  }
}

resource "aws_s3_bucket" "dumps_dr" {
  provider   = aws.dr
  bucket     = "certificates-dumps-eu-west-2"
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
    rule "a-month" {
      expiration_days = 31
      noncurrent_version_expiration {
        noncurrent_days = 30
      }
    }
  }
}

# What the containers print, for a year. What somebody deletes stays for 30 days as a version.
resource "aws_s3_bucket" "logs" {
  provider   = aws.dr
  bucket     = "certificates-logs-eu-west-2"
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
    rule "a-year" {
      expiration_days = 365
      noncurrent_version_expiration {
        noncurrent_days = 30
      }
    }
  }
}

# Invoices, audit logs, and what is known about each certificate.
datastore "database" {
  engine = "postgresql"
  site   = site.database_host
}

datastore "certificates" {
  engine = "files"
  site   = site.volume
}

# The environment of the application. It changes with a deployment, and by hand when somebody must.
datastore "configuration" {
  engine = "files"
  site   = site.cluster
}

datastore "application_logs" {
  engine = "files"
  site   = site.cluster
}

# A full backup a week, what changed once a day, and every minute what was written since: the database
# comes back to any second of the last 30 days.
backup "database" {
  of = datastore.database
  pgbackrest {
    stanza        = "certificates"
    full          = cron("0 2 * * 0", "UTC")
    differential  = cron("0 2 * * 1-6", "UTC")
    archive_every = "1m"
    keep_full     = "37d"
    keep_log      = "30d"
    takes         = "40m"
  }
  to "repository" {
    bucket   = aws_s3_bucket.backups
    path     = "pgbackrest/"
    transfer = "1m"
  }
  encryption {
    algorithm = "AES-256"
    key       = site.vault
  }
  # The time, written into the database in use: what comes back says by it how much was lost.
  canary {
    database = "service=certificates"
    every    = "1m"
  }
  verify {
    every  = "1d"
    proves = "readable"
    run    = ["pgbackrest", "--stanza=certificates", "verify"]
    owner  = contact.on_call
    last   = "2026-03-02"
  }
  verify {
    every  = "90d"
    proves = "right"
    run    = ["./ops/database/rehearse-restore.sh"]
    owner  = contact.on_call
    last   = "2026-02-03"
  }
}

backup "dump" {
  of = datastore.database
  pg_dump {
    schedule = cron("30 3 * * *", "UTC")
    format   = "custom"
    compress = "zstd"
    checksum = "sha256"
    takes    = "10m"
    keep     = "30d"
    list     = ["aws", "s3", "ls", "s3://certificates-dumps-eu-west-1/"]
    restore  = ["./ops/database/load-dump.sh", "$${point.id}"]
  }
  to "eu-west-1" {
    bucket   = aws_s3_bucket.dumps
    transfer = "5m"
  }
  to "eu-west-2" {
    bucket   = aws_s3_bucket.dumps_dr
    transfer = "20m" # the 5 minutes, and the 15 of replication time control
  }
  encryption {
    algorithm = "AES-256"
    key       = site.vault
  }
  verify {
    every  = "30d"
    proves = "restored"
    run    = ["./ops/database/rehearse-dump.sh"]
    owner  = contact.on_call
    last   = "2026-02-16"
  }
}

backup "certificates" {
  of = datastore.certificates
  restic {
    schedule   = rate("15m")
    takes      = "1m"
    keep       = "30d"
    repository = "s3:s3.eu-west-2.amazonaws.com/certificates-backups-eu-west-2/certificates"
    restore    = ["./ops/restic/restore.sh", "certificates"]
  }
  to "repository" {
    bucket   = aws_s3_bucket.backups
    path     = "certificates/"
    transfer = "1m"
  }
  encryption {
    algorithm = "AES-256"
    key       = site.vault
  }
  verify {
    every  = "30d"
    proves = "right"
    run    = ["./ops/certificates/rehearse-restore.sh"]
    owner  = contact.on_call
    last   = "2026-02-16"
  }
}

backup "configuration" {
  of = datastore.configuration
  restic {
    schedule   = on("deployment", "30m")
    takes      = "1m"
    keep       = "90d"
    repository = "s3:s3.eu-west-2.amazonaws.com/certificates-backups-eu-west-2/configuration"
    restore    = ["./ops/restic/restore.sh", "configuration"]
  }
  to "repository" {
    bucket   = aws_s3_bucket.backups
    path     = "configuration/"
    transfer = "1m"
  }
  encryption {
    algorithm = "AES-256"
    key       = site.vault
  }
  verify {
    every  = "30d"
    proves = "readable"
    run    = ["restic", "--repo", "s3:s3.eu-west-2.amazonaws.com/certificates-backups-eu-west-2/configuration", "check"]
    owner  = contact.on_call
    last   = "2026-02-16"
  }
}

backup "application_logs" {
  of = datastore.application_logs
  copy {
    schedule = rate("1m")
    takes    = "1m"
    keep     = "30d"
    list     = ["aws", "s3", "ls", "s3://certificates-logs-eu-west-2/"]
    restore  = ["./ops/logs/restore.sh"]
  }
  to "logs" {
    bucket   = aws_s3_bucket.logs
    transfer = "1m"
  }
}

# What is promised here holds whatever happens; scenarios promise more.
service "database" {
  description = "PostgreSQL"
  priority    = "critical"
  site        = site.database_host
  data        = [datastore.database]
  recover     = procedure.restore_database
  objective {
    rto = "1h"
    rpo = "1h"
  }
}

service "certificates" {
  description = "the certificates, which the instances read from the volume"
  priority    = "critical"
  depends_on  = [service.database]
  site        = site.volume
  data        = [datastore.certificates]
  recover     = procedure.restore_certificates
  objective {
    rto = "1h"
    rpo = "1h"
  }
}

service "application" {
  description = "three instances of the application behind the load balancer"
  priority    = "critical"
  depends_on  = [service.database, service.certificates]
  site        = site.cluster
  data        = [datastore.configuration, datastore.application_logs]
  recover     = procedure.recover_application
  objective {
    rto = "1h"
    rpo = "1h"
  }
  health {
    http = "https://${target.host}/health"
  }
}
