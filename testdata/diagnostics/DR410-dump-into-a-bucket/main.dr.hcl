provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

resource "aws_s3_bucket" "dumps" {
  bucket = "dumps"
}

datastore "shop" {}

backup "unlocked" {
  of = datastore.shop
  pg_dump {
    schedule = cron("0 * * * *", "UTC")
    format   = "custom"
    database = "shop"
  }
  to "s3" {
    bucket    = aws_s3_bucket.dumps
    lock_mode = "governance"
  }
}

backup "unsaid" {
  of = datastore.shop
  pg_dump {
    schedule = cron("0 * * * *", "UTC")
    format   = "custom"
    database = "shop"
  }
  to "s3" {
    bucket    = aws_s3_bucket.dumps
    lock      = "0s"
    lock_mode = "strict"
  }
}
