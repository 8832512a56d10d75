# The loss of the place where copies are kept hits nothing that works, and leaves it bare.
provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

provider "aws" {
  alias    = "dr"
  region   = "eu-west-2"
  endpoint = "sim"
}

resource "aws_s3_bucket" "papers" {
  bucket     = "papers"
  versioning = "Enabled"
  replication {
    role = "arn:aws:iam::000000000000:role/replication"
    rule "all" {
      destination               = aws_s3_bucket.papers_dr.arn
      replication_time_control  = true
      delete_marker_replication = "Disabled"
    }
  }
}

resource "aws_s3_bucket" "papers_dr" {
  provider   = aws.dr
  bucket     = "papers-dr"
  versioning = "Enabled"
}

site "host" {
}

site "attic" {
}

datastore "papers" {
  resource = aws_s3_bucket.papers
}

datastore "ledger" {
  site = site.host
}

backup "daily" {
  of = datastore.ledger
  external {
    schedule = cron("0 1 * * *", "UTC")
    takes    = "30m"
    keep     = "30d"
  }
  to "cloud" {
    bucket = aws_s3_bucket.papers_dr
  }
  to "attic" {
    site     = site.attic
    transfer = "1d"
  }
}

service "billing" {
  data    = [datastore.ledger]
  recover = procedure.restore
}

procedure "restore" {
  step "restore" {
    restore  = datastore.ledger
    estimate = "30m"
  }
}
