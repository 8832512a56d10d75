provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

resource "aws_s3_bucket" "dumps" {
  bucket = "dumps"
}

datastore "shop" {}

backup "files" {
  of = datastore.shop
  pg_dump {
    schedule = cron("0 * * * *", "UTC")
    format   = "directory"
    database = "shop"
  }
  to "s3" {
    bucket = aws_s3_bucket.dumps
  }
}
