provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

resource "aws_s3_bucket" "silo" {
  bucket     = "herd-silo"
  versioning = "Enabled"
  object_lock {
    mode = "COMPLIANCE"
    days = 22
  }
}

site "barn" {
}

datastore "herd" {
  site = site.barn
}

# Any instant of 14 days, from a full backup that is up to a week older.
backup "ledger" {
  of = datastore.herd
  pgbackrest {
    full          = cron("0 2 * * 0", "UTC")
    archive_every = "1m"
    keep_full     = "30d"
    keep_log      = "14d"
    takes         = "20m"
  }
  to "silo" {
    bucket = aws_s3_bucket.silo
  }
  to "vault" {
    region = "eu-west-2"
    lock   = "22d"
  }
}
