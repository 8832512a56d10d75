# A database and a bucket in Ireland that survive the loss of Ireland.
# `endpoint = "sim"` is the embedded simulation: nothing real is read or changed.

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
  type    = string
  default = "arn:aws:iam::000000000000:role/replication"
}

# The database exists already (see sim.json): drctl adopts it and never replaces it.
resource "aws_db_instance" "main" {
  db_instance_identifier  = "main"
  backup_retention_period = 14
  preferred_backup_window = "02:00-02:30"
  deletion_protection     = true
  copy_tags_to_snapshot   = true
}

# Its automated backups, replicated to another region: point-in-time recovery without eu-west-1.
resource "aws_db_automated_backups_replication" "main" {
  provider                = aws.dr
  source_db_instance_arn  = aws_db_instance.main.arn
  backup_retention_period = 14
}

# A manual snapshot never expires by itself.
resource "aws_db_snapshot" "before_launch" {
  db_instance_identifier = aws_db_instance.main.db_instance_identifier
  db_snapshot_identifier = "main-before-launch"
}

resource "aws_s3_bucket" "invoices" {
  bucket     = "quickstart-invoices"
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
  bucket     = "quickstart-invoices-eu-west-2"
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
}

datastore "main" {
  resource = aws_db_instance.main
}

datastore "invoices" {
  resource = aws_s3_bucket.invoices
}

scenario "regional-outage" {
  symptoms = ["AWS Health: eu-west-1 degraded", "the database does not answer from two networks"]
  lose "region" {
    name = "eu-west-1"
  }
  objective {
    rto = "1h"
    rpo = "15m"
  }
}

drill "quarterly" {
  scenario = scenario.regional-outage
  every    = "90d"
  last     = "2026-01-15"
}
