provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

resource "aws_s3_bucket" "silo" {
  bucket     = "herd-silo"
  versioning = "Enabled"
  lifecycle {
    rule "tidy" {
      prefix          = "dumps/"
      expiration_days = 10
      noncurrent_version_expiration {
        noncurrent_days = 5
      }
    }
    rule "other" {
      prefix          = "logs/"
      expiration_days = 1
      noncurrent_version_expiration {
        noncurrent_days = 1
      }
    }
  }
}

site "barn" {
}

datastore "herd" {
  site = site.barn
}

backup "nightly" {
  of = datastore.herd
  pg_dump {
    schedule = cron("0 2 * * *", "UTC")
    takes    = "20m"
    keep     = "30d"
  }
  to "silo" {
    bucket = aws_s3_bucket.silo
    path   = "dumps/nightly"
  }
}
