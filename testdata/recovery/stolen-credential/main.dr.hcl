# Somebody else holds the deploy token. What it may delete counts as destroyed, but for what is locked in
# compliance mode.
provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

resource "aws_s3_bucket" "locked" {
  bucket     = "ledger-locked"
  versioning = "Enabled"
  object_lock {
    mode = "COMPLIANCE"
    days = 30
  }
}

resource "aws_s3_bucket" "open" {
  bucket     = "ledger-open"
  versioning = "Enabled"
}

site "host" {
}

credential "deploy" {
  description = "Deploy token of the CI"
  may_delete  = [site.host, aws_s3_bucket.locked, aws_s3_bucket.open]
}

credential "reader" {
  may_delete = [backup.hourly]
}

datastore "ledger" {
  engine = "postgresql"
  site   = site.host
}

backup "hourly" {
  of = datastore.ledger
  external {
    schedule = cron("15 * * * *", "UTC")
    takes    = "5m"
    keep     = "2d"
  }
  to "open" {
    bucket = aws_s3_bucket.open
  }
}

backup "daily" {
  of = datastore.ledger
  external {
    schedule = cron("0 1 * * *", "UTC")
    takes    = "30m"
    keep     = "30d"
    restore  = ["pg_restore", "--clean", "--dbname", "ledger"]
  }
  to "locked" {
    bucket = aws_s3_bucket.locked
  }
}

backup "quarterly" {
  of = datastore.ledger
  external {
    schedule = cron("0 1 1 1,4,7,10 *", "UTC")
    takes    = "30m"
    keep     = "10y"
  }
  to "locked" {
    bucket = aws_s3_bucket.locked
  }
}

service "billing" {
  data    = [datastore.ledger]
  site    = site.host
  recover = procedure.restore
  objective {
    rto = "2h"
    rpo = "1d"
  }
}

procedure "restore" {
  step "restore" {
    restore  = datastore.ledger
    estimate = "30m"
  }
  step "look" {
    after    = [step.restore]
    run      = ["./smoke.sh"]
    checks   = "data"
    estimate = "5m"
  }
}

scenario "stolen-token" {
  lose "credential" {
    credential = credential.deploy
  }
}
